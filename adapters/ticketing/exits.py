"""Finds which known tickets have left what a source reads, by counting. Public.

A count costs a few hundred bytes however many tickets there are. Where the server counts as many
open tickets as are known, none has left; otherwise the half is looked for that has one less.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

# So many numbers fit into one question, whatever stands before the server.
AT_ONCE = 100

AsMany = Callable[[int, int, int], Awaitable[bool]]
Present = Callable[[Sequence[int]], Awaitable[Collection[int]]]


async def exits_of(keys: Collection[str], as_many: AsMany, present: Present) -> set[str]:
    """Return the keys of the tickets that are gone.

    `as_many` tells whether the source shows so many open tickets from one number to another, both
    included: first, last, how many. `present` tells which of at most `AT_ONCE` numbers it shows,
    open or not.
    """
    import asyncio

    numbers = await asyncio.to_thread(_numbers, keys)
    gone: set[str] = set()
    parts = [numbers] if numbers else []
    while parts:
        part = parts.pop()
        if await as_many(part[0], part[-1], len(part)):
            continue
        if len(part) <= AT_ONCE:
            there = await present(part)
            gone.update(str(number) for number in part if number not in there)
        else:
            middle = len(part) // 2
            parts += [part[:middle], part[middle:]]
    return gone


def _numbers(keys: Collection[str]) -> list[int]:
    return sorted(int(key) for key in keys if key.isascii() and key.isdecimal())
