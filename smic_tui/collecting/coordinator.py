"""One source: when it is read, and what becomes of what it says.

A source that is being read is never asked a second time, and never interrupted
to be asked anew. What a reading brought is committed in one step with its
cursors and the status. Errors are states: the rows stay, with their age.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from smic_tui.cache.cache import stale_after
from smic_tui.cache.layout import Cursor
from smic_tui.cache.source_file import SourceFile
from smic_tui.collecting import backoff, secret_files
from smic_tui.collecting.failure import Failure, Overdue, failure_of
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.collecting.reading import Point, SourceReading, read_stream, starting_cursor
from smic_tui.collecting.redact import Redactor
from smic_tui.collecting.rejects import Rejects
from smic_tui.collecting.relaying import relayed_status
from smic_tui.collecting.retention import Retention
from smic_tui.config import duration
from smic_tui.config.schema import Source
from smic_tui.contract.actions import ActsOnRecords, Verb
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.relay import RelaysSources
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.records import Record, Stream

_log = logging.getLogger(__name__)

_CLOSING = 5.0
# All sources that failed while the machine slept are asked within this time.
_RESUME_SPREAD = 2.0

T = TypeVar("T")


class Coordinator:
    """Reads the source when it is due and commits what it brings.

    `make` builds the adapter; it may raise and block. `folder` is where the
    paths of secret files start. `committed` is called on the event loop after
    each commit.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        file: SourceFile,
        make: Callable[[], Adapter[Any]],
        *,
        committed: Callable[[], None],
        redact: Redactor,
        off: OffLoop,
        slots: asyncio.Semaphore | None = None,
    ) -> None:
        self.source = source
        # So many sources are read at once; a coordinator by itself never waits.
        self._slots = slots or asyncio.Semaphore(1)
        self._folder = folder
        self._file = file
        self._make = make
        self._committed = committed
        self.redact = self._redact = redact
        # Called on the event loop after each good answer: what waits for the line may go.
        self.when_good: Callable[[], None] = lambda: None
        self._off = off
        self._refresh = duration.seconds(source.refresh)
        self._deadline = duration.seconds(source.deadline)
        self._full_every = duration.seconds(source.full_every)
        self._config = config_digest(source)
        self._adapter: Adapter[Any] | None = None
        self._offered: tuple[Stream, ...] = ()
        self._reading = asyncio.Lock()
        # Whose turn it is with the adapter: a reading, or an action from the outbox.
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._asked = False
        self._failure: Failure | None = None
        self._failures = 0
        self._not_before = 0.0
        self._secrets: tuple[secret_files.FileMark, ...] = ()
        self._rejects: Rejects | None = None
        self._retention = Retention()

    @property
    def busy(self) -> bool:
        """Whether the source is being read."""
        return self._reading.locked()

    def due(self) -> None:
        """The interval has passed. Nothing happens while it is read or left alone."""
        if not self.busy:
            self._wake.set()

    def ask(self, *, anew: bool = False) -> None:
        """Somebody wants it now, also when it is left alone.

        While it is read nothing happens, unless facts from before this moment
        would not do (`anew`): then it is read once more afterwards.
        """
        if anew or not self.busy:
            self._asked = True
            self._wake.set()

    def resume(self) -> None:
        """Time was skipped (sleep): what was unreachable may be reachable now."""
        if self._failure is not None and self._failure.parked:
            return
        loop = asyncio.get_running_loop()
        self._not_before = loop.time() + random.uniform(0, _RESUME_SPREAD)  # noqa: S311
        loop.call_at(self._not_before, self._wake.set)

    def first_due(self, now: datetime) -> float:
        """Seconds until the first reading in this program: 0 unless the cache is fresh."""
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
        """Read once, now, and commit. Errors of the source are in the status."""
        async with self._reading, self._turn:
            self._asked = False
            self._wake.clear()
            failure: Failure | None = None
            async with self._slots:
                began = datetime.now(UTC)
                started = asyncio.get_running_loop().time()
                reading = SourceReading(began=began)
                try:
                    await self._read_all(reading)
                except BaseException as error:
                    if _ends_the_program(error):
                        raise
                    failure = failure_of(error, self._redact)
                took = asyncio.get_running_loop().time() - started
            try:
                status = await self._off.run(self._commit, reading, failure, took)
            except Exception as error:
                # Our own fault: the rows are given up, the fault is shown.
                failure = failure_of(error, self._redact)
                status = await self._off.run(
                    self._commit, SourceReading(began=began), failure, took
                )
            await self._settle(failure, status)
            self._committed()
            if self._retention.is_due(self._file.contents) and await self._off.run(self._tidy):
                self._committed()
            if failure is None:
                self.when_good()
            return status

    async def with_adapter(self, use: Callable[[Adapter[Any]], Awaitable[T]]) -> T:
        """Use the adapter between two readings; raises whatever `use` and making it raise."""
        async with self._turn:
            if self._adapter is None:
                self._adapter = await asyncio.to_thread(self._make)
            return await use(self._adapter)

    async def place(self, stream: Stream, key: str, record: Record | None) -> None:
        """Put one record (None: it is gone) into the cache. Only within `with_adapter`."""
        await self._off.run(self._place, stream, key, record)
        self._committed()

    async def place_relayed(self, stream: Stream, key: str, record: Record | None) -> None:
        """The same for a source that this one relays, between two readings; `key` is the file's."""
        async with self._turn:
            await self.place(stream, key, record)

    def _place(self, stream: Stream, key: str, record: Record | None) -> None:
        known = self._file.contents
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
            detail = failure_of(error, self._redact)
            _log.warning("%s: closing failed: %s", self.source.name, detail.error or "time is up")

    async def _until_due(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            failed = self._failure is not None
            try:
                async with asyncio.timeout_at(self._not_before if failed else None):
                    await self._wake.wait()
            except TimeoutError:
                return
            self._wake.clear()
            if self._asked or not failed or loop.time() >= self._not_before:
                return
            if self._failure is not None and self._failure.parked and await self._other_secret():
                return

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
                    await read_stream(
                        self._adapter, stream, self._point(stream, reading), reading, self._off
                    )
        except TimeoutError:
            if deadline.expired():
                raise Overdue(self._deadline) from None
            raise

    def _point(self, stream: Stream, reading: SourceReading) -> Point:
        return Point(
            rows=self._file.contents.of(stream),
            cursor=starting_cursor(
                self._file.cursors.get(stream), self._config, self._full_every, reading.began
            ),
        )

    def _commit(self, reading: SourceReading, failure: Failure | None, took: float) -> SourceStatus:
        """Apply a reading and write it. Runs off the event loop."""
        before = self._file.contents
        upserts = reading.upserts()
        deletes = {stream: set(part.deletes) for stream, part in reading.streams.items()}
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
        status = self._status(before.status, reading, failure, took)
        self._file.commit(upserts, deletes, cursors, status)
        return self._file.contents.status

    def _tidy(self) -> bool:
        """Drop what a large source need not keep; whether there was any. Off the event loop."""
        contents = self._file.contents
        old = self._retention.look(contents, datetime.now(UTC))
        if old:
            self._file.commit({}, old, {}, contents.status)
        return bool(old)

    def _status(
        self,
        before: SourceStatus,
        reading: SourceReading,
        failure: Failure | None,
        took: float,
    ) -> SourceStatus:
        if self._rejects is None:
            self._rejects = Rejects(before.rejected, before.rejected_count)
        self._rejects.take(reading.streams, self._offered)
        self._failures = 0 if failure is None else self._failures + 1
        pause = self._refresh
        if failure is not None:
            pause = backoff.PARKED
            if not failure.parked:
                pause = backoff.delay(self._failures, self._refresh, failure.retry_after)
        status = msgspec.structs.replace(
            before,
            name=self.source.name,
            kind=self.source.kind,
            last_try=reading.began,
            next_try=datetime.now(UTC) + timedelta(seconds=pause),
            rejected=self._rejects.shown,
            rejected_count=self._rejects.count,
            took=took,
            stale_after=stale_after(self.source),
        )
        if failure is None:
            return msgspec.structs.replace(
                status,
                relayed=self._relayed(reading.began),
                actions=self._actions(),
                state=SourceState.OK,
                streams=self._offered,
                last_good=reading.began,
                lost_since=None,
                failures=0,
                error="",
                hint="",
            )
        return msgspec.structs.replace(
            status,
            state=failure.state,
            streams=self._offered or before.streams,
            lost_since=before.lost_since or reading.began,
            failures=before.failures + 1,
            error=failure.error,
            hint=failure.hint,
        )

    def _relayed(self, began: datetime) -> tuple[SourceStatus, ...]:
        if not isinstance(self._adapter, RelaysSources):
            return ()
        # Until it is asked again and has answered, what was fresh counts as fresh.
        until = self._refresh + self._deadline
        return tuple(
            relayed_status(self.source.name, status, began, until, self._redact)
            for status in self._adapter.relayed()
        )

    def _actions(self) -> dict[Stream, tuple[Verb, ...]]:
        """What the account may do and the configuration does not forbid."""
        if self.source.read_only or not isinstance(self._adapter, ActsOnRecords):
            return {}
        able = self._adapter.capabilities()
        return {
            stream: tuple(verb for verb in Verb if verb in able[stream])
            for stream in Stream
            if able.get(stream)
        }

    async def _settle(self, failure: Failure | None, status: SourceStatus) -> None:
        """Say what has changed, once, and when it is tried again."""
        name = self.source.name
        before, self._failure = self._failure, failure
        if failure is None:
            if before is not None:
                _log.info("%s: found again, %d rows", name, status.rows)
            return
        pause = (status.next_try or datetime.now(UTC)) - datetime.now(UTC)
        self._not_before = asyncio.get_running_loop().time() + max(0.0, pause.total_seconds())
        if failure.parked:
            self._secrets = await self._off.run(self._secret_signature)
        if before is None or before.state is not failure.state or _other_bug(before, failure):
            _log.log(
                logging.ERROR if failure.state is SourceState.BUG else logging.WARNING,
                "%s: lost (%s): %s%s",
                name,
                failure.state.value,
                failure.error,
                f"\n{failure.detail}" if failure.detail else "",
            )
        if failure.state is SourceState.BUG:
            # What broke once may be in pieces: the next reading gets a new one.
            await self.close()


def config_digest(source: Source) -> str:
    """What changes when the settings of a source do. Secrets are in it by name only."""
    described = msgspec.json.encode((source.kind, source.options), enc_hook=repr)
    return hashlib.sha256(described).hexdigest()[:16]


def _other_bug(before: Failure, now: Failure) -> bool:
    return now.state is SourceState.BUG and before.detail != now.detail


def _in_order(streams: frozenset[Stream]) -> tuple[Stream, ...]:
    return tuple(stream for stream in Stream if stream in streams)


def _ends_the_program(error: BaseException) -> bool:
    """Whether this is no business of the source: a real cancellation, Ctrl-C."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        # An adapter may raise it though nobody cancelled anything: a bug like others.
        return task is None or task.cancelling() > 0
    return isinstance(error, (KeyboardInterrupt, GeneratorExit))
