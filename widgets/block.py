"""A few fixed lines of text in roles."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import cut, width
from widgets.roles import RoleWidget

Pieces = Sequence[Cell]


class Block(RoleWidget):
    """Lines with text at the left and at the right; the left is cut where both do not fit.

    Only lines that differ from what stands there are drawn again.
    """

    def __init__(self, lines: int = 1, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[tuple[Pieces, Pieces]] = [((), ())] * lines
        self.styles.height = lines
        self.styles.width = "1fr"

    def show(self, *lines: tuple[Pieces, Pieces]) -> None:
        """Replace the text: one (left, right) for each line."""
        for y, line in enumerate(lines[: len(self._lines)]):
            if self._lines[y] != line:
                self._lines[y] = line
                self.refresh(Region(0, y, self.size.width, 1))

    def show_left(self, *pieces: Cell) -> None:
        """Replace the left text of the only line."""
        self.show((pieces, self._lines[0][1]))

    def show_right(self, *pieces: Cell) -> None:
        """Replace the right text of the only line."""
        self.show((self._lines[0][0], pieces))

    def render_line(self, y: int) -> Strip:
        cells = self.size.width
        left, right = self._lines[y] if y < len(self._lines) else ((), ())
        tail = sum(width(piece.text) for piece in right)
        segments: list[Segment] = []
        used = 0
        for piece in left:
            text = cut(piece.text, cells - used - tail)
            segments.append(Segment(text, self.style_of(piece.role)))
            used += width(text)
        plain = self.style_of(Role.PLAIN)
        if cells - used - tail > 0:
            segments.append(Segment(" " * (cells - used - tail), plain))
        segments += [Segment(piece.text, self.style_of(piece.role)) for piece in right]
        return Strip(segments).adjust_cell_length(cells, plain)
