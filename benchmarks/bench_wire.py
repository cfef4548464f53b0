"""Measures what the program sends to a terminal, beside Textual's own driver, mutt and mc.

The real dashboard over the sample syndicate runs in a terminal at the end of a pty. All
rows come from one run on one machine. Bytes are as sent, without compression, the median
of several. mutt and mc are measured if they are installed: with a mailbox and a folder of
as many entries as there are sites. The slow line carries 1,000 bytes a second with a round
trip of 400 ms; `lag` is the time from the last key to the last change on screen.

Run it from the repository: `python -m benchmarks.bench_wire`; BENCH_QUICK=1 measures one
size and shortens the slow line.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.terminal.linked_terminal import Link, LinkedTerminal

ROOT = Path(__file__).parent.parent

QUICK = bool(os.environ.get("BENCH_QUICK"))
SIZES = [(120, 36)] if QUICK else [(80, 24), (120, 36), (200, 50)]
PROGRAM = str(ROOT / "tests" / "terminal" / "still_dashboard.py")
ENTRIES = 712
SLOW = Link(rate=1000, delay=0.2)
SLOW_KEYS = 20 if QUICK else 60
PATIENCE = 60.0 if QUICK else 400.0
COLUMNS = ("start", "down", "page down", "one cell", "five rows", "screen", "idle 5 s")

Costs = dict[str, float]


@contextmanager
def opened(
    command: Sequence[str], size: tuple[int, int], env: Mapping[str, str]
) -> Iterator[LinkedTerminal]:
    with LinkedTerminal(command, size=size, env=env) as terminal:
        terminal.settle(1.5, 30)
        yield terminal


def median(terminal: LinkedTerminal, key: str, count: int) -> float:
    return statistics.median(terminal.cost(key)[0] for _press in range(count))


def signalled(terminal: LinkedTerminal, number: int, count: int) -> float:
    costs = []
    for _change in range(count + 1):
        os.kill(terminal.pid, number)
        costs.append(terminal.cost(quiet=0.8)[0])
    return statistics.median(costs[1:])


def idle(terminal: LinkedTerminal) -> float:
    before = terminal.received
    terminal.pump(5)
    return terminal.received - before


def dashboard(folder: Path, driver: str, size: tuple[int, int]) -> Costs:
    env = {"SMIC_TUI_DRIVER": driver, "LANGUAGE": "en"}
    with opened([sys.executable, PROGRAM, str(folder)], size, env) as terminal:
        costs: Costs = {"start": terminal.received}
        costs["screen"] = terminal.cost("4")[0]
        costs["one cell"] = signalled(terminal, signal.SIGUSR1, 3)
        costs["five rows"] = signalled(terminal, signal.SIGUSR2, 3)
        costs["down"] = median(terminal, "down", 9)
        costs["page down"] = median(terminal, "pagedown", 5)
        costs["idle 5 s"] = idle(terminal)
        return costs


def other(command: Sequence[str], size: tuple[int, int], env: Mapping[str, str]) -> Costs:
    with opened(command, size, env) as terminal:
        costs: Costs = {"start": terminal.received}
        costs["down"] = median(terminal, "down", 9)
        costs["page down"] = median(terminal, "pagedown", 5)
        costs["idle 5 s"] = idle(terminal)
        return costs


def mutt(folder: Path, size: tuple[int, int]) -> Costs:
    mailbox = folder / "mailbox"
    with mailbox.open("w") as file:
        for number in range(ENTRIES):
            file.write(
                f"From a@example.org Tue Nov 24 06:{number % 60:02}:00 2026\n"
                f"From: Mairie {number} <m{number}@example.org>\n"
                f"Subject: Sauvegarde {number * 7919 % 1000} de la mairie\n"
                f"Date: Tue, 24 Nov 2026 06:{number % 60:02}:00 +0000\nMessage-ID: <{number}@x>\n"
                "\ntext\n\n"
            )
    (folder / "Mail").mkdir(exist_ok=True)
    settings = folder / "muttrc"
    settings.write_text("set mark_old=no\nset confirmappend=no\nset timeout=600\n")
    return other(
        ["mutt", "-R", "-F", str(settings), "-f", str(mailbox)], size, {"HOME": str(folder)}
    )


def mc(folder: Path, size: tuple[int, int]) -> Costs:
    files = folder / "files"
    files.mkdir(exist_ok=True)
    for number in range(ENTRIES):
        (files / f"mairie-{number:03}.txt").write_text("x" * (number * 7919 % 1000))
    return other(["mc", "-u", str(files), str(files)], size, {"HOME": str(folder)})


def table(size: tuple[int, int], rows: Mapping[str, Costs]) -> None:
    print(f"\n{size[0]}x{size[1]}, bytes{'':14}" + "".join(f"{name:>11}" for name in COLUMNS))
    for name, costs in rows.items():
        cells = (
            f"{costs[column]:11.0f}" if column in costs else f"{'–':>11}" for column in COLUMNS
        )
        print(f"{name:27}" + "".join(cells))
    lean, stock = rows["lean"], rows["stock Textual"]
    ratios = (
        f"{stock[column] / lean[column]:10.0f}x" if lean[column] else f"{'–':>11}"
        for column in COLUMNS
    )
    print(f"{'stock / lean':27}" + "".join(ratios))


def lag(folder: Path, driver: str) -> tuple[float, int, bool]:
    """Returns the seconds from the last key to the last change, the bytes, and whether the
    change came at all.
    """
    env = {"SMIC_TUI_DRIVER": driver, "LANGUAGE": "en"}
    command = [sys.executable, PROGRAM, str(folder)]
    with LinkedTerminal(command, size=(120, 36), env=env, link=SLOW) as terminal:
        terminal.wait_for("7 Sources", 300)
        terminal.settle(2, 300)
        terminal.press("6")
        terminal.wait_for(" 1/", 300)
        terminal.settle(2, 300)
        before = terminal.received
        for _key in range(SLOW_KEYS):
            terminal.press("down")
            terminal.pump(1 / 30)
        last_key = time.monotonic()
        wanted = f" {SLOW_KEYS + 1}/"
        while wanted not in terminal.text() and time.monotonic() - last_key < PATIENCE:
            terminal.pump(0.1)
        came = wanted in terminal.text()
        if came:
            terminal.settle(1.5, 60)
        return terminal.bursts[-1].at - last_key, terminal.received - before, came


def main() -> None:
    others: dict[str, Callable[[Path, tuple[int, int]], Costs]] = {"mutt": mutt, "mc": mc}
    with tempfile.TemporaryDirectory(prefix="wire-") as name:
        folder = Path(name)
        subprocess.run([sys.executable, PROGRAM, "prepare", str(folder)], check=True)
        for size in SIZES:
            rows = {
                "lean": dashboard(folder, "lean", size),
                "stock Textual": dashboard(folder, "stock", size),
            }
            for other_name, measure in others.items():
                if shutil.which(other_name):
                    rows[other_name] = measure(folder, size)
            table(size, rows)
        print(f"\nslow line, {SLOW_KEYS} keys at 30 a second")
        for driver in ("lean", "stock"):
            seconds, size_, came = lag(folder, driver)
            more = "" if came else " and not there yet"
            print(f"{driver:27} lag {seconds:6.1f} s, {size_} bytes{more}")


if __name__ == "__main__":
    main()
