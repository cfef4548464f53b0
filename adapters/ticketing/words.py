"""Translates the words of a ticket desk, where the configuration does not. Public.

Each site that runs a ticket system names its statuses. What the system itself counts as open or
closed decides; `DeskWords` understands the usual names in French and English within that, and
says of each meaning how it is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from adapters.ticketing import vocabulary as v
from adapters.ticketing.meaning import Known, Meaning
from adapters.ticketing.phrases import Clause, clauses_of, plain
from smic_tui.records import Actor, Stage, TicketStatus
from smic_tui.text import fold

_ACTORS = {
    Stage.WORKING_GROUP: Actor.WORKING_GROUP,
    Stage.ORDERED: Actor.SUPPLIER,
    Stage.DONE: Actor.NOBODY,
    Stage.REFUSED: Actor.NOBODY,
}
# Where a request stands before that stage is reached.
_BEFORE = {
    Stage.DONE: Stage.INSTALLING,
    Stage.INSTALLING: Stage.ORDERED,
    Stage.ORDERED: Stage.ANALYSED,
    Stage.WORKING_GROUP: Stage.WORKING_GROUP,
    Stage.ANALYSED: Stage.ASKED,
    Stage.ASKED: Stage.ASKED,
}
# A thing that takes a while: "en cours d'installation" is installing.
_TAKES_A_WHILE = frozenset({Stage.INSTALLING, Stage.ORDERED, Stage.WORKING_GROUP, Stage.ANALYSED})

V = TypeVar("V")


class DeskWords:
    """Translates a system's names of statuses, by configuration first, then by meaning.

    With `closed_decides`, what the system counts as closed is closed, whatever its name;
    otherwise it may be resolved and wait to be closed. `resolved_names` are names by which the
    system itself, as it is delivered, means "resolved" though it counts them as open.
    """

    def __init__(
        self,
        statuses: Mapping[str, TicketStatus],
        stages: Mapping[str, Stage],
        waiting_on: Mapping[str, Actor],
        *,
        closed_decides: bool = False,
        resolved_names: Collection[str] = (),
    ) -> None:
        self._closed_decides = closed_decides
        self._resolved_names = frozenset(resolved_names)
        self._own: dict[str, TicketStatus] = {}
        self._tickets = _folded(statuses)
        self._stages = _folded(stages)
        self._actors = _folded(waiting_on)

    def learn(self, own: Mapping[str, TicketStatus]) -> None:
        """Take note of what the system itself means by some names.

        They count only where the system counts the status as open or closed accordingly.
        """
        self._own.update(_folded(own))

    def ticket_status(self, name: str, closed: bool) -> TicketStatus:
        """Return the status of a ticket; `closed` says whether the system counts it as closed."""
        return self.ticket_meaning(name, closed).value

    def ticket_meaning(self, name: str, closed: bool) -> Meaning[TicketStatus]:
        """Return the status of a ticket and how it is known.

        What the system counts as open is never resolved or closed unless the configuration or
        the system says so, and what it counts as closed never open.
        """
        configured = self._tickets.get(fold(name).strip())
        if configured is not None:
            return Meaning(configured, Known.CONFIGURED)
        own = self._own.get(fold(name).strip())
        if own is not None and own.is_open is not closed:
            return Meaning(own, Known.TOLD)
        if closed:
            if not self._closed_decides and _is_resolved(name):
                return Meaning(TicketStatus.RESOLVED, Known.GUESSED)
            return Meaning(TicketStatus.CLOSED, Known.TOLD)
        if fold(name).strip() in self._resolved_names:
            return Meaning(TicketStatus.RESOLVED, Known.TOLD)
        guessed = _open_status(name)
        how = Known.TOLD if guessed is TicketStatus.OPEN else Known.GUESSED
        return Meaning(guessed, how)

    def stage(self, name: str, closed: bool) -> Stage:
        """Return the stage of a request; without a known word, asked, or done if closed."""
        return self.stage_meaning(name, closed).value

    def stage_meaning(self, name: str, closed: bool) -> Meaning[Stage]:
        """Return the stage of a request and how it is known; it ends only where `closed`."""
        configured = self._stages.get(fold(name).strip())
        if configured is not None:
            return Meaning(configured, Known.CONFIGURED)
        if closed:
            if _is_refused(name):
                return Meaning(Stage.REFUSED, Known.GUESSED)
            exact = plain(name) in v.DONE
            return Meaning(Stage.DONE, Known.TOLD if exact else Known.GUESSED)
        return Meaning(_open_stage(name)[0], Known.GUESSED)

    def ticket_actor(self, name: str, closed: bool) -> Actor:
        """Return who must act next on a ticket."""
        configured = self._actors.get(fold(name).strip())
        if configured is not None:
            return configured
        status = self.ticket_status(name, closed)
        if not status.is_open:
            return Actor.NOBODY
        if status is not TicketStatus.WAITING:
            return Actor.US
        return _awaited(name) or Actor.MEMBER

    def request_actor(self, name: str, closed: bool) -> Actor:
        """Return who must act next on a catalogue request."""
        configured = self._actors.get(fold(name).strip())
        if configured is not None:
            return configured
        meaning = self.stage_meaning(name, closed)
        if closed or meaning.how is Known.CONFIGURED or not meaning.value.is_open:
            return _ACTORS.get(meaning.value, Actor.US)
        return _open_stage(name)[1]

    def sounds_closed(self, name: str) -> bool:
        """Whether a status means an end, where the system itself does not tell."""
        key = fold(name).strip()
        if key in self._tickets:
            return not self._tickets[key].is_open
        if key in self._stages:
            return not self._stages[key].is_open
        return any(
            clause.has(v.REFUSED | v.DONE) and not clause.unfinished for clause in clauses_of(name)
        )

    def sounds_refused(self, name: str) -> bool:
        """Whether a status means an end without a solution."""
        key = fold(name).strip()
        if key in self._stages:
            return self._stages[key] is Stage.REFUSED
        return _is_refused(name)

    def names_stage(self, name: str, stage: Stage) -> bool:
        """Whether a name says that a request is in a stage, not only near it."""
        words = dict(v.OF_STAGES)[stage]
        return any(clause.has(words) and not clause.unfinished for clause in clauses_of(name))

    def is_plain(self, name: str, stage: Stage) -> bool:
        """Whether a name says nothing but the stage."""
        return all(word in dict(v.OF_STAGES)[stage] for word in plain(name).split())

    def is_plain_end(self, name: str) -> bool:
        """Whether a name says nothing but "resolved" or "closed"."""
        return plain(name) in v.RESOLVED | v.CLOSED


def _folded(by_name: Mapping[str, V]) -> dict[str, V]:
    return {fold(name).strip(): value for name, value in by_name.items()}


def _is_resolved(name: str) -> bool:
    """Whether the name of something closed says that it was solved."""
    clauses = clauses_of(name)
    if any(clause.has(v.RESOLVED) and not clause.unfinished for clause in clauses):
        return True
    # Nothing is left but somebody's consent.
    return any(
        (clause.to_do or clause.waiting) and clause.has(v.TO_CONFIRM) and not clause.denied
        for clause in clauses
    )


def _is_refused(name: str) -> bool:
    return any(
        clause.has(v.DONE | v.ANALYSED) if clause.denied else clause.has(v.REFUSED)
        for clause in clauses_of(name)
    )


def _open_status(name: str) -> TicketStatus:
    clauses = clauses_of(name)
    if any(clause.has(v.AGAIN) for clause in clauses):
        return TicketStatus.OPEN
    if any(_waits(clause) for clause in clauses):
        return TicketStatus.WAITING
    if clauses and any(_is_new(clause) for clause in clauses[:1]):
        return TicketStatus.NEW
    return TicketStatus.OPEN


def _waits(clause: Clause) -> bool:
    """Whether the clause of an open ticket's status says that somebody else must act."""
    answered = clause.has(v.ANSWERED | v.DONE)
    if clause.waiting or clause.has(v.AT_REST):
        if clause.denied:
            return False
        return not clause.has(v.US) or clause.has(v.SUPPLIERS)
    if clause.has(v.SUPPLIERS):
        only = all(word in v.SUPPLIERS or len(word) <= 2 for word in clause.words)
        return not answered and not clause.denied and (only or clause.has(v.WITH))
    if clause.has(v.MEMBERS) and clause.words[0] in v.WITH:
        return not answered
    if clause.has(v.QUESTIONS) and clause.has(v.ASKED_FOR):
        return not answered
    return clause.has(v.FEEDBACK) and len(clause.words) == 1


