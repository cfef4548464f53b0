"""Puts a thin layer of changes over rows: a commit copies what changed, not everything.

Copying a dictionary of hundreds of thousands of rows takes a tenth of a second, during
which no other thread of the program gets its turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TypeVar

from smic_tui.records import Record
from smic_tui.system.turns import yield_turn

# With fewer rows a copy is as cheap.
SMALL = 5000
# A layer of more than this part of the rows below is worked into them.
THICK = 1 / 12
_COPIED_AT_ONCE = 5000

DefaultT = TypeVar("DefaultT")


class Layered(Mapping[str, Record]):
    """The rows `below`, except those that `over` replaces or adds and those that are `gone`.

    Immutable, and nobody changes what it is made of. The rows come in the order of
    `below`, new ones at the end.
    """

    __slots__ = ("_below", "_gone", "_len", "_over")

    def __init__(
        self, below: Mapping[str, Record], over: dict[str, Record], gone: frozenset[str]
    ) -> None:
        self._below = below
        self._over = over
        self._gone = gone
        self._len = len(below) - len(gone) + sum(key not in below for key in over)

    def __getitem__(self, key: str) -> Record:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str, default: DefaultT | None = None) -> Record | DefaultT | None:  # type: ignore[override]
        """The row of a key."""
        found = self._over.get(key)
        if found is None and key not in self._gone:
            found = self._below.get(key)
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return key in self._over or (key in self._below and key not in self._gone)

    def __len__(self) -> int:
        return self._len

    def __iter__(self) -> Iterator[str]:
        below, gone = self._below, self._gone
        yield from (key for key in below if key not in gone) if gone else below
        yield from (key for key in self._over if key not in below)

    def pairs(self) -> Iterator[tuple[str, Record]]:
        """Keys and rows."""
        below, gone, over = self._below, self._gone, self._over
        get = over.get
        for key, row in below.items():
            if key not in gone:
                yield key, get(key) or row
        for key, row in over.items():
            if key not in below:
                yield key, row

    def items(self) -> ItemsView[str, Record]:
        return _Items(self)

    def values(self) -> ValuesView[Record]:
        return _Values(self)

    def keys(self) -> KeysView[str]:
        return KeysView(self)

    def changed(self, put: Mapping[str, Record], out: Collection[str]) -> Mapping[str, Record]:
        """Return these rows after `out` was taken out and `put` put in."""
        over = {**self._over}
        for key in out:
            over.pop(key, None)
        over.update(put)
        below = self._below
        gone = self._gone.union(key for key in out if key in below).difference(put)
        if len(over) + len(gone) > THICK * len(below):
            return copied(Layered(below, over, gone))
        return Layered(below, over, gone)


class _Items(ItemsView[str, Record]):
    _mapping: Layered

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        return self._mapping.pairs()


class _Values(ValuesView[Record]):
    _mapping: Layered

    def __iter__(self) -> Iterator[Record]:
        return (row for _key, row in self._mapping.pairs())


def copied(rows: Mapping[str, Record]) -> dict[str, Record]:
    """Return a dictionary of these rows, made in parts so that other threads get their turn."""
    if len(rows) <= _COPIED_AT_ONCE:
        return dict(rows.items())
    found: dict[str, Record] = {}
    pairs = iter(rows.items())
    while part := list(itertools.islice(pairs, _COPIED_AT_ONCE)):
        found.update(part)
        yield_turn()
    return found


def changed(
    rows: Mapping[str, Record], put: Mapping[str, Record], out: Collection[str]
) -> Mapping[str, Record]:
    """Return `rows` after `out` was taken out and `put` put in; `rows` itself stays."""
    if isinstance(rows, Layered):
        return rows.changed(put, out)
    if len(rows) > SMALL:
        return Layered(rows, {}, frozenset()).changed(put, out)
    found = dict(rows)
    for key in out:
        found.pop(key, None)
    found.update(put)
    return found
