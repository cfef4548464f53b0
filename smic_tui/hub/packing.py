"""Rows and deletions as the bytes of an object, by columns, and back.

Columns of one kind of value compress to half of what whole rows do. Times are
seconds, or microseconds where there are fractions, each counted from the row
above; those of a row after its first, from that one.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from smic_tui.hub.manifest import Malformed
from smic_tui.records import RECORD_TYPES, Record, Stream

LARGEST_UNPACKED = 512 << 20
_MEMORY = 128 << 20
# So many rows take a few milliseconds: a thread that decodes holds all others.
_AT_ONCE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND, _MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)

Place = tuple[str, Stream]


class Changes(Struct, frozen=True):
    """What changed: rows by the source that they come from, stream and key; keys that went."""

    rows: dict[Place, dict[str, Record]] = {}
    gone: dict[Place, set[str]] = {}

    def followed_by(self, later: Changes) -> Changes:
        """Both as one. What went stays told: who joined in between may still have it."""
        rows = {place: dict(of_place) for place, of_place in self.rows.items()}
        gone = {place: set(keys) for place, keys in self.gone.items()}
        for place, keys in later.gone.items():
            gone.setdefault(place, set()).update(keys)
            for key in keys & rows.get(place, {}).keys():
                del rows[place][key]
        for place, of_place in later.rows.items():
            rows.setdefault(place, {}).update(of_place)
            gone.get(place, set()).difference_update(of_place)
        return Changes(rows, gone)

    def without(self, keys: Mapping[Place, Set[str]]) -> Changes:
        """These changes but for those of some keys."""
        return Changes(
            {
                place: {key: row for key, row in rows.items() if key not in keys.get(place, ())}
                for place, rows in self.rows.items()
            },
            {place: gone - keys.get(place, set()) for place, gone in self.gone.items()},
        )

    @property
    def nothing(self) -> bool:
        """Whether there is no change at all."""
        return not any(self.rows.values()) and not any(self.gone.values())


class _Table(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The changes of one source and stream."""

    source: str
    stream: Stream
    count: int
    columns: dict[str, list[Any]] = {}
    times: dict[str, list[Any]] = {}
    gone: list[str] = []
    short: list[str] = []


_TABLES = msgspec.json.Decoder(list[_Table])


