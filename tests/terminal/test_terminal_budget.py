"""What the real program may cost the line, key by key, on every list."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from greedy_bound import bound
from linked_terminal import LinkedTerminal

pytestmark = pytest.mark.slow

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x50": (200, 50)}
SCREENS = "1234567"
ARROW, CELL, FIVE_ROWS, START = 100, 20, 120, 4500


@pytest.mark.parametrize("size", SIZES)
def test_an_arrow_key_is_one_small_burst_on_every_list(
    dashboard: Callable[..., LinkedTerminal], size: str
) -> None:
    terminal = dashboard(size=SIZES[size])
    terminal.settle(0.5)
    for screen in SCREENS:
        terminal.press(screen)
        terminal.settle()
        moved = 0
        for _press in range(4):
            size_, bursts = terminal.cost("down", quiet=0.15)
            assert size_ <= ARROW, (screen, terminal.bursts[-bursts:])
            assert bursts <= 1, (screen, terminal.bursts[-bursts:])
            moved += bursts
        assert moved >= 3, f"nothing moved on screen {screen}"


def test_start_and_idling(dashboard: Callable[..., LinkedTerminal]) -> None:
    terminal = dashboard(size=SIZES["120x36"])
    terminal.settle(0.5)
    assert terminal.received <= START
    before = terminal.received
    terminal.pump(4)
    assert terminal.received == before, terminal.bursts[-1]


def test_a_changed_cell_and_five_changed_rows(dashboard: Callable[..., LinkedTerminal]) -> None:
    terminal = dashboard(size=SIZES["120x36"])
    terminal.settle(0.5)
    terminal.press("4")
    terminal.wait_for("open tickets")
    terminal.settle()
    # The first change cuts the names; those that follow change a digit.
    os.kill(terminal.pid, signal.SIGUSR2)
    assert 0 < terminal.cost(quiet=0.6)[0] <= FIVE_ROWS
    for number, limit in ((signal.SIGUSR1, CELL), (signal.SIGUSR2, FIVE_ROWS)):
        for _change in range(3):
            os.kill(terminal.pid, number)
            cost, _bursts = terminal.cost(quiet=0.6)
            assert 0 < cost <= limit, terminal.bursts[-1]


@pytest.mark.parametrize("screen", ["2", "3", "4", "6"])
def test_a_page_costs_no_more_than_a_plain_encoder_would_need(
    dashboard: Callable[..., LinkedTerminal], screen: str
) -> None:
    terminal = dashboard(size=SIZES["120x36"])
    terminal.settle(0.5)
    terminal.press(screen)
    terminal.settle(0.5)
    for _page in range(3):
        before = terminal.emulator.screen()
        cost, _bursts = terminal.cost("pagedown")
        limit = bound(before, terminal.emulator.screen())
        assert 500 < cost <= limit, (screen, cost, limit)
