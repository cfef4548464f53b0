"""What each screen of the program costs the line, measured in one way for all."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulators import Screen, Seen
from greedy_bound import bound
from linked_terminal import LinkedTerminal

# Keys that open a screen, and a text by which it is known.
NUMBERED = {
    "1": ("1", "What is the matter"),
    "2": ("2", "Backups"),
    "3": ("3", "Due"),
    "4": ("4", "open tickets"),
    "5": ("5", "requests "),
    "6": ("6", "fire"),
    "7": ("7", "6 sources"),
    "dossier": ("2 enter", "as of"),
    "help": ("4 ?", "Page down"),
}
PANE = "Le point du matin"
# The pane opens a second and a half after the start.
BEFORE_THE_PANE = {"SMIC_TUI_LATER": "1197.5"}
# At one moment, so that no minute begins between a key and its answer.
AT_ONE_MOMENT = {"SMIC_TUI_FROZEN": "1"}
# What it takes at least to scroll: a region set, a line up, the region lifted.
SCROLL = len("\x1b[4;35r\x1b[S\x1b[r")
_BLANK = Seen(" ", ("ink ", "paper "))


@dataclass
class ScreenCosts:
    """Bytes: the dearest of several, and how many times the computed bound that is.

    `edge` is an arrow key at the bottom, which brings a line into view; 0 where the
    whole list is in view.
    """

    screen: str
    arrow: int = 0
    bursts: int = 0
    moved: int = 0
    edge: int = 0
    edge_ratio: float = 0.0
    page: int = 0
    page_ratio: float = 0.0
    cell: int = 0
    cells: int = 0
    rows: int = 0


def answer(terminal: LinkedTerminal, act: Callable[[], Any], seconds: float = 1.5) -> int:
    """Bytes that come for it, the first within `seconds`, the others close behind."""
    before = terminal.received
    act()
    waited = 0.0
    while terminal.received == before and waited < seconds:
        terminal.pump(0.01)
        waited += 0.01
    terminal.settle(0.15)
    return terminal.received - before


def go(terminal: LinkedTerminal, screen: str) -> None:
    """Show a screen, from any but itself."""
    keys, text = NUMBERED[screen]
    for key in keys.split():
        answer(terminal, lambda key=key: terminal.press(key), 5)  # type: ignore[misc]
    terminal.wait_for(text)
    terminal.settle(0.2)


def measure(terminal: LinkedTerminal, screen: str, *, pages: bool = True) -> ScreenCosts:
    """The screen that is shown now; without `pages` only arrows within it and changes."""
    costs = ScreenCosts(screen)

    def changed(number: int) -> int:
        return answer(terminal, lambda: os.kill(terminal.pid, number), 3)

    def pressed(key: str, seconds: float = 1.5) -> tuple[int, float]:
        before = terminal.emulator.screen()
        size = answer(terminal, lambda: terminal.press(key), seconds)
        limit = bound(before, terminal.emulator.screen())
        return size, size / limit if limit else 0.0

    if screen != "help":
        # The first change cuts the names; those that follow change a digit.
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            changed(number)
            for _time in range(2):
                before = terminal.emulator.screen()
                size = changed(number)
                cells = _differences(before, terminal.emulator.screen())
                if number == signal.SIGUSR1:
                    costs.cell, costs.cells = max(costs.cell, size), cells
                else:
                    costs.rows = max(costs.rows, size)
    for _press in range(4):
        bursts = len(terminal.bursts)
        size, _ratio = pressed("down", 0.6)
        costs.arrow = max(costs.arrow, size)
        costs.bursts = max(costs.bursts, len(terminal.bursts) - bursts)
        costs.moved += bool(size)
    if not pages:
        return costs
    for _press in range(2):
        size, ratio = pressed("pagedown", 0.6)
        if ratio > costs.page_ratio:
            costs.page, costs.page_ratio = size, ratio
    if screen not in ("dossier", "help"):
        answer(terminal, lambda: terminal.press("home"))
        height = len(terminal.emulator.screen())
        answer(terminal, lambda: terminal.press(*["down"] * height))
        terminal.settle(0.4)
        for _press in range(2):
            before = terminal.emulator.screen()
            size, _ratio = pressed("down", 0.6)
            ratio = size / scrolled_bound(before, terminal.emulator.screen())
            if size > costs.arrow and ratio > costs.edge_ratio:
                costs.edge, costs.edge_ratio = size, ratio
    return costs


@dataclass
class StepCosts:
    """What an arrow key costs where lists are drawn in two steps: bytes, of several the most.

    `arrow` stays on the page, `edge` brings a line into view; `rest` is what follows that
    line when the cursor rests, and how many times the computed bound. `bursts` are those of
    one key before that.
    """

    screen: str
    arrow: int = 0
    edge: int = 0
    bursts: int = 0
    rest: int = 0
    rest_ratio: float = 0.0


def measure_steps(terminal: LinkedTerminal, screen: str, presses: int) -> StepCosts:
    """The list that is shown now, the cursor on its first line."""
    costs = StepCosts(screen)
    # Longer than the cursor must rest: then nothing more comes by itself.
    until_all = 0.8
    terminal.settle(until_all)
    for number in range(3 * presses):
        if number == presses:
            terminal.press(*["down"] * len(terminal.emulator.screen()))
            terminal.settle(until_all)
        bursts = len(terminal.bursts)
        size = answer(terminal, lambda: terminal.press("down"))
        costs.bursts = max(costs.bursts, len(terminal.bursts) - bursts)
        begun = terminal.emulator.screen()
        rest = answer(terminal, lambda: terminal.settle(until_all), 0)
        if number < presses:
            costs.arrow = max(costs.arrow, size)
            assert not rest, "a line that was there already is not sent again"
        else:
            costs.edge, costs.rest = max(costs.edge, size), max(costs.rest, rest)
            limit = bound(begun, terminal.emulator.screen())
            costs.rest_ratio = max(costs.rest_ratio, rest / limit if limit else 0)
    return costs


def scrolled_bound(before: Screen, after: Screen) -> int:
    """The bound where the rows from some row on have first gone up by one."""
    blank = [_BLANK] * len(before[0])
    return SCROLL + min(
        bound([*before[:top], *before[top + 1 : -1], blank, before[-1]], after)
        for top in range(2, 7)
    )


def _differences(before: Any, after: Any) -> int:
    return sum(
        old != new
        for row, other in zip(before, after, strict=True)
        for old, new in zip(row, other, strict=True)
    )
