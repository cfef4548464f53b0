"""The single steps in which files are replaced, one method each.

Tests put other steps in their place: some that fail, some that stop in the middle and
lose what a real disk may lose.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

# Some file systems cannot sync a folder and say so; they have nothing to sync.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class FileSteps:
    """The real thing. Every method raises `OSError` as the system does."""

    def exists(self, path: Path) -> bool:
        """Whether something has this name."""
        return path.exists()

    def create(self, path: Path, mode: int | None, group: int | None) -> int:
        """Open a new file for writing; it must not exist. Returns the descriptor.

        `mode` holds whatever the umask; None leaves the permissions to the umask. `group`
        is given where it is not the one that the folder gives by itself.
        """
        descriptor = os.open(path, _NEW, 0o666 if mode is None else mode)
        try:
            if mode is not None:
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
