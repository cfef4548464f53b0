"""The driver under the real program, at the far end of a pty."""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import time
import tty
from collections.abc import Callable

import pytest

from tests.terminal.emulators import Seen
from tests.terminal.linked_terminal import Link, LinkedTerminal

pytestmark = pytest.mark.slow

Open = Callable[..., LinkedTerminal]


def screen_of(terminal: LinkedTerminal) -> list[str]:
    return ["".join(cell.text for cell in row) for row in terminal.emulator.screen()]


def on_tickets(terminal: LinkedTerminal) -> LinkedTerminal:
    terminal.press("4")
    terminal.wait_for("open tickets")
    terminal.settle(0.5)
    return terminal


@pytest.mark.parametrize("term", ["xterm", "tmux-256color", "screen", "linux", "vt100"])
def test_the_screen_is_that_of_the_stock_driver(dashboard: Open, term: str) -> None:
    screens = []
    for driver in ("lean", "stock"):
        terminal = dashboard(env={"TERM": term, "SMIC_TUI_DRIVER": driver})
        on_tickets(terminal)
        terminal.press("down", "down", "pagedown", "up", "/")
        terminal.settle()
        terminal.press("is:open")
        terminal.settle(0.8)
        terminal.press("enter", "down", "2", "pagedown")
        terminal.settle(0.8)
        screens.append(terminal.emulator.screen())
        if driver == "lean":
            lean_bytes = terminal.received
        else:
            assert terminal.received > 4 * lean_bytes
    lean, stock = screens
    if term == "vt100":
        # It has no colours: what the stock driver sends of them is not for it.
        lean, stock = ([[Seen(cell.text, ()) for cell in row] for row in rows] for rows in screens)
    assert lean == stock


def test_all_is_sent_again_after_garbage(dashboard: Open) -> None:
    terminal = on_tickets(dashboard())
    before = terminal.emulator.screen()
    terminal.emulator.feed(b"\x1b(0\x1b[5;9r\x1b[?7h\x1b[10;10H\x1b[31mgarbage\r\n\nmore\x1b[3M")
    assert terminal.emulator.screen() != before
    terminal.press("ctrl+l")
    terminal.settle(0.5)
    assert terminal.emulator.screen() == before


def test_another_size(dashboard: Open) -> None:
    terminal = on_tickets(dashboard())
    for size in ((80, 24), (100, 30), (120, 36)):
        terminal.resize(*size)
        terminal.settle(0.8)
        wanted = dashboard(size=size)
        on_tickets(wanted)
        assert screen_of(terminal) == screen_of(wanted)
        wanted.end()


def test_stopped_and_continued(dashboard: Open) -> None:
    terminal = on_tickets(dashboard())
    before = terminal.emulator.screen()
    os.kill(terminal.pid, signal.SIGTSTP)
    terminal.settle(0.6)
    assert b"\x1b[?1049l" in terminal.bursts[-1].data
    terminal.emulator.feed(b"\x1b[2J\x1b[H$ ls\r\nfiles\r\n")
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.settle(1.0)
    assert terminal.emulator.screen() == before
    terminal.press("down")
    terminal.wait_for(" 2/")


