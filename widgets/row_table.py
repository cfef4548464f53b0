"""A keyed table of any length that draws only what is visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.message import Message

from smic_tui.i18n import _
from smic_tui.views.cells import Cell, Column, Row
from smic_tui.views.fit import fit, fit_columns, width
from widgets.line_list import LineList

UP, DOWN = "↑", "↓"
ASCII_UP, ASCII_DOWN = "^", "v"
GAP = 1


class RowTable(LineList):
    """Rows of cells under one line of column titles.

    The table is given keys and a function that makes one row; a row is made
    when it comes into view. Replacing the rows keeps the cursor with its key.
    """

    heading_lines = 1

    class HeadingClicked(Message):
        """The title of a column was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:
        super().__init__(ascii_only=ascii_only, id=id)
        self._arrows = (ASCII_UP, ASCII_DOWN) if ascii_only else (UP, DOWN)
        self._columns: Sequence[Column] = ()
        self._fitted: list[tuple[int, int]] = []
        self._fitted_for = -1
        self._keys: Sequence[str] = ()
        self._make: Callable[[int], Row] = self._no_row
        self._made: dict[int, Row] = {}
        self._sorted: tuple[str, bool] | None = None

    @staticmethod
    def _no_row(index: int) -> Row:
        raise IndexError(index)

    def show(
        self,
        columns: Sequence[Column],
        keys: Sequence[str],
        make: Callable[[int], Row],
        *,
        sorted_by: tuple[str, bool] | None = None,
    ) -> None:
        """Replace everything that is shown.

        `keys` are in order, `make(index)` gives the row of a key; `sorted_by` is
        the column to mark and whether it descends.
        """
        before = self.cursor_key
        heading_same = columns is self._columns and sorted_by == self._sorted
        self._columns, self._sorted = columns, sorted_by
        self._fitted_for = -1
        self._keys, self._make = keys, make
        self._made.clear()
        if not heading_same:
            self._refresh_line(0)
        self.lines_changed(before)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.content(self.cursor_index) if self._keys else None

    def line_count(self) -> int:
        return len(self._keys)

    def key_of(self, index: int) -> str:
        return self._keys[index]

    def index_of(self, key: str) -> int | None:
        # Mostly the key has not moved.
        if self._cursor < len(self._keys) and self._keys[self._cursor] == key:
            return self._cursor
        try:
            return self._keys.index(key)
        except ValueError:
            return None

    def content(self, index: int) -> Row:
        row = self._made.get(index)
        if row is None:
            if len(self._made) > 500:
                self._made.clear()
            row = self._made[index] = self._make(index)
        return row

    def _fit(self, cells: int) -> list[tuple[int, int]]:
        if self._fitted_for != cells:
            self._fitted = fit_columns(self._columns, cells, GAP)
            self._fitted_for = cells
        return self._fitted

    def pieces(self, content: Any, cells: int) -> tuple[Sequence[Cell], bool]:
        row: Row = content
        pieces: list[Cell] = []
        for place, (index, wide) in enumerate(self._fit(cells)):
            cell = row.cells[index]
            text = fit(cell.text, wide, right=self._columns[index].right)
            pieces.append(Cell(" " + text if place else text, cell.role))
        return pieces, row.stale

    def heading(self, index: int, cells: int) -> Sequence[Cell]:
        pieces = []
        for place, (column_index, wide) in enumerate(self._fit(cells)):
            column = self._columns[column_index]
            title = _(column.title)
            if self._sorted and self._sorted[0] == column.id:
                arrow = self._arrows[self._sorted[1]]
                title = fit(title, min(wide - 1, width(title))) + arrow
            text = fit(title, wide, right=column.right)
            pieces.append(Cell(" " + text if place else text))
        return pieces

    def heading_clicked(self, x: int) -> None:
        left = 0
        for index, wide in self._fit(self.size.width - 1):
            if left <= x < left + wide:
                self.post_message(self.HeadingClicked(self._columns[index].id))
            left += wide + GAP
