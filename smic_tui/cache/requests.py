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
# Before the name of a source of which somebody has agreed that it shows less. `take` passes
# over names that begin with a dot.
_AGREED = ".agreed-"


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

    def agree(self, source: str) -> None:
        """Note that a person agrees with a source that shows less than before.

        Raises `OSError` when that cannot be written.
        """
        self._folder.prepare()
        atomic_file.replace(
            self._agreement(source),
            source.encode("utf-8", "surrogatepass"),
            mode=self._folder.file_mode,
            group=self._folder.group,
            sync=False,
            steps=self._folder.ops,
        )

    def has_agreed(self, source: str) -> bool:
        """Whether a person has agreed, and the source was not read whole since."""
        return self._agreement(source).is_file()

    def forget_agreement(self, source: str) -> None:
        """Remove the note: the source was read as agreed."""
        with contextlib.suppress(OSError):
            self._folder.ops.unlink(self._agreement(source))

    def _agreement(self, source: str) -> Path:
        return self._requests / (_AGREED + file_stem(source))
