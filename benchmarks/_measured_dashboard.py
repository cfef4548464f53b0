"""The dashboard with a heartbeat: writes how long its event loop was ever blocked.

usage: python -m benchmarks._measured_dashboard CONFIG CACHE REPORT

The report, a JSON list, holds [seconds since start, seconds late, seconds busy]
for every beat that was over 20 ms late, and is written anew each second. Late is
by the clock on the wall, and includes what other programs on the machine do;
busy is the processor time that the event loop's own thread used meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path

from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.wiring import load_settings, make_collector

BEAT = 0.005
REPORTED = 0.020


class MeasuredApp(SmicApp):
    """The program itself, and one task more."""

    report: Path

    def on_mount(self) -> None:
        """Begin the heartbeat with everything else."""
        self.run_worker(self._beat(), exit_on_error=False)

    async def _beat(self) -> None:
        began = written = time.perf_counter()
        blocks: list[tuple[float, float, float]] = []
        while True:
            before, busy = time.perf_counter(), time.thread_time()
            await asyncio.sleep(BEAT)
            now = time.perf_counter()
            late = now - before - BEAT
            if late > REPORTED:
                busy = time.thread_time() - busy
                blocks.append((round(now - began, 3), round(late, 4), round(busy, 4)))
            if now - written > 1:
                self.report.write_text(json.dumps(blocks))
                written = now


def main() -> None:
    """Run until `q`."""
    config, cache_folder, report = map(Path, sys.argv[1:])
    loaded = load_settings(config)
    cache = Cache(cache_folder)
    app = MeasuredApp(
        loaded.settings, cache, partial(make_collector, loaded, cache), person="Essai"
    )
    app.report = report
    app.run()


if __name__ == "__main__":
    main()
