"""The first words of a line: as many as an arrow key may bring."""

from __future__ import annotations

from collections.abc import Sequence

from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import width
from smic_tui.views.wire import Costs

# Cells with no more text than this, such as dates and numbers, come whole or not at all.
_CUT_NEVER = 16
_BOLD = frozenset({Role.CRITICAL, Role.TITLE})


def first_words(
    pieces: Sequence[Cell], size: int, costs: Costs, *, stale: bool = False
) -> tuple[list[Cell], int]:
    """Whole words of the pieces, from the left, that take `size` bytes at most; what is left.

    What is left out is at the end, so what comes stands where it will stand. A byte is
    counted for each that the driver may need; `stale` lines are of one colour.
    """
    begun: list[Cell] = []
    pen, blanks = Role.PLAIN, 0
    for piece in pieces:
        text = piece.text.rstrip(" ")
        gap = len(text) - len(text.lstrip(" "))
        if text:
            role = Role.MUTED if stale else piece.role
            left = size - _pen(pen, role, costs) - min(blanks + gap, costs.jump)
            words = text if _bytes(text[gap:], costs) <= left else _words(text, gap, left, costs)
            if not words:
                break
            size = left - _bytes(words[gap:], costs)
            begun.append(Cell(words, piece.role))
            if words != text:
                break
            pen, blanks = role, 0
        blanks += len(piece.text) - len(text)
        if len(piece.text) > len(text):
            begun.append(Cell(piece.text[len(text) :], piece.role))
    while begun and not begun[-1].text.strip(" "):
        begun.pop()
    return begun, size


def _words(text: str, gap: int, size: int, costs: Costs) -> str:
    """The words of a longer text that take `size` bytes at most."""
    if width(text) - gap <= _CUT_NEVER:
        return ""
    end = len(text)
    while end > gap and _bytes(text[gap:end], costs) > size:
        end = text.rfind(" ", gap, end)
    return text[:end].rstrip(" ") if end > gap else ""


def _pen(before: Role, after: Role, costs: Costs) -> int:
    if before is after:
        return 0
    if after is Role.PLAIN:
        return costs.plain_pen
    return costs.bold_pen if before in _BOLD or after in _BOLD else costs.pen


def _bytes(text: str, costs: Costs) -> int:
    if text.isascii():
        return len(text)
    unsure = sum(char >= "\u0300" and width(char) != 1 for char in text)
    return len(text.encode()) + costs.unsure * unsure
