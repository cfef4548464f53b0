"""Link profiles: how the program behaves on lines of different kinds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

LinkName = Literal["auto", "lan", "adsl", "33k"]


class LinkProfile(Struct, frozen=True):
    """The settings that depend on the line.

    `gather` is for how many seconds updates are collected before they are sent as one
    frame; `merge` takes its place while a hundred bytes or more are under way, when more
    frames a second are of no use. `smallest` and `largest` bound the bytes that may be
    under way, and `first` is how many may be before anything was measured. `late` is after
    how many seconds the ends of new lines follow an arrow key. `mouse` is whether the mouse
    is used, `colours` how many colours are sent at most.
    """

    name: str
    gather: float
    merge: float
    first: int
    smallest: int
    largest: int
    late: float
    mouse: bool = True
    colours: int = 1 << 24


LAN = LinkProfile(
    name="lan",
    gather=0.010,
    merge=0.010,
    first=1 << 16,
    smallest=1 << 14,
    largest=1 << 20,
    late=0.040,
)
ADSL = LinkProfile(
    name="adsl",
    gather=0.020,
    merge=0.020,
    first=4096,
    smallest=1024,
    largest=1 << 17,
    late=0.080,
)
SLOW = LinkProfile(
    name="33k",
    gather=0.030,
    merge=0.100,
    first=1024,
    smallest=256,
    largest=4096,
    late=0.500,
    mouse=False,
    colours=16,
)
# In use until the first answer. `first` is enough for a whole screen, which a slow line takes
# in a few seconds.
AUTO = LinkProfile(
    name="auto",
    gather=0.010,
    merge=0.010,
    first=8192,
    smallest=1024,
    largest=1 << 17,
    late=0.080,
)

PROFILES = {profile.name: profile for profile in (AUTO, LAN, ADSL, SLOW)}

# The limits between the kinds of lines: round trips in seconds, a rate in bytes per second.
_NEAR, _FAR = 0.030, 0.250
NARROW = 8000


def profile_for(round_trip: float, rate: float | None) -> LinkProfile:
    """Returns the profile for a measured line.

    `round_trip` is in seconds, `rate` in bytes per second, None if unknown.
    """
    if rate is not None and rate < NARROW:
        return SLOW
    if round_trip < _NEAR:
        return LAN
    return SLOW if round_trip > _FAR and rate is None else ADSL
