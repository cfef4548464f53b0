"""Texts of actions: what is written, as the server stores it, is known again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ticketing.texts import same_text, sendable

# What is particular to notes: markup, quotes, line ends, joined pictures, blanks of all kinds.
_ODD = st.sampled_from(
    (
        *"<>&;\"'\\é\n\r\t \u00a0\u202f\u2028\ufeff\u200b\x00\x1f\x85",
        *("\r\n", "👩🏽\u200d💻", "🇫🇷", "&lt;", "<b>", "%0A", "=3D", "\ufffe", "e\u0301"),
        *("h1. ", "* ", "# ", "> ", "```", "bq. "),
    )
)
_TEXTS = st.lists(_ODD | st.text(max_size=20), max_size=40).map("".join)


def redmine(text: str) -> str:
    """As Redmine 5.0.4 keeps a note: as it came. A database may cut blanks at the end."""
    assert not re.search("[\ud800-\udfff]", text), "it answers 400"
    return text


def rt(text: str) -> str:
    """As RT 5.0.3 keeps a text."""
    assert not re.search("[\ud800-\udfff]", text), "it answers 500"
    text = text.replace("\r\n", "\n")
    return "".join("\ufffd" if _is_nobodys(char) else char for char in text)


def zammad(text: str) -> str:
    """As Zammad keeps a text: without blanks around it."""
    assert "\x00" not in text
    return text.strip()


def _is_nobodys(char: str) -> bool:
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF


@pytest.mark.parametrize("store", [redmine, rt, zammad])
@settings(max_examples=300)
@given(text=_TEXTS)
def test_what_is_written_is_known_again(store: Callable[[str], str], text: str) -> None:
    assert same_text(text, store(sendable(text)))


@pytest.mark.parametrize("store", [redmine, rt, zammad])
@settings(max_examples=300)
@given(text=_TEXTS, more=st.sampled_from(["x", "<", "&amp;", "é", "👩🏽\u200d💻", "\\"]))
def test_another_text_is_another(store: Callable[[str], str], text: str, more: str) -> None:
    assert not same_text(text + " " + more, store(sendable(text)))


@pytest.mark.parametrize("length", [0, 1, 255, 256, 1000, 65_535, 65_536, 200_000])
def test_all_lengths(length: int) -> None:
    text = ("é<&;\\ \n" * (length // 7 + 1))[:length]
    assert same_text(text, rt(sendable(text)))
