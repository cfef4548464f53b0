"""Adapters made from settings as a configuration file has them, and what they read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import msgspec

from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.secret import Secret
from smic_tui.records import Stream


class Outcome(msgspec.Struct):
    """All that one reading brought."""

    batches: list[Batch]

    @property
    def rows(self) -> dict[str, Any]:
        return {record.key: record for record in self.records}

    @property
    def records(self) -> list[Any]:
        return [record for batch in self.batches for record in batch.upserts]

    @property
    def rejected(self) -> list[Rejected]:
        return [rejected for batch in self.batches for rejected in batch.rejected]

    @property
    def reasons(self) -> dict[str, str]:
        return {rejected.where: rejected.reason for rejected in self.rejected}

    @property
    def deletes(self) -> set[str]:
        return {key for batch in self.batches for key in batch.deletes}

    @property
    def full(self) -> bool:
        return all(batch.full for batch in self.batches)

    @property
    def cursor(self) -> str | None:
        return self.batches[-1].cursor


def no_secret(secret: Secret) -> str:
    raise AssertionError(f"nobody should ask for {secret}")


def context(
    folder: Path,
    secret: Callable[[Secret], str] = no_secret,
    timezone: str = "Europe/Paris",
) -> Context:
    return Context(source="test", folder=folder, timezone=timezone, secret=secret)


def adapter(cls: type[Adapter[Any]], settings: dict[str, Any], at: Context) -> Any:
    """An adapter with settings as they stand in a configuration file."""
    return cls(msgspec.convert(settings, cls.config_type), at)


async def read(source: Adapter[Any], stream: Stream, cursor: str | None = None) -> Outcome:
    async with aclosing(cast(Any, source.fetch(stream, cursor))) as batches:
        return Outcome([batch async for batch in batches])
