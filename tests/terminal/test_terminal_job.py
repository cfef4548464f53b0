"""Ctrl+Z under a real shell: back to its prompt, and `fg` brings the screen back."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import PROGRAM
from tests.terminal.linked_terminal import LinkedTerminal

pytestmark = pytest.mark.slow

# What comes after it on a line of its own is what the shell answered.
PROMPT = "shell-prompt "


@pytest.fixture
def shell(prepared: Path) -> Iterator[Callable[..., LinkedTerminal]]:
    """A shell with job control that has started the dashboard, maybe by way of a script."""
    opened: list[LinkedTerminal] = []

    def open_(way: str = "{}", **env: str) -> LinkedTerminal:
        env = {"PS1": PROMPT, "HISTFILE": "", "INPUTRC": "/dev/null", **env}
        terminal = LinkedTerminal(["bash", "--norc", "--noprofile", "-i"], env=env)
        opened.append(terminal)
        wait_for_the_prompt(terminal)
        command = shlex.join([sys.executable, PROGRAM, str(prepared)])
        terminal.press(way.format(command) + "\r")
        terminal.wait_for("Overview")
        terminal.settle(0.5)
        return terminal

    yield open_
    for terminal in opened:
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.end()


def wait_for_the_prompt(terminal: LinkedTerminal) -> None:
    """Until the shell is the last to have written: the emulator has no second screen."""
    terminal.wait_for(lambda _text: terminal.bursts[-1].data.endswith(PROMPT.encode()), 30)


def attributes(terminal: LinkedTerminal) -> list[object]:
    file = os.open(f"/proc/{terminal.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
    try:
        return termios.tcgetattr(file)[:4]
    finally:
        os.close(file)


@pytest.mark.parametrize(
    ("driver", "way"),
    # Textual's own driver stops the program alone.
    [("lean", "{}"), ("stock", "{}"), ("lean", "bash -c '{}; true'")],
    ids=["lean", "stock", "by way of a script"],
)
def test_to_the_shell_and_back(shell: Callable[..., LinkedTerminal], driver: str, way: str) -> None:
    terminal = shell(way, SMIC_TUI_DRIVER=driver)
    terminal.press("4")
    terminal.wait_for("open tickets")
    terminal.press("down")
    terminal.wait_for(" 2/")
    terminal.settle(0.5)
    before = terminal.emulator.screen()
    terminal.press("ctrl+z")
    wait_for_the_prompt(terminal)
    assert b"\x1b[?1049l" in b"".join(burst.data for burst in terminal.bursts)
    # The shell has its terminal: it answers, and nobody else writes or reads.
    terminal.emulator.feed(b"\x1b[2J\x1b[H")
    terminal.press("echo $((40 + 2))\r")
    terminal.wait_for("42")
    terminal.press("fg\r")
    terminal.wait_for("open tickets")
    terminal.settle(1.0)
    assert terminal.emulator.screen() == before
    terminal.press("down")
    terminal.wait_for(" 3/")
    terminal.press("ctrl+z")
    wait_for_the_prompt(terminal)
    terminal.press("fg\r")
    terminal.wait_for(" 3/")
    terminal.press("q")
    wait_for_the_prompt(terminal)


def test_continued_in_the_background_it_waits_for_the_terminal(
    shell: Callable[..., LinkedTerminal],
) -> None:
    terminal = shell()
    before = terminal.emulator.screen()
    terminal.press("ctrl+z")
    wait_for_the_prompt(terminal)
    mode = attributes(terminal)
    terminal.press("bg\r")
    terminal.settle(1.0)
    terminal.emulator.feed(b"\x1b[2J\x1b[H")
    terminal.press("echo $((40 + 2))\r")
    terminal.wait_for("42")
    terminal.press("fg\r")
    terminal.wait_for("Overview")
    terminal.settle(1.0)
    assert terminal.emulator.screen() == before
    terminal.press("down", "q")
    wait_for_the_prompt(terminal)
    assert attributes(terminal) == mode
    data = b"".join(burst.data for burst in terminal.bursts)
    # As often kept as given back.
    assert data.count(b"\x1b[22t") == data.count(b"\x1b[23t") == 2


def test_without_a_shell_it_says_so_and_goes_on(dashboard: Callable[..., LinkedTerminal]) -> None:
    terminal = dashboard()
    terminal.press("ctrl+z")
    terminal.wait_for("No shell waits")
    terminal.press("down")
    terminal.wait_for(" 2/")


def test_stopped_by_force_it_draws_all_again(dashboard: Callable[..., LinkedTerminal]) -> None:
    terminal = dashboard()
    terminal.settle(0.5)
    before = terminal.emulator.screen()
    os.kill(terminal.pid, signal.SIGSTOP)
    terminal.emulator.feed(b"\x1b[2J\x1b[Hfiles\r\n")
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.settle(1.0)
    assert terminal.emulator.screen() == before
    terminal.press("down", "down")
    terminal.wait_for(" 3/")
