"""Keeps threads that compute from delaying the screen: one computes at a time, in short turns,
and stands still while a person waits for the screen.

A thread that computes and the event loop share one interpreter, in turns. A loop that
answers a key needs a dozen of them, and waits each time for every thread that computes. Two
threads that compute are no sooner ready together than one after the other (`exclusive`).

Turns are fair, and that is not enough: half of the interpreter makes the answer to a key
take twice as long. So a thread that computes calls `yield_turn` between one piece of work
and the next, or goes through its items by `yielding`.
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

# This many rows take some hundredths of a second.
MANY = 500

# A thread stands still no longer than this for a key: its answer takes longer, or there is none.
PATIENCE_SECONDS = 0.05

T = TypeVar("T")

_lock = RLock()


class ScreenPriority:
    """Knows whether a person waits for the screen: a key has been read, or there is something
    new to show, and the frame that shows it has not been sent. Times in seconds of `clock`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_waited_for = False
        self._clock = clock
        self._ends = 0.0
        self._is_drawn = False
        self._sent = threading.Event()
        # A thread that has stood still for a while computes as long before it does so again.
        self._not_before = 0.0

    def begin(self) -> None:
        """A person waits from now on."""
        self._ends = self._clock() + PATIENCE_SECONDS
        self._is_drawn = False
        self._sent.clear()
        self.is_waited_for = True

    def drawn(self) -> None:
        """Something was drawn: the next frame shows it."""
        self._is_drawn = True

    def sent(self) -> None:
        """A frame has gone. It is no answer if it was drawn before the person began to wait."""
        if self._is_drawn:
            self.end()

    def end_unless_drawn(self) -> None:
        """The screen is up to date: if nothing was drawn, there is nothing to wait for."""
        if not self._is_drawn:
            self.end()

    def end(self) -> None:
        """The person waits no more."""
        self.is_waited_for = False
        self._sent.set()

    def let_pass(self) -> None:
        """Stand still while a person waits; not in the main thread, which does the drawing."""
        now = self._clock()
        if now < self._not_before or threading.current_thread() is threading.main_thread():
            return
        if now < self._ends:
            self._sent.wait(self._ends - now)
        after = self._clock()
        self._not_before = after + (after - now)
        if after >= self._ends:
            self.end()


screen_priority = ScreenPriority()


def yield_turn() -> None:
    """Let the screen go first; call it between pieces of work of a millisecond at most."""
    if screen_priority.is_waited_for:
        screen_priority.let_pass()


def yielding(items: Iterable[T]) -> Iterator[T]:
    """Hand on the items, and let the screen go first between them."""
    for item in items:
        if screen_priority.is_waited_for:
            screen_priority.let_pass()
        yield item


def after_others() -> None:
    """Wait until no thread computes, before work that is not urgent; never within `exclusive`."""
    yield_turn()
    with _lock:
        pass


class _Garbage:
    """Whether garbage is looked for while no thread computes."""

    wanted = False


_garbage = _Garbage()


def take_short_turns() -> None:
    """Make turns short, for as long as the program runs."""
    sys.setswitchinterval(TURN_SECONDS)


@contextmanager
def exclusive() -> Iterator[None]:
    """Compute while no other thread does; never from an event loop.

    Do nothing within that waits, for a disk or for a lock that another thread holds while it
    computes. Garbage is not looked for meanwhile: the collector would go through the long
    lists that are being made time and again, and lets no other thread take its turn.
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
    """Look for garbage from now on, but not in what is there already."""
    gc.freeze()
    _garbage.wanted = True
    if _lock.acquire(blocking=False):
        try:
            gc.enable()
        finally:
            _lock.release()


def known_for_good() -> None:
    """Call when a long tuple of facts has been made, for one after the other.

    The collector of garbage goes through a new tuple once and learns that there is none in
    it. Through several at once it would take too long.
    """
    gc.collect(0)


def exclusive_for(rows: int) -> AbstractContextManager[None]:
    """`exclusive` for many rows; a few wait for no other thread."""
    return exclusive() if rows >= MANY else nullcontext()
