"""The few words that sum a list up, and the alarm at the corner of every screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from smic_tui.i18n import N_, _
from smic_tui.model.facts import Situation
from smic_tui.model.states import AlertStatus
from smic_tui.model.status_counts import StatusCounts
from smic_tui.model.subjects import BACKUPS, REQUESTS, SITES, TICKETS, Subject
from smic_tui.records import Stream
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Role
from smic_tui.views.counts import (
    words_of_alerts,
    words_of_backups,
    words_of_requests,
    words_of_sites,
    words_of_sources,
    words_of_tickets,
)
from smic_tui.views.look import Look

T = TypeVar("T")


def alarm(situation: Situation, look: Look) -> list[Cell]:
    """How many alerts fire, by the worst of them, and the local time."""
    firing = [alert for alert in situation.alerts if alert.status is AlertStatus.FIRING]
    number = "…" if situation.is_partial else str(len(firing))
    if situation.counts is not None:
        number = str(situation.counts.alerts.get(AlertStatus.FIRING, 0))
    time = Cell(look.now.astimezone(look.zone).strftime("%H:%M"), Role.MUTED)
    if not firing:
        return [time]
    worst = max(alert.severity for alert in firing)
    return [Cell(f"{look.glyph(worst)}{number} ", ROLE_OF_LEVEL[worst]), time]


class Summary(Generic[T]):
    """The words that sum the list of a subject up.

    `part(counts)` is what they count, and `words(part, look)` says it. Before the counts
    are known they say that the rest is being read. `unread(situation)` is an unmarked message
    that says why nothing is counted; empty where counting means something.
    """

    def __init__(
        self,
        part: Callable[[StatusCounts], T],
        words: Callable[[T, Look], list[Cell]],
        unread: Callable[[Situation], str] = lambda situation: "",
    ) -> None:
        self._part = part
        self._words = words
        self._unread = unread

    def __call__(self, situation: Situation, look: Look) -> list[Cell]:
        """The words about a situation."""
        if text := self._unread(situation):
            return [Cell(_(text), Role.MUTED)]
        if situation.counts is None:
            return [Cell(_("first rows shown, loading the rest…"), Role.MUTED)]
        return self._words(self._part(situation.counts), look)


def _unread(subject: Subject[object], stream: Stream, text: str) -> Callable[[Situation], str]:
    """Gives `text` while there are no facts of a subject and a source that may have some, for
    it tells of `stream`, has never answered.
    """

    def told(situation: Situation) -> str:
        if situation.is_partial or subject.facts(situation):
            return ""
        statuses = (source.status for source in situation.sources)
        silent = any(one.last_good is None and one.may_tell(stream) for one in statuses)
        return text if silent else ""

    return told


summary_of_sites = Summary(
    lambda counts: counts.of_sites,
    words_of_sites,
    _unread(SITES, Stream.SITES, N_("sites: nothing read yet")),
)
summary_of_backups = Summary(
    lambda counts: counts.backups,
    words_of_backups,
    _unread(BACKUPS, Stream.BACKUP_JOBS, N_("backups: nothing read yet")),
)
summary_of_tickets = Summary(
    lambda counts: counts.tickets,
    words_of_tickets,
    _unread(TICKETS, Stream.TICKETS, N_("tickets: nothing read yet")),
)
summary_of_requests = Summary(
    lambda counts: counts.requests,
    words_of_requests,
    _unread(REQUESTS, Stream.REQUESTS, N_("requests: nothing read yet")),
)
summary_of_alerts = Summary(lambda counts: counts.alerts, words_of_alerts)
summary_of_sources = Summary(lambda counts: counts.sources, words_of_sources)
