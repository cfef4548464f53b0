"""Makes sure that a fresh sample stands where the default configuration reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from smic_tui import __version__
from smic_tui.sample.folder import Marker, SampleError, is_playing, locked, read_marker

FRESH = timedelta(hours=12)
# A sample from the near future stays good: the clock was set back a little.
_AHEAD = timedelta(minutes=5)


def ensure(folder: Path, *, seed: int | None = None, now: datetime | None = None) -> bool:
    """Writes the sample unless the folder holds one that is less than twelve hours old.

    Returns whether it wrote one. It waits for another program that writes the same folder,
    leaves a sample alone while a player changes it, and keeps an older one that cannot be
    replaced. Raises `SampleError`, which is an `OSError`, if the folder holds no whole
    sample and none can be written. `now` must be timezone-aware; the present if absent.
    """
    if _is_fresh(read_marker(folder), datetime.now(UTC) if now is None else now):
        return False
    # Imported here, because every start of the program calls this and few of them write.
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
