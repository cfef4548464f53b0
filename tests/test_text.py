"""The sanitiser: nothing that acts on a terminal gets through, and what went is seen."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcswidth, wcwidth

from smic_tui.text import BREAK, ELLIPSIS, LIMIT, MARK, clean, fold, fold_once

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=300)
PICTURES = st.sampled_from("👩👨💻🏽🏿🇫🇷🇩🏳🌈❤⚕🏴\u200d\ufe0f\U000e0067\U000e007f\u0301a b")
# A flag, a joined picture, one with a tone of skin, the flag of a part of a country.
ONE_PICTURE = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f"
    "|(?<=[^ -\u2000])\u200d(?=[^ -\u2000])"
)


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("plain text", "plain text"),
        ("Forêt d'Aunis", "Forêt d'Aunis"),
        ("a\x1b[31mred", f"a{MARK}[31mred"),
        ("\x1b]52;c;cGF5bG9hZA==\x07", f"{MARK}]52;c;cGF5bG9hZA=={MARK}"),
        ("c1\x9b31m", f"c1{MARK}31m"),
        ("del\x7f", f"del{MARK}"),
        ("nul\x00\x01\x02here", f"nul{MARK}here"),
        ("bidi \u202eevil\u202c", f"bidi {MARK}evil{MARK}"),
        ("iso\u2066late\u2069", f"iso{MARK}late{MARK}"),
        ("zero\u200bwidth\u200d", "zerowidth"),
        ("17\u200b300\ufeff", "17300"),
        ("soft\u00adhyphen", "softhyphen"),
        ("half \ud800 pair", f"half {MARK} pair"),
        ("two\r\nlines\n", f"two{BREAK}lines"),
        ("tab\there", "tab here"),
        ("nbsp\u00a0here\u2003too", "nbsp here too"),
        ("line\u2028sep", f"line{BREAK}sep"),
        ("e\u0301te\u0301", "été"),
        ("z" + "\u0334" * 50, "z" + "\u0334" * 2 + MARK),
        ("\u0334alone", f"{MARK}alone"),
        ("🇫🇷 flag", "🇫🇷 flag"),
        ("🇫 🇫🇷🇩", "F 🇫🇷D"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("🏴\U000e0067\U000e0062", f"🏴{MARK}"),
        ("heart ❤\ufe0f", "heart ❤"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("👩🏽\u200d💻 at work", "👩🏽\u200d💻 at work"),
        ("🏳\ufe0f\u200d🌈", "🏳\u200d🌈"),
        ("a\u200db👨\u200d", "ab👨"),
        ("👍🏽", "👍🏽"),
        ("tone \U0001f3fd", f"tone {MARK}"),
        ("private \ue000", f"private {MARK}"),
        ("[/x] [@click=app.bell]y[/]", "[/x] [@click=app.bell]y[/]"),
    ],
)
def test_examples(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


def test_absurd_lengths_are_cut_and_it_is_seen() -> None:
    cleaned = clean("é" * 1_000_000)
    assert len(cleaned) == LIMIT
    assert cleaned.endswith(ELLIPSIS)
    assert clean("x" * 11, limit=10) == "x" * 9 + ELLIPSIS


@given(ANY_TEXT)
def test_only_visible_characters_remain(text: str) -> None:
    cleaned = clean(text)
    assert "\n" not in cleaned
    for char in ONE_PICTURE.sub("", cleaned):
        assert char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        assert not "\u202a" <= char <= "\u202e"
    cleaned.encode()  # no unpaired surrogate is left


@given(st.text(PICTURES, max_size=12))
def test_joined_pictures_are_as_wide_as_terminals_and_textual_think(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cell_len(cleaned) == wcswidth(cleaned)


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_every_character_that_passes_has_one_width_for_all() -> None:
    """The width that Textual lays out with is the one that terminals draw."""
    for code in range(32, sys.maxunicode + 1):
        char = chr(code)
        if clean("a" + char) == "a" + char:
            assert cell_len("a" + char) - 1 == wcwidth(char), hex(code)


@given(ANY_TEXT)
def test_folding_ignores_case_and_accents(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold("Île-d'Aix") == fold("ILE-D'AIX")
    assert fold("Cœur") == fold("COEUR")


def test_folding_character_by_character_is_folding() -> None:
    for number in range(0x20000):
        char = chr(number)
        assert fold_once(char) == fold.__wrapped__(char), hex(number)


@given(st.text())
def test_folding_once_is_folding(text: str) -> None:
    assert fold_once(text) == fold.__wrapped__(text)
