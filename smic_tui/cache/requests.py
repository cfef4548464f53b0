"""How a reader asks the writer to read a source now: small files in a folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

from smic_tui.cache.layout import file_stem
from smic_tui.cache.place import REQUESTS, Place
from smic_tui.system import atomic_file

# Longer names than this are no names of sources.
_LONGEST = 1000
# No source's file is called so: its stem has no capitals.
_ALL = "ALL"


class RefreshRequests:
    """One file per source that somebody wants to be read; asking twice is asking once."""

    def __init__(self, place: Place) -> None:
        self._folder: Path = place.folder / REQUESTS
        self._place = place

    def ask(self, source: str | None) -> None:
        """Ask for one source, or for all; raises `OSError` when that cannot be written."""
        self._place.prepare()
        target = self._folder / (_ALL if source is None else file_stem(source))
        atomic_file.replace(
            target,
            (source or "").encode("utf-8", "surrogatepass"),
            mode=self._place.file_mode,
            group=self._place.group,
            sync=False,
            steps=self._place.ops,
        )

    def take(self) -> set[str | None]:
        """What was asked since the last time; None stands for all sources.

        Only for the writer. A folder that cannot be read asks for nothing.
        """
        found: set[str | None] = set()
        try:
            names = self._place.ops.names(self._folder)
        except OSError:
            return found
        for name in names:
            if name.startswith("."):
                continue
            path = self._folder / name
            with contextlib.suppress(OSError, UnicodeDecodeError):
                data = self._place.ops.read(path)[0][:_LONGEST]
                found.add(None if name == _ALL else data.decode("utf-8", "surrogatepass"))
            with contextlib.suppress(OSError):
                self._place.ops.unlink(path)
        return found
