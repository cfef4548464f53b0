"""Keeps the present screen in a file, for `first_paint` to show at the next start."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from smic_tui.system import private_file as own_file
from smic_tui.terminal import first_paint
from smic_tui.terminal.driver import LeanDriver
from smic_tui.terminal.picture import LARGEST, Picture, written

# How many screens of one person are kept: one for each size, terminal and configuration.
_MOST = 20
_EVERY_SECONDS = 30.0


class KeptScreen:
    """Keeps the screen of a program that was called with `arguments`.

    `rests_on` are the files that the screen depends on: if one changes, the kept screen is
    not shown.
    """

    def __init__(self, arguments: list[str], rests_on: Sequence[Path]) -> None:
        self._arguments = arguments
        self._stamps = [_stamp(path) for path in rests_on]
        self._next: tuple[str, Picture] | None = None
        self._written_at = -_EVERY_SECONDS
        self._writing = Lock()

    def note(self, driver: LeanDriver) -> bool:
        """Remembers the present screen; returns whether it is time to call `write`."""
        picture = driver.picture(self._stamps)
        if picture is None:
            return False
        identity = first_paint.identity_of(self._arguments, picture.width, picture.height)
        self._next = identity, picture
        return time.monotonic() >= self._written_at + _EVERY_SECONDS

    def write(self) -> None:
        """Writes the screen noted last where the next start looks for it.

        Blocks for the disk. After a failure the next start only shows nothing early.
        """
        with self._writing:
            noted, self._next = self._next, None
            if noted is None:
                return
            self._written_at = time.monotonic()
            identity, picture = noted
            data = written(picture, identity).encode()
            place = Path(first_paint.file_of(identity))
            if len(data) <= LARGEST and own_file.write(place, data):
                with suppress(OSError):
                    _forget_oldest(place.parent)


def _stamp(path: Path) -> str:
    # Taken about when the program reads the file: if the file changes while the program
    # runs, the kept screen does not fit it any more.
    with suppress(OSError):
        return first_paint.stamp_of(str(path))
    return f"{path}\tunreadable"


def _forget_oldest(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_MOST:]:
        path.unlink()
