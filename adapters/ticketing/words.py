"""Translates the words of a ticket desk, where the configuration does not. Public.

Each site that runs a ticket system names its statuses. `DeskWords` understands the usual names in
French and English, and those of a syndicate's software catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from smic_tui.records import Actor, Stage, TicketStatus
from smic_tui.text import fold

_NEW = ("nouveau", "nouvelle", "new", "a traiter", "ouvert", "opened")
_WAITING = ("attente", "waiting", "pending", "commentaire", "feedback", "suspendu", "hold")
# RT's "stalled"; elsewhere in a word it is "installation".
_STALLED = "stall"
_RESOLVED = ("resolu", "resolved", "a valider", "solved")
_SUPPLIERS = ("fournisseur", "prestataire", "editeur", "supplier", "vendor", "sous-traitant")

# The first word that is found decides: "refused" before "asked", which it may contain.
_STAGES = (
    (Stage.REFUSED, ("refus", "reject", "rejet", "abandon", "declin")),
    (Stage.DONE, ("termin", "done", "livr", "clos", "ferme", "deploye", "production", "resol")),
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

V = TypeVar("V")


class DeskWords:
    """Translates a system's names of statuses, by configuration first, then by meaning.

    With `closed_decides`, what the system counts as closed is closed, whatever its name;
    otherwise it may be resolved and wait to be closed.
    """

    def __init__(
        self,
        statuses: Mapping[str, TicketStatus],
        stages: Mapping[str, Stage],
        waiting_on: Mapping[str, Actor],
        *,
        closed_decides: bool = False,
    ) -> None:
        self._closed_decides = closed_decides
        self._tickets = _folded(statuses)
        self._stages = _folded(stages)
        self._actors = _folded(waiting_on)

    def ticket_status(self, name: str, closed: bool) -> TicketStatus:
        """Return the status of a ticket; `closed` says whether the system counts it as closed."""
        name = fold(name)
        if name in self._tickets:
            return self._tickets[name]
        if closed and self._closed_decides:
            return TicketStatus.CLOSED
        if _has(name, _RESOLVED):
            return TicketStatus.RESOLVED
        if closed:
            return TicketStatus.CLOSED
        if _has(name, _WAITING) or name.startswith(_STALLED):
            return TicketStatus.WAITING
        return TicketStatus.NEW if _has(name, _NEW) else TicketStatus.OPEN

    def stage(self, name: str, closed: bool) -> Stage:
        """Return the stage of a request; without a known word, asked, or done if closed."""
        name = fold(name)
        if name in self._stages:
            return self._stages[name]
        for stage, words in _STAGES:
            if stage.is_open != closed and _has(name, words):
                return stage
        return Stage.DONE if closed else Stage.ASKED

    def ticket_actor(self, name: str, closed: bool) -> Actor:
        """Return who must act next on a ticket."""
        if fold(name) in self._actors:
            return self._actors[fold(name)]
        status = self.ticket_status(name, closed)
        if not status.is_open:
            return Actor.NOBODY
        if status is not TicketStatus.WAITING:
            return Actor.US
        return Actor.SUPPLIER if _has(fold(name), _SUPPLIERS) else Actor.MEMBER

    def request_actor(self, name: str, closed: bool) -> Actor:
        """Return who must act next on a catalogue request."""
        return self._actors.get(fold(name)) or _ACTORS.get(self.stage(name, closed), Actor.US)

    def sounds_closed(self, name: str) -> bool:
        """Whether a status means an end, where the system itself does not tell."""
        name = fold(name)
        if name in self._tickets:
            return not self._tickets[name].is_open
        if name in self._stages:
            return not self._stages[name].is_open
        return any(_has(name, words) for stage, words in _STAGES if not stage.is_open)

    def sounds_refused(self, name: str) -> bool:
        """Whether a status means an end without a solution."""
        name = fold(name)
        if name in self._stages:
            return self._stages[name] is Stage.REFUSED
        return any(_has(name, words) for stage, words in _STAGES if stage is Stage.REFUSED)


def _folded(by_name: Mapping[str, V]) -> dict[str, V]:
    return {fold(name): value for name, value in by_name.items()}


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)
