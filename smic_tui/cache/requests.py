"""Carries requests to read a source now, as small files, to the program that collects."""

from __future__ import annotations

import contextlib
from pathlib import Path

from smic_tui.cache.cache_folder import REQUESTS, CacheFolder
from smic_tui.cache.layout import file_stem
from smic_tui.system import atomic_file

# No source has a longer name.
_LONGEST = 1000
# No file of a source has this name: its stem has no capitals.
_ALL = "ALL"


class RefreshRequests:
    """Holds one file per source that is to be read; asking twice is asking once."""

    def __init__(self, folder: CacheFolder) -> None:
        self._requests: Path = folder.path / REQUESTS
        self._folder = folder

    def ask(self, source: str | None) -> None:
        """Ask for one source, or for all; raises `OSError` when that cannot be written."""
        self._folder.prepare()
        target = self._requests / (_ALL if source is None else file_stem(source))
        atomic_file.replace(
            target,
            (source or "").encode("utf-8", "surrogatepass"),
            mode=self._folder.file_mode,
            group=self._folder.group,
            sync=False,
            steps=self._folder.ops,
        )

    def take(self) -> set[str | None]:
        """Return and remove what was asked since the last time; None stands for all sources.

        Only the program that collects calls this. A folder that cannot be read asks for
        nothing.
        """
        found: set[str | None] = set()
        try:
            names = self._folder.ops.names(self._requests)
        except OSError:
            return found
        for name in names:
            if name.startswith("."):
                continue
            path = self._requests / name
            with contextlib.suppress(OSError, UnicodeDecodeError):
                data = self._folder.ops.read(path)[0][:_LONGEST]
                found.add(None if name == _ALL else data.decode("utf-8", "surrogatepass"))
            with contextlib.suppress(OSError):
                self._folder.ops.unlink(path)
        return found
