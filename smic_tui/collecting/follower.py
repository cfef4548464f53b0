"""Follows the program that collects: reads its files, and is ready to take over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.cache.watch import FileWatcher
from smic_tui.collecting.leader import BEAT
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.config.schema import Settings
from smic_tui.i18n import _

# How often the follower looks at the files and at the lock, in seconds.
_LOOK = 1.0
# A program that collects and gives no sign for so many seconds is frozen, or its disk is.
_FROZEN = 6 * BEAT
_TOPIC = "frozen"


class Follower:
    """Watches the files and the lock until the lock falls free or `ended` is set."""

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        off: OffLoop,
        *,
        touch: Callable[[], None],
        ended: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._off = off
        self._touch = touch
        self._ended = ended
        self._pulse: int | None = None
        self._pulse_at = 0.0
        self._flush_at = 0.0

    async def run(self) -> Outcome:
        """Follow; return what came of the last try to become the program that collects."""
        loop = asyncio.get_running_loop()
        watcher = await self._off.run(self._cache.watcher, self._settings)
        self._pulse_at = loop.time()
        told = self._cache.notices
        # The files may have changed between the last snapshot and the first look.
        self._touch()
        try:
            while not self._ended.is_set():
                changed, outcome = await self._off.run(self._look, watcher, loop.time())
                if outcome is not Outcome.BUSY:
                    return outcome
                if changed or self._cache.notices != told:
                    told = self._cache.notices
                    self._touch()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK):
                        await self._ended.wait()
        finally:
            self._cache.drop_notice(_TOPIC)
        return Outcome.BUSY

    def _look(self, watcher: FileWatcher, now: float) -> tuple[bool, Outcome]:
        outcome = self._cache.lock.try_acquire()
        if outcome is Outcome.BUSY:
            self._watch_writer(now)
            if now >= self._flush_at:
                self._flush_at = now + BEAT
                self._cache.user.flush()
        return watcher.changed(), outcome

    def _watch_writer(self, now: float) -> None:
        pulse = self._cache.lock.pulse()
        if pulse != self._pulse:
            self._pulse, self._pulse_at = pulse, now
            self._cache.drop_notice(_TOPIC)
        elif now - self._pulse_at > _FROZEN:
            holder = self._cache.lock.holder()
            self._cache.put_notice(
                _TOPIC,
                _(
                    "The program that collects ({writer}) has given no sign of life for more "
                    "than {seconds:.0f} s: nothing is refreshed. Continue it or end it; this "
                    "program then takes over."
                ).format(writer=holder or "?", seconds=_FROZEN),
            )
