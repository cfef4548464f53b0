"""The kinds of trouble that a site can have, in a few words each.

A trouble is a part of level NOTICE or worse. Parts of the same kind and state
are one item with their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smic_tui.i18n import _, labelled, ngettext
from smic_tui.insight.since import backup_since, earliest, request_since, ticket_since
from smic_tui.insight.site_state import levels_at
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact
from smic_tui.model.states import BackupState, Level
from smic_tui.model.trouble import Part, TroubleItem
from smic_tui.query.words import HEALTH_LABELS
from smic_tui.records import Health


def health_words(health: Health) -> str:
    """The worst record of a site in a few words."""
    state = _(HEALTH_LABELS[health.state])
    if not health.service:
        return state
    return labelled(health.service, state)


def health_item(fact: SiteFact) -> TroubleItem | None:
    """What is the matter with the health of a site, if anything."""
    if fact.level < Level.NOTICE or not fact.health:
        return None
    worst = fact.health[0]
    alike = sum(bool(one.service) is bool(worst.service) for one in _in_trouble(fact))
    words = health_words(worst)
    if alike > 1 and worst.service:
        words = ngettext("{count} service in trouble", "{count} services in trouble", alike)
        words = words.format(count=alike)
    elif alike > 1:
        words = ngettext("{count} host in trouble", "{count} hosts in trouble", alike)
        words = words.format(count=alike)
    if fact.downtime:
        words = _("{trouble} (planned)").format(trouble=words)
    elif fact.acknowledged:
        words = _("{trouble} (acknowledged)").format(trouble=words)
    return TroubleItem(kind=Part.HEALTH, level=fact.level, words=words, since=worst.since)


def _in_trouble(fact: SiteFact) -> list[Health]:
    return [one for one, level in levels_at(fact) if level >= Level.NOTICE]


def _backup_words(state: BackupState, facts: list[BackupFact]) -> str:
    count = len(facts)
    what = facts[0].job.application or facts[0].job.key
    if state is BackupState.FAILED:
        text = ngettext("backup of {what} failed", "{count} backups failed", count)
    elif state is BackupState.OVERDUE:
        text = ngettext("backup of {what} overdue", "{count} backups overdue", count)
    elif state is BackupState.SUSPECT:
        text = ngettext("backup of {what} suspect", "{count} backups suspect", count)
    elif state is BackupState.NEVER:
        text = ngettext("backup of {what} never ran", "{count} backups never ran", count)
    else:
        text = ngettext("backup of {what} late", "{count} backups late", count)
    return text.format(what=what, count=count)


def backup_items(facts: Iterable[BackupFact]) -> list[TroubleItem]:
    """The backups in trouble, one item for each state."""
    by_state: dict[BackupState, list[BackupFact]] = {}
    for fact in facts:
        if fact.level >= Level.NOTICE:
            by_state.setdefault(fact.state, []).append(fact)
    return [
        TroubleItem(
            kind=Part.BACKUP,
            level=max(fact.level for fact in found),
            words=_backup_words(state, found),
            since=earliest(backup_since(fact) for fact in found),
            keys=tuple(fact.key for fact in found),
        )
        for state, found in by_state.items()
    ]


def ticket_items(facts: Sequence[TicketFact]) -> list[TroubleItem]:
    """The tickets that are overdue, and the others that need attention."""
    overdue = [fact for fact in facts if fact.level >= Level.NOTICE and fact.overdue]
    other = [fact for fact in facts if fact.level >= Level.NOTICE and not fact.overdue]
    items = []
    for found, words in (
        (overdue, ngettext("ticket overdue: {what}", "{count} tickets overdue", len(overdue))),
        (other, ngettext("ticket: {what}", "{count} tickets", len(other))),
    ):
        if found:
            items.append(
                TroubleItem(
                    kind=Part.TICKET,
                    level=max(fact.level for fact in found),
                    words=words.format(what=found[0].ticket.subject, count=len(found)),
                    since=earliest(ticket_since(fact) for fact in found),
                    keys=tuple(fact.key for fact in found),
                )
            )
    return items


def request_items(facts: Sequence[RequestFact]) -> list[TroubleItem]:
    """The requests that are overdue, and the others that wait for us."""
    overdue = [fact for fact in facts if fact.level >= Level.NOTICE and fact.overdue]
    ours = [fact for fact in facts if fact.level >= Level.NOTICE and not fact.overdue]
    items = []
    for found, words in (
        (overdue, ngettext("request overdue: {what}", "{count} requests overdue", len(overdue))),
        (ours, ngettext("request to decide: {what}", "{count} requests to decide", len(ours))),
    ):
        if found:
            what = found[0].request.software or found[0].request.subject
            items.append(
                TroubleItem(
                    kind=Part.REQUEST,
                    level=max(fact.level for fact in found),
                    words=words.format(what=what, count=len(found)),
                    since=earliest(request_since(fact) for fact in found),
                    keys=tuple(fact.key for fact in found),
                )
            )
    return items
