"""Reading a network source in tests."""

from __future__ import annotations

from typing import Any

import pytest

from smic_tui.contract.adapter import Adapter
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import SourceError


class Reading:
    """Everything that one fetch brought; `rows` by key."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches
        self.full = all(batch.full for batch in batches)
        self.cursor = [batch.cursor for batch in batches if batch.cursor][-1]
        self.rejected: list[Rejected] = [row for batch in batches for row in batch.rejected]
        self.deletes = [key for batch in batches for key in batch.deletes]
        self.rows: dict[str, Any] = {
            record.key: record for batch in batches for record in batch.upserts
        }


async def read(adapter: Adapter[Any], cursor: str | None = None) -> Reading:
    """Read the one stream that the source offers."""
    (stream,) = adapter.offered()
    return Reading([batch async for batch in adapter.fetch(stream, cursor)])


async def failure(adapter: Adapter[Any], kind: type[SourceError]) -> Any:
    """Return how a full reading fails, having made sure of which of the three ways."""
    with pytest.raises(SourceError) as raised:
        await read(adapter)
    assert type(raised.value) is kind, raised.value
    return raised.value
