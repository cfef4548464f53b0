"""What of a row comes at once on a line that counts every byte."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from smic_tui.views.cells import Cell, ColumnLayout, Role, Row
from smic_tui.views.fit import cut, fit, width
from smic_tui.views.wire import Costs


def first_step(columns: Sequence[ColumnLayout], row: Row, costs: Costs) -> Row:
    """The row with as much of each cell as comes at once (`ColumnLayout.at_once`).

    The last of its texts is cut to what is left of `costs.first_step`, but for one character.
    """
    cells = [
        cell if column.at_once is None else Cell(cut(cell.text, column.at_once), cell.role)
        for column, cell in zip(columns, row.cells, strict=True)
    ]
    last = max((place for place, cell in enumerate(cells) if cell.text), default=0)
    left, role = costs.first_step, Role.PLAIN
    for column, cell in zip(columns[:last], cells, strict=False):
        left -= len(fit(cell.text, column.width).encode()) + costs.gap
        left -= costs.pen * (cell.role is not role)
        role = cell.role
    text = cells[last].text
    left -= costs.pen * (cells[last].role is not role)
    while len(text.encode()) > left and width(text) > 1:
        text = cut(text, width(text) - 1)
    cells[last] = Cell(text, cells[last].role)
    return replace(row, cells=tuple(cells))


def second_step(columns: Sequence[ColumnLayout], row: Row, begun: Row) -> Row:
    """The whole row after its first step.

    A text of the first step that would be cut all the same is not sent again for a few
    cells more of it.
    """
    return replace(
        row,
        cells=tuple(
            before if column.at_once is None and width(cell.text) > column.width else cell
            for column, before, cell in zip(columns, begun.cells, row.cells, strict=True)
        ),
    )


def bytes_left(begun: Row, whole: Row) -> int:
    """About how many bytes the second step of a row takes."""
    return sum(
        len(after.text.encode()) - len(before.text.encode())
        for before, after in zip(begun.cells, whole.cells, strict=True)
        if after != before
    )
