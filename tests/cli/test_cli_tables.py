"""Cells of CSV: remote text never becomes a formula of the reader's spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.cli.tables import csv_cell

FORMULAS = (
    *("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "a;=1+1", "a,=1+1", "a\t=1+1"),
    *("a|@x", "a; =1+1", 'a;"=1+1"', "x\n=1+1", "x\r-a", "＝1+1", ";=1+1", "12;-x", "\t=1"),
)


def cells_of(text: str, separator: str) -> list[str]:
    """The cells that a spreadsheet which splits at `separator` sees in a line of our CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["key", csv_cell(text), "end"])
    cells: list[str] = []
    for line in out.getvalue().splitlines():
        cells += line.split(separator)
    return cells


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_cell_is_a_formula_whatever_splits_it(text: str, separator: str) -> None:
    for cell in cells_of(text, separator):
        assert cell.lstrip(' "')[:1] not in set("=@+-＝＠")


@pytest.mark.parametrize(
    "text",
    ["-5", "+33 5 46 00 00 00", "-1,5", "a; -5", "05 46; +33 6", "a=b", "a-b; c-d", "x@y.fr"],
)
def test_numbers_addresses_and_words_stay(text: str) -> None:
    assert csv_cell(text) == text


@given(st.text(st.sampled_from("=+-@;,\t|\n \"'a1"), max_size=12))
def test_however_it_is_put_together(text: str) -> None:
    for separator in ",;\t|":
        for cell in cells_of(text, separator):
            begins = cell.lstrip(' "\t')
            assert begins[:1] not in ("=", "@"), (text, cell)


def test_what_is_no_text_is_not_touched() -> None:
    assert csv_cell(-5) == "-5"
    assert csv_cell(None) == ""
    assert csv_cell(["a", "=b"]) == "a; '=b"
