"""The state of a source itself: how its last readings went, and which actions it takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.contract.batch import Rejected
from smic_tui.contract.view import Narrowed, Sight
from smic_tui.i18n import phrase
from smic_tui.records import Stream, ZonedTime


class SourceState(StrEnum):
    """How the last attempt to read a source ended."""

    NEVER = "never"
    OK = "ok"
    UNAVAILABLE = "unavailable"
    AUTH_FAILED = "auth failed"
    BAD_ANSWER = "bad answer"
    BUG = "bug"


class SourceStatus(Struct, frozen=True, kw_only=True):
    """The state of a source itself. Times are UTC, durations are seconds.

    `last_good` is when the last complete good answer began to be read: the
    facts are as of that moment. `lost_since` is set while attempts fail.
    `rejected` holds the first set-aside rows, `rejected_count` counts all.
    `relayed` are the sources that it passes on, each with the times of its own.
    `actions` is what the account may do to its records, as last proven, without
    what the configuration forbids. `view` is what the account saw of the source when it
    saw most of it; `narrowed` says that it sees less now, until a person agrees.
    """

    name: str
    kind: str
    state: SourceState = SourceState.NEVER
    streams: tuple[Stream, ...] = ()
    last_good: ZonedTime | None = None
    last_try: ZonedTime | None = None
    next_try: ZonedTime | None = None
    lost_since: ZonedTime | None = None
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
    view: tuple[Sight, ...] = ()
    narrowed: Narrowed | None = None

    def in_words(self) -> SourceStatus:
        """Return the status with its texts, which are stored as phrases, for the reader."""
        if not (self.error or self.hint or self.rejected):
            return self
        return replace(
            self,
            error=phrase(self.error),
            hint=phrase(self.hint),
            rejected=tuple(
                replace(row, where=phrase(row.where), reason=phrase(row.reason))
                for row in self.rejected
            ),
        )

    def may_tell(self, stream: Stream) -> bool:
        """Whether it may have rows of a stream; one that was never read may have any."""
        return stream in self.streams or self.state is SourceState.NEVER

    def age(self, now: datetime) -> float | None:
        """Return the seconds since the last good answer; None if there was none."""
        return None if self.last_good is None else (now - self.last_good).total_seconds()

    def is_stale(self, now: datetime) -> bool:
        """Whether its facts are too old to be trusted as current."""
        end = self.stale_from()
        return end is None or now > end

    def stale_from(self) -> datetime | None:
        """Return when it becomes stale without another good answer; None if there was none."""
        if self.last_good is None:
            return None
        return self.last_good + timedelta(seconds=self.stale_after)
