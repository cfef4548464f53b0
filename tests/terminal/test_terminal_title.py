"""The title of the terminal's window."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.terminal.capabilities import capabilities_of
from smic_tui.terminal.title import Title
from tests.terminal.linked_terminal import LinkedTerminal

_TITLES = re.compile(rb"\x1b\](?:[0-2]);([^\x07]*)\x07|(\x1b\[2[23]t)")


def titles(terminal: LinkedTerminal) -> list[str]:
    """What was done to the title, in order."""
    data = b"".join(burst.data for burst in terminal.bursts)
    return [(text or stack).decode() for text, stack in _TITLES.findall(data)]


@given(st.text())
def test_no_place_controls_the_terminal(place: str) -> None:
    title = Title(capabilities_of("xterm-256color"))
    title.begin()
    sequence = title.change(place)
    if sequence:
        assert sequence.startswith("\x1b]2;smic-tui")
        assert sequence.endswith("\a")
        assert sequence[4:-1].isprintable()
        assert len(sequence) < 90


def test_a_hostile_name_stays_a_name() -> None:
    title = Title(capabilities_of("xterm"))
    title.begin()
    sequence = title.change("Mairie\a\x1b]52;c;cm0=\x9c\u202e")
    assert sequence.count("\x1b") == sequence.count("\a") == 1
    assert "\x9c" not in sequence
    assert "\u202e" not in sequence


def test_it_is_kept_and_given_back_once() -> None:
    title = Title(capabilities_of("xterm"))
    assert title.end() == ""
    assert title.begin() == "\x1b[22t\x1b]2;smic-tui\a"
    assert title.begin() == ""
    assert title.change("Sites") == "\x1b]2;smic-tui \u2013 Sites\a"
    assert title.change("Sites") == ""
    assert title.end() == "\x1b]2;\a\x1b[23t"
    assert title.change("Tickets") == ""
    # After the shell had the terminal.
    assert title.begin() == "\x1b[22t\x1b]2;smic-tui \u2013 Tickets\a"


@pytest.mark.parametrize("term", ["linux", "vt100", "vt220", "screen", "unheard-of"])
def test_a_terminal_not_known_to_have_one_gets_none(term: str) -> None:
    title = Title(capabilities_of(term))
    assert title.begin() == title.change("Sites") == title.end() == ""


@pytest.mark.slow
def test_the_window_is_named_after_the_screen_or_the_site(
    dashboard: Callable[..., LinkedTerminal],
) -> None:
    terminal = dashboard()
    terminal.settle(0.5)
    assert titles(terminal) == ["\x1b[22t", "smic-tui"]
    terminal.press("down", "down")
    terminal.settle(0.5)
    assert len(titles(terminal)) == 2
    terminal.press("2")
    terminal.wait_for("Kind")
    terminal.press("enter")
    name = terminal.wait_for("as of").splitlines()[1].strip().split("  ")[0]
    terminal.settle(0.5)
    assert titles(terminal)[2] == "smic-tui \u2013 Sites"
    assert titles(terminal)[3].removeprefix("smic-tui \u2013 ") in name
    terminal.press("esc")
    terminal.settle(0.5)
    terminal.press("q")
    terminal.pump(5)
    assert terminal.status == 0
    assert titles(terminal)[4:] == ["smic-tui \u2013 Sites", "", "\x1b[23t"]


@pytest.mark.slow
def test_a_slow_line_carries_it_once(dashboard: Callable[..., LinkedTerminal]) -> None:
    terminal = dashboard(env={"SMIC_TUI_LINK": "33k"})
    terminal.press("4")
    terminal.wait_for("open tickets")
    terminal.settle(0.5)
    assert titles(terminal) == ["\x1b[22t", "smic-tui"]
