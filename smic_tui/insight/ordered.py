"""Sorts long lists, and keeps them sorted while a few of their facts change.

Comparing happens within one call of the interpreter, which lets no other thread take
its turn meanwhile; long lists are therefore worked on in parts, and the screen goes first
between them.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TypeVar

from smic_tui.system.turns import known_for_good, yield_turn, yielding

FactT = TypeVar("FactT")
Order = tuple[float | str, ...]

_SORTED_AT_ONCE = 2000
_LOOKED_AT_AT_ONCE = 5000
# The collector of garbage goes once through a list as long as this.
_LONG = 20_000
# Where more than this part has moved, sorting all is quicker than moving each.
_MANY = 1 / 16
# To move many, the keys of every 64th fact are made beforehand.
_GRID = 64


def in_order(facts: Iterable[FactT], order: Callable[[FactT], Order]) -> list[FactT]:
    """The facts sorted by `order`, which gives each another place."""
    todo = list(facts)
    if len(todo) <= _SORTED_AT_ONCE:
        todo.sort(key=order)
        return todo
    runs = []
    for start in range(0, len(todo), _SORTED_AT_ONCE):
        run = [(order(fact), fact) for fact in todo[start : start + _SORTED_AT_ONCE]]
        run.sort(key=itemgetter(0))
        runs.append(run)
        yield_turn()
    return [fact for _order, fact in yielding(heapq.merge(*runs, key=itemgetter(0)))]


def merged(
    old: tuple[FactT, ...],
    swaps: Iterable[tuple[FactT | None, FactT | None]],
    order: Callable[[FactT], Order],
    sort_fields: Callable[[FactT], object],
) -> tuple[FactT, ...]:
    """`old`, which is in order, after the swaps: of each, what it was and what it is now.

    What it was is the very object in `old`. Facts that stay are not looked into. `sort_fields`
    are the fields that `order` is made of: where they are equal, so is the place.
    """
    instead: dict[int, FactT | None] = {}
    moved: list[FactT] = []
    for was, now in yielding(swaps):
        if was is None:
            if now is not None:
                moved.append(now)
        elif now is not None and sort_fields(was) == sort_fields(now):
            instead[id(was)] = now
        else:
            instead[id(was)] = None
            if now is not None:
                moved.append(now)
    if not instead and not moved:
        return old
    facts: list[FactT] = []
    for start in range(0, len(old), _LOOKED_AT_AT_ONCE):
        part = old[start : start + _LOOKED_AT_AT_ONCE]
        # Facts are true: what falls out is None.
        facts += filter(None, map(instead.get, map(id, part), part))
        yield_turn()
    if len(moved) > 64 and len(moved) > _MANY * len(facts):
        facts = in_order([*facts, *moved], order)
    elif moved:
        facts = _put_in(facts, moved, order)
    found = tuple(facts)
    if len(found) > _LONG:
        del facts
        known_for_good()
    return found


def _put_in(
    facts: Sequence[FactT], new: list[FactT], order: Callable[[FactT], Order]
) -> list[FactT]:
    new.sort(key=order)
    many = len(new) > len(facts) / _GRID / 8
    grid = [order(fact) for fact in yielding(facts[::_GRID])] if many else []
    found: list[FactT] = []
    at = 0
    for fact in yielding(new):
        place = order(fact)
        low, high = at, len(facts)
        if grid:
            after = bisect_right(grid, place) * _GRID
            low, high = max(low, after - _GRID), min(after, high)
        until = bisect_right(facts, place, low, max(low, high), key=order)
        found += facts[at:until]
        found.append(fact)
        at = until
    found += facts[at:]
    return found
