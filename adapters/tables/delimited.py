"""Reads the records of delimited text, and tells the line where each begins.

Python's csv module loses rows silently: a quote that is never closed swallows the rest of the
file, and a quote in the wrong place joins rows. Here each costs only the row that has it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from smic_tui.i18n import _

SEPARATORS = (";", ",", "\t", "|")

# More physical lines than this in one record mean that a quote is not closed.
_MOST_LINES = 100
_STEP = 5000


class Line(Struct, frozen=True, kw_only=True):
    """A record: the physical lines it begins and ends on (the first is 1), its cells, or its
    problem. `text` is its first line."""

    number: int
    last: int
    cells: list[str]
    text: str
    problem: str = ""


class _UnclosedQuote(Exception):
    pass


class _Lines:
    """The physical lines of a text; a reader can go back to an earlier one."""

    def __init__(self, text: str) -> None:
        # csv and io agree on what ends a line; str.splitlines knows many more ends.
        stream = io.StringIO(text, newline="")
        self.lines: list[str] = []
        while step := list(islice(stream, _STEP)):
            self.lines += step
        self.next = 0
        self.start = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.next >= len(self.lines):
            raise StopIteration
        if self.next - self.start >= _MOST_LINES:
            raise _UnclosedQuote
        self.next += 1
        return self.lines[self.next - 1]


def read_delimited(text: str, separator: str, first_line: int = 1) -> Iterator[Line]:
    """Yield the records from `first_line` on; blank lines are passed over."""
    lines = _Lines(text)
    lines.next = lines.start = first_line - 1
    while lines.next < len(lines.lines):
        lines.start = lines.next
        number = lines.start + 1
        cells: list[str] = []
        problem = ""
        try:
            cells = next(csv.reader(lines, delimiter=separator, strict=True))
        except StopIteration:
            return
        except _UnclosedQuote:
            problem = _("a value of more than {count} lines, or a quote that is not closed").format(
                count=_MOST_LINES
            )
            lines.next = number
        except csv.Error:
            if max(map(len, lines.lines[number - 1 : lines.next])) > csv.field_size_limit():
                problem = _("a value of more than {count} characters").format(
                    count=csv.field_size_limit()
                )
            else:
                problem = _("a quote is not closed, or stands in the middle of a value")
            lines.next = number
        if cells or problem:
            yield Line(
                number=number,
                last=lines.next,
                cells=cells,
                text=lines.lines[number - 1].rstrip("\r\n"),
                problem=problem,
            )
