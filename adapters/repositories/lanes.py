"""Does the same work for many parts of a source, a few at once, within one deadline.

A part that does not answer keeps its lane for a while only, and goes on beside: those behind it
get their turn. What has not ended at the deadline is given up, and the rest is kept.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

# The least time for which a part keeps its lane, in seconds.
_LEAST = 2.0
# How many silent parts may go on beside the lanes: each is a process.
_BESIDE = 16


class Silent(Exception):
    """A part did not end in time. `began` is whether it had its turn at all."""

    def __init__(self, began: bool) -> None:
        super().__init__(began)
        self.began = began


async def each_in_time(
    parts: Sequence[str],
    work: Callable[[str], Awaitable[T]],
    *,
    lanes: int,
    within: float,
) -> dict[str, T | Silent]:
    """Return what `work` gives for each part, or that the part was silent for `within` seconds.

    Parts begin in their order. Raises what `work` raises, after it has ended all others.
    """
    if not parts:
        return {}
    loop = asyncio.get_running_loop()
    free = asyncio.Semaphore(lanes)
    patience = max(_LEAST, within / (2 * math.ceil(len(parts) / lanes)))
    beside: set[str] = set()
    began: set[str] = set()

    async def one(part: str) -> T:
        await free.acquire()
        began.add(part)
        holds = True

        def step_aside() -> None:
            nonlocal holds
            if len(beside) < _BESIDE:
                beside.add(part)
                holds = False
                free.release()

        timer = loop.call_later(patience, step_aside)
        try:
            return await work(part)
        finally:
            timer.cancel()
            beside.discard(part)
            if holds:
                free.release()

    tasks = {part: asyncio.ensure_future(one(part)) for part in parts}
    try:
        done, _late = await asyncio.wait(
            tasks.values(), timeout=within, return_when=asyncio.FIRST_EXCEPTION
        )
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
    return {
        part: task.result() if task in done else Silent(part in began)
        for part, task in tasks.items()
    }
