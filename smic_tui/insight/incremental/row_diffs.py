"""Which rows of one snapshot are other objects than in the one before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import compress
from operator import is_, is_not

from msgspec import Struct

from smic_tui.model.snapshot import Snapshot
from smic_tui.records import Record, Stream
from smic_tui.system.turns import yielding

MOST = 0.1
# This few rows are always cheap, whatever part of all they are.
FEW = 100


class Diff(Struct, frozen=True, gc=False):
    """What is another object than before, what it was, and what is gone; by the key of
    its fact, for a source that relays others has rows under other keys.
    """

    new: dict[str, Record]
    was: dict[str, Record]
    gone: dict[str, Record]


def fact_key(record: Record) -> str:
    """The key of the fact that is made of a record."""
    return f"{record.source}/{record.key}"


class TooMuch(Exception):
    """A whole new pass is needed."""


def diffs_of(before: Snapshot, after: Snapshot) -> dict[Stream, Diff]:
    """What differs between two snapshots of the same sources, by stream.

    Raises `TooMuch` where that is a tenth of all rows, or two sources tell of the same thing.
    """
    found = {stream: Diff({}, {}, {}) for stream in Stream}
    total = 0
    for old, new in zip(before.sources, after.sources, strict=True):
        told = new.changed_since(old)
        for stream in old.rows.keys() | new.rows.keys():
            was, now = old.of(stream), new.of(stream)
            total += len(now)
            if was is now:
                continue
            diff = found[stream]
            changed, gone = _differing(was, now, None if told is None else told.get(stream, ()))
            for key in yielding(changed):
                record, past = now[key], was.get(key)
                fact = fact_key(record)
                if fact in diff.new or (past is not None and fact_key(past) != fact):
                    # Two sources tell of the same thing.
                    raise TooMuch
                diff.new[fact] = record
                if past is not None:
                    diff.was[fact] = past
            for key in gone:
                diff.gone[fact_key(was[key])] = was[key]
    for diff in found.values():
        if diff.gone.keys() & diff.new.keys():
            raise TooMuch
    count = sum(len(diff.new) + len(diff.gone) for diff in found.values())
    if count > FEW and count > MOST * total:
        raise TooMuch
    return found


def _differing(
    was: Mapping[str, Record], now: Mapping[str, Record], told: Collection[str] | None
) -> tuple[list[str], Collection[str]]:
    """The keys of records that are another object, and of those that are gone.

    `told` are the keys that may differ, None where that is not known: then all are compared,
    without a Python step for each.
    """
    if told is not None:
        changed = [key for key in told if key in now and now[key] is not was.get(key)]
        return changed, [key for key in told if key in was and key not in now]
    if len(was) == len(now) and all(map(is_, was, now)):
        return list(compress(now, map(is_not, now.values(), was.values()))), ()
    changed = list(compress(now, map(is_not, now.values(), map(was.get, now))))
    return changed, was.keys() - now.keys()
