"""Does every operation on files of the cache, one method each.

The crash tests replace `FileOps`: they stop after each single operation and lose what
a real disk may lose. Nothing else in the package touches contents or names of files.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from smic_tui.system import atomic_file
from smic_tui.system.file_steps import FileSteps


class Signature(NamedTuple):
    """Tells one content of a file from another without reading it.

    The cache only ever replaces whole files, so that another content is another inode.
    """

    inode: int
    mtime_ns: int
    size: int


# Differs from the signature of every content, and from that of a missing file (None).
UNSEEN = Signature(-1, -1, -1)


# In bytes: several times what the cache of all of France takes.
LARGEST = 2 << 30


class FileOps(FileSteps):
    """Asks the system. Every method raises `OSError` as the system does."""

    def read(self, path: Path) -> tuple[bytes, Signature]:
        """Return the content, and the signature of exactly that content."""
        data, status = atomic_file.read(path, LARGEST)
        return data, Signature(status.st_ino, status.st_mtime_ns, status.st_size)

    def signature(self, path: Path) -> Signature | None:
        """Return the signature of what stands under this name; None if nothing does."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return Signature(status.st_ino, status.st_mtime_ns, status.st_size)

    def exists(self, path: Path) -> bool:
        """Whether something has this name."""
        return self.signature(path) is not None

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder."""
        return [path.name for path in folder.iterdir()]
