"""The Overview: what needs somebody now, one line per site with all its troubles.

Sites that went down together behind one supplier are one line (see
`supplier_groups`); what else is the matter at such a site stays on its own line.
What matches no site of the register has a line under the name that its source
uses, and every source in trouble has one. Being unknown is no trouble of a site:
its stale source has a line, and the counts tell the rest.

Lines are in the order: level; groups, the largest first, before single lines; the
longest trouble first, unknown beginnings last; title.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from smic_tui.contract.status import SourceState
from smic_tui.i18n import _, ngettext, pgettext
from smic_tui.insight.since import earliest
from smic_tui.insight.site_state import level_of, planned_hosts
from smic_tui.insight.supplier_groups import SupplierGroup
from smic_tui.insight.trouble_items import (
    backup_items,
    health_item,
    health_words,
    request_items,
    ticket_items,
)
from smic_tui.model.facts import (
    BackupFact,
    RequestFact,
    SiteFact,
    Situation,
    SourceFact,
    TicketFact,
)
from smic_tui.model.states import Level
from smic_tui.model.trouble import Line, Part, SiteTrouble, TroubleItem
from smic_tui.records import Health
from smic_tui.text import fold


def _line(
    key: str,
    line: Line,
    title: str,
    items: Iterable[TroubleItem],
    *,
    site: str = "",
    members: tuple[str, ...] = (),
    acknowledged: bool = False,
    downtime: bool = False,
    stale: bool = False,
) -> SiteTrouble | None:
    """A line of `items`, worst first; none without items."""
    worst_first = tuple(sorted(items, key=lambda item: -item.level))
    if not worst_first:
        return None
    level = worst_first[0].level
    return SiteTrouble(
        key=key,
        line=line,
        site=site,
        title=title,
        level=level,
        since=earliest(item.since for item in worst_first if item.level is level),
        items=worst_first,
        members=members,
        acknowledged=acknowledged,
        downtime=downtime,
        stale=stale,
    )


def site_line(fact: SiteFact, *, grouped: bool = False) -> SiteTrouble | None:
    """The line of a site, without its health where that is told by a group."""
    health = None if grouped else health_item(fact)
    return _line(
        fact.key,
        Line.SITE,
        fact.site.name,
        ([health] if health else [])
        + backup_items(fact.backups)
        + ticket_items(fact.tickets)
        + request_items(fact.requests),
        site=fact.key,
        acknowledged=fact.acknowledged and not grouped,
        downtime=fact.downtime and not grouped,
        stale=fact.stale,
    )


def group_line(group: SupplierGroup) -> SiteTrouble | None:
    """The line of sites that are down together."""
    count = len(group.sites)
    item = TroubleItem(
        kind=Part.HEALTH,
        level=max(fact.level for fact in group.sites),
        words=ngettext("{count} site down", "{count} sites down", count).format(count=count),
        since=group.since,
        keys=tuple(fact.key for fact in group.sites),
    )
    return _line(
        f"supplier/{group.key}",
        Line.GROUP,
        group.supplier,
        [item],
        members=item.keys,
        stale=any(fact.stale for fact in group.sites),
    )


class _Unmatched:
    """What belongs to no site, under the name that its source uses for the site."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        self.health: list[Health] = []
        self.backups: list[BackupFact] = []
        self.tickets: list[TicketFact] = []
        self.requests: list[RequestFact] = []

    def line(self, stale: frozenset[str]) -> SiteTrouble | None:
        planned = planned_hosts(self.health)
        items = [
            TroubleItem(
                kind=Part.HEALTH,
                level=level,
                words=health_words(one),
                since=one.since,
            )
            for one in self.health
            if (level := level_of(one, past=one.source in stale, planned=planned)) >= Level.NOTICE
        ]
        facts: tuple[BackupFact | TicketFact | RequestFact, ...] = (
            *self.backups,
            *self.tickets,
            *self.requests,
        )
        return _line(
            "unmatched/" + fold(self.reference),
            Line.UNMATCHED,
            self.reference or _("no site"),
            items
            + backup_items(self.backups)
            + ticket_items(self.tickets)
            + request_items(self.requests),
            stale=any(fact.stale for fact in facts)
            or any(one.source in stale for one in self.health),
        )


def _unmatched(situation: Situation) -> Iterable[_Unmatched]:
    found: dict[str, _Unmatched] = {}

    def under(reference: str) -> _Unmatched:
        return found.setdefault(fold(reference), _Unmatched(reference))

    for health in situation.unmatched_health:
        under(health.site or health.host).health.append(health)
    for fact in situation.unmatched:
        if isinstance(fact, BackupFact):
            under(fact.site_ref).backups.append(fact)
        elif isinstance(fact, TicketFact):
            under(fact.site_ref).tickets.append(fact)
        else:
            under(fact.site_ref).requests.append(fact)
    return found.values()


def source_line(fact: SourceFact) -> SiteTrouble | None:
    """The line of a source, if it is in trouble."""
    if fact.level < Level.NOTICE:
        return None
    status = fact.status
    words = []
    if fact.stale:
        words.append(pgettext("one source", "stale"))
    if status.state is SourceState.AUTH_FAILED:
        words.append(_("access refused"))
    elif status.state is SourceState.BAD_ANSWER:
        words.append(_("its answers make no sense"))
    elif status.state is SourceState.BUG:
        words.append(_("its adapter failed"))
    elif status.state is SourceState.UNAVAILABLE:
        words.append(_("no answer"))
    if count := status.rejected_count:
        text = ngettext("{count} row set aside", "{count} rows set aside", count)
        words.append(text.format(count=count))
    if count := sum(one.count for one in fact.unmatched):
        text = ngettext("{count} record matches no site", "{count} records match no site", count)
        words.append(text.format(count=count))
    since = status.lost_since or (status.last_good if fact.stale else None)
    return _line(
        f"source/{fact.key}",
        Line.SOURCE,
        fact.key,
        [
            TroubleItem(kind=Part.SOURCE, level=fact.level, words=text, since=since)
            for text in words
        ],
        stale=fact.stale,
    )


# The fields that the order of lines is made of.
LINE_SORT_FIELDS = attrgetter("level", "members", "since", "title", "key")


def line_order(trouble: SiteTrouble) -> tuple[float | str, ...]:
    """Sort key of a line."""
    since = trouble.since.timestamp() if trouble.since else float("inf")
    return -trouble.level, -len(trouble.members), since, fold(trouble.title), trouble.key


def unmatched_lines(situation: Situation, stale: frozenset[str]) -> tuple[SiteTrouble, ...]:
    """The lines of what matches no site; `stale` are the sources that are."""
    found = (one.line(stale) for one in _unmatched(situation))
    return tuple(line for line in found if line is not None)
