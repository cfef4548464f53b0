"""Kind `csv`: delimited files or addresses, as spreadsheets and programs write them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from msgspec import Meta, Struct

from adapters.csv_files.short_rows import ShortRows, with_following
from adapters.http.documents import Document
from adapters.shared.decoding import (
    AUTO,
    Encoding,
    check_encoding,
    decode,
    encoding_of,
    encoding_words,
)
from adapters.shared.values import word
from adapters.tables.adapter import TabularAdapter
from adapters.tables.columns import ColumnLocator, names_in
from adapters.tables.delimited import SEPARATORS, Line, read_delimited
from adapters.tables.options import TableOptions, config_type
from adapters.tables.row_reading import Row
from adapters.tables.spreadsheet import CODES
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _, ngettext

# A header cell may hold line breaks.
_LONGEST_HEADER = 20
_TAB_NAMES = {"tab": "\t", "\\t": "\t"}


class CsvTable(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delimited file. `columns` name the cells of its header."""

    encoding: Encoding = AUTO
    separator: Annotated[
        str,
        Meta(
            description="What separates the cells: one character, or tab; auto finds ; , tab or | "
            "in the header."
        ),
    ] = AUTO
    header: Annotated[
        int, Meta(description="Line of the header; lines above it are passed over.", ge=1)
    ] = 1

    def __post_init__(self) -> None:
        """Refuse unknown encodings and separators, besides what every table refuses."""
        super().__post_init__()
        check_encoding(self.encoding)
        if self.separator != AUTO and len(_TAB_NAMES.get(self.separator, self.separator)) != 1:
            raise ValueError(_("separator: one character, tab or auto is expected"))
        if self.separator in ('"', "\r", "\n"):
            raise ValueError(_("separator: neither a quote nor a line break can separate cells"))


class _Header(Struct, frozen=True, kw_only=True):
    line: Line
    separator: str

    @property
    def names(self) -> list[str]:
        return self.line.cells


class _Columns(ColumnLocator):
    """Where each field of a row stands in a file."""

    def __init__(self, table: CsvTable, header: _Header) -> None:
        self._file = table.name
        self._line = header.line.number
        super().__init__(header.names, table.mapping)

    @property
    def telling(self) -> frozenset[int]:
        """The columns that tell one record from another, and the first."""
        places = self.places
        return frozenset({0, *(places[name] for name in CODES & places.keys())})

    def absent(self, name: str) -> BadAnswer:
        return BadAnswer(
            _('{file}: no column "{column}" in line {line}').format(
                file=self._file, column=name, line=self._line
            ),
            hint=self.suggestion(name)
            + _("The file has: {columns}.").format(columns=", ".join(self.names)),
        )

    def occurring_twice(self, name: str, places: list[int]) -> int:
        raise BadAnswer(
            _('{file}: the column "{column}" occurs {count} times in line {line}').format(
                file=self._file, column=name, count=len(places), line=self._line
            ),
            hint=_("Give each column its own name in the file."),
        )


def _lines(text: str, header: _Header) -> Iterator[Line]:
    """Return the lines below the header."""
    return read_delimited(text, header.separator, header.line.last + 1)


def _wanted(table: CsvTable) -> set[str]:
    return {word(name) for column in table.mapping.values() for name in names_in(column)}


