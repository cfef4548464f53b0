"""A line of 1,000 bytes a second and 400 ms there and back, with all the buffers of ssh."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from tests.terminal.linked_terminal import Link, LinkedTerminal

pytestmark = pytest.mark.slow

LINE = Link(rate=1000, delay=0.2, buffer=2 << 20)
# SMIC_TUI_OUTAGE=60 SMIC_TUI_MINUTES=10 SMIC_TUI_LISTS=23456 makes the long run, of a
# quarter of an hour.
OUTAGE = float(os.environ.get("SMIC_TUI_OUTAGE", "8"))
MINUTES = float(os.environ.get("SMIC_TUI_MINUTES", "0"))
LISTS = os.environ.get("SMIC_TUI_LISTS", "26")
SIZES = os.environ.get("SMIC_TUI_SIZES", "120x36").split()
# What stands on the screens alone.
SIGNS = {
    "2": "Tkt",
    "3": "Application",
    "4": "Subject",
    "5": "Software",
    "6": "fire",
}
Open = Callable[..., LinkedTerminal]


def on(dashboard: Open, screen: str, **options: object) -> LinkedTerminal:
    terminal = dashboard(seconds=90, link=LINE, **options)
    terminal.settle(1.5, 60)
    terminal.press(screen)
    terminal.wait_for(SIGNS[screen], 60)
    terminal.settle(1.5, 15)
    return terminal


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", LISTS)
def test_sixty_keys_at_thirty_a_second(dashboard: Open, screen: str, size: str) -> None:
    width, height = map(int, size.split("x"))
    terminal = on(dashboard, screen, size=(width, height))
    for _key in range(60):
        terminal.press("down")
        terminal.pump(1 / 30)
    last_key = time.monotonic()
    terminal.settle(1.5, 60)
    took = terminal.bursts[-1].at - last_key
    print(f"{size} list {screen}: right {took:.2f} s after the last key")
    assert took < 3.0
    seen = terminal.emulator.screen()
    assert " 61/" in terminal.text()
    # And it is right: all of it again changes nothing.
    terminal.press("ctrl+l")
    terminal.settle(2, 60)
    assert terminal.emulator.screen() == seen


def test_a_page_that_is_left_is_not_waited_for(dashboard: Open) -> None:
    terminal = on(dashboard, "4")
    for _key in range(20):
        terminal.press("pagedown")
        terminal.pump(0.1)
    last_key = time.monotonic()
    terminal.settle(2.0, 60)
    # Twenty pages of 2,700 bytes would take most of a minute.
    assert terminal.bursts[-1].at - last_key < 6


def test_a_key_beside_a_screen_that_changes_every_second(dashboard: Open) -> None:
    terminal = on(dashboard, "4", env={"SMIC_TUI_CHANGES": "1"})
    terminal.pump(60 * MINUTES)
    times = []
    for number in range(2, 9):
        terminal.pump(0.93)
        times.append(seconds_to(terminal, number))
    assert sorted(times)[len(times) // 2] < 0.6, times
    # The line is interrupted, and the screen goes on changing.
    terminal.cut(True)
    terminal.pump(OUTAGE)
    terminal.cut(False)
    back = seconds_to(terminal, 9)
    print(f"key to screen {sorted(times)}, after {OUTAGE:.0f} s without a line {back:.2f}")
    assert back < 3.0


def seconds_to(terminal: LinkedTerminal, row: int) -> float:
    """How long one key down takes to show that row's number."""
    pressed = time.monotonic()
    terminal.press("down")
    while f" {row}/" not in terminal.text():
        terminal.pump(0.01)
        assert time.monotonic() - pressed < 10
    return time.monotonic() - pressed
