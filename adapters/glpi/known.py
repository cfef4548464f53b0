"""Finds tickets that left a source without a trace, by counting.

A ticket that is purged, binned, merged, moved to another type, category or entity is in no
answer to the question for changes. So the cursor keeps the numbers of the tickets that GLPI
counted last, and each reading asks how many there are now: as long as there are as many, none has
left. Otherwise halves of the numbers are counted until the few are found among which one is
missing, or one is new.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import accumulate

# So few numbers are asked for at once rather than counted on.
FEW = 16
# GLPI's numbers have 32 bits.
_LAST = 2**31 - 1

Count = Callable[[int, int], Awaitable[int]]
Numbers = Callable[[int, int], Awaitable[set[int]]]


def packed(numbers: Iterable[int]) -> list[int]:
    """Return numbers as distances, which are short: the first from 0."""
    last, distances = 0, []
    for number in sorted(numbers):
        distances.append(number - last)
        last = number
    return distances


def unpacked(distances: Iterable[int]) -> set[int]:
    """Return the numbers that `packed` made distances of."""
    return set(accumulate(distances))


async def differences(
    known: Iterable[int], count: Count, numbers: Numbers
) -> tuple[set[int], set[int]]:
    """Return the known numbers that are there no more, and those that are there and not known.

    `count` and `numbers` tell of the tickets from one number to another, both included.
    """
    gone: set[int] = set()
    came: set[int] = set()
    # Tickets that are not known may lie before, between and after the known: each part reaches
    # to the first of the next, the last one as far as numbers go.
    parts = [(0, sorted(known), _LAST)]
    while parts:
        first, some, last = parts.pop()
        if len(some) <= FEW:
            present = await numbers(first, last)
            gone |= set(some) - present
            came |= present - set(some)
        elif await count(first, last) != len(some):
            middle = len(some) // 2
            parts.append((first, some[:middle], some[middle] - 1))
            parts.append((some[middle], some[middle:], last))
    return gone, came
