"""Reads the streams of a source once, batch by batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from smic_tui.cache.layout import Cursor
from smic_tui.collecting.intake import Admitted, admit
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.batch import Batch, Rejected, is_of_part
from smic_tui.contract.view import FindsExits
from smic_tui.records import Record, Stream, is_open


class Point(Struct, frozen=True, kw_only=True):
    """Where a stream stands before it is read: its rows and its cursor."""

    rows: Mapping[str, Record]
    cursor: Cursor


class StreamReading:
    """Gathers what a stream has brought so far. The last word about a key counts."""

    def __init__(self) -> None:
        self.upserts: dict[str, Record] = {}
        self.deletes: set[str] = set()
        self.rejected: list[Rejected] = []
        self.cursor: Cursor | None = None
        self.was_full = False
        # Whether the source was asked which of the known records are gone.
        self.missed = False
        self._refused: set[str] = set()
        self._unseen: set[str] = set()
        self._batches = 0
        self._full_batches = 0
        self._last: str | None = None

    async def read(
        self, adapter: Adapter[Any], stream: Stream, point: Point, began: datetime, off: OffLoop
    ) -> None:
        """Read the stream from `point` on; raises whatever the adapter raises.

        `began` is when the reading of the source began (UTC).
        """
        async with _closing(adapter.fetch(stream, point.cursor.value)) as batches:
            async for batch in batches:
                if not isinstance(batch, Batch):
                    raise TypeError(f"fetch gave a {type(batch).__name__} instead of a Batch")
                admitted = await off.run(admit, adapter.context.source, stream, batch)
                self._take(batch, admitted)
        if self._full_batches < self._batches and isinstance(adapter, FindsExits):
            await self._miss(adapter, stream, point.rows, off)
        self._end(point.rows, point.cursor, began)

    async def _miss(
        self, adapter: FindsExits, stream: Stream, known: Mapping[str, Record], off: OffLoop
    ) -> None:
        """Ask which open records have left what the source reads since they came."""
        keys = await off.run(self._open_keys, known)
        gone = frozenset(await adapter.exits(stream, keys) if keys else ()).intersection(keys)
        self.missed = True
        self.deletes |= gone
        for key in gone:
            self.upserts.pop(key, None)

    def _open_keys(self, known: Mapping[str, Record]) -> frozenset[str]:
        keys = [key for key, row in self.upserts.items() if is_open(row)]
        keys += [
            key
            for key, row in known.items()
            if key not in self.upserts and key not in self.deletes and is_open(row)
        ]
        return frozenset(keys)

    def _take(self, batch: Batch, admitted: Admitted) -> None:
        self._batches += 1
        self._full_batches += batch.full
        for key in admitted.deletes:
            self.upserts.pop(key, None)
        self.deletes |= admitted.deletes
        self.deletes -= admitted.upserts.keys()
        self.upserts.update(admitted.upserts)
        self._refused |= admitted.refused
        self._unseen |= admitted.unseen
        self.rejected += admitted.rejected
        if batch.cursor is not None:
            self._last = batch.cursor

    def _end(self, known: Mapping[str, Record], before: Cursor, began: datetime) -> None:
        """Close the stream, which has ended without an error.

        Only now does a full reading delete what it did not bring, and only now is the
        cursor valid. `known` are the rows from before, `before` is the cursor that the
        stream was read with, `began` the moment when the reading began (UTC).
        """
        self.was_full = self._batches > 0 and self._full_batches == self._batches
        if self.was_full:
            gone = known.keys() - self.upserts.keys() - self._refused
            self.deletes |= {key for key in gone if not is_of_part(key, self._unseen)}
        value = self._last
        if value is None and not self.was_full:
            value = before.value
        saw_all = self.was_full and not self._unseen
        asked_for_all = before.value is None
        self.cursor = Cursor(
            value=value,
            full_at=began if saw_all or asked_for_all else before.full_at,
            config=before.config,
        )


class SourceReading(Struct, frozen=True):
    """What a reading of a source has brought, also when it failed midway.

    The streams grow on the event loop; a thread commits them when none grows any more.
    """

    began: datetime
    streams: dict[Stream, StreamReading] = {}

    def upserts(self) -> dict[Stream, dict[str, Record]]:
        """Return the new and changed rows."""
        return {stream: part.upserts for stream, part in self.streams.items() if part.upserts}

    def cursors(self) -> dict[Stream, Cursor]:
        """Return the cursors of the streams that ended."""
        return {
            stream: part.cursor for stream, part in self.streams.items() if part.cursor is not None
        }


def starting_cursor(stored: Cursor | None, config: str, full_every: float, now: datetime) -> Cursor:
    """Return the stored cursor, or an empty one when everything must be read.

    Everything must be read when nothing is stored, when it was read with other
    settings, when the last full reading is more than `full_every` seconds ago, or when
    it lies in the future.
    """
    if (
        stored is None
        or stored.config != config
        or stored.full_at is None
        or not stored.full_at <= now < stored.full_at + timedelta(seconds=full_every)
    ):
        return Cursor(config=config)
    return stored


@asynccontextmanager
async def _closing(batches: AsyncIterator[Batch]) -> AsyncIterator[AsyncIterator[Batch]]:
    """Close a generator at the end, also when it is left early."""
    try:
        yield batches
    finally:
        close = getattr(batches, "aclose", None)
        if close is not None:
            await close()