def _is_new(clause: Clause) -> bool:
    first = clause.words[0]
    if first in v.NEW and all(
        word in v.NEW or word in v.NEW_THINGS or len(word) <= 2 for word in clause.words
    ):
        return True
    if clause.denied and clause.has(v.NOT_BEGUN):
        return True
    if first in ("a", "to") or clause.to_do:
        return clause.has(v.TO_BEGIN)
    return first == "todo"


def _awaited(name: str) -> Actor | None:
    """Return for whom a status waits, if its name tells."""
    clauses = [
        clause for clause in clauses_of(name) if clause.waiting or not clause.has(v.ANSWERED)
    ]
    if any(clause.has(v.SUPPLIERS) for clause in clauses):
        return Actor.SUPPLIER
    if any(clause.has(v.MEMBERS) for clause in clauses):
        return Actor.MEMBER
    if any(clause.has(v.WORKING_GROUP) for clause in clauses):
        return Actor.WORKING_GROUP
    if any(clause.has(v.PARTS) and clause.waiting for clause in clauses):
        return Actor.SUPPLIER
    return None


def _open_stage(name: str) -> tuple[Stage, Actor]:
    """Return the stage that the name of an open request suggests, and who must act."""
    for clause in clauses_of(name):
        stage = _stage_of(clause)
        if stage is None:
            continue
        if stage is Stage.WORKING_GROUP:
            return stage, Actor.WORKING_GROUP
        if clause.waiting:
            return stage, _awaited(name) or _ACTORS.get(stage, Actor.US)
        if clause.denied or clause.to_do:
            return stage, Actor.US
        return stage, _ACTORS.get(stage, Actor.US)
    return Stage.ASKED, _awaited(name) or Actor.US


