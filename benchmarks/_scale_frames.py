"""Measures the frames that answer keys while all sources are refreshed.

The dashboard runs in a terminal (a pty) on the list of tickets, and this program presses
`down` ten times a second: for a second of quiet, then through a refresh that changes 1 % of
all rows, until its alerts are evaluated and its files written. The first frame that shows
the cursor on another ticket answers a key. The time of a key runs from its writing to the
terminal until the last byte of that frame has come out.

- *lost*: the key has no frame of its own, because one frame shows this and a later key;
- *late*: its frame comes after more than 50 ms, three frames of Textual's 60 a second.

If other programs of the same priority work on the machine, the loop of the dashboard and
this process wait for a core. The figures tell for how long; late frames then prove nothing.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks._scale_figures import Figures
from tests.terminal.emulators import PyteTerminal
from tests.terminal.linked_terminal import LinkedTerminal

SIZE = (120, 36)
EVERY = 0.1
KEYS, ROUNDS = 40, 3
LATE = 0.050
_UNDER_CURSOR = re.compile(r"^▌\D*(\d+)")
_TICKET = re.compile(r"^.\D*(\d+)")


class Answers:
    """Finds out, from what a terminal shows, when it answered each of the keys `pressed`.

    `pressed` holds the time of each key; `data` is what the terminal was sent before.
    """

    def __init__(self, pressed: list[float], data: bytes) -> None:
        self._screen = PyteTerminal(*SIZE)
        self._screen.feed(data)
        self._pressed = pressed
        self._at = self._ticket()
        # By number of keys: when that many had been answered.
        self.when: list[float] = []
        self.lost = 0

    def see(self, data: bytes, when: float) -> None:
        """Takes the bytes of a frame that has come."""
        self._screen.feed(data)
        now, before = self._ticket(), self._at
        if now is None or now == before:
            return
        self._at = now
        places = {
            found[1]: y for y, row in enumerate(self._rows()) if (found := _TICKET.match(row))
        }
        waiting = sum(at <= when for at in self._pressed) - len(self.when)
        assert waiting, f"the cursor went from {before} to {now}, and nobody had pressed a key"
        # Tickets that come or go between the two rows change their distance.
        keys = min(waiting, max(1, places[now] - places[before] if before in places else 1))
        self.when += [when] * keys
        self.lost += keys - 1

    def _rows(self) -> list[str]:
        return ["".join(cell.text for cell in row) for row in self._screen.screen()]

    def _ticket(self) -> str | None:
        return next((found[1] for row in self._rows() if (found := _UNDER_CURSOR.match(row))), None)


class Program:
    """The dashboard in its terminal."""

    def __init__(self, folder: Path) -> None:
        self._report = folder / "report.jsonl"
        self._report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks._scale_terminal"]
        command += [str(folder), str(self._report)]
        self.terminal = LinkedTerminal(command, size=SIZE, env={"LANGUAGE": "en"})
        self._told = 0

    def waited(self) -> float:
        """Milliseconds for which its loop, or this process, had work and no core."""
        tasks = (f"{self.terminal.pid}/task/{self.terminal.pid}", f"{os.getpid()}")
        waits = (Path(f"/proc/{task}/schedstat").read_text().split()[1] for task in tasks)
        return sum(map(int, waits)) / 1e6

    def tell(self, number: signal.Signals) -> dict[str, Any]:
        """Send a signal; what the program says."""
        os.kill(self.terminal.pid, number)
        ends = time.monotonic() + 60
        while True:
            assert self.terminal.pump(0.01), "the program has ended"
            assert time.monotonic() < ends, "the program does not answer"
            lines = self._report.read_text().splitlines() if self._report.exists() else []
            if len(lines) > self._told:
                self._told = len(lines)
                found: dict[str, Any] = json.loads(lines[-1])
                return found

    def until_whole(self) -> None:
        """Waits until the program has all rows and collects."""
        while not self.tell(signal.SIGUSR2)["whole"]:
            self.terminal.pump(0.5)
        # Time to collect the garbage of the start, and to give back memory.
        self.terminal.pump(5)

    def press_down(self, count: int) -> list[float]:
        """Presses the key at regular times; returns when each was pressed."""
        terminal = self.terminal
        began = time.monotonic()
        pressed = []
        for number in range(count):
            terminal.pump(max(0.0, began + number * EVERY - time.monotonic()))
            pressed.append(time.monotonic())
            terminal.press("down")
        terminal.pump(EVERY)
        return pressed

    def delays(self, count: int, *, refresh: bool) -> tuple[list[float], int]:
        """Returns the seconds to the frame of each key, and how many keys were lost."""
        terminal = self.terminal
        shown = b"".join(burst.data for burst in terminal.bursts)
        seen = len(terminal.bursts)
        if refresh:
            terminal.press("R")
            terminal.pump(EVERY / 2)
        pressed = self.press_down(count)
        # Frames that are under way still come.
        terminal.settle(0.5, 10)
        answers = Answers(pressed, shown)
        for burst in terminal.bursts[seen:]:
            answers.see(burst.data, burst.at)
        delays = [when - at for when, at in zip(answers.when, pressed, strict=False)]
        return delays, answers.lost + count - len(delays)


def frames(folder: Path, found: Figures) -> None:
    """Measures the dashboard over the cache in `folder`, and puts the figures into `found`."""
    program = Program(folder)
    try:
        program.terminal.wait_for("7 Sources", 60)
        program.until_whole()
        program.terminal.press("4")
        program.terminal.settle(1.0)
        quiet: list[float] = []
        delays: list[float] = []
        lost = 0
        waited = 0.0
        blocks = []
        for _round in range(ROUNDS):
            program.terminal.press("g")
            assert program.tell(signal.SIGUSR1)["unread"], "nothing has changed"
            program.terminal.settle(0.5)
            quiet += program.delays(KEYS, refresh=False)[0]
            program.terminal.press("g")
            program.terminal.settle(0.5)
            program.tell(signal.SIGUSR2)
            before = program.waited()
            new, shared = program.delays(KEYS, refresh=True)
            waited += program.waited() - before
            told = program.tell(signal.SIGUSR2)
            assert not told["unread"], "the sources were not read"
            delays += new
            lost += shared
            blocks.append(told["block"])
            program.terminal.pump(2)
    finally:
        program.terminal.end()
    found["frames_keys"] = KEYS * ROUNDS
    found["frames_lost"] = lost
    found["frames_late"] = sum(delay > LATE for delay in delays)
    found["frames_late_quiet"] = sum(delay > LATE for delay in quiet)
    found["frame_waited"] = waited
    found["frame_quiet"] = statistics.median(quiet) * 1000
    found["frame_quiet_longest"] = max(quiet) * 1000
    found["frame_refresh"] = statistics.median(delays) * 1000
    found["frame_longest"] = max(delays) * 1000
    found["block_terminal"] = max(block[0] for block in blocks)
    found["block_terminal cpu"] = max(block[1] for block in blocks)
