"""Kind `json`: JSON documents and JSON lines, picked apart with JMESPath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Raw

from adapters.http.documents import Document
from adapters.shared.decoding import (
    AUTO,
    Encoding,
    LineDecoder,
    as_utf8,
    check_encoding,
    decoded_lines,
    encoding_words,
)
from adapters.shared.json_text import decode_json
from adapters.tables.adapter import TabularAdapter
from adapters.tables.columns import Column, fields_of, names_in
from adapters.tables.options import TableOptions, config_type
from adapters.tables.row_reading import Row
from adapters.tables.rows import is_blank, shown
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _

# Plain names, with a filter at the end or not, are followed without decoding the
# rows: decoding 20 MB at once would hold the interpreter for 0.3 s.
_PLAIN_PATH = re.compile(
    r"(?P<path>(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?)(?P<filter>(?:\[\?.*\])?)",
    re.ASCII | re.DOTALL,
)
_LINE_SUFFIXES = (".jsonl", ".ndjson")
_LOOKED_AT = 200

Search = Callable[[Any], Any]


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0]


@lru_cache(512)
def _search(expression: str) -> Search:
    """Compile an expression; raises `ValueError` with what is wrong with it."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(
            _("{expression} is not JMESPath: {reason}").format(
                expression=shown(expression), reason=_reason(error)
            )
        ) from None
    search: Search = compiled.search
    return search


