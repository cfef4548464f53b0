"""Files that are replaced whole, and read whole.

Whoever reads NAME finds all of the old content or all of the new one. The new one is
written to a file beside it, whose name nobody can foresee, and renamed:

    .NAME.tmp-…                being written, or left over from a kill
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from io import FileIO
from pathlib import Path

from smic_tui.system.file_steps import FileSteps

_STEPS = FileSteps()
# What file systems without hard links answer.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS})
_READ = os.O_RDONLY
_CHUNK = 1 << 20


def leftovers(name: str) -> str:
    """Return what the names of the files begin with that become NAME, or should have."""
    return f".{name}.tmp-"


def replace(
    path: Path,
    data: bytes,
    *,
    mode: int | None = 0o600,
    group: int | None = None,
    sync: bool = True,
    previous: Path | None = None,
    steps: FileSteps = _STEPS,
) -> None:
    """Make `data` the content of `path`, on the disk when this returns.

    `mode` and `group` are those of the new file; None leaves the mode to the umask, and
    the group to the folder. Without `sync` nothing waits for the disk: a power cut may
    leave a torn file. `previous` is a second name that the content before is kept under.
    A link called `path` is replaced, not followed. Raises `OSError`; the old content then
    still stands, but where only its way to the disk is uncertain.
    """
    temporary = path.with_name(leftovers(path.name) + os.urandom(4).hex())
    try:
        descriptor = steps.create(temporary, mode, group)
        try:
            steps.write(descriptor, data)
            if sync:
                steps.sync(descriptor)
        finally:
            steps.close(descriptor)
        if previous is not None and steps.exists(path):
            _keep(path, previous, steps)
        steps.rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            steps.unlink(temporary)
        raise
    if sync:
        steps.sync_folder(path.parent)


def _keep(path: Path, previous: Path, steps: FileSteps) -> None:
    try:
        steps.unlink(previous)
    except OSError:
        # A folder stands there, which is nobody's content: it gives the name free.
        steps.rename(previous, previous.with_name(leftovers(previous.name) + os.urandom(4).hex()))
    try:
        steps.link(path, previous)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # For an instant only the previous content has a name: readers and the next start
        # take it then.
        steps.rename(path, previous)


def read(
    path: Path, largest: int | None = None, *, follow_links: bool = True
) -> tuple[bytes, os.stat_result]:
    """Return the content of a regular file and what the system says of exactly that file.

    Never waits for a pipe or a device: what is no regular file is refused, as is a file of
    more than `largest` bytes. Raises `OSError`.
    """
    descriptor = opened(path, _READ if follow_links else _READ | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        if largest is not None and status.st_size > largest:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            # At once: a large file in pieces is copied time and again.
            if largest is None:
                data = file.readall()
            else:
                data = _bounded(file, status.st_size, largest, path)
    finally:
        os.close(descriptor)
    return data, status


def opened(path: Path, flags: int = _READ, mode: int = 0o600) -> int:
    """Return the descriptor of a regular file, opened without ever waiting for it.

    `flags` and `mode` are those of `os.open`. Raises `OSError` for a folder, a pipe, a socket
    or a device, whatever else stands there.
    """
    # Without O_NONBLOCK, opening a pipe waits for somebody to write.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, mode)
    found = os.fstat(descriptor).st_mode
    if stat.S_ISREG(found):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(found):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "Not a regular file", str(path))


def _bounded(file: FileIO, size: int, largest: int, path: Path) -> bytes:
    """Read all of a file that said to be of this `size`, and may have grown since."""
    data = file.read(size)
    while len(data) <= largest and (more := file.read(_CHUNK)):
        data += more
    if len(data) > largest:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data
