"""Tells rows whose last cells were left out from halves of rows.

Excel leaves out empty cells at the end of a row. A line break within a cell that is not quoted
makes two short rows as well, of which neither is what it seems. The second half begins with a
piece of text where full rows have a code: it is told by the shape of its cells.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from adapters.tables.delimited import Line

_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")


def _shape(cell: str) -> str:
    """Return a cell with its numbers and words replaced: "17999-ANX" is "9-a"."""
    return _LETTERS.sub("a", _DIGITS.sub("9", cell.strip()))


class ShortRows:
    """Judges the short rows of one file by the columns that tell records apart."""

    def __init__(self, width: int, columns: Collection[int], full: Iterable[Line]) -> None:
        self._width = width
        self._shapes: dict[int, set[str]] = {column: set() for column in columns}
        for line in full:
            if len(line.cells) >= width:
                for column, shapes in self._shapes.items():
                    shapes.add(_shape(line.cells[column]))

    def is_half(self, line: Line, following: Line | None) -> bool:
        """Whether a short row is the second half of a row, or the first half before one."""
        return self._is_rest(line) or (
            following is not None
            and following.number == line.last + 1
            and len(following.cells) < self._width
            and self._is_rest(following)
        )

    def _is_rest(self, line: Line) -> bool:
        return not line.problem and any(
            shapes and _shape(line.cells[column]) not in shapes
            for column, shapes in self._shapes.items()
            if column < len(line.cells)
        )


def with_following(lines: Iterator[Line]) -> Iterator[tuple[Line, Line | None]]:
    """Yield each line with the one after it."""
    current = next(lines, None)
    while current is not None:
        following = next(lines, None)
        yield current, following
        current = following
