"""One action in the outbox: what is wanted, what was seen, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from smic_tui.contract.actions import Action
from smic_tui.records import RECORD_TYPES, Record, Stream


class EntryState(StrEnum):
    """How far an action has come.

    `waiting`: nothing of it is at the source. `sending`: an attempt has begun and
    nobody knows yet what became of it. `sent`: the source took it, and its record
    does not show it yet. `conflict`: the record is no longer the one that the
    person saw, and they are asked. The others are ends; a refusal stays until it
    is dismissed.
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
        """Whether something may still become of it."""
        return self in (
            EntryState.WAITING,
            EntryState.SENDING,
            EntryState.SENT,
            EntryState.CONFLICT,
        )

    @property
    def wants_person(self) -> bool:
        """Whether it goes no further until somebody decides."""
        return self in (EntryState.CONFLICT, EntryState.REFUSED)


# A record is named by the source that it is shown under, its stream and its key.
RecordRef = tuple[str, Stream, str]


class Entry(Struct, frozen=True, kw_only=True):
    """An action with its fate. `number` is its place in the queue, unique in the outbox.

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
    changed: datetime
    before: dict[str, Any] | None = None
    now: dict[str, Any] | None = None
    attempts: int = 0
    tried: datetime | None = None
    error: str = ""
    hint: str = ""

    def __post_init__(self) -> None:
        """Refuse times without a zone and records that are none; msgspec reports it."""
        for moment in (self.action.at, self.action.start, self.action.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"a time without a zone: {moment}")
        self.seen_record  # noqa: B018 - raises for what is no record

    @property
    def id(self) -> str:
        """The action's own."""
        return self.action.id

    @property
    def ref(self) -> RecordRef:
        """The record that it is about, as this program shows it."""
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
    """A record as data that any file can hold."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return found


def record_of(stream: Stream, data: dict[str, Any]) -> Record:
    """The record of a stream from its plain data; raises `ValueError` when it is none."""
    return msgspec.convert(data, RECORD_TYPES[stream])
