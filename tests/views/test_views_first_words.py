"""The first words of a line, in a number of bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smic_tui.terminal.costs import COSTS
from smic_tui.views.cells import Cell, Role
from smic_tui.views.first_words import first_words

LINE = (
    Cell("▲ waiting    ", Role.WARNING),
    Cell(" 51473  ", Role.MUTED),
    Cell(" Mot de passe expiré, impossible de le changer       "),
    Cell(" Matha     "),
)


def text(pieces: list[Cell]) -> str:
    return "".join(piece.text for piece in pieces)


def test_whole_words_come_from_the_left_and_stand_where_they_will() -> None:
    whole = "".join(piece.text for piece in LINE)
    for size, wanted in (
        (10, ""),
        (16, "▲ waiting"),
        (35, "▲ waiting     51473"),
        (46, "▲ waiting     51473   Mot de"),
        (200, whole.rstrip()),
    ):
        begun, left = first_words(LINE, size, COSTS)
        assert text(begun) == wanted
        assert whole.startswith(text(begun))
        assert 0 <= left <= size
        assert all(piece.role == other.role for piece, other in zip(begun[::2], LINE, strict=False))


def test_numbers_and_dates_are_not_cut() -> None:
    cells = (Cell("in 12 days"), Cell(" 11-23 14:12"), Cell(" 571.0 MB"))
    seen = {text(first_words(cells, size, COSTS)[0]) for size in range(60)}
    assert seen == {
        "",
        "in 12 days",
        "in 12 days 11-23 14:12",
        "in 12 days 11-23 14:12 571.0 MB",
    }


def test_a_stale_line_needs_one_pen() -> None:
    _begun, fresh = first_words(LINE, 200, COSTS)
    _begun, stale = first_words(LINE, 200, COSTS, stale=True)
    assert stale > fresh


@given(
    st.lists(
        st.builds(
            Cell,
            st.text(st.characters(min_codepoint=32, exclude_categories=["C", "M"])),
            st.sampled_from(list(Role)),
        ),
        max_size=6,
    ),
    st.integers(0, 120),
)
def test_it_is_never_longer_than_it_may_be(pieces: list[Cell], size: int) -> None:
    begun, left = first_words(pieces, size, COSTS)
    whole = "".join(piece.text for piece in pieces)
    assert whole.startswith(text(begun))
    # Blanks are jumped over.
    bare = text(begun).replace(" ", "")
    assert left >= 0
    assert len(bare.encode()) <= size - left