def _header_of(table: CsvTable, text: str) -> _Header:
    """Find the header and the separator; raises `BadAnswer`."""
    separator = _TAB_NAMES.get(table.separator, table.separator)
    number = table.header
    head = list(islice(io.StringIO(text, newline=""), number + _LONGEST_HEADER))
    if head and len(first := head[0].rstrip("\r\n")) == 5 and first.startswith("sep="):
        # Excel's own way to name the separator.
        separator = first[4] if separator == AUTO else separator
        number += number == 1
    while number <= len(head) and not head[number - 1].strip():
        # Nobody means an empty line by the line of the header.
        number += 1
    if len(head) < number:
        raise BadAnswer(
            _("{file} has no header: names of columns are expected in line {line}").format(
                file=table.name, line=table.header
            ),
            excerpt=text[:200].encode(errors="replace"),
        )
    candidates = SEPARATORS if separator == AUTO else (separator,)
    found = {
        candidate: next(read_delimited("".join(head), candidate, number))
        for candidate in candidates
    }
    wanted = _wanted(table)

    def fit(candidate: str) -> tuple[int, int]:
        cells = found[candidate].cells
        return len(wanted & {word(cell) for cell in cells}), len(cells)

    separator = max(candidates, key=fit)
    line = found[separator]
    if line.problem:
        raise BadAnswer(
            _("{file}, line {line}: {problem}").format(
                file=table.name, line=number, problem=line.problem
            ),
            excerpt=line.text.encode(errors="replace"),
        )
    return _Header(line=line, separator=separator)


class CsvAdapter(TabularAdapter):
    """Reads delimited files; their columns are mapped in the configuration."""

    kind = "csv"
    config_type = config_type("csv", CsvTable)
    accept = "text/csv"

    def rows(self, table: CsvTable, document: Document) -> Iterator[Row]:
        """Return the rows below the header, each with the line it begins on."""
        text = decode(document.data, table.encoding)
        header = _header_of(table, text)
        columns = _Columns(table, header)
        width = len(header.names)
        short: ShortRows | None = None
        for line, following in with_following(_lines(text, header)):
            problem, cells = line.problem, line.cells
            if not problem and not any(cell.strip() for cell in cells):
                continue
            if not problem and len(cells) > width and not any(c.strip() for c in cells[width:]):
                cells = cells[:width]
            if not problem and len(cells) < width:
                if short is None:
                    short = ShortRows(width, columns.telling, _lines(text, header))
                if not short.is_half(line, following):
                    cells = [*cells, *[""] * (width - len(cells))]
            if not problem and len(cells) != width:
                problem = _("{count} cells where the header has {expected}").format(
                    count=len(cells), expected=width
                )
            yield Row(
                place=_("line {number}").format(number=line.number),
                cells={} if problem else columns.cells_of(cells),
                sample=line.text,
                problem=problem,
            )

    def remarks(self, table: CsvTable, document: Document) -> tuple[str, ...]:
        """Find the columns, and tell when the encoding or the rows do not fit."""
        text = decode(document.data, table.encoding)
        header = _header_of(table, text)
        _Columns(table, header)
        return tuple(_broken(table, document, text))

    def notes(self, table: CsvTable, document: Document) -> tuple[str, ...]:
        """Tell the encoding, and that rows end before the header does."""
        configured = table.encoding != AUTO
        encoding = table.encoding if configured else encoding_of(document.data)
        text = decode(document.data, table.encoding)
        short = _short(self.rows(table, document), text, _header_of(table, text))
        return (encoding_words({encoding}, configured=configured), *short)


def _broken(table: CsvTable, document: Document, text: str) -> Iterator[str]:
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    if broken:
        encoding = encoding_of(document.data) if table.encoding == AUTO else table.encoding
        yield ngettext(
            "{count} character is not {encoding}: check `encoding`",
            "{count} characters are not {encoding}: check `encoding`",
            broken,
        ).format(count=broken, encoding=encoding)


def _short(rows: Iterator[Row], text: str, header: _Header) -> Iterator[str]:
    """Yield a note if rows end early and were taken all the same."""
    width = len(header.names)
    places = {
        _("line {number}").format(number=line.number)
        for line in _lines(text, header)
        if not line.problem and 0 < len(line.cells) < width
    }
    count = sum(1 for row in rows if row.place in places and not row.problem) if places else 0
    if count:
        yield ngettext(
            "{count} row has fewer cells than the header: those at its end are taken as empty",
            "{count} rows have fewer cells than the header: those at their end are taken as empty",
            count,
        ).format(count=count)
