"""The batches of a reading, which an adapter yields."""

from __future__ import annotations

from collections.abc import Set

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
    without an error. `unseen` names the parts of the source about which a full reading
    says nothing, because they could not be read or were not asked: their records stay.
    A record is of a part whose name is its key, or the beginning of its key before a `/`.
    `cursor` of the last batch that has one is given to the
    next `fetch`; it is opaque to everyone else.

    `origin` is for adapters that relay other sources (`RelaysSources`): the name
    of the one that this batch is from. Keys are then unique within their origin.
    """

    upserts: tuple[Record, ...] = ()
    deletes: tuple[str, ...] = ()
    cursor: str | None = None
    full: bool = False
    unseen: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    origin: str = ""


def is_of_part(key: str, parts: Set[str]) -> bool:
    """Whether the record with this key is of one of the parts, as `Batch` says."""
    if not parts:
        return False
    if key in parts:
        return True
    end = key.find("/")
    while end >= 0:
        if key[:end] in parts:
            return True
        end = key.find("/", end + 1)
    return False
