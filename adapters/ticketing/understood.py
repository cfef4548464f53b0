"""Tells how the statuses of a ticket desk were understood, for `doctor`. Public."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.ticketing.choice import Candidate
from adapters.ticketing.words import DeskWords
from smic_tui.contract.adapter import Understood
from smic_tui.records import Stream


def understood(
    words: DeskWords, statuses: Iterable[Candidate], stream: Stream
) -> tuple[Understood, ...]:
    """Return the meaning of each status for the records of a stream."""
    return tuple(_one(words, status, stream) for status in statuses)


def _one(words: DeskWords, status: Candidate, stream: Stream) -> Understood:
    name, closed = status.name, status.closed
    if stream is Stream.REQUESTS:
        stage = words.stage_meaning(name, closed)
        return Understood(
            name=name,
            stage=stage.value,
            waiting_on=words.request_actor(name, closed),
            guessed=stage.guessed,
        )
    meaning = words.ticket_meaning(name, closed)
    return Understood(
        name=name,
        status=meaning.value,
        waiting_on=words.ticket_actor(name, closed),
        guessed=meaning.guessed,
    )
