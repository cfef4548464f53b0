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

from adapters.glpi.api import Found

# So few numbers are asked for at once rather than counted on.
FEW = 25

Count = Callable[[int, int], Awaitable[int]]
Ask = Callable[[int, int], Awaitable[list[Found]]]


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


async def differences(known: Iterable[int], count: Count, ask: Ask) -> tuple[set[int], list[Found]]:
    """Return the known numbers that are there no more, and those found that were not known.

    `count` and `ask` tell of the tickets from one number to another, both included.
    """
    gone: set[int] = set()
    came: list[Found] = []
    numbers = sorted(known)
    # Nothing is known of what lies before, between and after the known: each part reaches
    # from behind the part before to its own last number, the last part far beyond.
    parts = [(0, numbers, 2**31 - 1)]
    while parts:
        first, some, last = parts.pop()
        if len(some) <= FEW:
            found = {each.id: each for each in await ask(first, last)}
            gone |= set(some) - found.keys()
            came += [found[number] for number in found.keys() - set(some)]
        elif await count(first, last) != len(some):
            middle = len(some) // 2
            parts.append((first, some[:middle], some[middle] - 1))
            parts.append((some[middle], some[middle:], last))
    return gone, came
