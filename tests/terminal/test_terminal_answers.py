"""Answers to fences are taken out of what is typed, wherever they and the reads fall."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from smic_tui.terminal.fence import AnswerFilter

ANSWER = "\x1b[0n"
KEYS = st.sampled_from(
    ["a", "é", "漢", "\r", "\x1b[A", "\x1bOB", "\x1b[6~", "\x1b[1;5C", "\x1b[<0;3;4M",
     "\x1b[<0;3;4m", "\x1b[I", "\x1b[200~text\x1b[201~", "\x1b[97;5u", "\x1b[?2026;2$y", "0", "n",
     "[", "\x7f"]
)  # fmt: skip


def described(message: Message) -> object:
    if isinstance(message, events.Key):
        return message.key, message.character
    if isinstance(message, events.Paste):
        return message.text
    if isinstance(message, events.MouseEvent):
        return type(message), message.x, message.y
    return type(message)


def typed(reads: list[str], *, filtered: bool) -> tuple[list[object], int]:
    parser, answers = XTermParser(), AnswerFilter()
    found: list[object] = []
    count = 0
    for read in reads:
        if filtered:
            read, more = answers.feed(read, waiting=True)
            count += more
        found += [described(message) for message in parser.feed(read)] if read else []
    rest = answers.release()
    found += [described(message) for message in parser.feed(rest)] if rest else []
    return found, count


@given(st.lists(st.one_of(KEYS, st.just(ANSWER)), max_size=12), st.data())
def test_keys_are_what_they_would_be_without(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6).map(sorted))
    bounds = [0, *cuts, len(text)]
    reads = [text[a:b] for a, b in pairwise(bounds)]
    keys = "".join(piece for piece in pieces if piece != ANSWER)
    assert typed(reads, filtered=True) == (
        typed([keys], filtered=False)[0],
        pieces.count(ANSWER),
    )


def test_split_at_every_byte() -> None:
    text = "a" + ANSWER + "\x1b[A" + ANSWER + ANSWER + "\x1b[6~b"
    wanted = typed(["a\x1b[A\x1b[6~b"], filtered=False)[0]
    assert typed(list(text), filtered=True) == (wanted, 3)
    for cut in range(len(text)):
        assert typed([text[:cut], text[cut:]], filtered=True) == (wanted, 3)


def test_the_escape_key_is_kept_back_only_while_an_answer_may_come() -> None:
    answers = AnswerFilter()
    assert answers.feed("\x1b", waiting=False) == ("\x1b", 0)
    assert answers.feed("\x1b", waiting=True) == ("", 0)
    assert answers.is_holding
    assert answers.release() == "\x1b"
    assert answers.feed("x", waiting=True) == ("x", 0)


def test_an_answer_that_comes_late_is_no_key() -> None:
    assert AnswerFilter().feed("j\x1b[0nk\x1b[3n", waiting=False) == ("jk", 2)
