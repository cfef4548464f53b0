"""Does every operation on files of the cache, one method each.

The crash tests replace `FileOps`: they stop after each single operation and lose what
a real disk may lose. Nothing else in the package touches contents or names of files.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NamedTuple

# Some file systems cannot sync a folder and say so; they have nothing to sync.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})


class Signature(NamedTuple):
    """Tells one content of a file from another without reading it.

    The cache only ever replaces whole files, so that another content is another inode.
    """

    inode: int
    mtime_ns: int
    size: int


# Differs from the signature of every content, and from that of a missing file (None).
UNSEEN = Signature(-1, -1, -1)


class FileOps:
    """Asks the system. Every method raises `OSError` as the system does."""

    def read(self, path: Path) -> tuple[bytes, Signature]:
        """The content, and the signature of exactly that content."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            return file.read(), Signature(status.st_ino, status.st_mtime_ns, status.st_size)

    def signature(self, path: Path) -> Signature | None:
        """The signature of what stands under this name; None if nothing does."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return Signature(status.st_ino, status.st_mtime_ns, status.st_size)

    def names(self, folder: Path) -> list[str]:
        """The names in a folder."""
        return [path.name for path in folder.iterdir()]

    def create(self, path: Path, mode: int, group: int | None) -> int:
        """Open a new file for writing; it must not exist. Returns the descriptor.

        `mode` holds whatever the umask; `group` is given where it is not the
        one that the folder gives by itself.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            os.fchmod(descriptor, mode)
            if group is not None and os.fstat(descriptor).st_gid != group:
                os.fchown(descriptor, -1, group)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        """Wait until the content is on the disk."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close the file."""
        os.close(descriptor)

    def link(self, path: Path, other: Path) -> None:
        """Give the file a second name, which must be free."""
        os.link(path, other)

    def rename(self, path: Path, other: Path) -> None:
        """Give the file another name, in one step, whatever had that name."""
        path.rename(other)

    def unlink(self, path: Path) -> None:
        """Take the name away; nothing happens if there is none."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the names in the folder are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(descriptor)
