"""The immutable snapshot of all sources that the collecting side hands to everyone else."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct

from smic_tui.contract.status import SourceStatus
from smic_tui.model.alert_store import NO_ALERTS, AlertStore
from smic_tui.records import Record, Stream

NO_ROWS: Mapping[str, Record] = MappingProxyType({})


class Step(Struct, frozen=True, gc=False):
    """The keys of rows that one change has put, replaced or taken out of the contents
    with the serial `before`.
    """

    before: int
    keys: Mapping[Stream, frozenset[str]]


class SourceContents(Struct, frozen=True, kw_only=True, eq=False):
    """A source's status and its rows by stream and key.

    `serial` tells these rows from others in this program, 0 where nobody gave one;
    `steps` are the last changes that led to them, the newest last. Contents that came
    about in another way are equal all the same.
    """

    status: SourceStatus
    rows: Mapping[Stream, Mapping[str, Record]] = MappingProxyType({})
    serial: int = 0
    steps: tuple[Step, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SourceContents):
            return NotImplemented
        return self.status == other.status and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]

    def changed_since(self, before: SourceContents) -> Mapping[Stream, Set[str]] | None:
        """The keys of rows that may be others than before; None where that is not known."""
        if not (self.serial and before.serial):
            return None
        if self.serial == before.serial:
            return {}
        found: dict[Stream, set[str]] = {}
        for step in reversed(self.steps):
            for stream, keys in step.keys.items():
                found.setdefault(stream, set()).update(keys)
            if step.before == before.serial:
                return found
        return None

    def of(self, stream: Stream) -> Mapping[str, Record]:
        """The rows of one stream, by key."""
        return self.rows.get(stream, NO_ROWS)


class Snapshot(Struct, frozen=True, kw_only=True):
    """All sources at one moment, in the order of the configuration.

    `writer` names who collects ("" when it is this program). `notices` are
    things the person must know about the cache: set aside, full, read-only.
    `is_partial` says that these are a few rows of each source, while the rest is read; `lists`,
    whether all lists begin as they will.
    """

    taken: datetime
    sources: tuple[SourceContents, ...] = ()
    alerts: AlertStore = NO_ALERTS
    writer: str = ""
    notices: tuple[str, ...] = ()
    is_partial: bool = False
    lists: bool = True
