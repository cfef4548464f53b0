"""Chooses the status to set for an action. Public.

A guess is never taken where an exact status is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from adapters.ticketing.meaning import Known
from adapters.ticketing.wanted import wanted_stage, wanted_status
from adapters.ticketing.words import DeskWords
from smic_tui.contract.actions import Action, Verb
from smic_tui.records import Stage, Stream, TicketStatus


class Candidate(Struct, frozen=True):
    """A status that the system offers, and whether the system counts it as closed."""

    name: str
    closed: bool


def wanted_stage_of(action: Action) -> Stage:
    """Return the stage that an action on a request leads to."""
    return Stage.DONE if action.verb is Verb.RESOLVE else wanted_stage(action)


def is_effect(action: Action, status: Candidate, words: DeskWords) -> bool:
    """Whether a record with this status is as the action wants it.

    What only its name suggests is no solution: an end counts where the system or the
    configuration says so.
    """
    return _rank(action, status, words) is not None


def best_of(action: Action, offered: Iterable[Candidate], words: DeskWords) -> Candidate | None:
    """Return the status that fits best, None if none does."""
    return next(iter(fitting(action, offered, words)), None)


def fitting(action: Action, offered: Iterable[Candidate], words: DeskWords) -> list[Candidate]:
    """Return the statuses that fit, the best first; equals stay in their order.

    What the configuration says comes first, then what the system says, then a name that says
    nothing else, and a guess at last.
    """
    ranked = [
        (rank, index, status)
        for index, status in enumerate(offered)
        if (rank := _rank(action, status, words)) is not None and _may_be_set(action, status, words)
    ]
    return [status for _rank_of, _index, status in sorted(ranked, key=lambda each: each[:2])]


def _may_be_set(action: Action, status: Candidate, words: DeskWords) -> bool:
    """Whether a status that has the effect may be chosen for it."""
    if action.stream is Stream.TICKETS:
        return not _is_turned_down(status, words)
    stage = words.stage_meaning(status.name, status.closed)
    # What only lies near the stage would say something else than was asked for.
    return not stage.guessed or status.closed or words.names_stage(status.name, stage.value)


def _is_turned_down(status: Candidate, words: DeskWords) -> bool:
    """Whether a status is an end that is no solution; what the configuration names is meant."""
    meaning = words.ticket_meaning(status.name, status.closed)
    return (
        status.closed and meaning.how is not Known.CONFIGURED and words.sounds_refused(status.name)
    )


def _rank(action: Action, status: Candidate, words: DeskWords) -> tuple[int, int, int] | None:
    """Return how well a status fits, the best lowest; None if it does not fit."""
    if action.stream is Stream.REQUESTS:
        stage = words.stage_meaning(status.name, status.closed)
        if stage.value is not wanted_stage_of(action):
            return None
        return (stage.how, int(not words.is_plain(status.name, stage.value)), 0)
    meaning = words.ticket_meaning(status.name, status.closed)
    # "Rejected" is closed as well, but not what closing means.
    refused = _is_turned_down(status, words)
    plain = words.is_plain_end(status.name)
    if action.verb is not Verb.RESOLVE:
        if meaning.value is not wanted_status(action):
            return None
        return (int(refused), int(meaning.how), int(not plain))
    if meaning.value.is_open or refused:
        return None
    # Resolved before closed; of each, what the configuration names, then a plain name.
    sure = meaning.how is Known.CONFIGURED or plain
    return (int(not sure), int(meaning.value is TicketStatus.CLOSED), int(meaning.how))
