"""The counts of the program in words: a line for each subject, and how old the sources are.

`smic-tui status` needs nothing else of the views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smic_tui.i18n import _, ngettext
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.model.status_counts import (
    RequestCounts,
    SiteCounts,
    SourceCounts,
    StatusCounts,
    TicketCounts,
)
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Role
from smic_tui.views.fit import width
from smic_tui.views.look import Look
from smic_tui.views.words import word

GAP = Cell("   ")


def _counted(count: int, text: str, level: Level, look: Look) -> list[Cell]:
    """A count with its state; nothing where there is nothing of it."""
    if not count:
        return []
    return [GAP, Cell(f"{look.glyph(level)} {count} {text}", ROLE_OF_LEVEL[level])]


def words_of_sites(sites: SiteCounts, look: Look) -> list[Cell]:
    """How many sites there are, and in which states; each as loud as the worst of its sites."""
    total = sum(sites.states.values())
    cells = [Cell(ngettext("{n} site", "{n} sites", total).format(n=total), Role.TITLE)]
    for state in (SiteState.DOWN, SiteState.DEGRADED, SiteState.UNKNOWN):
        level = sites.levels.get(state, Level.UNKNOWN)
        cells += _counted(sites.states.get(state, 0), word(state), level, look)
    return cells


# Those that are not as they should be, in the order of the list.
_BACKUPS = (
    BackupState.FAILED,
    BackupState.OVERDUE,
    BackupState.NEVER,
    BackupState.LATE,
    BackupState.UNKNOWN,
)


def words_of_backups(states: Mapping[BackupState, int], look: Look) -> list[Cell]:
    """How many backups there are, and which are not as they should be."""
    total = sum(states.values())
    cells = [Cell(ngettext("{n} backup", "{n} backups", total).format(n=total), Role.TITLE)]
    for state in _BACKUPS:
        cells += _counted(states.get(state, 0), word(state), state.level, look)
    return cells


def words_of_tickets(tickets: TicketCounts, look: Look) -> list[Cell]:
    """How many tickets are open, overdue and mine."""
    total = tickets.open
    return [
        Cell(ngettext("{n} open ticket", "{n} open tickets", total).format(n=total), Role.TITLE),
        *_counted(tickets.overdue, _("overdue"), Level.WARNING, look),
        *_counted(tickets.mine, _("mine"), Level.NOTICE, look),
    ]


def words_of_requests(requests: RequestCounts, look: Look) -> list[Cell]:
    """How many catalogue requests go on, and how many wait for us."""
    total = requests.open
    return [
        Cell(ngettext("{n} request", "{n} requests", total).format(n=total), Role.TITLE),
        *_counted(requests.overdue, _("overdue"), Level.WARNING, look),
        *_counted(requests.waiting_on_us, _("waiting on us"), Level.NOTICE, look),
    ]


def words_of_alerts(statuses: Mapping[AlertStatus, int], look: Look) -> list[Cell]:
    """How many alerts fire, are acknowledged, were cleared."""
    total = statuses.get(AlertStatus.FIRING, 0)
    acknowledged = statuses.get(AlertStatus.ACKNOWLEDGED, 0)
    cleared = statuses.get(AlertStatus.CLEARED, 0)
    return [
        Cell(ngettext("{n} alert fires", "{n} alerts fire", total).format(n=total), Role.TITLE),
        *_counted(acknowledged, word(AlertStatus.ACKNOWLEDGED), Level.NOTICE, look),
        *_counted(cleared, word(AlertStatus.CLEARED), Level.FINE, look),
    ]


def words_of_sources(sources: Sequence[SourceCounts], look: Look) -> list[Cell]:
    """How many sources there are, and how many cannot be trusted now."""
    total = len(sources)
    stale = [source.level for source in sources if source.stale]
    aside = sum(source.rejected for source in sources)
    nowhere = sum(source.unmatched for source in sources)
    return [
        Cell(ngettext("{n} source", "{n} sources", total).format(n=total), Role.TITLE),
        *_counted(len(stale), _("stale"), max(stale, default=Level.FINE), look),
        *_counted(aside, _("set aside"), Level.NOTICE, look),
        *_counted(nowhere, _("without a site"), Level.NOTICE, look),
    ]


def words_of_counts(counts: StatusCounts, look: Look) -> list[list[Cell]]:
    """A line for each subject."""
    return [
        words_of_sites(counts.of_sites, look),
        words_of_backups(counts.backups, look),
        words_of_tickets(counts.tickets, look),
        words_of_requests(counts.requests, look),
        words_of_alerts(counts.alerts, look),
        words_of_sources(counts.sources, look),
    ]


def freshness(sources: Sequence[SourceCounts], look: Look, cells: int) -> list[Cell]:
    """Every source with the age of its facts, stale ones first.

    Where `cells` do not suffice, fresh sources are summed up by the oldest.
    """
    ages = {source.name: source.age(look.now) for source in sources}
    stale = [source for source in sources if source.stale]
    fresh = [source for source in sources if not source.stale]
    pieces: list[Cell] = []
    for source in stale:
        text = f"{look.glyph(source.level)} {source.name} {human.age(ages[source.name])}  "
        pieces.append(Cell(text, ROLE_OF_LEVEL[source.level]))
    each = [
        cell
        for source in fresh
        for cell in (
            Cell(f"{source.name} ", Role.MUTED),
            Cell(f"{human.age(ages[source.name])}  "),
        )
    ]
    if sum(width(cell.text) for cell in pieces + each) <= cells + 2 or not fresh:
        return pieces + each
    oldest = max(ages[source.name] or 0.0 for source in fresh)
    text = ngettext("{n} source fresh", "{n} sources fresh", len(fresh)).format(n=len(fresh))
    pieces.append(Cell(_("{sources}, oldest {age}").format(sources=text, age=human.age(oldest))))
    return pieces