def _stage_of(clause: Clause) -> Stage | None:
    if (clause.waiting or clause.to_do) and clause.has(v.WORKING_GROUP):
        return Stage.WORKING_GROUP
    if clause.has(v.WORKING_GROUP) and clause.has(v.DECIDED) and not clause.unfinished:
        return Stage.ANALYSED
    if clause.under_way and clause.has(v.DELIVERED):
        return Stage.ORDERED
    for word in clause.words:
        to_come = v.TO_DO_OF.get(word)
        if to_come is not None and (clause.to_do or word.endswith(("er", "re"))):
            return _BEFORE[to_come]
    for stage, words in v.OF_STAGES:
        if stage is Stage.ASKED and clause.waiting:
            return Stage.ASKED
        # What is installed is open still: it is not done yet. Nor is what was refused.
        passed_over = stage is Stage.REFUSED or (stage is Stage.DONE and clause.has(v.INSTALLING))
        if passed_over or not clause.has(words):
            continue
        if clause.waiting and clause.has(v.DELIVERED):
            return Stage.ORDERED
        if clause.denied or clause.to_do or clause.waiting:
            delivered = stage is not Stage.DONE or clause.has(v.DELIVERED)
            return _BEFORE[stage] if delivered else Stage.ANALYSED
        if clause.under_way and stage not in _TAKES_A_WHILE:
            continue
        return Stage.INSTALLING if stage is Stage.DONE else stage
    return None
