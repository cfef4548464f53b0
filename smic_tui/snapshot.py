"""The frozen picture that the collecting side hands to everyone else."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from smic_tui.alertbook import EMPTY_BOOK, AlertBook
from smic_tui.contract.actions import Verb
from smic_tui.contract.batch import Rejected
from smic_tui.records import Record, Stream

NO_ROWS: Mapping[str, Record] = MappingProxyType({})


class SourceState(StrEnum):
    """How the last attempt to read a source ended."""

    NEVER = "never"
    OK = "ok"
    UNAVAILABLE = "unavailable"
    AUTH_FAILED = "auth failed"
    BAD_ANSWER = "bad answer"
    BUG = "bug"


class SourceStatus(Struct, frozen=True, kw_only=True):
    """What is known about a source itself. Durations are seconds.

    `last_good` is when the last complete good answer began to be read: the
    facts are as of that moment. `lost_since` is set while attempts fail.
    `rejected` holds the first set-aside rows, `rejected_count` counts all.
    `relayed` are the sources that it passes on, each with the times of its own.
    `actions` is what the account may do to its records, as last proven, without
    what the configuration forbids.
    """

    name: str
    kind: str
    state: SourceState = SourceState.NEVER
    streams: tuple[Stream, ...] = ()
    last_good: datetime | None = None
    last_try: datetime | None = None
    next_try: datetime | None = None
    lost_since: datetime | None = None
    failures: int = 0
    error: str = ""
    hint: str = ""
    rows: int = 0
    rejected: tuple[Rejected, ...] = ()
    rejected_count: int = 0
    took: float = 0.0
    stale_after: float = 900.0
    relayed: tuple[SourceStatus, ...] = ()
    actions: dict[Stream, tuple[Verb, ...]] = {}

    def may_tell(self, stream: Stream) -> bool:
        """Whether rows of a stream may come from it: of one that was never asked nobody knows."""
        return stream in self.streams or self.state is SourceState.NEVER

    def age(self, now: datetime) -> float | None:
        """Seconds since the last good answer; None if there was none."""
        return None if self.last_good is None else (now - self.last_good).total_seconds()

    def is_stale(self, now: datetime) -> bool:
        """Whether its facts are too old to be trusted as current."""
        end = self.stale_from()
        return end is None or now > end

    def stale_from(self) -> datetime | None:
        """From when on it is stale without another good answer; None if there was none."""
        if self.last_good is None:
            return None
        return self.last_good + timedelta(seconds=self.stale_after)


class Step(Struct, frozen=True, gc=False):
    """The keys of rows that one change has put, replaced or taken out of the contents
    with the serial `before`.
    """

    before: int
    keys: Mapping[Stream, frozenset[str]]


class SourceContents(Struct, frozen=True, kw_only=True, eq=False):
    """A source's status and its rows by stream and key.

    `serial` tells these rows from others in this program, 0 where nobody gave one;
    `steps` are the last changes that led to them, the newest last. Contents that came
    about in another way are equal all the same.
    """

    status: SourceStatus
    rows: Mapping[Stream, Mapping[str, Record]] = MappingProxyType({})
    serial: int = 0
    steps: tuple[Step, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SourceContents):
            return NotImplemented
        return self.status == other.status and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]

    def changed_since(self, before: SourceContents) -> Mapping[Stream, Set[str]] | None:
        """The keys of rows that may be others than before; None where that is not known."""
        if not (self.serial and before.serial):
            return None
        if self.serial == before.serial:
            return {}
        found: dict[Stream, set[str]] = {}
        for step in reversed(self.steps):
            for stream, keys in step.keys.items():
                found.setdefault(stream, set()).update(keys)
            if step.before == before.serial:
                return found
        return None

    def of(self, stream: Stream) -> Mapping[str, Record]:
        """The rows of one stream, by key."""
        return self.rows.get(stream, NO_ROWS)


class Snapshot(Struct, frozen=True, kw_only=True):
    """All sources at one moment, in the order of the configuration.

    `writer` names who collects ("" when it is this program). `notices` are
    things the person must know about the cache: set aside, full, read-only.
    `partial` says that these are a few rows of each source, while the rest is read; `lists`,
    whether all lists begin as they will.
    """

    taken: datetime
    sources: tuple[SourceContents, ...] = ()
    alerts: AlertBook = EMPTY_BOOK
    writer: str = ""
    notices: tuple[str, ...] = ()
    partial: bool = False
    lists: bool = True
