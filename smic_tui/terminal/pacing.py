"""Pacing: the answers to fences tell how many bytes may be under way to the terminal.

The bytes sent and not yet answered must not exceed a window, so that few of them wait in
the buffers on the way. Bytes in a buffer cannot be taken back, while a frame that was not
sent yet is simply replaced by a newer one. The window is as large as what the line holds:
its rate times its shortest round trip, as in TCP's BBR.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from smic_tui.terminal.profile import AUTO, NARROW, SLOW, LinkProfile, profile_for

# Seconds after the first fence: a terminal that has not answered by then never will.
_MUTE_AFTER = 5.0
# Only these many bytes of a large first screen are sent before the first answer, or before
# these seconds are over: the rest is useless if a key changes the screen meanwhile.
_FIRST_SCREEN, _FIRST_SECONDS = 4200, 1.0
# Seconds without an answer from a terminal that answered before: the line is interrupted,
# or an answer was lost.
_STALLED_AFTER = 20.0
_MEMORY = 300.0
_GAIN, _GAIN_AT_FIRST = 1.25, 2.0
_SPARE = 256
# With this many bytes, a round trip longer than the shortest by these seconds was spent in
# a queue.
_CLEAR_DELAY, _CLEAR_SIZE = 0.15, 256
_FAST_UNFENCED = 4096
_FAST_EVERY = 30.0
# With this many bytes under way or more, frames are made less often.
_BUSY = 128
_LEAST_PORTION = 128
# If this many bytes had to wait, the time that they took tells that a line is slow. A rate
# that was reached proves a fast line in any case: one of twice the limit is surely not slow.
_TELLING = 1024
_SURELY_FAST = 2 * NARROW


class _Fence(Struct, frozen=True):
    sent_at: float
    total: int
    arrived_before: int
    limited: bool


class _Sample(Struct, frozen=True):
    took: float
    rate: float


class Pacer:
    """Counts the bytes sent and the bytes that arrived, and says how many more may be sent.

    Times are of a monotonic clock, in seconds.
    """

    def __init__(self, profile: LinkProfile) -> None:
        self._chosen = profile
        self.profile = profile
        self.sent = 0
        self._arrived = 0
        self._fences: deque[_Fence] = deque()
        self._first_fence_at: float | None = None
        self._before_first_fence = 0
        self._last_event_at = 0.0
        self._fenced = 0
        self._last_fence_at = 0.0
        self._ever_answered = False
        self.is_mute = False
        self._patience = _STALLED_AFTER
        self._limited = False
        self._round_trips: deque[tuple[float, float]] = deque()
        self._rates: deque[float] = deque(maxlen=10)
        self._gain = _GAIN_AT_FIRST
        self._without_growth = 0
        self._window = profile.first
        self._is_slow = profile is SLOW
        # What took long while no shorter round trip was known: a far line, or a queue.
        self._doubtful: _Sample | None = None
        self._is_doubt_new = False

    # -- what was measured

    @property
    def is_waiting(self) -> bool:
        """Whether an answer may still come."""
        return bool(self._fences)

    @property
    def round_trip(self) -> float | None:
        """The shortest round trip of the last minutes, in seconds."""
        return self._round_trips[0][1] if self._round_trips else None

    @property
    def rate(self) -> float | None:
        """Bytes per second that the line carries; None if it was never filled."""
        return max(self._rates) if self._rates else None

    @property
    def is_measured(self) -> bool:
        """Whether the line has been filled, so that its rate is known and not only a bound."""
        return self._gain == _GAIN

    @property
    def window(self) -> int:
        """How many bytes may be under way."""
        return self._window

    @property
    def is_slow(self) -> bool:
        """Whether every byte counts, because the profile says so or because it was measured.

        A measurement holds until another says the opposite: what screens look like depends
        on it, and must not flap.
        """
        return self._is_slow

    @property
    def gather(self) -> float:
        """How many seconds to collect updates now before they are sent as one frame."""
        busy = not self.is_mute and self.sent - self._arrived >= _BUSY
        return self.profile.merge if busy else self.profile.gather

    @property
    def room(self) -> int:
        """How many bytes could be sent now beside those under way. An estimate for callers."""
        return 1 << 20 if self.is_mute else self._window - (self.sent - self._arrived)

    @property
    def portion(self) -> int:
        """How many bytes to send at most before the next fence.

        With one fence for a whole window, a slow line would be idle for a round trip.
        """
        is_slow = self.profile is SLOW and not self.is_mute
        return max(_LEAST_PORTION, self._window // 3) if is_slow else 1 << 20

    @property
    def is_fast(self) -> bool:
        """Whether the terminal is so near that a fence after every key is needless."""
        return self._ever_answered and self.profile.name == "lan"

    # -- sending

    def allowance(self, now: float) -> int:
        """Returns how many bytes may be sent now; at 0 or less, ask again at `wake_at`."""
        if self.is_mute:
            return 1 << 20
        if self._fences and now >= self._give_up_at():
            if self._ever_answered:
                self._fences.clear()
                self._arrived = self.sent
                self._patience *= 3
                self._last_event_at = now
            else:
                self._fences.clear()
                self.is_mute = True
                return 1 << 20
        left = self._window - (self.sent - self._arrived)
        first_until = self._first_screen_until()
        if first_until is not None and now < first_until:
            left = min(left, _FIRST_SCREEN - (self.sent - self._before_first_fence))
        return left

    def wake_at(self, now: float) -> float:
        """Returns when a held frame may be sent even without an answer."""
        first_until = self._first_screen_until()
        if first_until is not None and now < first_until:
            return first_until
        return self._give_up_at()

    def _first_screen_until(self) -> float | None:
        """Returns until when only part of the first screen is sent; None for no such limit."""
        if self._chosen is not AUTO or self._ever_answered or self._first_fence_at is None:
            return None
        return self._first_fence_at + _FIRST_SECONDS

    def _give_up_at(self) -> float:
        if not self._ever_answered and self._first_fence_at is not None:
            return self._first_fence_at + _MUTE_AFTER
        wait = max(self._patience, 10 * (self.round_trip or 0.0))
        return self._last_event_at + wait

    def held(self) -> None:
        """Notes that a frame had to wait, so that the window is what limits the rate."""
        self._limited = True

    def fence_is_due(self, size: int, now: float) -> bool:
        """Whether the next `size` bytes must be followed by a fence."""
        if self.is_mute or size <= 0:
            return False
        unfenced = self.sent - self._fenced + size
        if self.is_fast:
            return unfenced >= _FAST_UNFENCED or now - self._last_fence_at > _FAST_EVERY
        if not self._fences or not self._ever_answered:
            return True
        if unfenced >= max(64, self._window // 3):
            return True
        left = self._window - (self.sent + size - self._arrived)
        return left < self._window // 4

    @property
    def is_blind(self) -> bool:
        """Whether bytes are under way that no fence follows, so that no answer covers them."""
        return not self.is_mute and self.sent > self._fenced

    def sending(self, size: int, fenced: bool, now: float) -> None:
        """Notes that `size` bytes are sent, ending with a fence if `fenced`."""
        if not self._fences:
            self._last_event_at = now
        self.sent += size
        if fenced:
            self._fences.append(_Fence(now, self.sent, self._arrived, self._limited))
            self._fenced = self.sent
            self._last_fence_at = now
            self._limited = False
            if self._first_fence_at is None:
                self._first_fence_at = now
                self._before_first_fence = self.sent

    # -- answers

    def answered(self, now: float) -> None:
        """Notes an answer from the terminal; answers come in the order of the fences."""
        self._ever_answered = True
        self.is_mute = False
        self._patience = _STALLED_AFTER
        self._last_event_at = now
        if not self._fences:
            return
        fence = self._fences.popleft()
        self._arrived = max(self._arrived, fence.total)
        self._measure(fence, max(now - fence.sent_at, 1e-4), now)
        self._adjust()

    def _measure(self, fence: _Fence, took: float, now: float) -> None:
        while self._round_trips and (
            self._round_trips[0][0] < now - _MEMORY or self._round_trips[0][1] >= took
        ):
            # The deque is sorted: its first is the shortest round trip still remembered.
            self._round_trips.popleft()
        while self._round_trips and self._round_trips[-1][1] >= took:
            self._round_trips.pop()
        self._round_trips.append((now, took))
        carried = fence.total - fence.arrived_before
        sample = carried / took
        known = self.rate
        shortest = self.round_trip
        assert shortest is not None
        # A line that was not filled tells only that it carries at least that much.
        delayed = took > shortest + _CLEAR_DELAY and carried >= _CLEAR_SIZE
        filled = fence.limited or delayed
        if self._chosen is AUTO:
            telling = self.is_measured or (delayed and carried >= _TELLING)
            if sample >= _SURELY_FAST or (telling and sample < NARROW):
                self._is_slow = sample < NARROW
                self._doubtful = None
            elif carried >= _TELLING and not telling and took > _CLEAR_DELAY:
                self._doubtful = _Sample(took, sample)
                self._is_doubt_new = True
            self._resolve_doubt(shortest)
        if not filled and (known is None or sample <= known):
            return
        if known is None and not filled:
            return
        if filled:
            grown = known is None or sample > 1.25 * known
            self._without_growth = 0 if grown else self._without_growth + 1
            if self._without_growth >= 3:
                self._gain = _GAIN
        self._rates.append(sample)

    def _resolve_doubt(self, shortest: float) -> None:
        """Judge what took long before, now that a shorter round trip is known."""
        doubt = self._doubtful
        if doubt is not None and doubt.took > shortest + _CLEAR_DELAY:
            self._doubtful = None
            self._is_slow = self._is_slow or doubt.rate < NARROW

    def wants_probe(self) -> bool:
        """Whether a fence by itself, once, would tell a far line from a slow one."""
        wanted = self._is_doubt_new and self._doubtful is not None and not self._fences
        self._is_doubt_new = False
        return wanted

    def _adjust(self) -> None:
        round_trip, rate = self.round_trip, self.rate
        assert round_trip is not None
        if self._chosen is AUTO:
            # While the window still grows, the rate is only what the window let through.
            self.profile = profile_for(round_trip, rate if self.is_measured else None)
        profile = self.profile
        size = profile.first if rate is None else int(self._gain * rate * round_trip) + _SPARE
        self._window = max(profile.smallest, min(size, self._chosen.largest))

    def restart(self) -> None:
        """Forgets what is under way: another program had the terminal and may have the answers."""
        self._fences.clear()
        self._arrived = self._fenced = self.sent
        self._first_fence_at = None
        if self.is_mute:
            self.is_mute = False
            self._ever_answered = False
        if not self._ever_answered:
            self._window = self.profile.first

    @property
    def reply_patience(self) -> float:
        """How many seconds to wait for answers under way before leaving the terminal."""
        if self.is_mute or not self._fences:
            return 0.0
        return min(2.0, max(0.3, 4 * (self.round_trip or 0.1)))
