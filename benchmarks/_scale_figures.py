"""Times by the clock and of computing, memory, and how long an event loop waits."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path


class Figures(dict[str, float]):
    """What was measured: milliseconds by the clock, and under `NAME cpu` those that this
    program computed meanwhile, which others on the same machine change little.
    """

    def put(self, name: str, times: list[tuple[float, float]]) -> None:
        """The median of several."""
        self[name] = statistics.median(wall for wall, _cpu in times)
        self[f"{name} cpu"] = statistics.median(cpu for _wall, cpu in times)


class Watch:
    """Milliseconds by the clock and of computing, since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        wall, cpu = self._began
        return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def timed(work: Callable[[], object], rounds: int = 3) -> list[tuple[float, float]]:
    """What several rounds take."""
    times = []
    for _round in range(rounds):
        watch = Watch()
        work()
        times.append(watch.read())
    return times


def memory(field: str) -> float:
    """Megabytes of this process: VmRSS or VmHWM."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Heart:
    """Beats every millisecond; the longest pause is how long the loop got no turn, by the
    clock and in what this program computed meanwhile.
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
        """The longest pauses since the last call."""
        found, self.longest = self.longest, (0.0, 0.0)
        return [found]

    def stop(self) -> None:
        self._task.cancel()
