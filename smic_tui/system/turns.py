"""Threads that compute beside an event loop: one at a time, in short turns, and giving way.

A thread that computes and the loop share one interpreter. Each gets it for a turn when
another wants it; a loop that answers a key needs a dozen of them, and waits each time for
every thread that computes. Two that compute are no sooner ready than one after the other.

Turns are fair, and that is not enough: half of the interpreter makes the answer to a key
take twice as long. So who computes says between one piece of work and the next that others
may go first (`give_way`), and stands still while somebody waits for the screen.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import TypeVar

# Five times as often as by itself. It costs computing some hundredths, twice as often a tenth.
TURN_SECONDS = 0.001

# So many rows take some hundredths of a second.
MANY = 500

# A key whose answer takes longer than this, or that nothing comes of, is waited for no more.
PATIENCE_SECONDS = 0.05

T = TypeVar("T")

_lock = RLock()


class Front:
    """Whether somebody waits for the screen: a key has been read, or there is something new
    to show, and the frame that shows it has not been sent. Times in seconds of `clock`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_waited_for = False
        self._clock = clock
        self._ends = 0.0
        self._is_drawn = False
        self._sent = threading.Event()
        # Who has stood still for a while computes as long before it does so again.
        self._not_before = 0.0

    def begin(self) -> None:
        """Somebody waits from now on."""
        self._ends = self._clock() + PATIENCE_SECONDS
        self._is_drawn = False
        self._sent.clear()
        self.is_waited_for = True

    def drawn(self) -> None:
        """Something was drawn: the next frame shows it."""
        self._is_drawn = True

    def sent(self) -> None:
        """A frame has gone. One that was drawn before somebody began to wait is no answer."""
        if self._is_drawn:
            self.end()

    def end_unless_drawn(self) -> None:
        """The screen is up to date: if nothing was drawn, there is nothing to wait for."""
        if not self._is_drawn:
            self.end()

    def end(self) -> None:
        """Nobody waits any more."""
        self.is_waited_for = False
        self._sent.set()

    def let_pass(self) -> None:
        """Stand still while somebody waits; not in the main thread, which does the drawing."""
        now = self._clock()
        if now < self._not_before or threading.current_thread() is threading.main_thread():
            return
        if now < self._ends:
            self._sent.wait(self._ends - now)
        after = self._clock()
        self._not_before = after + (after - now)
        if after >= self._ends:
            self.end()


front = Front()


def give_way() -> None:
    """Between two pieces of work that take a millisecond at most: let the screen go first."""
    if front.is_waited_for:
        front.let_pass()


def giving_way(items: Iterable[T]) -> Iterator[T]:
    """The items; between them the screen goes first."""
    for item in items:
        if front.is_waited_for:
            front.let_pass()
        yield item


def after_others() -> None:
    """Wait until nobody computes, for work that nobody waits for; never within `alone`."""
    give_way()
    with _lock:
        pass


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
