"""What a minute costs the line when nothing else happens: the clock and the ages."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.terminal.greedy_bound import bound
from tests.terminal.linked_terminal import LinkedTerminal
from tests.terminal.screen_costs import AT_ONE_MOMENT, FENCE, answer, go

pytestmark = pytest.mark.slow

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x50": (200, 50)}
# The dearest is the one in which every row's age gets a second digit.
MINUTE_AT = {"80x24": 120, "120x36": 180, "200x50": 260}
# Longer than a round of what looks at the clock.
IDLE_SECONDS = 1.3

Open = Callable[..., LinkedTerminal]


@pytest.mark.parametrize("size", SIZES)
def test_a_minute_costs_what_it_changes_and_nothing_comes_before(
    dashboard: Open, size: str
) -> None:
    terminal = dashboard(size=SIZES[size], env=AT_ONE_MOMENT)
    terminal.settle(0.5)
    for screen in "1234567":
        if screen != "1":
            go(terminal, screen)
        quiet = terminal.received
        terminal.pump(IDLE_SECONDS)
        assert terminal.received == quiet, terminal.bursts[-1]
        for _minute in range(2):
            sent, limit = one_minute(terminal)
            print(f"{size:7} {screen}: a minute {sent:3} ({sent / limit:.2f})")
            assert 0 < sent <= min(limit, MINUTE_AT[size]), terminal.bursts[-1]


def one_minute(terminal: LinkedTerminal) -> tuple[int, int]:
    """Bytes for the next minute, without what asks how the line is, and the computed bound."""
    start, before = terminal.received, terminal.emulator.screen()
    answer(terminal, lambda: os.kill(terminal.pid, signal.SIGALRM), 10)
    sent = b"".join(burst.data for burst in terminal.bursts)[start:].replace(FENCE, b"")
    return len(sent), bound(before, terminal.emulator.screen())
