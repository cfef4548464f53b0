"""Encodes and decodes the bytes of a TinyDB file: tables of documents by key.

A thread that encodes or decodes keeps all other threads waiting, because the JSON
library does not release the interpreter. Large tables are therefore done in parts of a
few milliseconds: their file is one object of JSON like any other, with line breaks
where a part ends.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from smic_tui.cache.generations import Unreadable
from smic_tui.cache.scrub import scrubbed
from smic_tui.cache.seal import unsealed
from smic_tui.system.turns import yield_turn, yielding


class Slice(msgspec.Struct, frozen=True, gc=False):
    """Some rows of a table within the bytes of a file.

    They are cut out only when they are decoded: a second copy of a large file would stay
    in the memory of the program for good.
    """

    data: bytes
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def cut(self) -> bytes:
        """Return a table of these rows alone."""
        return b"{" + self.data[self.start : self.end] + b"}"


Piece = Slice | msgspec.Raw
Tables = dict[str, dict[str, Any]]
T = TypeVar("T")

_ROWS_AT_ONCE = 1000
# A table of this size is decoded in about five milliseconds.
_BYTES_AT_ONCE = 1_000_000

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_RAW_TABLES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TABLE = re.compile(rb'"([a-z_]+)":\{')
_RAW_ROWS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode(data: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode bytes in one go; raises `Unreadable`."""
    try:
        return decoder.decode(data)
    except _NOT_JSON as error:
        raise Unreadable(str(error)) from None


def decode_tables(data: bytes) -> Tables:
    """Return the tables of any TinyDB file as plain dictionaries; raises `Unreadable`."""
    return decode(data, msgspec.json.Decoder(Tables))


def tables_of(data: bytes) -> Tables:
    """Return the tables of a file that anybody may have written; raises `Unreadable`."""
    return decode_tables(scrubbed(unsealed(data)))


def decode_rows(
    pieces: Iterable[Piece], table: msgspec.json.Decoder[dict[str, T]], row: msgspec.json.Decoder[T]
) -> dict[str, T]:
    """Return the rows of one table, decoded piece by piece; raises `Unreadable`."""
    found: dict[str, T] = {}
    for one in yielding(pieces):
        piece = whole(one)
        if len(memoryview(piece)) <= _BYTES_AT_ONCE:
            rows: dict[str, T] = decode(piece, table)
            found.update(rows)
            continue
        try:
            found.update((key, row.decode(raw)) for key, raw in _RAW_ROWS.decode(piece).items())
        except _NOT_JSON as error:
            raise Unreadable(str(error)) from None
    return found


def whole(piece: Piece) -> bytes | msgspec.Raw:
    """Return the piece as a table."""
    return piece.cut() if isinstance(piece, Slice) else piece


def pieces_of(data: bytes) -> dict[str, list[Piece]]:
    """Return the tables of a file, each as one or more pieces, which are tables too.

    Raises `Unreadable` for what is no object of JSON; the pieces are not checked.
    """
    found = _written_in_lines(data)
    if found is None:
        found = {name: [raw] for name, raw in decode(data, _RAW_TABLES).items()}
    return found


def _written_in_lines(data: bytes) -> dict[str, list[Piece]] | None:
    """Return the pieces of what `_in_lines` has written; None for anything else.

    Line breaks in texts are escaped, so that a line break always ends a line.
    """
    found: dict[str, list[Piece]] = {}
    lines = _lines(data)
    if not _is(data, next(lines), b"{"):
        return None
    for start, end in lines:
        opening = _TABLE.match(data, start, end)
        if opening is None:
            return None
        pieces = found[opening[1].decode()] = []
        if opening.end() < end:
            if data[end - 1 : end] != b"}":
                return None
            pieces.append(Slice(data, opening.end(), end - 1))
        else:
            for rows in lines:
                if _is(data, rows, b"}"):
                    break
                begins = rows[0]
                if bool(pieces) is not data.startswith(b",", begins):
                    return None
                pieces.append(Slice(data, begins + bool(pieces), rows[1]))
            else:
                return None
        after = next(lines, (0, 0))
        if _is(data, after, b"}"):
            return found if next(lines, None) is None else None
        if not _is(data, after, b","):
            return None
    return None


def _is(data: bytes, line: tuple[int, int], text: bytes) -> bool:
    return line[1] - line[0] == len(text) and data.startswith(text, line[0])


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each line begins and ends."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield start, end
        start = end + 1
    yield start, len(data)


def encode_tables(tables: Tables) -> bytes:
    """Return the bytes of a TinyDB file; `ValueError` for text that is not Unicode."""
    if any(len(table) > _ROWS_AT_ONCE for table in tables.values()):
        return b"\n".join(_in_lines(tables))
    encoded = (
        msgspec.json.encode(name) + b":" + encode_table(table) for name, table in tables.items()
    )
    return b"{" + b",".join(encoded) + b"}"


def _in_lines(tables: Tables) -> Iterator[bytes]:
    """Yield the lines of a file with large tables, each short enough to be decoded at once."""
    yield b"{"
    for number, (name, table) in enumerate(tables.items()):
        if number:
            yield b","
        opening = msgspec.json.encode(name) + b":"
        if len(table) <= _ROWS_AT_ONCE:
            yield opening + encode_table(table)
            continue
        yield opening + b"{"
        for at, part in enumerate(_parts(table)):
            yield (b"," if at else b"") + part
        yield b"}"
    yield b"}"


def encode_table(table: Mapping[str, Any]) -> bytes:
    """Return the bytes of one table."""
    return b"{" + b",".join(_parts(table)) + b"}"


def _parts(table: Mapping[str, Any]) -> Iterator[bytes]:
    rows = iter(table.items())
    while part := dict(itertools.islice(rows, _ROWS_AT_ONCE)):
        yield_turn()
        yield msgspec.json.encode(part)[1:-1]
