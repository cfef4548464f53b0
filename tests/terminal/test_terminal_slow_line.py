"""A line of 1,000 bytes a second and 400 ms there and back, with all the buffers of ssh.

Bytes and what is seen in the end; `benchmarks/bench_slow_line.py` measures how soon.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.terminal.linked_terminal import LinkedTerminal
from tests.terminal.slow_line import on

pytestmark = pytest.mark.slow

Open = Callable[..., LinkedTerminal]


@pytest.mark.parametrize("screen", "26")
def test_sixty_keys_at_thirty_a_second(dashboard: Open, screen: str) -> None:
    terminal = on(dashboard, screen)
    before = terminal.received
    for _key in range(60):
        terminal.press("down")
        terminal.pump(1 / 30)
    terminal.settle(1.5)
    # 2,500 to 2,700 bytes: on this line some four seconds, two of them while keys still come.
    assert terminal.received - before < 4000
    seen = terminal.emulator.screen()
    assert " 61/" in terminal.text()
    # And it is right: all of it again changes nothing.
    terminal.press("ctrl+l")
    terminal.settle(2)
    assert terminal.emulator.screen() == seen


def test_a_page_that_is_left_is_not_waited_for(dashboard: Open) -> None:
    terminal = on(dashboard, "4")
    before = terminal.received
    for _key in range(20):
        terminal.press("pagedown")
        terminal.pump(0.1)
    terminal.settle(2)
    # Some 5,200 bytes; twenty pages of 2,700 would be 54,000.
    assert terminal.received - before < 9000


def test_keys_beside_a_screen_that_changes_every_second(dashboard: Open) -> None:
    terminal = on(dashboard, "4", env={"SMIC_TUI_CHANGES": "1"})
    for number in range(2, 9):
        terminal.pump(0.93)
        terminal.press("down")
        terminal.wait_for(f" {number}/")
    # The line is interrupted, and the screen goes on changing.
    terminal.cut(True)
    terminal.pump(8)
    terminal.cut(False)
    terminal.press("down")
    terminal.wait_for(" 9/")
