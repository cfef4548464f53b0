"""How soon keys are obeyed on a line of 1,000 bytes a second, 400 ms there and back.

    python -m benchmarks.bench_slow_line      BENCH_QUICK=1: two lists of one size

SMIC_TUI_OUTAGE=60 SMIC_TUI_MINUTES=10 SMIC_TUI_LISTS=23456 SMIC_TUI_SIZES="80x24 120x36"
makes the long run, of a quarter of an hour. What is right when it has come is tested by
`tests/terminal/test_terminal_slow_line.py`.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.terminal.linked_terminal import Link, LinkedTerminal
from tests.terminal.slow_line import on

PROGRAM = Path(__file__).parents[1] / "tests" / "terminal" / "still_dashboard.py"
QUICK = bool(os.environ.get("BENCH_QUICK"))
OUTAGE = float(os.environ.get("SMIC_TUI_OUTAGE", "8"))
MINUTES = float(os.environ.get("SMIC_TUI_MINUTES", "0"))
LISTS = os.environ.get("SMIC_TUI_LISTS", "26" if QUICK else "23456")
SIZES = os.environ.get("SMIC_TUI_SIZES", "120x36" if QUICK else "80x24 120x36 200x50").split()

Open = Callable[..., LinkedTerminal]


@contextmanager
def opener(prepared: Path) -> Iterator[Open]:
    """Opens the dashboard, one at a time, and ends each when the next is opened."""
    opened: list[LinkedTerminal] = []

    def open_(**options: Any) -> LinkedTerminal:
        while opened:
            opened.pop().end()
        opened.append(LinkedTerminal([sys.executable, str(PROGRAM), str(prepared)], **options))
        opened[-1].wait_for("down")
        return opened[-1]

    try:
        yield open_
    finally:
        while opened:
            opened.pop().end()


def sixty_keys(dashboard: Open, screen: str, size: str) -> float:
    """Seconds from the last of sixty keys, at thirty a second, until all is whole."""
    width, height = map(int, size.split("x"))
    terminal = on(dashboard, screen, size=(width, height))
    for _key in range(60):
        terminal.press("down")
        terminal.pump(1 / 30)
    last_key = time.monotonic()
    terminal.settle(1.5)
    return terminal.bursts[-1].at - last_key


def twenty_pages(dashboard: Open) -> float:
    """Seconds from the last of twenty pages, at ten a second, until the last one is whole."""
    terminal = on(dashboard, "4")
    for _key in range(20):
        terminal.press("pagedown")
        terminal.pump(0.1)
    last_key = time.monotonic()
    terminal.settle(2.0)
    return terminal.bursts[-1].at - last_key


def beside_changes(dashboard: Open) -> tuple[list[float], float]:
    """How long keys take while the screen changes every second, and after an outage."""
    terminal = on(dashboard, "4", env={"SMIC_TUI_CHANGES": "1"})
    terminal.pump(60 * MINUTES)
    times = []
    for number in range(2, 9):
        terminal.pump(0.93)
        times.append(seconds_to(terminal, number))
    terminal.cut(True)
    terminal.pump(OUTAGE)
    terminal.cut(False)
    return times, seconds_to(terminal, 9)


def seconds_to(terminal: LinkedTerminal, row: int) -> float:
    """How long one key down takes to show that row's number."""
    pressed = time.monotonic()
    terminal.press("down")
    terminal.wait_for(f" {row}/")
    return time.monotonic() - pressed


def to_the_shell(dashboard: Open) -> float:
    """Seconds until ctrl+z has left the screen, with an answer of 800 ms under way."""
    terminal = dashboard(link=Link(rate=100_000, delay=0.4))
    terminal.settle(1.5)
    terminal.press("down")
    before = terminal.received
    while terminal.received == before:
        assert terminal.pump(0.01)
    began = time.monotonic()
    os.kill(terminal.pid, signal.SIGTSTP)
    while b"\x1b[?1049l" not in terminal.bursts[-1].data:
        assert terminal.pump(0.01)
    took = time.monotonic() - began
    os.kill(terminal.pid, signal.SIGCONT)
    return took


def main() -> None:
    """Print all of it."""
    with tempfile.TemporaryDirectory(prefix="line-") as name:
        prepared = Path(name)
        subprocess.run([sys.executable, str(PROGRAM), "prepare", name], check=True)
        with opener(prepared) as dashboard:
            for size in SIZES:
                for screen in LISTS:
                    took = sixty_keys(dashboard, screen, size)
                    print(f"{size} list {screen}: whole {took:.2f} s after the last of 60 keys")
            print(f"20 pages: the last one whole after {twenty_pages(dashboard):.2f} s")
            times, back = beside_changes(dashboard)
            print(
                f"a key beside changes: {min(times):.2f} to {max(times):.2f} s, median "
                f"{statistics.median(times):.2f}; after {OUTAGE:.0f} s without a line {back:.2f}"
            )
            print(f"to the shell: {to_the_shell(dashboard):.2f} s")


if __name__ == "__main__":
    main()
