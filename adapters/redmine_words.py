"""What Redmine's own words mean, where the configuration does not say.

Statuses and priorities are named freely by whoever runs a Redmine. Its defaults
in French and English, and the words of a syndicate's desk, are understood;
`is_closed` decides before any word does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from adapters.redmine_options import RedmineOptions
from smic_tui.records import Actor, Stage, TicketStatus
from smic_tui.text import fold

_NEW = ("nouveau", "nouvelle", "new", "a traiter", "ouvert", "opened")
_WAITING = ("attente", "waiting", "pending", "commentaire", "feedback", "suspendu", "hold")
_RESOLVED = ("resolu", "resolved", "a valider", "solved")
_SUPPLIERS = ("fournisseur", "prestataire", "editeur", "supplier", "vendor", "sous-traitant")

# The first word that is found decides: "refused" before "asked", which it may contain.
_STAGES = (
    (Stage.REFUSED, ("refus", "reject", "rejet", "abandon", "declin")),
    (Stage.DONE, ("termin", "done", "livr", "clos", "ferme", "deploye", "en production")),
    (Stage.INSTALLING, ("install", "deploiement", "parametrage", "formation")),
    (Stage.ORDERED, ("command", "order", "achat", "devis")),
    (Stage.WORKING_GROUP, ("groupe", "group", "commission", "comite")),
    (Stage.ANALYSED, ("analys", "etud", "qualifi", "en cours", "progress")),
    (Stage.ASKED, ("demand", "asked", "nouveau", "nouvelle", "new", "attente")),
)

_ACTORS = {
    Stage.WORKING_GROUP: Actor.WORKING_GROUP,
    Stage.ORDERED: Actor.SUPPLIER,
    Stage.DONE: Actor.NOBODY,
    Stage.REFUSED: Actor.NOBODY,
}

DEFAULT_PRIORITY = 3

V = TypeVar("V")


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
        self._tickets = _folded(options.statuses)
        self._stages = _folded(options.stages)
        self._actors = _folded(options.waiting_on)
        self._closed = {status.id for status in statuses if status.is_closed}
        self._known = {status.id for status in statuses}
        self._priorities = _ranks(priorities) | {
            priority.id: options.priorities[priority.name]
            for priority in priorities
            if priority.name in options.priorities
        }

    def knows(self, status: Status) -> bool:
        """Whether the status was in Redmine's list, or brings what the list would tell."""
        return status.id in self._known or status.is_closed is not None

    def is_closed(self, status: Status) -> bool:
        """Whether Redmine counts an issue with this status as closed."""
        return status.id in self._closed if status.is_closed is None else status.is_closed

    def ticket_status(self, status: Status) -> TicketStatus:
        """The status of a ticket."""
        name = fold(status.name)
        if name in self._tickets:
            return self._tickets[name]
        if self.is_closed(status):
            return TicketStatus.CLOSED
        if _has(name, _RESOLVED):
            return TicketStatus.RESOLVED
        if _has(name, _WAITING):
            return TicketStatus.WAITING
        return TicketStatus.NEW if _has(name, _NEW) else TicketStatus.OPEN

    def stage(self, status: Status) -> Stage:
        """The stage of a catalogue request. What no word tells is asked, or done if closed."""
        name = fold(status.name)
        if name in self._stages:
            return self._stages[name]
        closed = self.is_closed(status)
        for stage, words in _STAGES:
            if stage.is_open != closed and _has(name, words):
                return stage
        return Stage.DONE if closed else Stage.ASKED

    def ticket_actor(self, status: Status) -> Actor:
        """Who must act next on a ticket."""
        name = fold(status.name)
        if name in self._actors:
            return self._actors[name]
        normal = self.ticket_status(status)
        if not normal.is_open:
            return Actor.NOBODY
        if normal is not TicketStatus.WAITING:
            return Actor.US
        return Actor.SUPPLIER if _has(name, _SUPPLIERS) else Actor.MEMBER

    def request_actor(self, status: Status) -> Actor:
        """Who must act next on a catalogue request."""
        return self._actors.get(fold(status.name)) or _ACTORS.get(self.stage(status), Actor.US)

    def priority(self, id: int | None) -> int:
        """1 (most urgent) to 5."""
        return self._priorities.get(id, DEFAULT_PRIORITY) if id is not None else DEFAULT_PRIORITY


def _folded(by_name: dict[str, V]) -> dict[str, V]:
    return {fold(name): value for name, value in by_name.items()}


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)


def _ranks(priorities: Sequence[Priority]) -> dict[int, int]:
    """Rank priorities around Redmine's default one, or around the middle if it has none."""
    defaults = [index for index, priority in enumerate(priorities) if priority.is_default]
    middle = defaults[0] if defaults else len(priorities) // 2
    return {
        priority.id: min(5, max(1, DEFAULT_PRIORITY + middle - index))
        for index, priority in enumerate(priorities)
    }
