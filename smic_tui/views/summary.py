"""The few words that sum a list up, and the alarm at the corner of every screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from smic_tui.i18n import _, ngettext
from smic_tui.insight.facts import AlertLife, BackupState, Level, SiteState, Situation
from smic_tui.records import Actor
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Role
from smic_tui.views.fit import width
from smic_tui.views.look import Look
from smic_tui.views.words import word

GAP = Cell("   ")


def alarm(situation: Situation, look: Look) -> list[Cell]:
    """How many alerts fire, by the worst of them, and the local time."""
    firing = [alert for alert in situation.alerts if alert.life is AlertLife.FIRING]
    time = Cell(look.now.astimezone(look.zone).strftime("%H:%M"), Role.MUTED)
    if not firing:
        return [time]
    worst = max(alert.severity for alert in firing)
    return [Cell(f"{look.glyph(worst)}{len(firing)} ", ROLE_OF_LEVEL[worst]), time]


def _counted(count: int, text: str, level: Level, look: Look) -> list[Cell]:
    """A count with its state; nothing where there is nothing of it."""
    if not count:
        return []
    return [GAP, Cell(f"{look.glyph(level)} {count} {text}", ROLE_OF_LEVEL[level])]


def sites(situation: Situation, look: Look) -> list[Cell]:
    """How many sites there are, and in which states."""
    states = Counter(site.state for site in situation.sites)
    total = len(situation.sites)
    return [
        Cell(ngettext("{n} site", "{n} sites", total).format(n=total), Role.TITLE),
        *_counted(states[SiteState.DOWN], word(SiteState.DOWN), Level.CRITICAL, look),
        *_counted(states[SiteState.DEGRADED], word(SiteState.DEGRADED), Level.WARNING, look),
        *_counted(states[SiteState.UNKNOWN], word(SiteState.UNKNOWN), Level.UNKNOWN, look),
    ]


_BACKUP_LEVELS = (
    (BackupState.FAILED, Level.CRITICAL),
    (BackupState.OVERDUE, Level.CRITICAL),
    (BackupState.NEVER, Level.WARNING),
    (BackupState.LATE, Level.WARNING),
    (BackupState.UNKNOWN, Level.UNKNOWN),
)


def backups(situation: Situation, look: Look) -> list[Cell]:
    """How many backups there are, and which are not as they should be."""
    states = Counter(backup.state for backup in situation.backups)
    total = len(situation.backups)
    cells = [Cell(ngettext("{n} backup", "{n} backups", total).format(n=total), Role.TITLE)]
    for state, level in _BACKUP_LEVELS:
        cells += _counted(states[state], word(state), level, look)
    return cells


def tickets(situation: Situation, look: Look) -> list[Cell]:
    """How many tickets are open, overdue and mine."""
    opened = [t for t in situation.tickets if t.ticket.status.is_open]
    total = len(opened)
    return [
        Cell(ngettext("{n} open ticket", "{n} open tickets", total).format(n=total), Role.TITLE),
        *_counted(sum(t.overdue for t in opened), _("overdue"), Level.WARNING, look),
        *_counted(sum(t.mine for t in opened), _("mine"), Level.NOTICE, look),
    ]


def requests(situation: Situation, look: Look) -> list[Cell]:
    """How many catalogue requests go on, and how many wait for us."""
    opened = [r for r in situation.requests if r.request.stage.is_open]
    total = len(opened)
    waiting = sum(r.request.waiting_on is Actor.US for r in opened)
    return [
        Cell(ngettext("{n} request", "{n} requests", total).format(n=total), Role.TITLE),
        *_counted(sum(r.overdue for r in opened), _("overdue"), Level.WARNING, look),
        *_counted(waiting, _("waiting on us"), Level.NOTICE, look),
    ]


def alerts(situation: Situation, look: Look) -> list[Cell]:
    """How many alerts fire, are acknowledged, were cleared."""
    lives = Counter(alert.life for alert in situation.alerts)
    total = lives[AlertLife.FIRING]
    return [
        Cell(ngettext("{n} alert fires", "{n} alerts fire", total).format(n=total), Role.TITLE),
        *_counted(lives[AlertLife.ACKNOWLEDGED], word(AlertLife.ACKNOWLEDGED), Level.NOTICE, look),
        *_counted(lives[AlertLife.CLEARED], word(AlertLife.CLEARED), Level.FINE, look),
    ]


def sources(situation: Situation, look: Look) -> list[Cell]:
    """How many sources there are, and how many cannot be trusted now."""
    total = len(situation.sources)
    stale = sum(source.stale for source in situation.sources)
    aside = sum(source.status.rejected_count for source in situation.sources)
    nowhere = sum(u.count for source in situation.sources for u in source.unmatched)
    return [
        Cell(ngettext("{n} source", "{n} sources", total).format(n=total), Role.TITLE),
        *_counted(stale, _("stale"), Level.WARNING, look),
        *_counted(aside, _("set aside"), Level.NOTICE, look),
        *_counted(nowhere, _("without a site"), Level.NOTICE, look),
    ]


Summary = Callable[[Situation, Look], list[Cell]]


def _once(summary: Summary) -> Summary:
    """The summary of the last situation again while it is the same: it is drawn with
    every move of the cursor, and counts everything there is.
    """
    last: list[tuple[Situation, Look, list[Cell]]] = []

    def remembered(situation: Situation, look: Look) -> list[Cell]:
        for seen, seen_look, cells in last:
            if seen is situation and seen_look == look:
                return cells
        cells = summary(situation, look)
        last[:] = [(situation, look, cells)]
        return cells

    return remembered


SUMMARIES: dict[str, Summary] = {
    "sites": _once(sites),
    "backups": _once(backups),
    "tickets": _once(tickets),
    "requests": _once(requests),
    "alerts": _once(alerts),
    "sources": _once(sources),
}


def freshness(situation: Situation, look: Look, cells: int) -> list[Cell]:
    """Every source with the age of its facts, stale ones first.

    Where `cells` do not suffice, fresh sources are summed up by the oldest.
    """
    stale = [source for source in situation.sources if source.stale]
    fresh = [source for source in situation.sources if not source.stale]
    pieces: list[Cell] = []
    for source in stale:
        text = f"{look.glyph(source.level)} {source.status.name} {human.age(source.age)}  "
        pieces.append(Cell(text, ROLE_OF_LEVEL[source.level]))
    each = [
        cell
        for source in fresh
        for cell in (
            Cell(f"{source.status.name} ", Role.MUTED),
            Cell(f"{human.age(source.age)}  "),
        )
    ]
    if sum(width(cell.text) for cell in pieces + each) <= cells + 2 or not fresh:
        return pieces + each
    oldest = max(source.age or 0.0 for source in fresh)
    text = ngettext("{n} source fresh", "{n} sources fresh", len(fresh)).format(n=len(fresh))
    pieces.append(Cell(_("{sources}, oldest {age}").format(sources=text, age=human.age(oldest))))
    return pieces
