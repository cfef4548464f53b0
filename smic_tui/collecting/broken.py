"""Stands in for an adapter that cannot be loaded, so that only its own source fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from msgspec import Struct

from smic_tui.contract.adapter import Adapter, Probe
from smic_tui.contract.batch import Batch
from smic_tui.records import Stream


class AdapterBroken(Exception):
    """There is no working adapter for a source. `hint` says what a person can do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class AnyOptions(Struct, frozen=True, kw_only=True):
    """Settings that nobody can check: the adapter that knows them is missing."""


class BrokenAdapter(Adapter[AnyOptions]):
    """Answers every call with `AdapterBroken`."""

    kind: ClassVar[str] = ""
    config_type: ClassVar[type[Struct]] = AnyOptions
    # Any one stream: without a stream nothing would be read, and the fault would not show.
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.SITES})
    message: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Raise `AdapterBroken`."""
        raise AdapterBroken(self.message, self.hint)
        yield Batch()

    async def probe(self) -> Probe:
        """Raise `AdapterBroken`."""
        raise AdapterBroken(self.message, self.hint)


def broken(kind: str, message: str, hint: str = "") -> type[Adapter[Any]]:
    """Return an adapter class for `kind` whose sources say `message` and nothing else."""
    return type("BrokenAdapter", (BrokenAdapter,), {"kind": kind, "message": message, "hint": hint})
