"""Who computes is told when somebody waits for the screen, and when no more."""

from __future__ import annotations

import asyncio
import os
import pty
import threading
from collections import deque
from collections.abc import Iterator

import pytest
from textual import events
from textual.drivers.linux_driver import LinuxDriver

from smic_tui.system.turns import screen_priority
from smic_tui.terminal.capabilities import capabilities_of
from smic_tui.terminal.driver import LeanDriver
from smic_tui.terminal.far_screen import FarScreen
from smic_tui.terminal.pacing import Pacer
from smic_tui.terminal.profile import LAN


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    """As in a program that has just begun."""
    screen_priority.end()
    yield
    screen_priority.end()


async def drawn_on(fd: int) -> tuple[FarScreen, LeanDriver]:
    """The screen of a terminal on which everything is known, and a driver that draws on it."""
    loop = asyncio.get_running_loop()
    pacer = Pacer(LAN)
    can = capabilities_of("xterm-256color")
    screen = FarScreen((20, 4), can, pacer, loop, typed_at=lambda: None, encoding="utf-8")
    screen.open(fd)
    driver = LeanDriver.__new__(LeanDriver)
    driver._screen, driver._pacer, driver._loop = screen, pacer, loop
    driver._thread = threading.get_ident()
    driver._keys = deque()
    driver.write("\x1b[H\x1b[2J")
    await asyncio.sleep(0.05)
    return screen, driver


@pytest.fixture
def terminal() -> Iterator[int]:
    """The near end of a terminal that nobody looks at."""
    far, near = pty.openpty()
    yield near
    os.close(near)
    os.close(far)


async def test_a_key_is_waited_for_until_its_frame_has_gone(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    monkeypatch.setattr(LinuxDriver, "process_message", lambda _self, it: taken.append(it))
    screen, driver = await drawn_on(terminal)
    try:
        driver.write("before")
        key = events.Key("down", None)
        driver.process_message(key)
        assert taken == [key]
        assert screen_priority.is_waited_for
        # What was drawn before the key goes, and says nothing about it.
        screen._send()
        assert screen_priority.is_waited_for
        driver.write("\rafter")
        assert screen_priority.is_waited_for
        screen._send()
        assert not screen_priority.is_waited_for
    finally:
        screen.close()


async def test_who_draws_what_stands_there_already_is_waited_for_no_more(terminal: int) -> None:
    screen, driver = await drawn_on(terminal)
    try:
        driver.write("same")
        screen._send()
        screen_priority.begin()
        driver.write("\rsame")
        screen._send()
        assert not screen_priority.is_waited_for
    finally:
        screen.close()


async def test_nobody_waits_for_what_is_no_key(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinuxDriver, "process_message", lambda _self, _it: None)
    screen, driver = await drawn_on(terminal)
    try:
        driver.process_message(events.AppFocus())
        assert not screen_priority.is_waited_for
    finally:
        screen.close()