class JsonTable(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON document. `columns` are JMESPath expressions, read from each row."""

    encoding: Encoding = AUTO
    rows: Annotated[
        str,
        Meta(
            description="JMESPath expression of the list of rows; empty: the document is the list."
        ),
    ] = ""
    lines: Annotated[
        bool | None,
        Meta(
            description="Whether each line is a document of its own (JSON lines); absent: if the "
            "name ends in .jsonl or .ndjson."
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse expressions that are not JMESPath, besides what every table refuses."""
        super().__post_init__()
        check_encoding(self.encoding)
        if self.rows:
            _search(self.rows)
        for name, column in self.mapping.items():
            for expression in names_in(column):
                try:
                    _search(expression)
                except ValueError as error:
                    raise ValueError(f"columns.{name}: {error}") from None
        if self.is_lines and self.rows:
            raise ValueError(_("rows: JSON lines have one row per line, no list to look for"))

    @property
    def is_lines(self) -> bool:
        """Whether each line is a document of its own."""
        if self.lines is not None:
            return self.lines
        return (urlsplit(self.url).path or self.path).lower().endswith(_LINE_SUFFIXES)


class _Problem(ValueError):
    """The reason why a row cannot be read."""


def _applied(search: Search, value: object, expression: str) -> object:
    from jmespath.exceptions import JMESPathError

    try:
        return search(value)
    except (JMESPathError, ArithmeticError, RecursionError) as error:
        raise _Problem(f"{expression}: {_reason(error)}") from None


def _evaluate(column: Column, row: object) -> object:
    if isinstance(column, str):
        return _applied(_search(column), row, column)
    return [
        _evaluate(part, row)
        if isinstance(part, str)
        else {name: _evaluate(expression, row) for name, expression in part.items()}
        for part in column
    ]


def _decoded(raw: bytes | Raw) -> object:
    try:
        row = decode_json(raw, object)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Problem(_("not JSON: {reason}").format(reason=error)) from None
    return row


def _cells(columns: Mapping[str, Column], row: object) -> dict[str, object]:
    if not isinstance(row, dict | list):
        raise _Problem(_("{value} is not an object").format(value=shown(row)))
    return {name: _evaluate(column, row) for name, column in columns.items()}


class JsonAdapter(TabularAdapter):
    """Reads JSON; the list of rows and the fields are JMESPath in the configuration."""

    kind = "json"
    config_type = config_type("json", JsonTable)
    accept = "application/json"

    def rows(self, table: JsonTable, document: Document) -> Iterator[Row]:
        """Return the rows, each with its line (JSON lines) or its number in the list."""
        columns = table.mapping
        found: Iterator[Row | None]
        if table.is_lines:
            found = (
                _row(columns, _("line {number}").format(number=number), line)
                for number, line in decoded_lines(document.data, LineDecoder(table.encoding))
            )
        else:
            data, _encoding = as_utf8(document.data, table.encoding)
            plain = _plain_path(table.rows)
            path, keeps = plain or ("", None)
            elements = _follow(table, path, data) if plain else _found(table, data)
            found = (
                _row(columns, _("item {number}").format(number=number), element, keeps)
                for number, element in enumerate(elements, start=1)
            )
        # Yielded, not returned: nothing above may run before the first row is asked for.
        yield from (row for row in found if row is not None)

    def remarks(self, table: JsonTable, document: Document) -> tuple[str, ...]:
        """Tell which expressions find nothing in the first rows: they may be misspelt."""
        rows = list(islice(self.rows(table, document), _LOOKED_AT))
        cells = [row.cells for row in rows if not row.problem]
        empty = [name for name in table.mapping if all(is_blank(each[name]) for each in cells)]
        if cells and empty:
            return (
                _("nothing found in the first rows for: {columns}").format(
                    columns=", ".join(empty)
                ),
            )
        return ()

    def notes(self, table: JsonTable, document: Document) -> tuple[str, ...]:
        """Tell the encoding."""
        configured = table.encoding != AUTO
        if table.is_lines:
            decoder = LineDecoder(table.encoding)
            for _number, _line in decoded_lines(document.data, decoder):
                pass
            seen = decoder.seen or {"utf-8"}
        else:
            seen = {as_utf8(document.data, table.encoding)[1]}
        return (encoding_words(seen, configured=configured),)


def _plain_path(expression: str) -> tuple[str, Search | None] | None:
    """Take apart names that lead to a list and a filter of its elements, if it is no more."""
    plain = _PLAIN_PATH.fullmatch(expression)
    if plain is None:
        return None
    if not plain["filter"]:
        return plain["path"], None
    import jmespath

    parsed = jmespath.compile(plain["filter"]).parsed
    around = [child["type"] for child in parsed["children"][:2]]
    if parsed["type"] != "filter_projection" or around != ["identity", "identity"]:
        return None
    return plain["path"], _search(plain["filter"])


def _row(
    columns: Mapping[str, Column], place: str, element: Any, keeps: Search | None = None
) -> Row | None:
    """Return a row; None if the filter `keeps` does not keep it."""
    sample = ""
    try:
        if isinstance(element, bytes | Raw):
            sample = bytes(element)[:_LOOKED_AT].decode(errors="replace")
            element = _decoded(element)
        else:
            sample = str(element)[:_LOOKED_AT]
        if keeps is not None and not _applied(keeps, [element], _("the filter in `rows`")):
            return None
        return Row(place=place, cells=_cells(columns, element), sample=sample)
    except _Problem as error:
        return Row(place=place, sample=sample, problem=str(error))


def _found(table: JsonTable, data: bytes) -> list[Any]:
    """Return the list that any expression finds in the decoded document."""
    document = _whole(table, data, Any)
    try:
        found = _applied(_search(table.rows), document, table.rows)
    except _Problem as error:
        raise _no_list(table, data, str(error)) from None
    if isinstance(found, dict) and _is_row(table, found):
        return [found]
    if not isinstance(found, list):
        raise _no_list(table, data, _type_name(found))
    return found


def _is_row(table: JsonTable, found: object) -> bool:
    """Whether an object that stands where a list is expected is the only row of it.

    PowerShell writes a list of one without its brackets.
    """
    try:
        cells = _cells(table.mapping, found)
    except _Problem:
        return False
    fields = fields_of(table.stream).values()
    wanted = [field.name for field in fields if field.required and field.name in cells]
    return not any(is_blank(cells[name]) for name in wanted or cells)


def _follow(table: JsonTable, path: str, data: bytes) -> list[Any]:
    """Return the list at a path of plain names, its elements undecoded."""
    here: bytes | Raw = data
    for name in filter(None, path.split(".")):
        step = _whole(table, here, dict[str, Raw] | None)
        if not step or name not in step:
            raise _no_list(table, data, _type_name(None))
        here = step[name]
    try:
        found: list[Any] = _whole(table, here, list[Raw])
    except BadAnswer:
        with suppress(msgspec.DecodeError, RecursionError):
            only = decode_json(here, dict[str, Any])
            if _is_row(table, only):
                return [only]
        raise
    return found


def _whole(table: JsonTable, data: bytes | Raw, type_: Any) -> Any:
    try:
        return decode_json(data, type_)
    except msgspec.ValidationError as error:
        raise _no_list(table, bytes(data), str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadAnswer(
            _("{file} is not JSON: {reason}").format(file=table.name, reason=error),
            hint=_("For one document per line, set `lines = true`."),
            excerpt=bytes(data[:400]) if isinstance(data, bytes) else b"",
        ) from None


def _no_list(table: JsonTable, data: bytes, found: str) -> BadAnswer:
    where = table.rows or "@"
    return BadAnswer(
        _("{file}: a list of rows is expected at {path}: {found}").format(
            file=table.name, path=where, found=found
        ),
        hint=_("Check `rows` (JMESPath); for one document per line, set `lines = true`."),
        excerpt=data[:400],
    )


def _type_name(found: object) -> str:
    if found is None:
        return _("nothing is there")
    return _("found {type}").format(type=type(found).__name__)
