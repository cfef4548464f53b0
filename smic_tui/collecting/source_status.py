"""Works out the status of a source after a reading, good or failed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from smic_tui.cache.cache import stale_after
from smic_tui.collecting import backoff
from smic_tui.collecting.failure import Failure
from smic_tui.collecting.reading import SourceReading
from smic_tui.collecting.rejects import Rejects
from smic_tui.collecting.relaying import relayed_status
from smic_tui.config import duration
from smic_tui.config.schema import Source
from smic_tui.contract.actions import ActsOnRecords, Verb
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.relay import RelaysSources
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.i18n import phrase
from smic_tui.records import Stream

_log = logging.getLogger(__name__)


class StatusTracker:
    """Follows one source from reading to reading. One reading at a time uses it.

    `failure` is why the last reading failed, None after a good one.
    """

    def __init__(self, source: Source, redact: Redactor) -> None:
        self.failure: Failure | None = None
        self._source = source
        self._redact = redact
        self._refresh = duration.seconds(source.refresh)
        self._deadline = duration.seconds(source.deadline)
        self._failures = 0
        self._rejects: Rejects | None = None

    def after(
        self,
        before: SourceStatus,
        reading: SourceReading,
        failure: Failure | None,
        took: float,
        *,
        offered: tuple[Stream, ...],
        adapter: Adapter[Any] | None,
    ) -> SourceStatus:
        """Return the status after a reading that took `took` seconds and failed with `failure`.

        `before` is the status until now, `offered` the streams that the source has. A
        failed reading leaves the facts as they are, and says since when they only age.
        """
        if self._rejects is None:
            self._rejects = Rejects(before.rejected, before.rejected_count)
        self._rejects.take(reading.streams, offered)
        self._failures = 0 if failure is None else self._failures + 1
        status = msgspec.structs.replace(
            before,
            name=self._source.name,
            kind=self._source.kind,
            last_try=reading.began,
            next_try=datetime.now(UTC) + timedelta(seconds=self._pause(failure)),
            rejected=self._rejects.shown,
            rejected_count=self._rejects.count,
            took=took,
            stale_after=stale_after(self._source),
        )
        if failure is None:
            return msgspec.structs.replace(
                status,
                relayed=self._relayed(adapter, reading.began),
                actions=self._actions(adapter),
                state=SourceState.OK,
                streams=offered,
                last_good=reading.began,
                lost_since=None,
                failures=0,
                error="",
                hint="",
            )
        return msgspec.structs.replace(
            status,
            state=failure.state,
            streams=offered or before.streams,
            lost_since=before.lost_since or reading.began,
            failures=before.failures + 1,
            error=failure.error,
            hint=failure.hint,
        )

    def tell(self, failure: Failure | None, rows: int) -> None:
        """Log once that the source is lost, or lost in another way, or found with `rows` rows."""
        name, before, self.failure = self._source.name, self.failure, failure
        if failure is None:
            if before is not None:
                _log.info("%s: found again, %d rows", name, rows)
        elif before is None or before.state is not failure.state or _other_bug(before, failure):
            _log.log(
                logging.ERROR if failure.state is SourceState.BUG else logging.WARNING,
                "%s: lost (%s): %s%s",
                name,
                failure.state.value,
                phrase(failure.error),
                f"\n{failure.detail}" if failure.detail else "",
            )

    def _pause(self, failure: Failure | None) -> float:
        """Seconds until the next try."""
        if failure is None:
            return self._refresh
        if failure.parked:
            return backoff.PARKED
        return backoff.delay(self._failures, self._refresh, failure.retry_after)

    def _relayed(self, adapter: Adapter[Any] | None, began: datetime) -> tuple[SourceStatus, ...]:
        """The sources that this one relays, as it tells of them."""
        if not isinstance(adapter, RelaysSources):
            return ()
        # Until it is asked again and has answered, what was fresh counts as fresh.
        until = self._refresh + self._deadline
        return tuple(
            relayed_status(self._source.name, status, began, until, self._redact)
            for status in adapter.relayed()
        )

    def _actions(self, adapter: Adapter[Any] | None) -> dict[Stream, tuple[Verb, ...]]:
        """What the account may do and the configuration does not forbid."""
        if self._source.read_only or not isinstance(adapter, ActsOnRecords):
            return {}
        able = adapter.capabilities()
        return {
            stream: tuple(verb for verb in Verb if verb in able[stream])
            for stream in Stream
            if able.get(stream)
        }


def _other_bug(before: Failure, now: Failure) -> bool:
    return now.state is SourceState.BUG and before.detail != now.detail
