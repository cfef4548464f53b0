"""Runs what the collecting program does: it reads sources, sends the outbox, serves readers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.coordinator import Coordinator, introduce
from smic_tui.collecting.intake import relayed_key
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.collecting.sender import OutboxSender
from smic_tui.collecting.ticker import Ticker
from smic_tui.config import duration
from smic_tui.model.outbox_entry import RecordRef
from smic_tui.records import Record

_log = logging.getLogger(__name__)

# How often the leader looks for requests and for other programs' changes, in seconds.
_LOOK = 0.5
# How often the leader shows that it lives, and tries a failed write again, in seconds.
BEAT = 5.0
# Hold times of alerts end, and ages grow, without any commit: seconds between evaluations.
_EVALUATE = 60.0
# First readings follow each other at so many seconds, at most.
_SPREAD = 0.4
_AFTER_FAULT = 60.0
_ENDING = 5.0


class Leader:
    """Collects until `ended` is set, or until another program writes this cache.

    `make` makes the coordinator of a source, by its name; the coordinator calls the
    function that it is given after each good answer. Without a possible lock (a
    read-only or full disk) the leader collects into memory, and looks whether that
    has changed.
    """

    def __init__(
        self,
        cache: Cache,
        names: Iterable[str],
        make: Callable[[str, Callable[[], None]], Coordinator],
        off: OffLoop,
        *,
        touch: Callable[[], None],
        ended: asyncio.Event,
    ) -> None:
        self._cache = cache
        # What waits for the line to a source may go when the source has answered.
        self._coordinators = {name: make(name, partial(self._wake_sender, name)) for name in names}
        introduce(self._coordinators.values())
        self._off = off
        self._touch = touch
        self._ended = ended
        self._ticker = Ticker(self._resume)
        self._senders = {
            name: OutboxSender(
                coordinator,
                cache.user,
                show=self._show_relayed,
                # Without the lock another program sends, or the disk keeps nothing.
                may_send=lambda: cache.lock.held,
                changed=touch,
                redact=coordinator.redact,
                off=off,
            )
            for name, coordinator in self._coordinators.items()
        }

    def refresh(self, source: str | None, *, anew: bool = False) -> None:
        """Read this source, or all, now, and send what waits; `anew` as in `Coordinator.ask`."""
        for coordinator in self._chosen(source):
            coordinator.ask(anew=anew)
            self._senders[coordinator.source.name].wake()

    async def send_now(self) -> list[float]:
        """Send what the outbox holds, once; return after how many seconds to try again."""
        await self._off.run(self._cache.user.load)
        pauses = await asyncio.gather(*(sender.send() for sender in self._senders.values()))
        return [pause for pause in pauses if pause is not None]

    async def read_now(self, names: Iterable[str]) -> None:
        """Read these sources once more and wait for all of them."""
        await asyncio.gather(*(self._coordinators[name].read() for name in names))

    async def run(self) -> None:
        """Collect; the cache's files are open for writing."""
        self._schedule()
        tasks = [
            asyncio.create_task(_guarded(coordinator), name=f"source {name}")
            for name, coordinator in self._coordinators.items()
        ]
        tasks += [
            asyncio.create_task(sender.run(), name=f"outbox of {name}")
            for name, sender in self._senders.items()
        ]
        tasks.append(asyncio.create_task(self._ticker.run(), name="ticker"))
        try:
            await self._keep_house()
        finally:
            for task in tasks:
                task.cancel()
            # An adapter that does not let go must not keep the program from ending.
            await asyncio.wait(tasks, timeout=_ENDING)
            await self.close()

    async def close(self) -> None:
        """Give the connections of all adapters back."""
        await asyncio.gather(*(source.close() for source in self._coordinators.values()))

    def _schedule(self) -> None:
        now = datetime.now(UTC)
        waiting = 0.0
        for coordinator in self._coordinators.values():
            first = coordinator.first_due(now)
            if first <= 0:
                first = waiting
                waiting += random.uniform(_SPREAD / 4, _SPREAD)  # noqa: S311
            refresh = duration.seconds(coordinator.source.refresh)
            self._ticker.every(refresh, coordinator.due, first=first)
        self._ticker.every(_EVALUATE, self._touch, first=_EVALUATE)

    async def _keep_house(self) -> None:
        loop = asyncio.get_running_loop()
        beat_at = loop.time()
        told = self._cache.notices
        while not self._ended.is_set():
            for source in await self._off.run(self._cache.requests.take):
                # The reader that asked waits for facts from after its request.
                self.refresh(source, anew=True)
            if await self._off.run(self._others_changed):
                self._touch()
            if loop.time() >= beat_at:
                beat_at = loop.time() + BEAT
                if not await self._off.run(self._beat):
                    return
            if self._cache.notices != told:
                told = self._cache.notices
                self._touch()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._ended.wait()

    def _beat(self) -> bool:
        """Keep the lock, or try to get it; return whether this program still collects."""
        if self._cache.lock.held:
            goes_on = self._cache.lock.beat()
        else:
            outcome = self._cache.lock.try_acquire()
            goes_on = outcome is not Outcome.BUSY
            if outcome is Outcome.HELD:
                self._cache.settle()
        if goes_on:
            self._cache.flush()
        return goes_on

    def _others_changed(self) -> bool:
        """Read the person's file if another program has changed it; return whether it has."""
        changed = self._cache.user.changed()
        if changed:
            self._cache.user.load()
        return changed

    def _wake_sender(self, source: str) -> None:
        self._senders[source].wake()

    def _resume(self) -> None:
        for coordinator in self._coordinators.values():
            coordinator.resume()

    async def _show_relayed(self, ref: RecordRef, record: Record | None) -> None:
        """Show a record that came through a hub as its source has it now."""
        shown, stream, key = ref
        relay = self._coordinators.get(shown.partition("/")[0])
        if relay is not None:
            await relay.put_relayed_record(stream, relayed_key(shown, key), record)

    def _chosen(self, source: str | None) -> Iterable[Coordinator]:
        if source is None:
            return self._coordinators.values()
        # A source that another one relays is read with that one.
        found = self._coordinators.get(source) or self._coordinators.get(source.split("/")[0])
        return () if found is None else (found,)


async def _guarded(coordinator: Coordinator) -> None:
    """Run the coordinator; start it again after a while when it fails by a fault of its own."""
    while True:
        try:
            await coordinator.run()
        except Exception:
            _log.exception("%s: the coordinator failed", coordinator.source.name)
            await asyncio.sleep(_AFTER_FAULT)
