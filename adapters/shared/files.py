"""Opens files that a configuration names, whatever stands there by now. Public."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from smic_tui.i18n import _

# Without O_NONBLOCK, opening a pipe waits for somebody to write.
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_CHUNK = 1 << 20


def opened(path: Path) -> int:
    """Return the descriptor of a regular file, opened for reading without ever waiting.

    Raises `OSError`, with a reason for people, for a folder, a pipe, a socket and a device.
    """
    descriptor = os.open(path, _READ)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, _("not a regular file"), str(path))


def content(path: Path, largest: int) -> bytes:
    """Return the bytes of a regular file of at most `largest` bytes; others raise `OSError`."""
    with os.fdopen(opened(path), "rb", buffering=0) as file:
        data = bytearray()
        while chunk := file.read(_CHUNK):
            data += chunk
            if len(data) > largest:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return bytes(data)
