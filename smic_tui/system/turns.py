"""Lets threads compute beside an event loop: one at a time, in short turns, screen first.

The event loop and all threads share one interpreter. While several want it, each gets it
for a turn. A loop that answers a key needs a dozen turns, and waits each time for every
thread that computes. Two threads that compute at once are not ready sooner than one after
the other.

Fair turns are not enough: with half of the interpreter, the answer to a key takes twice as
long. So a thread that computes calls `yield_turn` between two pieces of work, and stands
still while a person waits for the screen.
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

# A fifth of the interpreter's own turn. It slows computing down by a few hundredths; half of
# it would by a tenth.
TURN_SECONDS = 0.001

# From this many rows on, work on them takes some hundredths of a second.
MANY = 500

# Threads stand still for at most this long for one key: its answer may take longer, or the
# key may change nothing.
PATIENCE_SECONDS = 0.05

# The garbage collector looks at so many objects in some twenty milliseconds; of more it does so
# when they have grown by this.
_MANY_OBJECTS = 200_000
_GROWN = 1.25

T = TypeVar("T")

_lock = RLock()


class ScreenPriority:
    """Knows whether a person waits for the screen.

    The person waits once a key was read, or there is something new to show, until the
    frame that shows it was sent. Times are in seconds of `clock`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_waited_for = False
        self._clock = clock
        self._ends = 0.0
        self._is_drawn = False
        self._sent = threading.Event()
        # A thread that has stood still computes for as long before it stands still again.
        self._not_before = 0.0

    def begin(self) -> None:
        """Notes that a person waits from now on."""
        self._ends = self._clock() + PATIENCE_SECONDS
        self._is_drawn = False
        self._sent.clear()
        self.is_waited_for = True

    def drawn(self) -> None:
        """Notes that something was drawn, which the next frame will show."""
        self._is_drawn = True

    def sent(self) -> None:
        """Notes that a frame was sent, which ends the waiting.

        A frame that was drawn before the person began to wait is no answer and ends nothing.
        """
        if self._is_drawn:
            self.end()

    def end_unless_drawn(self) -> None:
        """Ends the waiting if nothing was drawn: the screen is up to date already."""
        if not self._is_drawn:
            self.end()

    def end(self) -> None:
        """Ends the waiting, and lets threads compute again."""
        self.is_waited_for = False
        self._sent.set()

    def let_pass(self) -> None:
        """Stands still while a person waits. Returns at once in the main thread, which draws."""
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
    """Lets the screen go first. To be called at least once a millisecond while computing."""
    if screen_priority.is_waited_for:
        screen_priority.let_pass()


def yielding(items: Iterable[T]) -> Iterator[T]:
    """Yields the items, and lets the screen go first before each."""
    for item in items:
        if screen_priority.is_waited_for:
            screen_priority.let_pass()
        yield item


def after_others() -> None:
    """Waits until no other thread computes, before work that is not urgent.

    Never call it within `exclusive`.
    """
    yield_turn()
    with _lock:
        pass


class _Garbage:
    """Whether the garbage collector is to run while no thread computes, and what it leaves out.

    `suspended` is true while it is off only because a thread computes. `kept` is how many
    objects it was told never to look at.
    """

    wanted = False
    suspended = False
    kept = 0


_garbage = _Garbage()


def take_short_turns() -> None:
    """Shortens the turns of all threads to `TURN_SECONDS`, for as long as the program runs."""
    sys.setswitchinterval(TURN_SECONDS)


@contextmanager
def exclusive() -> Iterator[None]:
    """Holds the lock of the one thread that may compute. Never use it in an event loop.

    The code within must not wait, neither for a disk nor for a lock that another computing
    thread may hold. The garbage collector is off meanwhile: it would go through the long
    lists in the making again and again, and no other thread gets a turn while it does.
    """
    with _lock:
        was_enabled = gc.isenabled()
        _garbage.suspended |= was_enabled
        gc.disable()
        try:
            yield
        finally:
            if was_enabled:
                _garbage.suspended = False
            if was_enabled or _garbage.wanted:
                gc.enable()


def collect_garbage() -> None:
    """Starts the garbage collector, which then runs while no thread computes.

    It never looks at the objects that exist already.
    """
    _leave_out()
    _garbage.wanted = True
    if _lock.acquire(blocking=False):
        try:
            gc.enable()
        finally:
            _lock.release()


def keep_out_of_sight() -> None:
    """Has the garbage collector never look at what exists now, once its garbage is gone.

    To be called by a thread after it has made very much. What it left out before may have
    become garbage since, which nobody would ever find: so it looks at all of it once more,
    unless that is too much to be done each time. A command ends before anybody looks.
    """
    if not (gc.isenabled() or _garbage.suspended or _garbage.wanted):
        return
    if gc.get_freeze_count() < _MANY_OBJECTS or gc.get_freeze_count() > _GROWN * _garbage.kept:
        gc.unfreeze()
        gc.collect()
    _leave_out()


def _leave_out() -> None:
    gc.freeze()
    _garbage.kept = gc.get_freeze_count()
    # Of nothing: it makes the collector count from here when it is to look at all that is new.
    gc.collect()


def known_for_good() -> None:
    """Shows a new long tuple of facts to the garbage collector. To be called for each tuple.

    The collector goes through the tuple once, finds nothing that could be garbage, and never
    looks at it again. Going through several at once would take too long.
    """
    gc.collect(0)


def exclusive_for(rows: int) -> AbstractContextManager[None]:
    """Returns `exclusive()` for many rows, and a context without effect for a few."""
    return exclusive() if rows >= MANY else nullcontext()