def test_the_shell_waits_for_answers_under_way_and_gets_none(dashboard: Open) -> None:
    terminal = on_tickets(dashboard(link=Link(rate=100_000, delay=0.4)))
    terminal.settle(1.5)
    terminal.press("down")
    before = terminal.received
    while terminal.received == before:
        assert terminal.pump(0.01)
    # What this key changed is drawn; its answer is on the way for as long again.
    assert terminal.bursts[-1].data.endswith(b"\x1b[5n")
    os.kill(terminal.pid, signal.SIGTSTP)
    while b"\x1b[?1049l" not in terminal.bursts[-1].data:
        assert terminal.pump(0.01)
    terminal.pump(1.0)
    shell = os.open(f"/proc/{terminal.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(shell, termios.TCSANOW)
    assert not select.select([shell], [], [], 0.1)[0], os.read(shell, 99)
    os.close(shell)
    os.kill(terminal.pid, signal.SIGCONT)


def test_the_terminal_is_given_back_as_it_was(dashboard: Open) -> None:
    terminal = dashboard()
    on_tickets(terminal)
    terminal.press("down", "down", "q")
    terminal.pump(5)
    assert terminal.status == 0
    data = b"".join(burst.data for burst in terminal.bursts)
    for mode in (b"1049", b"2004", b"1004", b"1000"):
        assert data.rindex(b"\x1b[?" + mode + b"l") > data.rindex(b"\x1b[?" + mode + b"h")
    assert data.rindex(b"\x1b[?7h") > data.rindex(b"\x1b[?7l")
    assert data.rindex(b"\x1b[?25h") > data.rindex(b"\x1b[?25l")
    # The last colour and weight that was set was set back.
    assert re.findall(rb"\x1b\[([0-9;]*)m", data)[-1] == b""


def test_a_terminal_that_answers_nothing_is_served_all_the_same(dashboard: Open) -> None:
    terminal = dashboard(answers=False)
    for screen in "4261":
        terminal.press(screen)
        terminal.settle(0.4)
    terminal.pump(max(0.0, 6 - (time.monotonic() - terminal.began)))
    terminal.press("4")
    terminal.wait_for("open tickets")
    terminal.settle(0.4)
    # By now the driver knows.
    fences = b"".join(burst.data for burst in terminal.bursts).count(b"\x1b[5n")
    for number in range(2, 7):
        terminal.press("down")
        terminal.wait_for(f" {number}/")
    assert b"".join(burst.data for burst in terminal.bursts).count(b"\x1b[5n") == fences


def test_keys_and_answers_do_not_disturb_each_other(dashboard: Open) -> None:
    terminal = on_tickets(dashboard(env={"SMIC_TUI_LINK": "33k"}))
    for _key in range(20):
        terminal.type(b"\x1b[0n\x1b[B")
        terminal.pump(0.01)
    terminal.wait_for(" 21/")
    terminal.press("esc", "home")
    terminal.wait_for(" 1/")


def test_one_that_is_gone_ends_the_program_in_order(dashboard: Open) -> None:
    terminal = dashboard()
    os.kill(terminal.pid, signal.SIGHUP)
    terminal.pump(5)
    assert terminal.status == 0


def test_large_frames_are_shown_at_once_where_the_terminal_can(dashboard: Open) -> None:
    terminal = dashboard(modes={2026: 2})
    terminal.settle(0.5)
    before = len(terminal.bursts)
    on_tickets(terminal)
    data = b"".join(burst.data for burst in terminal.bursts[before:])
    assert data.count(b"\x1b[?2026h") == data.count(b"\x1b[?2026l") > 0
    start = len(terminal.bursts)
    terminal.cost("down")
    assert b"2026" not in b"".join(burst.data for burst in terminal.bursts[start:])


def test_what_the_line_carries_can_be_asked(dashboard: Open) -> None:
    terminal = on_tickets(dashboard())
    terminal.press("down", "L")
    text = terminal.wait_for("bytes per key")
    assert re.search(r"Line lan, \d+\.\d kB sent, \d+ bytes per key, round trip \d+ ms", text)


def test_a_click_chooses_a_row(dashboard: Open) -> None:
    terminal = on_tickets(dashboard())
    terminal.type(b"\x1b[<0;20;9M\x1b[<0;20;9m")
    terminal.wait_for(" 6/")


def test_the_cursor_stands_where_something_is_typed(dashboard: Open) -> None:
    terminal = on_tickets(dashboard())
    terminal.press("/")
    terminal.settle()
    terminal.press("a", "b")
    terminal.settle(0.5)
    x, y = terminal.emulator.cursor
    row = terminal.emulator.screen()[y]
    assert "".join(cell.text for cell in row).rstrip() == "/ab"
    # The block that Textual draws for the cursor.
    assert row[x].look != row[x + 1].look
    assert row[x - 1].text == "b"
