"""The batches of a reading, which an adapter yields."""

from __future__ import annotations

from msgspec import Struct

from smic_tui.records import Record


class Rejected(Struct, frozen=True, kw_only=True):
    """A row that could not become a record: set aside and counted, never dropped.

    `where` is a place that a person can go to (file and line, number of a ticket), `reason`
    says what was expected and what came, `sample` is the beginning of the row.
    """

    where: str
    reason: str
    sample: str = ""


class Batch(Struct, frozen=True, kw_only=True):
    """A part of a reading.

    A reading is the sequence of batches of one `fetch`. If its batches are
    `full`, then records that it did not bring are gone once it has ended
    without an error. `cursor` of the last batch that has one is given to the
    next `fetch`; it is opaque to everyone else.

    `origin` is for adapters that relay other sources (`RelaysSources`): the name
    of the one that this batch is from. Keys are then unique within their origin.
    """

    upserts: tuple[Record, ...] = ()
    deletes: tuple[str, ...] = ()
    cursor: str | None = None
    full: bool = False
    rejected: tuple[Rejected, ...] = ()
    origin: str = ""