def pack(changes: Changes) -> bytes:
    """The bytes of an object: JSON in the xz format. The same changes give the same bytes."""
    tables = []
    for place in sorted(changes.rows.keys() | changes.gone.keys()):
        source, stream = place
        of_place = changes.rows.get(place, {})
        rows = [of_place[key] for key in sorted(of_place)]
        gone = sorted(changes.gone.get(place, ()))
        if rows or gone:
            columns, times = _columns(RECORD_TYPES[stream], rows)
            short = [name for name in _HOLDS if _shorten(name, rows, columns)]
            tables.append(
                _Table(
                    source=source,
                    stream=stream,
                    count=len(rows),
                    columns=columns,
                    times=times,
                    gone=gone,
                    short=short,
                )
            )
    return lzma.compress(
        msgspec.json.encode(tables),
        check=lzma.CHECK_CRC32,
        # For text: the byte before tells more of the next one than its position does.
        filters=[
            {"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}
        ],
    )


def unpack(data: bytes) -> Changes:
    """What an object says; raises `Malformed`. Blocks: for threads."""
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        text = unpacker.decompress(data, LARGEST_UNPACKED)
        if not unpacker.eof or unpacker.unused_data:
            raise Malformed("it ends in the middle, is too large, or goes on after its end")
        changes = Changes({}, {})
        for table in _TABLES.decode(text):
            place = (table.source, table.stream)
            if place in changes.rows or not table.source:
                raise Malformed(f"{table.stream} of {table.source!r} stands there twice")
            rows: dict[str, Record] = {}
            for part in _rows(table):
                rows.update((row.key, row) for row in part)
            if len(rows) != table.count or "" in rows:
                raise Malformed(f"keys in {table.stream} are not unique")
            changes.rows[place] = rows
            changes.gone[place] = set(table.gone)
            if changes.gone[place] & rows.keys():
                raise Malformed(f"rows in {table.stream} are there and gone")
    except (lzma.LZMAError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
    except (TypeError, LookupError, OverflowError, MemoryError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
    return changes


def _columns(
    type_: type[Record], rows: list[Record]
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    columns: dict[str, list[Any]] = {}
    times: dict[str, list[Any]] = {}
    first: list[Any] = []
    for field in msgspec.structs.fields(type_):
        values = [getattr(row, field.name) for row in rows]
        if field.name == "source" or all(value == field.default for value in values):
            continue
        if any(isinstance(value, datetime) for value in values):
            times[field.name] = _encode_times(values, first)
            first = first or values
        else:
            columns[field.name] = msgspec.to_builtins(values)
    return columns, times


def _encode_times(values: list[Any], first: list[Any]) -> list[Any]:
    whole = not any(value.microsecond for value in (*values, *first) if value is not None)
    unit = _SECOND if whole else _MICROSECOND
    above = _EPOCH
    encoded: list[Any] = [1 if whole else 1_000_000]
    for number, value in enumerate(values):
        if value is None:
            encoded.append(None)
            continue
        start = first[number] if first and first[number] is not None else above
        encoded.append((value - start) // unit)
        above = value
    return encoded


# Keys and addresses are often made of other fields; those are then not told twice.
_HOLDS: dict[str, tuple[tuple[str, str], ...]] = {
    "key": (("job", "\x01"), ("started", "\x02"), ("host", "\x04"), ("service", "\x05")),
    "url": (("key", "\x03"),),
    "subject": (("software", "\x06"),),
}


def _shorten(name: str, rows: list[Record], columns: dict[str, list[Any]]) -> bool:
    """Put marks for the fields that a column's texts contain, if all can be undone."""
    shortened = []
    for row in rows:
        text = value = getattr(row, name, "")
        parts = {field: getattr(row, field, "") for field, _mark in _HOLDS[name]}
        for field, mark in _HOLDS[name]:
            part = _text(parts[field])
            if part:
                text = text.replace(part, mark, 1)
        if _lengthened(name, text, parts) != value:
            return False
        shortened.append(text)
    if name not in columns or shortened == columns[name]:
        return False
    columns[name] = shortened
    return True


def _lengthened(name: str, text: str, parts: Mapping[str, Any]) -> str:
    for field, mark in reversed(_HOLDS[name]):
        if mark in text:
            text = text.replace(mark, _text(parts[field]), 1)
    return text


def _text(value: Any) -> str:
    return f"{value:%Y%m%dT%H%M%SZ}" if isinstance(value, datetime) else str(value)


def _decode_times(table: _Table, name: str, first: list[Any]) -> list[Any]:
    encoded = table.times[name]
    if len(encoded) != table.count + 1 or encoded[0] not in (1, 1_000_000):
        raise Malformed(f"the column {name} has another length")
    unit = _SECOND if encoded[0] == 1 else _MICROSECOND
    above = _EPOCH
    values: list[Any] = []
    for number, value in enumerate(encoded[1:]):
        if value is None:
            values.append(None)
            continue
        if type(value) is not int:
            raise Malformed(f"the column {name} holds no times")
        start = first[number] if first and first[number] is not None else above
        above = start + value * unit
        values.append(above)
    return values


def _rows(table: _Table) -> Iterator[list[Record]]:
    type_ = RECORD_TYPES[table.stream]
    names = {field.name for field in msgspec.structs.fields(type_)} - {"source"}
    columns: Mapping[str, list[Any]] = dict(table.columns)
    first: list[Any] = []
    for name in table.times:
        values = _decode_times(table, name, first)
        first = first or values
        columns = {**columns, name: values}
    for name, values in columns.items():
        # A field that this version does not know is left: an older one could not show it.
        if len(values) != table.count:
            raise Malformed(f"the column {name} has another length")
    for name in table.short:
        if name not in _HOLDS or name not in columns:
            raise Malformed(f"the column {name} cannot be shortened")
        held = {field: columns[field] for field, _mark in _HOLDS[name] if field in columns}
        columns = {
            **columns,
            name: [
                _lengthened(name, str(text), {field: held[field][at] for field in held})
                for at, text in enumerate(columns[name])
            ],
        }
    known = {name: values for name, values in columns.items() if name in names}
    decoder = list[type_]  # type: ignore[valid-type]
    if table.count and not known:
        raise Malformed(f"{table.count} rows without a column")
    for start in range(0, table.count, _AT_ONCE):
        part = {name: values[start : start + _AT_ONCE] for name, values in known.items()}
        dicts = [dict(zip(part, row, strict=True)) for row in zip(*part.values(), strict=True)]
        yield msgspec.convert(dicts, decoder)
