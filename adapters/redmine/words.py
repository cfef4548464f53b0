"""Translates Redmine's own words: its statuses, by name and `is_closed`, and its priorities."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from adapters.redmine.options import RedmineOptions
from adapters.ticketing.choice import Candidate
from adapters.ticketing.words import DeskWords
from smic_tui.records import Actor, Stage, Stream, TicketStatus

DEFAULT_PRIORITY = 3
# Redmine's own status for what is solved and waits to be closed, which it counts as open: the
# names that `redmine:load_default_data` gives it in French and English.
_RESOLVED = ("resolu", "resolved")
_OWN = {
    "nouveau": TicketStatus.NEW,
    "new": TicketStatus.NEW,
    "commentaire": TicketStatus.WAITING,
    "feedback": TicketStatus.WAITING,
}


class Status(Struct, frozen=True):
    """An issue status; before Redmine 5 an issue does not say whether it is closed."""

    id: int
    name: str
    is_closed: bool | None = None


class Priority(Struct, frozen=True):
    """An issue priority. Redmine lists them from the least urgent on."""

    id: int
    name: str
    is_default: bool = False


class Words:
    """Translates statuses and priorities, by configuration first, then by meaning."""

    def __init__(
        self, options: RedmineOptions, statuses: Sequence[Status], priorities: Sequence[Priority]
    ) -> None:
        self.statuses = tuple(statuses)
        self.priority_names = tuple(priority.name for priority in priorities)
        self.desk = DeskWords(
            options.statuses,
            options.stages,
            options.waiting_on,
            closed_decides=True,
            resolved_names=_RESOLVED,
        )
        self.desk.learn(_OWN)
        self._closed = {status.id for status in statuses if status.is_closed}
        self._known = {status.id for status in statuses}
        self._priorities = _ranks(priorities) | {
            priority.id: options.priorities[priority.name]
            for priority in priorities
            if priority.name in options.priorities
        }

    def knows(self, status: Status) -> bool:
        """Whether the status was in Redmine's list, or tells itself what the list would."""
        return status.id in self._known or status.is_closed is not None

    def is_closed(self, status: Status) -> bool:
        """Whether Redmine counts an issue with this status as closed."""
        return status.id in self._closed if status.is_closed is None else status.is_closed

    def candidate(self, status: Status) -> Candidate:
        """Return the status as actions choose among them."""
        return Candidate(status.name, self.is_closed(status))

    def is_open(self, status: Status, stream: Stream) -> bool:
        """Whether a record with this status is open."""
        if stream is Stream.REQUESTS:
            return self.stage(status).is_open
        return self.ticket_status(status).is_open

    def ticket_status(self, status: Status) -> TicketStatus:
        """Return the status of a ticket."""
        return self.desk.ticket_status(status.name, self.is_closed(status))

    def stage(self, status: Status) -> Stage:
        """Return the stage of a catalogue request."""
        return self.desk.stage(status.name, self.is_closed(status))

    def ticket_actor(self, status: Status) -> Actor:
        """Return who must act next on a ticket."""
        return self.desk.ticket_actor(status.name, self.is_closed(status))

    def request_actor(self, status: Status) -> Actor:
        """Return who must act next on a catalogue request."""
        return self.desk.request_actor(status.name, self.is_closed(status))

    def priority(self, id: int | None) -> int:
        """Return a priority from 1 (most urgent) to 5."""
        return self._priorities.get(id, DEFAULT_PRIORITY) if id is not None else DEFAULT_PRIORITY


def _ranks(priorities: Sequence[Priority]) -> dict[int, int]:
    """Rank priorities around Redmine's default one, or around the middle if it has none."""
    defaults = [index for index, priority in enumerate(priorities) if priority.is_default]
    middle = defaults[0] if defaults else len(priorities) // 2
    return {
        priority.id: min(5, max(1, DEFAULT_PRIORITY + middle - index))
        for index, priority in enumerate(priorities)
    }
