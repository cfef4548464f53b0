"""One action in the outbox: what is ordered, what the person saw, and how far it has come."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from smic_tui.contract.actions import Action
from smic_tui.records import RECORD_TYPES, Record, Stream, ZonedTime


class EntryState(StrEnum):
    """How far an action has come.

    `waiting`: nothing of it has reached the source. `sending`: an attempt has begun, and
    what became of it is not known yet. `sent`: the source took it, and its record does
    not show it yet. `conflict`: the record is no longer as the person saw it, and they
    are asked. The others are final; a refusal stays until it is dismissed.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    CONFLICT = "conflict"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Whether the action may still be carried out."""
        return self in (
            EntryState.WAITING,
            EntryState.SENDING,
            EntryState.SENT,
            EntryState.CONFLICT,
        )

    @property
    def wants_person(self) -> bool:
        """Whether the action waits until a person decides."""
        return self in (EntryState.CONFLICT, EntryState.REFUSED)


# A record is named by the source that it is shown under, its stream and its key.
RecordRef = tuple[str, Stream, str]


class Entry(Struct, frozen=True, kw_only=True):
    """An action and what became of it. `number` is its position in the queue, unique there.

    `action.source` is the account that carries it out; `shown` is the source under
    which the record is known here, which differs when it came through a hub.
    Records are kept as plain data: `seen` as the person saw it, `before` as the
    source had it just before the first attempt, `now` as the source had it last.
    `tried` is when the last attempt began, `changed` when the state became what
    it is (UTC). `error` says why it does not go on, `hint` what would help.
    """

    number: int
    action: Action
    shown: str
    seen: dict[str, Any]
    state: EntryState = EntryState.WAITING
    changed: ZonedTime
    before: dict[str, Any] | None = None
    now: dict[str, Any] | None = None
    attempts: int = 0
    tried: ZonedTime | None = None
    error: str = ""
    hint: str = ""

    def __post_init__(self) -> None:
        """Refuse times without a zone and invalid records; msgspec reports it."""
        for moment in (self.action.at, self.action.start, self.action.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"a time without a zone: {moment}")
        self.seen_record  # noqa: B018 - raises for what is no record

    @property
    def id(self) -> str:
        """The id of the action."""
        return self.action.id

    @property
    def ref(self) -> RecordRef:
        """The record that the action is about, as this program shows it."""
        return (self.shown, self.action.stream, self.action.key)

    @property
    def seen_record(self) -> Record:
        """The record as the person saw it."""
        return record_of(self.action.stream, self.seen)

    @property
    def before_record(self) -> Record | None:
        """The record as it was just before the first attempt; None if there was none."""
        return None if self.before is None else record_of(self.action.stream, self.before)

    @property
    def now_record(self) -> Record | None:
        """The record as the source had it last; None when that is not known, or it is gone."""
        return None if self.now is None else record_of(self.action.stream, self.now)


def plain(record: Record) -> dict[str, Any]:
    """Return a record as data that any file can hold."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return found


def record_of(stream: Stream, data: dict[str, Any]) -> Record:
    """Return the record of a stream from its plain data; raises `ValueError` for other data."""
    return msgspec.convert(data, RECORD_TYPES[stream])
