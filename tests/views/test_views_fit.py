"""Text and columns in terminal cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from smic_tui.text import clean
from smic_tui.views.cells import ColumnLayout
from smic_tui.views.fit import ELLIPSIS, NARROW, cut, fit, fit_columns, width

CLEAN_TEXT = st.text(max_size=80).map(clean)

COLUMNS = (
    ColumnLayout(id="state", title="State", width=10),
    ColumnLayout(id="name", title="Name", width=20, flex=3),
    ColumnLayout(id="kind", title="Kind", width=8, spare=2),
    ColumnLayout(id="line", title="Line", width=6, spare=1),
    ColumnLayout(id="more", title="More", width=10, flex=1, spare=3),
)


@given(CLEAN_TEXT, st.integers(0, 60), st.booleans())
def test_fit_fills_exactly(text: str, cells: int, right: bool) -> None:
    assert width(fit(text, cells, right=right)) == cells


@given(CLEAN_TEXT, st.integers(1, 60))
def test_cut_shows_that_it_cut(text: str, cells: int) -> None:
    short = cut(text, cells)
    assert width(short) <= cells
    assert short == text or short.endswith(ELLIPSIS)


@given(st.integers(30, 300))
def test_columns_fill_the_line(cells: int) -> None:
    chosen = fit_columns(COLUMNS, cells)
    used = sum(wide for _index, wide in chosen) + len(chosen) - 1
    assert used == cells or used == sum(COLUMNS[i].width for i, _w in chosen) + len(chosen) - 1
    assert used <= max(cells, 31)
    assert {0, 1} <= {index for index, _wide in chosen}


def test_the_known_narrow_ones_are_narrow() -> None:
    assert {char: wcwidth(char) for char in NARROW} == dict.fromkeys(NARROW, 1)
    for code in range(0x20, 0x300):
        if clean(chr(code)) == chr(code):
            assert wcwidth(chr(code)) == 1


def test_spare_columns_go_first_and_flexible_ones_grow() -> None:
    assert fit_columns(COLUMNS, 58) == [(0, 10), (1, 20), (2, 8), (3, 6), (4, 10)]
    assert [index for index, _wide in fit_columns(COLUMNS, 50)] == [0, 1, 2, 3]
    assert [index for index, _wide in fit_columns(COLUMNS, 42)] == [0, 1, 3]
    assert fit_columns(COLUMNS, 98) == [(0, 10), (1, 50), (2, 8), (3, 6), (4, 20)]


def test_too_narrow_for_everything_keeps_the_fixed_columns_whole() -> None:
    assert fit_columns(COLUMNS, 21) == [(0, 10), (1, 10)]


PICTURES = st.lists(
    st.sampled_from(["👩🏽\u200d💻", "🇫🇷", "👍🏿", "e\u0301", "a", "漢", " "]), max_size=8
)


@given(PICTURES, st.integers(0, 12))
def test_a_picture_of_several_characters_is_never_cut_apart(parts: list[str], cells: int) -> None:
    text = "".join(parts)
    assert width(text) == cell_len(text)
    shown = cut(text, cells)
    assert width(shown) <= cells
    kept = shown.removesuffix(ELLIPSIS)
    assert kept == "" or kept in {"".join(parts[:count]) for count in range(len(parts) + 1)}
