"""A keyed table of any length that draws only what is visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.style import Style
from textual.message import Message
from textual.timer import Timer

from smic_tui.i18n import _
from smic_tui.views.cells import Cell, ColumnLayout, Row
from smic_tui.views.first_step import bytes_left, first_step, second_step
from smic_tui.views.fit import fit, fit_columns, width
from smic_tui.views.wire import Wire
from widgets.line_list import LineList
from widgets.roles import MARKER_STYLE

UP, DOWN = "↑", "↓"
ASCII_UP, ASCII_DOWN = "^", "v"
GAP = 1

# In two steps: the rest of the lines follows when the cursor has rested for so long, in
# portions with a pause between them, so that a key never waits for more than one.
REST_SECONDS, PORTION_SECONDS = 0.5, 0.05


class RowTable(LineList):
    """Rows of cells under one line of column titles.

    The table is given keys and a function that makes one row; a row is made
    when it comes into view. Replacing the rows keeps the cursor with its key.

    On a slow line it can draw in two steps: a line that comes into view shows at first what
    `ColumnLayout.at_once` says; the rest follows when the cursor rests, the cursor's line
    first.
    """

    heading_lines = 1

    class HeadingClicked(Message):
        """The title of a column was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        wire: Wire | None = None,
        on_moved: Callable[[], None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, wire=wire, on_moved=on_moved, id=id)
        self._wire = wire
        self._arrows = (ASCII_UP, ASCII_DOWN) if ascii_only else (UP, DOWN)
        self._columns: Sequence[ColumnLayout] = ()
        self._fitted: list[tuple[int, int]] = []
        self._fitted_for = -1
        self._keys: Sequence[str] = ()
        self._make: Callable[[int], Row] = self._no_row
        self._made: dict[int, Row] = {}
        self._sorted: tuple[str, bool] | None = None
        # The rows after the first and the second step, where there are two.
        self._steps: dict[int, tuple[Row, Row]] = {}
        # The line whose bytes count while it draws in two steps, None while it does not.
        self._slow_wire: Wire | None = None
        # The keys in view whose lines have taken the second step.
        self._whole: set[str] = set()
        self._following: Timer | None = None
        # The first line in view and the cursor's, when that was set.
        self._rests_at = (0, 0)

    @staticmethod
    def _no_row(index: int) -> Row:
        raise IndexError(index)

    def show(
        self,
        columns: Sequence[ColumnLayout],
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
        heading_same = columns == self._columns and sorted_by == self._sorted
        self._columns, self._sorted = columns, sorted_by
        self._fitted_for = -1
        self._keys, self._make = keys, make
        self._made.clear()
        self._steps.clear()
        if not heading_same:
            self._refresh_line(0)
        self.lines_changed(before)

    def draw_in_steps(self, in_steps: bool) -> None:
        """Draw in two steps from now on, or at once; a table without a wire always does that.

        All lines begin with the first step again.
        """
        self._slow_wire = self._wire if in_steps else None
        self._marker_style = MARKER_STYLE if self._slow_wire is None else Style.null()
        self._whole.clear()

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
                self._steps.clear()
            row = self._made[index] = self._make(index)
        if self._slow_wire is None:
            return row
        steps = self._steps.get(index)
        if steps is None:
            begun = first_step(self._columns, row, self._slow_wire.costs)
            steps = self._steps[index] = (begun, second_step(self._columns, row, begun))
        return steps[self._keys[index] in self._whole]

    def _begin(self, lines: Sequence[int]) -> None:
        # The first of two steps is short enough.
        if self._slow_wire is None:
            super()._begin(lines)

    def lines_moved(self) -> None:
        if self._slow_wire is None:
            return
        self._whole.intersection_update(self._keys[index] for index in self.lines_in_view)
        place = self.lines_in_view.start, self._cursor
        if self._following is not None:
            if place == self._rests_at:
                # New contents are no movement: what follows is not put off by them.
                return
            self._following.stop()
        self._rests_at = place
        self._following = self.set_timer(REST_SECONDS, self._follow)

    def _follow(self) -> None:
        """The second step of the lines nearest to the cursor, as far as the line has room."""
        waiting = [index for index in self.lines_in_view if self._keys[index] not in self._whole]
        self._following = None
        wire = self._slow_wire
        if wire is None or not waiting:
            return
        if wire.has_room(wire.costs.rest):
            left = wire.costs.rest
            for index in sorted(waiting, key=lambda index: abs(index - self._cursor)):
                begun = self.content(index)
                self._whole.add(self._keys[index])
                left -= wire.costs.reach_rest + bytes_left(begun, self.content(index))
                if left <= 0:
                    break
            self._redraw_changed()
        self._following = self.set_timer(PORTION_SECONDS, self._follow)

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
