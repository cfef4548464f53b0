"""Threads that compute beside an event loop: one at a time, and in short turns.

A thread that computes and the loop share one interpreter. Each gets it for a turn when
another wants it; a loop that answers a key needs a dozen of them, and waits each time for
every thread that computes. Two that compute are no sooner ready than one after the other.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock

# Five times as often as by itself. It costs computing some hundredths, twice as often a tenth.
TURN_SECONDS = 0.001

# So many rows take some hundredths of a second.
MANY = 500

_lock = RLock()


class _Garbage:
    """Whether it is looked for when nobody computes."""

    wanted = False


_garbage = _Garbage()


def take_short_turns() -> None:
    """For as long as the program runs: nobody waits for the interpreter much longer than a turn."""
    sys.setswitchinterval(TURN_SECONDS)


@contextmanager
def alone() -> Iterator[None]:
    """Compute when nobody else does; never from an event loop.

    Nothing that waits (for a disk, for another lock that is held by who computes) may be
    within. Garbage is not looked for meanwhile: the long lists that are being made would
    be gone through time and again, which lets no other thread take its turn.
    """
    with _lock:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_enabled or _garbage.wanted:
                gc.enable()


def collect_garbage() -> None:
    """From now on look for garbage, but in what is there already; not while one computes."""
    gc.freeze()
    _garbage.wanted = True
    if _lock.acquire(blocking=False):
        try:
            gc.enable()
        finally:
            _lock.release()


def known_for_good() -> None:
    """Call when a long tuple of facts has been made, for one after the other.

    Whoever looks for garbage goes through a new tuple once and learns that there is none
    in it. Through several at once it would take too long.
    """
    gc.collect(0)


def alone_with(rows: int) -> AbstractContextManager[None]:
    """The same where there are many rows; a few wait for nobody."""
    return alone() if rows >= MANY else nullcontext()
