"""The collecting side as a whole: one program collects, the others follow it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting import registry
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.collecting.snapshot_feed import Keep, SnapshotFeed
from smic_tui.config import duration
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.secret import Secret
from smic_tui.model.alert_store import AlertStore
from smic_tui.model.snapshot import Snapshot
from smic_tui.system.turns import take_short_turns

if TYPE_CHECKING:
    from smic_tui.collecting.asking import Asking
    from smic_tui.collecting.coordinator import Coordinator
    from smic_tui.collecting.follower import Follower
    from smic_tui.collecting.hub_publisher import HubPublisher
    from smic_tui.collecting.leader import Leader

# The parts that read and write are imported where they are made, so that the first
# snapshot goes out before their code is read.

# How often, in seconds, the collector looks whether there is something to publish yet.
_LOOK = 0.5
_PUBLISHING = "publishing"

AdapterFactory = Callable[[Source, Context], Adapter[Any]]
Shown = Callable[[], Coroutine[Any, Any, None]]


class Collector:
    """Keeps the cache fresh and hands out snapshots.

    Relative paths of the configuration start in `folder`. `on_change` is called on the
    event loop with each new snapshot, at most about four times a second; the first one
    comes from the cache before any source is contacted. `after_commit` evaluates the
    alerts: the program that collects calls it off the event loop after changes and every
    minute, and stores the book that it returns, which travels with the snapshot. `keep`
    is `SnapshotFeed`'s. `secret` returns a secret's value or raises `AuthFailed`;
    adapters call it in any thread.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        cache: Cache,
        *,
        on_change: Callable[[Snapshot], None],
        after_commit: Callable[[Snapshot], AlertStore | None] | None = None,
        keep: Keep | None = None,
        secret: Callable[[Secret], str],
        adapter_factory: AdapterFactory = registry.make,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._cache = cache
        self._secret = secret
        self._make = adapter_factory
        self._redact = Redactor()
        self._off = OffLoop()
        self._slots = asyncio.Semaphore(settings.sources_at_once)
        self._feed = SnapshotFeed(
            settings, cache, self._off, on_change=on_change, evaluate=after_commit, keep=keep
        )
        self._hub: HubPublisher | None = None
        if settings.publish.folder:
            from smic_tui.collecting.hub_publisher import HubPublisher

            self._hub = HubPublisher(
                folder / Path(settings.publish.folder).expanduser(), cache.folder
            )
        self._leader: Leader | None = None
        self._ended = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._errands: set[asyncio.Task[None]] = set()

    @property
    def is_writer(self) -> bool:
        """Whether this program collects."""
        return self._leader is not None

    @property
    def writer(self) -> str:
        """Who collects; empty when it is this program, or nobody yet."""
        last = self._feed.last
        return "" if self.is_writer or last is None else last.writer

    async def run(self, *, first_shown: Shown | None = None) -> None:
        """Collect, or follow the program that collects and take over when its lock falls free.

        `first_shown` is waited for between the first snapshot and the first work: at the
        start of a screen nothing is more urgent than to show what is known. Returns after
        `close`, or is cancelled. Sources and disks that fail never end it.
        """
        if self._ended.is_set():
            return
        self._idle.clear()
        take_short_turns()
        try:
            await self._feed.publish()
            if first_shown is not None:
                await self._wait_until(first_shown)
            tasks = [asyncio.create_task(self._feed.run(), name="publisher")]
            if self._hub is not None:
                tasks.append(asyncio.create_task(self._publish(self._hub), name="hub"))
            try:
                while not self._ended.is_set():
                    outcome = await self._off.run(self._cache.lock.try_acquire)
                    if outcome is Outcome.BUSY:
                        outcome = await self._new_follower().run()
                    if outcome is not Outcome.BUSY:
                        await self._collect(outcome)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await self._off.run(self._cache.close)
            self._idle.set()

    def refresh(self, source: str | None = None) -> None:
        """Read this source, or all, now, even one that is parked or backed off.

        Where another program collects, that one is asked to. Nothing happens for a
        source that is being read. Only from the event loop.
        """
        if self._leader is not None:
            self._leader.refresh(source)
        else:
            self._errand(self._asking().ask([source]))

    async def sync_once(self, names: Iterable[str] | None = None) -> Snapshot:
        """Read every source, or those named, once; return the snapshot after all have ended.

        Sources that fail are in the snapshot with their state. Where another program
        collects, that one is asked to read, and its files are waited for; when it dies
        meanwhile, this one reads. Names that are not configured are ignored.
        """
        wanted = list(self._enabled(names))
        if self._leader is not None:
            await self._leader.read_now(wanted)
            return await self._feed.publish()
        try:
            outcome = await self._off.run(self._cache.lock.try_acquire)
            if outcome is Outcome.BUSY:
                outcome = await self._asking().ask_and_wait(wanted)
            if outcome is not Outcome.BUSY:
                await self._read_once(outcome, wanted)
            return await self._feed.publish()
        finally:
            self._feed.writing = False
            await self._off.run(self._cache.close)

    async def send_once(self, patience: float) -> bool:
        """Send what the outbox holds, for at most about `patience` seconds.

        Returns whether this program did it: where another one collects, that one is asked
        to send now, also what waits for the line. What became of each entry is in the outbox.
        """
        try:
            if await self._off.run(self._cache.lock.try_acquire) is not Outcome.HELD:
                outbox = (await self._off.run(self._cache.user.load)).outbox.values()
                waiting = {entry.action.source for entry in outbox if entry.state.is_open}
                await self._asking().ask(sorted(waiting & set(self._enabled())))
                return False
            names = list(self._enabled())
            await self._open(Outcome.HELD, names)
            from smic_tui.collecting.leader import Leader

            leader = Leader(
                self._cache,
                names,
                self._coordinator,
                self._off,
                touch=lambda: None,
                ended=self._ended,
            )
            loop = asyncio.get_running_loop()
            give_up = loop.time() + patience
            try:
                while pauses := await leader.send_now():
                    if loop.time() + min(pauses) > give_up:
                        break
                    await asyncio.sleep(min(pauses))
            finally:
                await leader.close()
            return True
        finally:
            await self._off.run(self._cache.close)

    async def close(self) -> None:
        """End `run`, wait until everything is written, and free the lock."""
        self._ended.set()
        await self._idle.wait()
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        self._off.close()

    async def _wait_until(self, shown: Shown) -> None:
        """Wait for it, or until `close`."""
        waited = [asyncio.create_task(shown()), asyncio.create_task(self._ended.wait())]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waited:
                task.cancel()
            await asyncio.gather(*waited, return_exceptions=True)

    async def _publish(self, publishing: HubPublisher) -> None:
        """Publish for thin clients what this program has collected, until cancelled."""
        every = duration.seconds(self._settings.publish.every)
        while True:
            snapshot = self._feed.last
            if not self.is_writer or snapshot is None:
                await asyncio.sleep(_LOOK)
                continue
            if notice := await self._off.run(_published, publishing, snapshot):
                self._cache.put_notice(_PUBLISHING, notice)
            else:
                self._cache.drop_notice(_PUBLISHING)
            await asyncio.sleep(every)

    async def _collect(self, outcome: Outcome) -> None:
        from smic_tui.collecting.leader import Leader

        names = list(self._enabled())
        await self._open(outcome, names)
        self._leader = Leader(
            self._cache,
            names,
            self._coordinator,
            self._off,
            touch=self._feed.touch,
            ended=self._ended,
        )
        self._feed.writing = True
        self._feed.touch()
        try:
            await self._leader.run()
        finally:
            self._leader = None
            self._feed.writing = False
            await self._off.run(self._cache.close)

    async def _read_once(self, outcome: Outcome, names: Collection[str]) -> None:
        from smic_tui.collecting.coordinator import introduce

        # What one source shows newer, another of the same system must forget.
        touched = sorted({*names, *self._twins_of(names)})
        await self._open(outcome, touched)
        self._feed.writing = True
        coordinators = {name: self._coordinator(name) for name in touched}
        introduce(coordinators.values())
        try:
            await asyncio.gather(*(coordinators[name].read() for name in names))
        finally:
            await asyncio.gather(*(coordinator.close() for coordinator in coordinators.values()))

    def _twins_of(self, names: Collection[str]) -> Iterable[str]:
        from smic_tui.collecting.twins import system_of

        systems = {system_of(self._settings.sources[name]) for name in names} - {None}
        return (
            name for name in self._enabled() if system_of(self._settings.sources[name]) in systems
        )

    async def _open(self, outcome: Outcome, names: Collection[str]) -> None:
        if outcome is Outcome.IMPOSSIBLE and self._cache.lock.error is not None:
            self._cache.report(self._cache.lock.error)
        else:
            self._cache.settle()
        self._settings = await self._off.run(_with_options, self._settings)
        await self._off.run(self._cache.open, names)

    def _coordinator(self, name: str, answered: Callable[[], None] = lambda: None) -> Coordinator:
        from smic_tui.collecting.coordinator import Coordinator

        source = self._settings.sources[name]
        if self._settings.read_only:
            source = msgspec.structs.replace(source, read_only=True)
        context = Context(
            source=name,
            folder=self._folder,
            timezone=self._settings.display.timezone,
            secret=self._give_secret,
            deadline=duration.seconds(source.deadline),
        )
        return Coordinator(
            source,
            self._folder,
            self._cache.source(name),
            partial(self._make, source, context),
            committed=self._feed.touch,
            answered=answered,
            redact=self._redact,
            off=self._off,
            slots=self._slots,
            agreements=self._cache.requests,
        )

    def _new_follower(self) -> Follower:
        from smic_tui.collecting.follower import Follower

        return Follower(
            self._settings,
            self._cache,
            self._off,
            touch=self._feed.touch,
            ended=self._ended,
        )

    def _asking(self) -> Asking:
        from smic_tui.collecting.asking import Asking

        return Asking(self._settings, self._cache, self._off)

    def _give_secret(self, secret: Secret) -> str:
        value = self._secret(secret)
        self._redact.remember(value)
        return value

    def _enabled(self, names: Iterable[str] | None = None) -> Iterable[str]:
        wanted = None if names is None else set(names)
        return (
            name
            for name, source in self._settings.sources.items()
            if source.enabled and (wanted is None or name in wanted)
        )

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _published(publishing: HubPublisher, snapshot: Snapshot) -> str:
    """Publish; return what a person must know about it. Blocks: names of groups are asked for."""
    from smic_tui.collecting import hub_notices

    try:
        publishing.publish(snapshot)
        return hub_notices.of_unreadable(publishing.folder, publishing.unreadable())
    except Exception as error:
        # A full disk or a fault of ours: clients see the facts age, collecting goes on.
        return hub_notices.of_failure(publishing.folder, error)


def _with_options(settings: Settings) -> Settings:
    sources = {name: registry.with_options(source) for name, source in settings.sources.items()}
    return msgspec.structs.replace(settings, sources=sources)
