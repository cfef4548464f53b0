"""Lists as aligned text, as JSON and as CSV."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, TypeVar

import msgspec

from smic_tui.cli import terminal
from smic_tui.i18n import _
from smic_tui.query.fields import FieldSet, Moment
from smic_tui.system import streams
from smic_tui.views.cells import Cell, Role, Row
from smic_tui.views.fit import fit, fit_columns, width
from smic_tui.views.listing import Listing
from smic_tui.views.look import Look

GAP = "  "

F = TypeVar("F")


def plain(listing: Listing[F], facts: Sequence[F], look: Look) -> Iterator[str]:
    """A table. In a terminal it is cut to the width, elsewhere nothing is cut."""
    if not facts:
        return
    columns = listing.columns
    titles = Row(key="", cells=tuple(Cell(_(c.title).upper(), Role.TITLE) for c in columns))
    rows = [titles, *(listing.row(fact, look, columns) for fact in facts)]
    if terminal.is_terminal():
        layout = fit_columns(columns, terminal.columns(), gap=len(GAP))
    else:
        layout = [
            (index, max(width(row.cells[index].text) for row in rows))
            for index in range(len(columns))
        ]
    for row in rows:
        yield GAP.join(
            terminal.painted(cell, fit(cell.text, cells, right=columns[index].right))
            for index, cells in layout
            for cell in (row.cells[index],)
        ).rstrip()


def as_objects(
    fields: FieldSet, key: Callable[[F], str], facts: Iterable[F], moment: Moment
) -> Iterator[dict[str, Any]]:
    """One object per fact: its key, then every field of the filter language."""
    for fact in facts:
        yield {
            "key": key(fact),
            **{field.name: _value(field.get(fact, moment)) for field in fields},
        }


def _value(value: Any) -> Any:
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list | frozenset | set):
        return [_value(item) for item in value]
    return value


def write_csv(names: Sequence[str], rows: Iterable[dict[str, Any]], file: Any = None) -> None:
    """CSV in UTF-8 with a line of names; several values of a cell are joined by "; "."""
    if file is None:
        streams.print_data()
    writer = csv.writer(file or sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([csv_cell(row.get(name)) for name in names])


# What a spreadsheet would take for a formula; a number or a telephone number is none. Excel splits
# at the list separator of its country, whatever the file was meant to have: every place after one
# may become the beginning of a cell, within quotes or not.
_FORMULA = re.compile(
    r"(^|[;,|\t\r\n])([\s\"]*)(?=[=@＝＠]|[+＋−－-](?![\d\s().-]*(?:$|[;,|\t\r\n])))"
)
_SIGNS = frozenset("=@+-＝＠＋－−")


def csv_cell(value: Any) -> str:
    """The text of a value. Remote text never becomes a formula of the reader's spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        value = "; ".join(csv_cell(item) for item in value)
    elif isinstance(value, dict):
        value = msgspec.json.encode(value).decode()
    text = str(value)
    if not isinstance(value, str) or _SIGNS.isdisjoint(text):
        # A control character at the beginning makes some spreadsheets look at what follows.
        return f"'{text}" if text[:1] in ("\t", "\r") else text
    return _FORMULA.sub(_as_text, text)


def _as_text(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}'"
