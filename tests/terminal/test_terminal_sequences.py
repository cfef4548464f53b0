"""Escape sequences stay whole, however they arrive, and none is longer than a key."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.terminal.sequences import LONGEST, Sequences

KEYS = st.sampled_from(
    ["a", "é", "漢", "\r", "\x1b[A", "\x1bOB", "\x1b[6~", "\x1b[1;5C", "\x1b[<0;3;4M", "\x1bx",
     "\x1b[<0;3;4m", "\x1b[I", "\x1b[200~text\x1b[201~", "\x1b[97;5u", "\x1b[?2026;2$y", "0",
     "\x1b[M !!", "\x1b[48;36;120;720;960t", "\x1b\x1b[A", "[", "P", "\x7f"]
)  # fmt: skip
STRINGS = st.sampled_from(
    ["\x1bP>|xterm(380)\x1b\\", "\x1b]11;rgb:0000/0000/0000\x07", "\x1b_payload\x1b\\",
     "\x1b[" + "1;" * LONGEST + "R", "\x1b^private\x18"]
)  # fmt: skip


def cut(text: str, data: st.DataObject) -> list[str]:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    return [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]


@given(st.lists(st.one_of(KEYS, STRINGS.map(lambda text: (text,))), max_size=12), st.data())
def test_keys_come_whole_and_strings_not_at_all(
    pieces: list[str | tuple[str]], data: st.DataObject
) -> None:
    sequences = Sequences()
    text = "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)
    parts = [sequences.feed(read) for read in cut(text, data)]
    assert "".join(parts) == "".join(piece for piece in pieces if isinstance(piece, str))
    assert sequences.release() == ""


@pytest.mark.parametrize("key", ["\x1b[A", "\x1b[1;5C", "\x1bOB", "\x1b[6~", "\x1bx"])
def test_no_piece_of_a_key_goes_on_alone(key: str) -> None:
    for place in range(1, len(key)):
        sequences = Sequences()
        assert sequences.feed(key[:place]) == ""
        assert sequences.feed(key[place:]) == key


@pytest.mark.parametrize("key", ["\x1b", "\x1b[", "\x1bP", "\x1b]", "\x1bO"])
def test_what_nothing_follows_was_a_key(key: str) -> None:
    sequences = Sequences()
    assert sequences.feed("a" + key) == "a"
    assert sequences.holds_escape is (key == "\x1b")
    assert sequences.release() == key
    assert sequences.feed("b") == "b"


@pytest.mark.parametrize("start", ["\x1bP", "\x1b]0;", "\x1b[", "\x1b[1;", "\x1b_"])
def test_a_flood_without_an_end_is_no_keys_and_the_next_one_counts(start: str) -> None:
    sequences = Sequences()
    flood = start + "1;" * 500_000
    given_on = [sequences.feed(flood[place : place + 4096]) for place in range(0, 10**6, 4096)]
    assert "".join(given_on) == ""
    assert sequences.release() == ""
    assert sequences.feed("q") == "q"
    assert sequences.feed(start + "1;" * 500_000 + "\x1b[A") == "\x1b[A"
