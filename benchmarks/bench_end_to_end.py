"""How quickly the real dashboard answers while all of its sources misbehave.

    python -m benchmarks.bench_end_to_end      BENCH_QUICK=1: one kind of misbehaviour

Four network sources of the tests are stopped, frozen, broken and dripping in turn. Printed
for each: the slowest of four keys, from the press to the screen that it asks for. At the end:
how long the event loop was late at most, and how much of that it was busy itself, once the
first screens were there. On a quiet machine a key takes less than 500 ms, and the loop is
busy for less than 50 ms at a time.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.end_to_end.misbehaving_sources import (
    MODES,
    SCREENS,
    SECRETS,
    all_fresh,
    all_stale,
    sources,
)
from tests.end_to_end.terminal import Terminal
from tests.fakes.misbehaving import Mode

# Blocks of the event loop are counted from here on: opening is another matter.
OPENED = 4.0


def answer_time(terminal: Terminal) -> float:
    """The slowest of a few keys, from the press to the screen that it asks for."""
    slowest = 0.0
    for key, sign in SCREENS:
        before = time.monotonic()
        terminal.press(key)
        terminal.wait_for(sign)
        slowest = max(slowest, time.monotonic() - before)
    return slowest


def measure(folder: Path) -> None:
    """Print a line per kind of misbehaviour, and one of the event loop."""
    report = folder / "blocks.json"
    modes = MODES[:1] if os.environ.get("BENCH_QUICK") else MODES
    with sources(folder) as (config, servers):
        command = [sys.executable, "-m", "benchmarks._measured_dashboard"]
        command += [str(config), str(folder / "cache"), str(report)]
        with Terminal(command, env=SECRETS) as terminal:
            terminal.wait_for(all_fresh)
            for mode in modes:
                for server in servers:
                    server.mode = mode
                terminal.wait_for(all_stale)
                print(f"{mode.name:10} slowest key {answer_time(terminal) * 1000:6.0f} ms")
                for server in servers:
                    server.mode = Mode.OK
                terminal.wait_for(all_fresh)
            # The report is written once a second.
            terminal.pump(1.5)
            blocks = [block for block in json.loads(report.read_text()) if block[0] > OPENED]
    late = max((late for _at, late, _busy in blocks), default=0.0)
    busy = max((busy for _at, _late, busy in blocks), default=0.0)
    print(f"event loop at most {late * 1000:.0f} ms late, {busy * 1000:.0f} ms of it busy")


def main() -> None:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


if __name__ == "__main__":
    main()
