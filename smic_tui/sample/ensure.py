"""Have a sample that is not old where the default configuration reads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from smic_tui import __version__
from smic_tui.sample.folder import Marker, SampleError, is_playing, locked, read_marker
from smic_tui.sample.writer import SEED, to_second, write_locked

FRESH = timedelta(hours=12)
# Clocks that are set back a little do not make a sample wrong.
_AHEAD = timedelta(minutes=5)


def ensure(folder: Path, *, seed: int = SEED, now: datetime | None = None) -> bool:
    """Write the sample unless one that is less than twelve hours old is there.

    Returns whether it was written. Another program that does the same at the
    same time is waited for; a sample that is being played is left to its
    player; an older one that cannot be replaced is left as it is. Raises
    `SampleError`, which is an `OSError`, where there is no whole sample and none
    can be written.
    """
    from smic_tui.sample.syndicate import compose

    now = to_second(now)
    if _is_fresh(read_marker(folder), now):
        return False
    try:
        with locked(folder):
            found = read_marker(folder)
            if _is_fresh(found, now) or (found and is_playing(folder)):
                return False
            write_locked(folder, compose(seed, now))
    except SampleError:
        if read_marker(folder) is None:
            raise
        return False
    return True


def _is_fresh(marker: Marker | None, now: datetime) -> bool:
    return (
        marker is not None
        and marker.version == __version__
        and -_AHEAD <= now - marker.anchored < FRESH
    )
