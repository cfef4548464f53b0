"""Calls what is due at intervals; the calls only mark it, the work is done elsewhere.

The `schedule` library computes in naive local time. Its jobs are shifted
whenever that time runs differently from the monotonic clock (both changes of
clock, a corrected clock), so that intervals stay intervals. When time has been
skipped, as after sleep, `on_skip` is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import schedule

_log = logging.getLogger(__name__)

# Shorter differences are how clocks are kept right.
_JUMP = 5.0
_LONGEST_NAP = 1.0
_SHORTEST_NAP = 0.02


class Ticker:
    """Runs actions at intervals. Actions only set events: they must not block."""

    def __init__(
        self,
        on_skip: Callable[[], None] = lambda: None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scheduler = schedule.Scheduler()
        self._on_skip = on_skip
        self._monotonic = monotonic
        self._local, self._utc, self._steady = self._clocks()

    def every(self, seconds: float, action: Callable[[], object], *, first: float) -> None:
        """Call `action` in `first` seconds and then at the interval."""

        def act() -> None:
            try:
                action()
            except Exception:
                # A job that raises is never scheduled again and starves the others.
                _log.exception("a scheduled action failed")

        # The library's own annotation knows whole numbers only.
        job = self._scheduler.every(seconds)  # type: ignore[arg-type]
        job.unit = "seconds"
        job.do(act)
        job.next_run = datetime.now() + timedelta(seconds=first)

    def tick(self) -> None:
        """Run what is due."""
        self._watch_clocks()
        self._scheduler.run_pending()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self.tick()
            idle = self._scheduler.idle_seconds
            nap = _LONGEST_NAP if idle is None else min(_LONGEST_NAP, max(_SHORTEST_NAP, idle))
            await asyncio.sleep(nap)

    def _clocks(self) -> tuple[datetime, float, float]:
        return datetime.now(), time.time(), self._monotonic()

    def _watch_clocks(self) -> None:
        local, utc, steady = self._clocks()
        passed = steady - self._steady
        jump = (local - self._local).total_seconds() - passed
        skipped = utc - self._utc - passed
        self._local, self._utc, self._steady = local, utc, steady
        if abs(jump) >= _JUMP:
            for job in self._scheduler.jobs:
                if job.next_run is not None:
                    job.next_run += timedelta(seconds=jump)
        if skipped >= _JUMP:
            _log.info("the clock went forward by %.0f s: reading everything again", skipped)
            self._on_skip()
