"""Measures times by the clock, processor times, memory, and how long an event loop waits."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path


class Figures(dict[str, float]):
    """What was measured: milliseconds by the clock, and under `NAME cpu` milliseconds of
    processor time of this process, which other work on the machine changes little.
    """

    def put(self, name: str, times: list[tuple[float, float]]) -> None:
        """Keeps the median of several times: (by the clock, of the processor)."""
        self[name] = statistics.median(wall for wall, _cpu in times)
        self[f"{name} cpu"] = statistics.median(cpu for _wall, cpu in times)


class Watch:
    """Counts milliseconds by the clock and of the processor, since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        wall, cpu = self._began
        return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def timed(work: Callable[[], object], rounds: int = 3) -> list[tuple[float, float]]:
    """Returns the times of several rounds of `work`."""
    times = []
    for _round in range(rounds):
        watch = Watch()
        work()
        times.append(watch.read())
    return times


def memory(field: str) -> float:
    """Returns megabytes of this process: `field` is VmRSS or VmHWM."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Heart:
    """Beats every millisecond in the event loop. A long pause between two beats tells for how
    long the loop got no turn, by the clock and in processor time of this process.
    """

    def __init__(self) -> None:
        self.longest = (0.0, 0.0)
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            watch = Watch()
            await asyncio.sleep(0.001)
            wall, cpu = watch.read()
            self.longest = max(self.longest[0], wall - 1), max(self.longest[1], cpu)

    def take(self) -> list[tuple[float, float]]:
        """Returns the longest pauses since the last call."""
        found, self.longest = self.longest, (0.0, 0.0)
        return [found]

    def stop(self) -> None:
        self._task.cancel()
