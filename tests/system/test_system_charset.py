"""Characters that a terminal or a locale lacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.system.charset import CELLS, PLAIN, in_cells
from smic_tui.text import clean
from smic_tui.views.fit import width
from smic_tui.views.look import ASCII_GLYPHS, GLYPHS

ENCODINGS = ("ascii", "iso8859-1", "iso8859-15", "cp1252", "cp850", "koi8-r")


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-15"])
def test_levels_stay_told_apart(encoding: str) -> None:
    marks = [glyph.encode(encoding, PLAIN).decode(encoding) for glyph in GLYPHS]
    assert len(set(marks)) == len(GLYPHS)
    assert [mark for mark in marks if mark == "?"] == ["?"]
    if encoding == "ascii":
        assert tuple(marks) == ASCII_GLYPHS


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Œuvre de l’École, 3 €", "OEuvre de l'Ecole, 3 E"),
        ("« Saint-Éloi » – coupé…", '" Saint-Eloi " - coupe~'),
        ("1\u202f234\u00a0Go", "1 234 Go"),
        ("half \udcff", "half ?"),
        ("emoji 🇫🇷 👩🏽‍💻", "emoji "),
    ],
)
def test_text_stays_readable(text: str, plain: str) -> None:
    assert text.encode("ascii", PLAIN).decode().startswith(plain)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FFF), max_size=30))
def test_any_text_can_be_written_and_needs_no_more_cells(encoding: str, text: str) -> None:
    text = clean(text)
    written = in_cells(text, encoding)
    assert written.encode(encoding) == text.encode(encoding, CELLS)
    assert width(written) <= sum(max(1, width(char)) for char in text)


@given(st.text())
def test_utf8_is_left_as_it_is(text: str) -> None:
    assert text.encode("utf-8", PLAIN) == text.encode()


@given(st.text(st.characters()))
def test_whatever_it_is_it_can_be_written(text: str) -> None:
    for encoding in (*ENCODINGS, "utf-8"):
        text.encode(encoding, PLAIN)
        text.encode(encoding, CELLS)
