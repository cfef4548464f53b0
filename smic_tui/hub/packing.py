"""Packs changes into the bytes of an object, and back: columns, as JSON, packed by LZMA."""

from __future__ import annotations

import lzma
from typing import Any

import msgspec
from msgspec import Struct

from smic_tui.hub import columns
from smic_tui.hub.columns import Column
from smic_tui.hub.manifest import Malformed
from smic_tui.records import RECORD_TYPES, Record, Stream

# In bytes. All of France would publish 110 MB; a base of the sample syndicate has 1.5 MB and is
# packed to a sixth of it, columns of equal values to a hundredth, but these are small.
LARGEST_UNPACKED = 128 << 20
_SMALL = 4 << 20
_DENSEST = 40
# What a row, and a list within one, takes of the text at least, in bytes.
_LEAST = 8
_FEW = 1000
_PIECE = 1 << 20
_MEMORY = 128 << 20
_FILTER: dict[str, Any] = {
    "id": lzma.FILTER_LZMA1,
    "preset": 6 | lzma.PRESET_EXTREME,
    # For text: the byte before says more about the next one than its position does.
    "lc": 4,
    "lp": 0,
    "pb": 0,
}

# The rows of one stream of one source, which is named.
StreamRef = tuple[str, Stream]


class Changes(Struct, frozen=True):
    """What changed: new and changed rows by source, stream and key, and keys of rows that went."""

    rows: dict[StreamRef, dict[str, Record]] = {}
    gone: dict[StreamRef, set[str]] = {}

    def followed_by(self, later: Changes) -> Changes:
        """Return both as one change.

        A row that went and came again is told as new; one that came and went stays told as
        gone, because a client that joined in between may have it.
        """
        rows = {ref: dict(of_ref) for ref, of_ref in self.rows.items()}
        gone = {ref: set(keys) for ref, keys in self.gone.items()}
        for ref, keys in later.gone.items():
            gone.setdefault(ref, set()).update(keys)
            for key in keys & rows.get(ref, {}).keys():
                del rows[ref][key]
        for ref, of_ref in later.rows.items():
            rows.setdefault(ref, {}).update(of_ref)
            gone.get(ref, set()).difference_update(of_ref)
        return Changes(rows, gone)

    @property
    def nothing(self) -> bool:
        """Whether nothing changed."""
        return not any(self.rows.values()) and not any(self.gone.values())


class _Table(Struct, frozen=True, array_like=True):
    """The changes of one source and stream; `short` names fields whose texts have marks."""

    source: str
    stream: Stream
    columns: list[Column]
    short: list[str] = []
    gone: list[str] = []


class _RawTable(Struct, frozen=True, array_like=True):
    """The same with columns that are still to be decoded, one at a time."""

    source: str
    stream: Stream
    columns: list[msgspec.Raw]
    short: list[str] = []
    gone: list[str] = []


_TABLES = msgspec.json.Decoder(list[_RawTable])
_COLUMN = msgspec.json.Decoder(Column)


def pack(changes: Changes) -> bytes:
    """Return the bytes of an object: JSON in the lzma format.

    The same changes give the same bytes. That format has no checksum; the name of an
    object is the digest of its content.
    """
    tables = []
    for ref in sorted(changes.rows.keys() | changes.gone.keys()):
        source, stream = ref
        of_ref = changes.rows.get(ref, {})
        gone = sorted(changes.gone.get(ref, ()))
        if of_ref or gone:
            rows = [of_ref[key] for key in sorted(of_ref)]
            found, short = columns.encode(RECORD_TYPES[stream], rows)
            tables.append(_Table(source, stream, found, short, gone))
    return lzma.compress(msgspec.json.encode(tables), lzma.FORMAT_ALONE, filters=[_FILTER])


def unpack(data: bytes) -> Changes:
    """Return the changes that an object holds; raises `Malformed`. Call it in a thread.

    What it takes is bounded by the size of `data`: a small object cannot unpack to a large one.
    """
    try:
        text = _unpacked(data)
        most = len(text) // _LEAST + _FEW
        changes = Changes({}, {})
        for table in _TABLES.decode(text):
            ref = (table.source, table.stream)
            if ref in changes.rows or not table.source:
                raise Malformed(f"{table.stream} of {table.source!r} stands there twice")
            rows: dict[str, Record] = {}
            count = 0
            found = [_COLUMN.decode(column) for column in table.columns]
            for part in columns.decode(RECORD_TYPES[table.stream], found, table.short, most):
                rows.update((row.key, row) for row in part)
                count += len(part)
                if len(rows) != count or "" in rows:
                    raise Malformed(f"keys in {table.stream} are not unique")
            most -= count
            changes.rows[ref] = rows
            changes.gone[ref] = set(table.gone)
            if changes.gone[ref] & rows.keys():
                raise Malformed(f"rows in {table.stream} are there and gone")
    except (lzma.LZMAError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
    except (TypeError, LookupError, OverflowError, MemoryError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
    return changes


def _unpacked(data: bytes) -> bytes:
    """Return the text of an object, unpacked piece by piece up to what is allowed for its size."""
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY)
    largest = min(LARGEST_UNPACKED, _SMALL + _DENSEST * len(data))
    pieces = [unpacker.decompress(data, _PIECE)]
    size = len(pieces[0])
    while not unpacker.eof and not unpacker.needs_input and size <= largest:
        pieces.append(unpacker.decompress(b"", _PIECE))
        size += len(pieces[-1])
    if size > largest:
        raise Malformed(f"its {len(data)} bytes unpack to more than {largest}")
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("it ends in the middle, or goes on after its end")
    text = b"".join(pieces)
    if text.count(b"[") + text.count(b"{") > len(text) // _LEAST + _FEW:
        raise Malformed("it is more brackets than facts")
    return text
