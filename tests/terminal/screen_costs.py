"""What each screen of the program costs the line, measured in one way for all."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.terminal.emulators import Screen, Seen
from tests.terminal.greedy_bound import bound
from tests.terminal.linked_terminal import LinkedTerminal

# Keys that open a screen, and a text by which it is known.
NUMBERED = {
    "1": ("1", "What is the matter"),
    "2": ("2", "Backups"),
    "3": ("3", "never ran"),
    "4": ("4", "open tickets"),
    "5": ("5", "requests "),
    "6": ("6", "firing"),
    "7": ("7", "6 sources"),
    "dossier": ("2 enter", "as of"),
    "help": ("4 ?", "Page down"),
}
PANE = "Le point du matin"
# At one moment, so that no minute begins between a key and its answer; what follows a key
# comes so much later that the two are surely told apart.
LATE_SECONDS = 0.5
AT_ONE_MOMENT = {"SMIC_TUI_FROZEN": "1", "SMIC_TUI_LATE": str(LATE_SECONDS)}
# The pane opens with the next minute.
BEFORE_THE_PANE = {**AT_ONE_MOMENT, "SMIC_TUI_LATER": "1197.5"}
# Then nothing more follows.
UNTIL_ALL = LATE_SECONDS + 0.3
# What it takes at least to scroll: a region set, a line up, the region lifted.
SCROLL = len("\x1b[4;35r\x1b[S\x1b[r")
# An arrow that costs more has brought lines into view.
WITHIN_THE_PAGE = 35
FENCE = b"\x1b[5n"
_BLANK = Seen(" ", ("ink ", "paper "))


@dataclass
class ScreenCosts:
    """Bytes: the dearest of several, and how many times the computed bound that is.

    `cells` and `rows_cells` differ after a change, `rows_sent` is what came for five rows.
    `edge` is an arrow key at the bottom, which brings a line into view, and `rest` what
    follows it; 0 where the whole list is in view. `bursts` are those of one key without
    what follows it.
    """

    screen: str
    arrow: int = 0
    bursts: int = 0
    moved: int = 0
    edge: int = 0
    edge_ratio: float = 0.0
    rest: int = 0
    rest_ratio: float = 0.0
    page: int = 0
    page_ratio: float = 0.0
    cell: int = 0
    cells: int = 0
    rows: int = 0
    rows_cells: int = 0
    rows_sent: bytes = b""


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
    """The screen that is shown now; without `pages` none is turned."""
    costs = ScreenCosts(screen)
    # Were the line taken to be slow, because who measures was, lines would still follow
    # by portions; a change would be counted with them.
    terminal.settle(UNTIL_ALL)

    def changed(number: int) -> int:
        size = answer(terminal, lambda: os.kill(terminal.pid, number), 20)
        assert size, "a change was never shown"
        return size

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
                elif size > costs.rows:
                    costs.rows, costs.rows_cells = size, cells
                    costs.rows_sent = b"".join(burst.data for burst in terminal.bursts)[-size:]
    # All of the dossier: at its end it scrolls by several lines.
    for _press in range(40 if screen == "dossier" else 4):
        bursts = len(terminal.bursts)
        size = answer(terminal, lambda: terminal.press("down"), 0.6)
        if not size:
            break
        costs.arrow = max(costs.arrow, size)
        costs.bursts = max(costs.bursts, len(terminal.bursts) - bursts)
        costs.moved += 1
        if size > WITHIN_THE_PAGE:
            terminal.settle(UNTIL_ALL)
    if screen == "dossier":
        answer(terminal, lambda: terminal.press("home"))
        terminal.settle(UNTIL_ALL)
    for _press in range(2 if pages else 0):
        before = terminal.emulator.screen()
        size = answer(terminal, lambda: terminal.press("pagedown"), 0.6)
        limit = bound(before, terminal.emulator.screen())
        if limit and size / limit > costs.page_ratio:
            costs.page, costs.page_ratio = size, size / limit
    if screen not in ("dossier", "help"):
        measure_edge(terminal, costs)
    return costs


def measure_edge(terminal: LinkedTerminal, costs: ScreenCosts, presses: int = 2) -> None:
    """Arrow keys at the bottom of the list that is shown now, wherever the cursor is."""
    answer(terminal, lambda: terminal.press("home"))
    height = len(terminal.emulator.screen())
    answer(terminal, lambda: terminal.press(*["down"] * height))
    terminal.settle(UNTIL_ALL)
    for _press in range(presses):
        before = terminal.emulator.screen()
        bursts = len(terminal.bursts)
        size = answer(terminal, lambda: terminal.press("down"), 0.6)
        begun = terminal.emulator.screen()
        if size <= WITHIN_THE_PAGE:
            # The whole list is in view.
            return
        costs.edge = max(costs.edge, size)
        drawn = size - _asked(terminal, bursts)
        costs.edge_ratio = max(costs.edge_ratio, drawn / scrolled_bound(before, begun))
        costs.bursts = max(costs.bursts, len(terminal.bursts) - bursts)
        bursts = len(terminal.bursts)
        rest = answer(terminal, lambda: terminal.settle(UNTIL_ALL), 0)
        if limit := bound(begun, terminal.emulator.screen()):
            costs.rest = max(costs.rest, rest)
            drawn = rest - _asked(terminal, bursts)
            costs.rest_ratio = max(costs.rest_ratio, drawn / limit)


def _asked(terminal: LinkedTerminal, since: int) -> int:
    """Bytes that draw nothing: they ask how the line is, which no bound knows."""
    data = b"".join(burst.data for burst in terminal.bursts[since:])
    return len(FENCE) * data.count(FENCE)


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
    terminal.settle(UNTIL_ALL)
    for number in range(3 * presses):
        if number == presses:
            terminal.press(*["down"] * len(terminal.emulator.screen()))
            terminal.settle(UNTIL_ALL)
        bursts = len(terminal.bursts)
        size = answer(terminal, lambda: terminal.press("down"))
        costs.bursts = max(costs.bursts, len(terminal.bursts) - bursts)
        begun = terminal.emulator.screen()
        rest = answer(terminal, lambda: terminal.settle(UNTIL_ALL), 0)
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
