"""What the real program may cost the line, key by key, on every screen.

SMIC_TUI_MATRIX=1 prints the table (with `-s`), with pages and panes in all sizes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.terminal.linked_terminal import Link, LinkedTerminal
from tests.terminal.screen_costs import (
    AT_ONE_MOMENT,
    BEFORE_THE_PANE,
    NUMBERED,
    PANE,
    ScreenCosts,
    answer,
    go,
    measure,
    measure_edge,
    measure_steps,
)

pytestmark = pytest.mark.slow

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x50": (200, 50)}
ARROW, CELL, FIVE_ROWS, START = 100, 20, 120, 4500
# Where lists are drawn in two steps: a key within the page, and what follows a new line
# when the cursor rests.
ARROW_IN_STEPS, REST = 25, 60
LISTS = ("1", "2", "3", "4", "5", "6")
# What stands on the first screen of a large terminal is more than that.
START_AT = {"80x24": 2500, "120x36": START, "200x50": 6700}
PRINTED = bool(os.environ.get("SMIC_TUI_MATRIX"))

Open = Callable[..., LinkedTerminal]


def judge(size: str, costs: ScreenCosts) -> None:
    if PRINTED:
        print(
            f"{size:7} {costs.screen:8} down {costs.arrow:3}, a new line {costs.edge:3}"
            f" ({costs.edge_ratio:.2f}), then {costs.rest:3} ({costs.rest_ratio:.2f}),"
            f" page {costs.page:5} ({costs.page_ratio:.2f}),"
            f" a cell {costs.cell:2}, five rows {costs.rows:3}"
        )
    assert 0 < costs.arrow <= ARROW, costs
    assert costs.bursts == 1, costs
    assert costs.moved >= 3, costs
    assert costs.edge <= ARROW, costs
    assert costs.page_ratio <= 1.0, costs
    assert costs.edge_ratio <= 1.0, costs
    assert costs.rest_ratio <= 1.0, costs
    if costs.screen != "help":
        assert 0 < costs.cell <= CELL, costs
        assert costs.cell < costs.rows <= FIVE_ROWS, costs


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_keeps_to_its_budget(dashboard: Open, size: str) -> None:
    terminal = dashboard(size=SIZES[size], env=AT_ONE_MOMENT)
    terminal.settle(0.5)
    assert terminal.received <= START_AT[size]
    if PRINTED:
        print(f"\n{size:7} start {terminal.received}")
    for screen in NUMBERED:
        if screen != "1":
            go(terminal, screen)
        judge(size, measure(terminal, screen, pages=PRINTED or size == "120x36"))
        if screen in ("dossier", "help"):
            answer(terminal, lambda: terminal.press("esc"))


@pytest.mark.parametrize("answers", [True, False])
def test_a_large_first_screen_begins_within_the_budget(dashboard: Open, answers: bool) -> None:
    # An answer takes as long as tells the bursts apart.
    far = Link(delay=0.3)
    terminal = dashboard(size=SIZES["200x50"], env=AT_ONE_MOMENT, link=far, answers=answers)
    terminal.settle(1.5)
    screen = next(n for n, burst in enumerate(terminal.bursts) if burst.data.count(b"\r\n") > 5)
    began = terminal.bursts[screen].at
    first = sum(len(burst.data) for burst in terminal.bursts if burst.at < began + 0.2)
    assert first <= START
    assert terminal.received > first
    if PRINTED:
        print(f"\n200x50  start {terminal.received}, at first {first}")
    # And it is whole in the end.
    assert terminal.text().splitlines()[-2].strip()
    seen = terminal.emulator.screen()
    terminal.press("ctrl+l")
    # That nobody answers is known after five seconds; until then little is sent.
    terminal.settle(1.5 if answers else 6)
    assert terminal.emulator.screen() == seen


@pytest.mark.parametrize("size", SIZES if PRINTED else ["120x36"])
def test_a_pane_keeps_to_the_budget(dashboard: Open, size: str) -> None:
    terminal = dashboard(size=SIZES[size], env=BEFORE_THE_PANE)
    terminal.settle(0.5)
    # No minute begins after this one: a change would be counted with all the ages.
    os.kill(terminal.pid, signal.SIGALRM)
    terminal.wait_for(PANE)
    terminal.settle(0.5)
    judge(size, measure(terminal, "pane"))


@pytest.mark.parametrize("size", SIZES)
def test_lists_in_two_steps_keep_to_the_budget(dashboard: Open, size: str) -> None:
    terminal = dashboard(size=SIZES[size], env={**AT_ONE_MOMENT, "SMIC_TUI_LINK": "33k"})
    for screen in LISTS:
        if screen != "1":
            go(terminal, screen)
        costs = measure_steps(terminal, screen, presses=3 if PRINTED else 1)
        if PRINTED:
            print(
                f"{size:7} {screen}, 33k: down {costs.arrow:3}, a new line {costs.edge:3}, then"
                f" {costs.rest:3} ({costs.rest_ratio:.2f})"
            )
        assert 0 < costs.arrow <= ARROW_IN_STEPS, costs
        assert costs.arrow < costs.edge <= ARROW, costs
        assert costs.bursts == 1, costs
        assert 0 < costs.rest <= REST, costs
        assert costs.rest_ratio <= 1.0, costs


@pytest.mark.parametrize("size", SIZES if PRINTED else ["200x50"])
@pytest.mark.parametrize("link", ["lan", "adsl"])
def test_a_new_line_keeps_to_the_budget_on_a_good_line(
    dashboard: Open, link: str, size: str
) -> None:
    terminal = dashboard(size=SIZES[size], env={**AT_ONE_MOMENT, "SMIC_TUI_LINK": link})
    for screen in LISTS:
        if screen != "1":
            go(terminal, screen)
        costs = ScreenCosts(screen)
        measure_edge(terminal, costs, presses=6 if PRINTED else 2)
        if PRINTED:
            print(
                f"{size:7} {screen}, {link}: a new line {costs.edge:3} ({costs.edge_ratio:.2f}),"
                f" then {costs.rest:3} ({costs.rest_ratio:.2f})"
            )
        assert 0 < costs.edge <= ARROW, costs
        assert costs.bursts == 1, costs
        assert costs.edge_ratio <= 1.0, costs
        assert costs.rest > 0, costs
        assert costs.rest_ratio <= 1.0, costs


def test_nothing_is_sent_while_nothing_happens(dashboard: Open) -> None:
    terminal = dashboard(size=SIZES["120x36"])
    terminal.settle(0.5)
    before = terminal.received
    terminal.pump(4)
    assert terminal.received == before, terminal.bursts[-1]
