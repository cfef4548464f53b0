"""Sends what the outbox holds for one source: each action once, those on one record in order.

The sender reads the record first, sends the action only if its effect is not there
yet, and counts it as done only when the record, read again, shows it. Before it sends,
the outbox on the disk says so, with what was there before: after a kill at any instant
the next look at the record tells what became of the action.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from smic_tui.cache.user_file import UserFile
from smic_tui.collecting import backoff
from smic_tui.collecting.failure import Failure, Overdue, failure_to_store
from smic_tui.collecting.held_records import HeldRecords, Hold, NoAnswer, Stop
from smic_tui.collecting.intake import admit
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.config import duration
from smic_tui.config.schema import Source
from smic_tui.contract.actions import ActsOnRecords, ChangedMeanwhile, RecordSnapshot, Refused
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.contract.redaction import Redactor
from smic_tui.i18n import _, phrase, recording
from smic_tui.model.outbox_entry import Entry, EntryState, RecordRef
from smic_tui.outbox import box
from smic_tui.outbox.matters import differences
from smic_tui.records import Record, Stream

_log = logging.getLogger(__name__)

# After an attempt whose outcome nobody knows, what was sent may still be on its way
# within the server: it is not sent again before this many seconds have passed.
SETTLE = 30.0
# How many seconds a source may need until its record shows an action that it took.
SHOWS_WITHIN = 30.0
# Seconds between looks at the record while an effect does not show yet.
_LOOKS = (0.5, 1.0, 2.0, 5.0)
# How often in a row a record may change between the look and the write.
_RACES = 5
_AFTER_FAULT = 60.0

T = TypeVar("T")


class Account(Protocol):
    """The source as the sender needs it; `Coordinator` is one."""

    source: Source

    def adapter(self) -> AbstractAsyncContextManager[Adapter[Any]]:
        """Lend the adapter for a block in which nobody else uses it."""
        ...

    async def put_record(self, stream: Stream, key: str, record: Record | None) -> None:
        """Put a record (None: it is gone) into the cache, within `adapter`."""
        ...


# Puts a record (None: it is gone) into the cache of the relayed source that it is shown under.
Show = Callable[[RecordRef, Record | None], Awaitable[None]]


class OutboxSender:
    """Sends what the outbox holds for one source. All methods belong on the event loop.

    The sender goes by what this program knows of the outbox (`UserFile.state`) and
    looks at no file by itself; each step is written to the disk before it counts.
    `may_send` says whether this program is the one that sends (it holds the lock of the
    program that collects); the sender calls `changed` after each step. `show` puts a
    record into the cache that came through a hub. `run` hears of every change that is
    made or found in this program.
    """

    def __init__(
        self,
        account: Account,
        user: UserFile,
        *,
        show: Show,
        may_send: Callable[[], bool],
        changed: Callable[[], None],
        redact: Redactor,
        off: OffLoop,
    ) -> None:
        self._account = account
        self._name = account.source.name
        self._user = user
        self._show = show
        self._may_send = may_send
        self._changed = changed
        self._redact = redact
        self._off = off
        self._wake = asyncio.Event()
        self._sending = False
        self._failures = 0
        self._held = HeldRecords()
        # How often in a row a record could not be dealt with.
        self._stuck: dict[RecordRef, int] = {}
        self._looks: dict[str, int] = {}
        self._races: dict[str, int] = {}
        # The steps that the sender knows of: entries by id, each with its state.
        self._known: set[tuple[str, EntryState]] = set()

    def wake(self) -> None:
        """Try now, also what was to wait for a while."""
        self._held.release()
        self._wake.set()

    async def run(self) -> None:
        """Send whenever there is something to send, until cancelled."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            # A thread may be told of a change when the loop has ended.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._outbox_changed)

        with self._user.listening(changed):
            while True:
                await self._send_and_wait()

    async def _send_and_wait(self) -> None:
        """Send what can be sent, and wait until there is more or it is time to try again."""
        self._wake.clear()
        self._sending = True
        try:
            pause = await self.send()
        except Exception:
            _log.exception("%s: sending from the outbox failed", self._name)
            pause = _AFTER_FAULT
        finally:
            self._sending = False
        # What came while it was sending was not tried, if the line is down.
        self._outbox_changed()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    def _outbox_changed(self) -> None:
        """Try now what is new in the outbox; steps of the sender's own are not."""
        if self._sending:
            return
        present = self._steps()
        if present - self._known:
            self._wake.set()
        self._known = present

    async def send(self) -> float | None:
        """Send all that can be sent now; return the seconds until the next try, None: no need."""
        unanswered: set[RecordRef] = set()
        self._races.clear()
        while self._may_send() and not self._account.source.read_only:
            self._known = self._steps()
            entry = self._next()
            if entry is None:
                break
            try:
                await self._advance(entry)
            except Stop as stop:
                return stop.seconds
            except NoAnswer as pause:
                self._held.hold(entry.ref, pause.seconds)
                unanswered.add(entry.ref)
                if len(unanswered) > 1:
                    return pause.seconds
                continue
            except Hold as pause:
                self._held.hold(entry.ref, pause.seconds)
            unanswered.clear()
        return self._held.wait({entry.ref for entry in self._mine()})

    def _mine(self) -> list[Entry]:
        return [
            entry
            for entry in self._user.state.outbox.values()
            if entry.action.source == self._name and entry.state.is_open
        ]

    def _steps(self) -> set[tuple[str, EntryState]]:
        return {(entry.id, entry.state) for entry in self._mine()}

    def _next(self) -> Entry | None:
        """The first entry to deal with; later ones on a record wait for those before them."""
        held = self._held.held()
        for entry in box.in_order(self._mine()):
            if entry.ref in held:
                continue
            if entry.state is not EntryState.CONFLICT:
                return entry
            held.add(entry.ref)
        return None

    async def _advance(self, entry: Entry) -> None:
        """Take one step with an entry, or raise `Stop` or `Hold`."""
        try:
            standing, record = await self._look(entry)
        except Refused as error:
            failure = self._failure(error)
            record = entry.now_record or entry.seen_record
            await self._end(entry, EntryState.REFUSED, record, failure.error, failure.hint)
            return
        except AuthFailed as error:
            await self._denied(entry, error)
            return
        except Exception as error:
            await self._could_not_look(entry, error)
            return
        self._failures = 0
        self._stuck.pop(entry.ref, None)
        if standing.done and record is not None:
            await self._end(entry, EntryState.CONFIRMED, record)
        elif record is None:
            with recording():
                gone = _("the source has no such record any more")
            await self._end(entry, EntryState.REFUSED, None, gone)
        elif entry.state is EntryState.SENT:
            await self._await_effect(entry, record)
        elif entry.state is EntryState.SENDING and (rest := _rest(entry, SETTLE)) > 0:
            raise Hold(min(rest, self._next_look(entry)))
        elif differences(entry.action.verb, entry.seen_record, record):
            await self._end(entry, EntryState.CONFLICT, record)
        else:
            await self._attempt(entry, standing, record)

    async def _attempt(self, entry: Entry, standing: RecordSnapshot, record: Record) -> None:
        begun = await self._store(box.begin(entry, standing.baseline, record), entry)
        if begun is None or begun.state is not EntryState.SENDING:
            return  # withdrawn, or changed, at the last moment
        try:
            async with self._account.adapter() as adapter:
                with recording():
                    await self._in_time(_acting(adapter).apply(begun.action, standing))
        except ChangedMeanwhile:
            races = self._races[entry.id] = self._races.get(entry.id, 0) + 1
            await self._store(box.revert(begun, entry.state), begun)
            if races >= _RACES:
                raise self._stuck_at(entry) from None
        except Refused as error:
            await self._refused(begun, error)
        except AuthFailed as error:
            back = await self._store(box.revert(begun, entry.state), begun)
            await self._denied(back or begun, error)
        except Exception as error:
            # Nobody knows whether it was done; looking at the record will tell.
            self._looks.pop(entry.id, None)
            self._log_bug(error)
            failure = self._failure(error)
            await self._store(box.note(begun, failure.error, failure.hint), begun)
            raise Hold(self._next_look(begun)) from None
        else:
            self._looks.pop(entry.id, None)
            await self._check(begun)

    async def _check(self, entry: Entry) -> None:
        """Read the record again, right after the source took an action."""
        record = entry.before_record
        try:
            standing, record = await self._look(entry)
        except Exception as error:
            self._log_bug(error)
        else:
            if standing.done and record is not None:
                await self._end(entry, EntryState.CONFIRMED, record)
                return
            if standing.at_once:
                await self._ignored(entry, record)
                return
        await self._store(box.finish(entry, EntryState.SENT, record), entry)
        raise Hold(self._next_look(entry))

    async def _await_effect(self, entry: Entry, record: Record) -> None:
        if _rest(entry, SHOWS_WITHIN) > 0:
            raise Hold(self._next_look(entry))
        await self._ignored(entry, record)

    async def _ignored(self, entry: Entry, record: Record | None) -> None:
        with recording():
            text = _("the source took it, and its record, read again, does not show it")
        await self._end(entry, EntryState.REFUSED, record, text)

    async def _refused(self, entry: Entry, error: Refused | AuthFailed) -> None:
        """Note the refusal with the record as it is now, unless that shows the effect after all."""
        record = entry.before_record
        try:
            standing, record = await self._look(entry)
        except Exception as again:
            self._log_bug(again)
        else:
            if standing.done and record is not None:
                await self._end(entry, EntryState.CONFIRMED, record)
                return
        failure = self._failure(error)
        await self._end(entry, EntryState.REFUSED, record, failure.error, failure.hint)

    async def _denied(self, entry: Entry, error: AuthFailed) -> None:
        """Refuse the entry if only a right on its record is missing, else wait for the account."""
        try:
            async with self._account.adapter() as adapter:
                await self._in_time(adapter.probe())
        except Exception as other:
            parked = other if isinstance(other, AuthFailed) else error
            raise Stop(await self._noted(entry, parked)) from None
        await self._refused(entry, error)

    async def _could_not_look(self, entry: Entry, error: Exception) -> None:
        """Leave this record for later, or the source if that says when it wants to be asked."""
        if isinstance(error, (Unavailable, Overdue)):
            pause = await self._noted(entry, error)
            if getattr(error, "retry_after", None) is not None:
                raise Stop(pause)
            raise NoAnswer(pause)
        self._log_bug(error)
        failure = self._failure(error)
        await self._store(box.note(entry, failure.error, failure.hint), entry)
        raise self._stuck_at(entry)

    async def _noted(self, entry: Entry, error: Exception) -> float:
        """Note why nothing comes from the source; return after how many seconds to try again."""
        self._failures += 1
        failure = self._failure(error)
        await self._store(box.note(entry, failure.error, failure.hint), entry)
        if failure.parked:
            return backoff.PARKED
        return backoff.delay(self._failures, self._refresh(), failure.retry_after)

    def _stuck_at(self, entry: Entry) -> Hold:
        count = self._stuck[entry.ref] = self._stuck.get(entry.ref, 0) + 1
        return Hold(backoff.delay(count, self._refresh()))

    def _refresh(self) -> float:
        return duration.seconds(self._account.source.refresh)

    async def _look(self, entry: Entry) -> tuple[RecordSnapshot, Record | None]:
        """Read the record at its source, and put it into the cache."""
        async with self._account.adapter() as adapter:
            with recording():
                standing = await self._in_time(_acting(adapter).inspect(entry.action))
                record = self._admitted(entry, standing)
            if entry.shown == self._name:
                # Now, and not later: a reading in between would know better.
                await self._account.put_record(entry.action.stream, entry.action.key, record)
            return standing, record

    async def _in_time(self, work: Awaitable[T]) -> T:
        deadline = duration.seconds(self._account.source.deadline)
        try:
            async with asyncio.timeout(deadline) as limit:
                return await work
        except TimeoutError:
            if limit.expired():
                raise Overdue(deadline) from None
            raise

    def _admitted(self, entry: Entry, standing: RecordSnapshot) -> Record | None:
        """Return the record as it may be shown; an invalid one is taken for the one seen."""
        if standing.record is None:
            return None
        stream: Stream = entry.action.stream
        admitted = admit(entry.shown, stream, Batch(upserts=(standing.record,)))
        if admitted.rejected:
            _log.warning(
                "%s: a record that was read for an action is not valid: %s",
                self._name,
                phrase(admitted.rejected[0].reason),
            )
        return next(iter(admitted.upserts.values()), entry.now_record or entry.seen_record)

    async def _end(
        self,
        entry: Entry,
        state: EntryState,
        record: Record | None,
        error: str = "",
        hint: str = "",
    ) -> None:
        await self._store(box.finish(entry, state, record, error, hint), entry)
        self._looks.pop(entry.id, None)
        _log.info("%s: %s of %s: %s", self._name, entry.action.verb, entry.action.key, state)
        if entry.shown != self._name:
            await self._show(entry.ref, record)

    async def _store(self, change: box.Change, entry: Entry) -> Entry | None:
        """Change the outbox on the disk; return the entry as it is then.

        Raises `Stop` when the disk does not take the change.
        """
        if not await self._off.run(self._user.change_outbox, change):
            raise Stop(_AFTER_FAULT)
        self._changed()
        stored = self._user.state.outbox.get(entry.id)
        if stored is not None:
            # A step of its own is no news to the sender.
            self._known.add((stored.id, stored.state))
        return stored

    def _next_look(self, entry: Entry) -> float:
        looked = self._looks.get(entry.id, 0)
        self._looks[entry.id] = looked + 1
        return _LOOKS[min(looked, len(_LOOKS) - 1)]

    def _failure(self, error: Exception) -> Failure:
        return failure_to_store(error, self._redact)

    def _log_bug(self, error: Exception) -> None:
        failure = self._failure(error)
        if failure.detail:
            _log.error(
                "%s: an action failed: %s\n%s", self._name, phrase(failure.error), failure.detail
            )


def _acting(adapter: Adapter[Any]) -> ActsOnRecords:
    if not isinstance(adapter, ActsOnRecords):
        raise Refused(_("this kind of source can only be read"))
    return adapter


def _rest(entry: Entry, seconds: float) -> float:
    """Return what is left of `seconds` since the last attempt; a clock set back leaves nothing."""
    passed = datetime.now(UTC) - (entry.tried or entry.changed)
    if passed < timedelta(0):
        return 0.0
    return max(0.0, seconds - passed.total_seconds())
