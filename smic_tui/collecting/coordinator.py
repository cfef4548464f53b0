"""Reads one source when it is due, and commits what the reading brought.

A source that is being read is neither read a second time nor interrupted. Rows,
cursors and status of a reading are committed in one step. An error becomes a state of
the source: its rows stay, with their age.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from smic_tui.cache.layout import Cursor
from smic_tui.cache.source_file import SourceFile
from smic_tui.collecting import secret_files
from smic_tui.collecting.check_ages import CheckAges
from smic_tui.collecting.failure import Failure, Overdue, failure_to_store
from smic_tui.collecting.narrowing import Judgement, status_of
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.collecting.reading import Point, SourceReading, StreamReading, starting_cursor
from smic_tui.collecting.retention import Retention
from smic_tui.collecting.source_status import StatusTracker
from smic_tui.collecting.twins import Losers, settle_with_twins, system_of
from smic_tui.config import duration
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.i18n import phrase, recording
from smic_tui.model.snapshot import SourceContents
from smic_tui.records import Record, Stream

_log = logging.getLogger(__name__)

_CLOSING = 5.0
# Sources that failed while the machine slept are all read within so many seconds.
_RESUME_SPREAD = 2.0


class Agreements(Protocol):
    """What persons have agreed to; `cache.requests.RefreshRequests` is one."""

    def has_agreed(self, source: str) -> bool:
        """Whether a person agrees with a source that shows less than before."""
        ...

    def forget_agreement(self, source: str) -> None:
        """Forget it: the source was read as agreed."""
        ...


class Coordinator:
    """Reads the source when it is due and commits what the reading brought.

    `make` builds the adapter; it may raise and block. The paths of secret files start
    in `folder`. The coordinator calls `committed` on the event loop after each commit,
    `answered` after each good answer of the source. `agreements` tells whether a person
    agrees with a source that shows less than before.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        file: SourceFile,
        make: Callable[[], Adapter[Any]],
        *,
        committed: Callable[[], None],
        answered: Callable[[], None] = lambda: None,
        redact: Redactor,
        off: OffLoop,
        slots: asyncio.Semaphore | None = None,
        agreements: Agreements | None = None,
    ) -> None:
        self.source = source
        # Other sources that read the same system.
        self.twins: tuple[Coordinator, ...] = ()
        self._agreements = agreements
        self._agreed = False
        # How many sources are read at once; a coordinator by itself never waits.
        self._slots = slots or asyncio.Semaphore(1)
        self._folder = folder
        self._file = file
        self._make = make
        self._committed = committed
        self._answered = answered
        self.redact = redact
        self._off = off
        self._refresh = duration.seconds(source.refresh)
        self._deadline = duration.seconds(source.deadline)
        self._full_every = duration.seconds(source.full_every)
        self._config = config_digest(source)
        self._adapter: Adapter[Any] | None = None
        self._offered: tuple[Stream, ...] = ()
        self._reading = asyncio.Lock()
        # Held by what uses the adapter: a reading, or an action from the outbox.
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._asked = False
        self._tracker = StatusTracker(source, redact)
        self._not_before = 0.0
        self._secrets: tuple[secret_files.FileMark, ...] = ()
        self._retention = Retention()
        self._check_ages = CheckAges(source)

    @property
    def busy(self) -> bool:
        """Whether the source is being read."""
        return self._reading.locked()

    def due(self) -> None:
        """Read now, because the interval has passed; not while it is being read or left alone."""
        if not self.busy:
            self._wake.set()

    def ask(self, *, anew: bool = False) -> None:
        """Read now, because somebody asks, even when the source is left alone.

        While it is being read nothing happens, unless facts from before this moment
        are not enough (`anew`): then it is read once more afterwards.
        """
        if anew or not self.busy:
            self._asked = True
            self._wake.set()

    def resume(self) -> None:
        """Read soon, because time was skipped (sleep): the source may be reachable now."""
        if self._is_parked:
            return
        loop = asyncio.get_running_loop()
        self._not_before = loop.time() + random.uniform(0, _RESUME_SPREAD)  # noqa: S311
        loop.call_at(self._not_before, self._wake.set)

    def first_due(self, now: datetime) -> float:
        """Return the seconds until the first reading here: 0 unless the cache is fresh."""
        status = self._file.contents.status
        cursors = self._file.cursors.values()
        if (
            status.state is not SourceState.OK
            or status.last_try is None
            or status.last_try > now
            or any(cursor.config != self._config for cursor in cursors)
        ):
            return 0.0
        return max(0.0, self._refresh - (now - status.last_try).total_seconds())

    async def run(self) -> None:
        """Read whenever it is due, until cancelled."""
        while True:
            await self._until_due()
            await self.read()

    async def read(self) -> SourceStatus:
        """Read once, now, and commit; return the status, which tells of errors of the source."""
        status, losers = await self._read_once()
        for twin, records in losers:
            # Only between its readings, and never while this source holds its own turn.
            await twin.forget(records)
        return status

    async def forget(self, records: Mapping[Stream, Collection[str]]) -> None:
        """Drop records that another source of the same system knows better."""
        async with self._turn:
            await self._off.run(self._drop, records)
        self._committed()

    def _drop(self, records: Mapping[Stream, Collection[str]]) -> None:
        self._file.commit({}, records, {}, self._file.contents.status)

    async def _read_once(self) -> tuple[SourceStatus, list[tuple[Coordinator, Losers]]]:
        async with self._reading, self._turn:
            self._asked = False
            self._wake.clear()
            failure: Failure | None = None
            async with self._slots:
                began = datetime.now(UTC)
                started = asyncio.get_running_loop().time()
                reading = SourceReading(began=began)
                self._agreed = await self._off.run(self._has_agreed)
                try:
                    with recording():
                        await self._read_all(reading)
                except BaseException as error:
                    if _ends_the_program(error):
                        raise
                    failure = failure_to_store(error, self.redact)
                took = asyncio.get_running_loop().time() - started
            try:
                status, losers = await self._off.run(self._commit, reading, failure, took)
            except Exception as error:
                # A fault of ours: the rows are given up, the fault is shown.
                failure = failure_to_store(error, self.redact)
                status, losers = await self._off.run(
                    self._commit, SourceReading(began=began), failure, took
                )
            await self._settle(failure, status)
            self._committed()
            if self._retention.is_due(self._file.contents) and await self._off.run(self._tidy):
                self._committed()
            if failure is None:
                self._answered()
            return status, losers

    def _has_agreed(self) -> bool:
        return self._agreements is not None and self._agreements.has_agreed(self.source.name)

    @asynccontextmanager
    async def adapter(self) -> AsyncIterator[Adapter[Any]]:
        """Give the adapter between two readings; raises whatever making it raises."""
        async with self._turn:
            if self._adapter is None:
                self._adapter = await asyncio.to_thread(self._make)
            yield self._adapter

    async def put_record(self, stream: Stream, key: str, record: Record | None) -> None:
        """Put one record (None: it is gone) into the cache. Only within `adapter`."""
        await self._off.run(self._put, stream, key, record)
        self._committed()

    async def put_relayed_record(self, stream: Stream, key: str, record: Record | None) -> None:
        """Put a record of a source that this one relays into the cache, between two readings.

        `key` is what the record goes by in the file of this source.
        """
        async with self._turn:
            await self.put_record(stream, key, record)

    def _put(self, stream: Stream, key: str, record: Record | None) -> None:
        known = self._file.contents
        if record is not None:
            record = self._check_ages.one(record, datetime.now(UTC))
        if known.of(stream).get(key) == record:
            return
        upserts = {} if record is None else {stream: {key: record}}
        deletes = {stream: (key,)} if record is None else {}
        self._file.commit(upserts, deletes, {}, known.status)

    async def close(self) -> None:
        """Give the adapter's connections back."""
        adapter, self._adapter = self._adapter, None
        if adapter is None:
            return
        try:
            async with asyncio.timeout(_CLOSING):
                await adapter.close()
        except Exception as error:
            detail = failure_to_store(error, self.redact)
            _log.warning(
                "%s: closing failed: %s", self.source.name, phrase(detail.error) or "time is up"
            )

    async def _until_due(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            failed = self._tracker.failure is not None
            try:
                async with asyncio.timeout_at(self._not_before if failed else None):
                    await self._wake.wait()
            except TimeoutError:
                return
            self._wake.clear()
            if self._asked or not failed or loop.time() >= self._not_before:
                return
            if self._is_parked and await self._other_secret():
                return

    @property
    def _is_parked(self) -> bool:
        """Whether only a person can mend what the source says."""
        failure = self._tracker.failure
        return failure is not None and failure.parked

    async def _other_secret(self) -> bool:
        return await self._off.run(self._secret_signature) != self._secrets

    def _secret_signature(self) -> tuple[secret_files.FileMark, ...]:
        return secret_files.signature(self.source.options, self._folder)

    async def _read_all(self, reading: SourceReading) -> None:
        try:
            async with asyncio.timeout(self._deadline) as deadline:
                if self._adapter is None:
                    self._adapter = await asyncio.to_thread(self._make)
                if self.source.actions_for:
                    # Its records come another way; what counts is what the account may do.
                    await self._adapter.probe()
                    self._offered = ()
                    return
                self._offered = _in_order(self._adapter.offered())
                for stream in self._offered:
                    part = reading.streams[stream] = StreamReading()
                    point = self._point(stream, reading)
                    await part.read(self._adapter, stream, point, reading.began, self._off)
        except TimeoutError:
            if deadline.expired():
                raise Overdue(self._deadline) from None
            raise

    def _point(self, stream: Stream, reading: SourceReading) -> Point:
        return Point(
            rows=self._file.contents.of(stream),
            cursor=starting_cursor(
                # What a person has agreed to shows in a full reading only.
                None if self._agreed else self._file.cursors.get(stream),
                self._config,
                self._full_every,
                reading.began,
            ),
        )

    def _commit(
        self, reading: SourceReading, failure: Failure | None, took: float
    ) -> tuple[SourceStatus, list[tuple[Coordinator, Losers]]]:
        """Apply a reading and write it. Runs off the event loop.

        Returns the new status, and what other sources of the same system are to forget.
        """
        before = self._file.contents
        # With other settings it is another view, which nobody expects to be the same.
        other = any(cursor.config != self._config for cursor in self._file.cursors.values())
        judgement = Judgement(
            before, reading, self._adapter, agreed=self._agreed or other, ended=failure is None
        )
        upserts = reading.upserts()
        deletes = {
            stream: part.deletes - judgement.held.get(stream, set())
            for stream, part in reading.streams.items()
        }
        losers = [
            (twin, theirs)
            for twin in self.twins
            if (theirs := settle_with_twins(twin.contents, upserts, deletes))
        ]
        cursors: dict[Stream, Cursor] = reading.cursors()
        if failure is None:
            for stream in before.rows.keys() - set(self._offered):
                # The settings do not ask for this stream any more.
                deletes[stream] = set(before.rows[stream])
        for stream in self._offered:
            old = self._retention.expired(
                stream, before.of(stream), upserts.get(stream, {}), reading.began
            )
            if old:
                deletes.setdefault(stream, set()).update(old)
                upserts[stream] = {
                    key: row for key, row in upserts.get(stream, {}).items() if key not in old
                }
        if failure is None and Stream.HEALTH in self._offered:
            upserts[Stream.HEALTH] = self._check_ages.judged(
                before.of(Stream.HEALTH),
                upserts.get(Stream.HEALTH, {}),
                deletes.get(Stream.HEALTH, ()),
                reading.began,
            )
        status = self._tracker.after(
            before.status, reading, failure, took, offered=self._offered, adapter=self._adapter
        )
        self._file.commit(upserts, deletes, cursors, status_of(status, judgement))
        if self._agreed and failure is None and self._agreements is not None:
            self._agreements.forget_agreement(self.source.name)
        return self._file.contents.status, losers

    @property
    def contents(self) -> SourceContents:
        """What the cache knows of the source."""
        return self._file.contents

    def _tidy(self) -> bool:
        """Drop what a large source need not keep; return whether there was any.

        Runs off the event loop.
        """
        contents = self._file.contents
        old = self._retention.look(contents, datetime.now(UTC))
        if old:
            self._file.commit({}, old, {}, contents.status)
        return bool(old)

    async def _settle(self, failure: Failure | None, status: SourceStatus) -> None:
        """Tell what has changed, and note when the source is tried again."""
        self._tracker.tell(failure, status.rows)
        if failure is None:
            return
        pause = (status.next_try or datetime.now(UTC)) - datetime.now(UTC)
        self._not_before = asyncio.get_running_loop().time() + max(0.0, pause.total_seconds())
        if failure.parked:
            self._secrets = await self._off.run(self._secret_signature)
        if failure.state is SourceState.BUG:
            # What broke once may be in pieces: the next reading gets a new one.
            await self.close()


def introduce(coordinators: Iterable[Coordinator]) -> None:
    """Tell each coordinator which others read the same system."""
    by_system: dict[tuple[str, str], list[Coordinator]] = {}
    for coordinator in coordinators:
        system = system_of(coordinator.source)
        if system is not None and not coordinator.source.actions_for:
            by_system.setdefault(system, []).append(coordinator)
    for alike in by_system.values():
        for coordinator in alike:
            coordinator.twins = tuple(other for other in alike if other is not coordinator)


def config_digest(source: Source) -> str:
    """Return a digest of the settings of a source. It holds secrets by name only."""
    described = msgspec.json.encode((source.kind, source.options), enc_hook=repr)
    return hashlib.sha256(described).hexdigest()[:16]


def _in_order(streams: frozenset[Stream]) -> tuple[Stream, ...]:
    return tuple(stream for stream in Stream if stream in streams)


def _ends_the_program(error: BaseException) -> bool:
    """Whether the error is not the source's: a real cancellation, or Ctrl-C."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        # An adapter may raise it though nobody cancelled anything: a bug like others.
        return task is None or task.cancelling() > 0
    return isinstance(error, (KeyboardInterrupt, GeneratorExit))
