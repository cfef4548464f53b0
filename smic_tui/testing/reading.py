"""Reads one stream of an adapter to its end, for tests."""

from __future__ import annotations

import typing
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from msgspec import Struct

from smic_tui.contract.adapter import Adapter
from smic_tui.contract.batch import Batch, Rejected, is_of_part
from smic_tui.records import Record, Stream


class Reading(Struct, frozen=True):
    """All that one `fetch` brought."""

    stream: Stream
    batches: list[Batch]

    @property
    def records(self) -> list[Any]:
        """The records, of the type of their stream, in the order in which they came."""
        return [record for batch in self.batches for record in batch.upserts]

    @property
    def rows(self) -> dict[str, Any]:
        """The records by key."""
        return {record.key: record for record in self.records}

    @property
    def deletes(self) -> set[str]:
        """The keys of the records that are gone."""
        return {key for batch in self.batches for key in batch.deletes}

    @property
    def rejected(self) -> list[Rejected]:
        """The rows that were set aside."""
        return [row for batch in self.batches for row in batch.rejected]

    @property
    def reasons(self) -> dict[str, str]:
        """Why rows were set aside, by the place of each."""
        return {row.where: row.reason for row in self.rejected}

    @property
    def full(self) -> bool:
        """Whether what it did not bring is gone."""
        return all(batch.full for batch in self.batches)

    @property
    def unseen(self) -> set[str]:
        """The parts of the source about which it says nothing."""
        return {part for batch in self.batches for part in batch.unseen}

    @property
    def cursor(self) -> str | None:
        """Where the next reading goes on; None if the adapter keeps no cursor."""
        cursors = [batch.cursor for batch in self.batches if batch.cursor is not None]
        return cursors[-1] if cursors else None

    def applied_to(self, rows: Mapping[str, Record]) -> dict[str, Any]:
        """Return the records that are known after this reading, as the cache works it out."""
        if self.full:
            stay = {key: row for key, row in rows.items() if is_of_part(key, self.unseen)}
            return stay | self.rows
        return {key: row for key, row in rows.items() if key not in self.deletes} | self.rows


async def read(adapter: Adapter[Any], stream: Stream, cursor: str | None = None) -> Reading:
    """Read a stream to its end: everything, or what changed since `cursor`.

    Raises what the adapter raises. `found.records` are the records, `found.cursor` is what the
    next reading starts from:

        found = await read(adapter, Stream.BACKUP_RUNS)
        again = await read(adapter, Stream.BACKUP_RUNS, found.cursor)
    """
    async with aclosing(batches_of(adapter, stream, cursor)) as batches:
        return Reading(stream, [batch async for batch in batches])


async def batches_of(
    adapter: Adapter[Any], stream: Stream, cursor: str | None
) -> AsyncGenerator[Batch, None]:
    """Yield the batches of a reading, and close what `fetch` opened when it is abandoned."""
    fetched = typing.cast("AsyncGenerator[Batch, None]", adapter.fetch(stream, cursor))
    try:
        async for batch in fetched:
            assert isinstance(batch, Batch), f"fetch gave {batch!r}, not a Batch"
            assert batch.cursor is None or isinstance(batch.cursor, str), "a cursor is text"
            yield batch
    finally:
        if hasattr(fetched, "aclose"):
            await fetched.aclose()
