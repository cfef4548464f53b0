"""The counts of the program in words: a line for each subject, and how old the sources are.

`smic-tui status` needs nothing else of the views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from smic_tui.i18n import _, ngettext, npgettext
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

GAP = Cell("   ")

# What is counted in a state, with the state in agreement. The number stands before it.
_SITES: dict[SiteState, Callable[[int], str]] = {
    SiteState.DOWN: lambda n: ngettext("{n:,} down", "{n:,} down", n),
    SiteState.DEGRADED: lambda n: ngettext("{n:,} degraded", "{n:,} degraded", n),
    SiteState.UNKNOWN: lambda n: ngettext("{n:,} unknown", "{n:,} unknown", n),
}
# Those that are not as they should be, in the order of the list.
_BACKUPS: dict[BackupState, Callable[[int], str]] = {
    BackupState.FAILED: lambda n: ngettext("{n:,} failed", "{n:,} failed", n),
    BackupState.OVERDUE: lambda n: ngettext("{n:,} overdue", "{n:,} overdue", n),
    BackupState.NEVER: lambda n: ngettext("{n:,} never ran", "{n:,} never ran", n),
    BackupState.SUSPECT: lambda n: ngettext("{n:,} suspect", "{n:,} suspect", n),
    BackupState.LATE: lambda n: ngettext("{n:,} late", "{n:,} late", n),
    BackupState.UNKNOWN: lambda n: npgettext("backups", "{n:,} unknown", "{n:,} unknown", n),
}


def _counted(count: int, text: str, level: Level, look: Look) -> list[Cell]:
    """A count with its state, `text`; nothing where there is nothing of it."""
    if not count:
        return []
    words = text.format(n=count)
    return [GAP, Cell(f"{look.glyph(level)} {words}", ROLE_OF_LEVEL[level])]


def words_of_sites(sites: SiteCounts, look: Look) -> list[Cell]:
    """How many sites there are, and in which states; each as loud as the worst of its sites."""
    total = sum(sites.states.values())
    cells = [Cell(ngettext("{n:,} site", "{n:,} sites", total).format(n=total), Role.TITLE)]
    for state, words in _SITES.items():
        count, level = sites.states.get(state, 0), sites.levels.get(state, Level.UNKNOWN)
        cells += _counted(count, words(count), level, look)
    return cells


def words_of_backups(states: Mapping[BackupState, int], look: Look) -> list[Cell]:
    """How many backups there are, and which are not as they should be."""
    total = sum(states.values())
    cells = [Cell(ngettext("{n:,} backup", "{n:,} backups", total).format(n=total), Role.TITLE)]
    for state, words in _BACKUPS.items():
        count = states.get(state, 0)
        cells += _counted(count, words(count), state.level, look)
    return cells


def words_of_tickets(tickets: TicketCounts, look: Look) -> list[Cell]:
    """How many tickets are open, overdue and mine."""
    total, overdue, mine = tickets.open, tickets.overdue, tickets.mine
    words = ngettext("{n:,} open ticket", "{n:,} open tickets", total)
    late = ngettext("{n:,} overdue", "{n:,} overdue", overdue)
    return [
        Cell(words.format(n=total), Role.TITLE),
        *_counted(overdue, late, Level.WARNING, look),
        *_counted(mine, ngettext("{n:,} mine", "{n:,} mine", mine), Level.NOTICE, look),
    ]


def words_of_requests(requests: RequestCounts, look: Look) -> list[Cell]:
    """How many catalogue requests are open, and how many wait for us."""
    total, overdue, ours = requests.open, requests.overdue, requests.waiting_on_us
    late = ngettext("{n:,} overdue", "{n:,} overdue", overdue)
    waiting = ngettext("{n:,} waiting on us", "{n:,} waiting on us", ours)
    return [
        Cell(ngettext("{n:,} request", "{n:,} requests", total).format(n=total), Role.TITLE),
        *_counted(overdue, late, Level.WARNING, look),
        *_counted(ours, waiting, Level.NOTICE, look),
    ]


def words_of_alerts(statuses: Mapping[AlertStatus, int], look: Look) -> list[Cell]:
    """How many alerts are firing, are acknowledged, were cleared."""
    total = statuses.get(AlertStatus.FIRING, 0)
    acknowledged = statuses.get(AlertStatus.ACKNOWLEDGED, 0)
    cleared = statuses.get(AlertStatus.CLEARED, 0)
    known = ngettext("{n:,} acknowledged", "{n:,} acknowledged", acknowledged)
    return [
        Cell(ngettext("{n:,} firing", "{n:,} firing", total).format(n=total), Role.TITLE),
        *_counted(acknowledged, known, Level.NOTICE, look),
        *_counted(cleared, ngettext("{n:,} cleared", "{n:,} cleared", cleared), Level.FINE, look),
    ]


def words_of_sources(sources: Sequence[SourceCounts], look: Look) -> list[Cell]:
    """How many sources there are, and how many cannot be trusted now."""
    total = len(sources)
    stale = [source.level for source in sources if source.stale]
    aside = sum(source.rejected for source in sources)
    nowhere = sum(source.unmatched for source in sources)
    old = ngettext("{n:,} stale", "{n:,} stale", len(stale))
    unplaced = ngettext("{n:,} without a site", "{n:,} without a site", nowhere)
    return [
        Cell(ngettext("{n:,} source", "{n:,} sources", total).format(n=total), Role.TITLE),
        *_counted(len(stale), old, max(stale, default=Level.FINE), look),
        *_counted(aside, ngettext("{n:,} set aside", "{n:,} set aside", aside), Level.NOTICE, look),
        *_counted(nowhere, unplaced, Level.NOTICE, look),
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
