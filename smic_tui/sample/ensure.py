"""Have a sample that is not old where the default configuration reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from smic_tui import __version__
from smic_tui.sample.folder import Marker, SampleError, is_playing, locked, read_marker

FRESH = timedelta(hours=12)
# Clocks that are set back a little do not make a sample wrong.
_AHEAD = timedelta(minutes=5)


def ensure(folder: Path, *, seed: int | None = None, now: datetime | None = None) -> bool:
    """Write the sample unless one that is less than twelve hours old is there.

    Returns whether it was written. Another program that does the same at the
    same time is waited for; a sample that is being played is left to its
    player; an older one that cannot be replaced is left as it is. Raises
    `SampleError`, which is an `OSError`, where there is no whole sample and none
    can be written.
    """
    if _is_fresh(read_marker(folder), datetime.now(UTC) if now is None else now):
        return False
    # Every start of the program comes by here; only the first one of a day writes.
    from smic_tui.sample.syndicate import compose
    from smic_tui.sample.writer import SEED, to_second, write_locked

    now = to_second(now)
    try:
        with locked(folder):
            found = read_marker(folder)
            if _is_fresh(found, now) or (found and is_playing(folder)):
                return False
            write_locked(folder, compose(SEED if seed is None else seed, now))
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
