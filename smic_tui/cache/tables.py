"""The bytes of a TinyDB file: tables of documents by key.

A thread that encodes or decodes keeps all others of the program waiting,
because the JSON library does not let go of the interpreter. Large tables are
therefore done in parts that take no more than a few milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from smic_tui.cache.generations import Unreadable

Tables = dict[str, dict[str, Any]]
T = TypeVar("T")

_ROWS_AT_ONCE = 1000
# A table of so many bytes is decoded in about five milliseconds.
_BYTES_AT_ONCE = 1_000_000

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_RAW_ROWS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode(data: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode bytes in one go; raises `Unreadable`."""
    try:
        return decoder.decode(data)
    except _NOT_JSON as error:
        raise Unreadable(str(error)) from None


def decode_tables(data: bytes) -> Tables:
    """The tables of any TinyDB file as plain dictionaries; raises `Unreadable`."""
    return decode(data, msgspec.json.Decoder(Tables))


def decode_rows(
    data: msgspec.Raw, table: msgspec.json.Decoder[dict[str, T]], row: msgspec.json.Decoder[T]
) -> dict[str, T]:
    """The rows of one table, at once or one by one; raises `Unreadable`."""
    if len(memoryview(data)) <= _BYTES_AT_ONCE:
        return decode(data, table)
    try:
        return {key: row.decode(raw) for key, raw in _RAW_ROWS.decode(data).items()}
    except _NOT_JSON as error:
        raise Unreadable(str(error)) from None


def encode_tables(tables: Tables) -> bytes:
    """The bytes of a TinyDB file; `ValueError` for text that is not Unicode."""
    encoded = (
        msgspec.json.encode(name) + b":" + encode_table(table) for name, table in tables.items()
    )
    return b"{" + b",".join(encoded) + b"}"


def encode_table(table: Mapping[str, Any]) -> bytes:
    """The bytes of one table."""
    rows = iter(table.items())
    parts = iter(lambda: dict(itertools.islice(rows, _ROWS_AT_ONCE)), {})
    return b"{" + b",".join(msgspec.json.encode(part)[1:-1] for part in parts) + b"}"
