"""What of a row comes at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smic_tui.terminal.costs import COSTS
from smic_tui.views.cells import Cell, ColumnLayout, Role, Row
from smic_tui.views.first_step import bytes_left, first_step, second_step

COLUMNS = (
    ColumnLayout(id="state", title="", width=1),
    ColumnLayout(id="site", title="", width=16),
    ColumnLayout(id="what", title="", width=60, at_once=50),
    ColumnLayout(id="owner", title="", width=10, at_once=0),
)


def row(text: str, role: Role = Role.PLAIN) -> Row:
    cells = (Cell("■", Role.CRITICAL), Cell("Matha"), Cell(text, role), Cell("owner"))
    return Row(key="key", cells=cells, stale=True)


def test_short_texts_come_whole_and_the_rest_later() -> None:
    begun = first_step(COLUMNS, row("Plus d'internet"), COSTS)
    assert [cell.text for cell in begun.cells] == ["■", "Matha", "Plus d'internet", ""]
    assert begun.stale
    assert bytes_left(begun, row("Plus d'internet")) == len("owner")


def test_a_long_text_ends_where_the_bytes_do() -> None:
    begun = first_step(COLUMNS, row("é" * 40), COSTS)
    text = begun.cells[2].text
    assert text.endswith("é…")
    assert len(text) < 18
    # As many of one byte take more cells.
    assert len(first_step(COLUMNS, row("e" * 40), COSTS).cells[2].text) > 25


def test_what_is_cut_all_the_same_is_not_sent_again() -> None:
    columns = (*COLUMNS[:2], ColumnLayout(id="what", title="", width=30), COLUMNS[3])
    for text, again in (("é" * 25, True), ("é" * 31, False)):
        begun = first_step(columns, row(text), COSTS)
        whole = second_step(columns, row(text), begun)
        assert (whole.cells[2] != begun.cells[2]) is again
        assert whole.cells[3].text == "owner"


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["C", "M"])),
    st.sampled_from(list(Role)),
)
def test_the_first_step_is_short_in_any_alphabet(text: str, role: Role) -> None:
    cells = first_step(COLUMNS, row(text, role), COSTS).cells
    # The glyph and its pen, sixteen cells, two gaps and a pen.
    head = 3 + 5 + 1 + 16 + 5 + 1
    pens = 5 * (role is not Role.PLAIN)
    assert head + pens + len(cells[2].text.encode()) <= COSTS.first_step
    assert cells[3].text == ""
