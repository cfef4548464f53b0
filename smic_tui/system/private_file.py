"""Small files that spare work: believed only where nobody else can have written them.

They can always be done without. Writing is atomic but waits for no disk: what a crash
tears is not well-formed, and not believed.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def read(path: Path, largest: int, *, shared: bool = False) -> bytes | None:
    """The content; None unless it is a plain file of at most `largest` bytes that only
    this user can have written.

    Where `shared` is true and the group may write the folder, as it may that of a shared
    cache, the file may be of anybody who has that right.
    """
    try:
        folder = path.parent.stat()
        descriptor = os.open(path, _READ)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > largest:
            return None
        if not _is_believed(folder, status, shared):
            return None
        data = os.read(descriptor, largest + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) == status.st_size else None


def write(path: Path, data: bytes, *, shared: bool = False) -> bool:
    """Make `data` the content, for this user alone, or in a shared folder for its group.

    Returns whether it could be done.
    """
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.parent.stat()
        group = shared and bool(status.st_mode & stat.S_IWGRP)
        descriptor = os.open(temporary, _CREATE, 0o600)
    except OSError:
        return False
    try:
        try:
            if group:
                os.fchown(descriptor, -1, status.st_gid)
                os.fchmod(descriptor, 0o660)
            written = os.write(descriptor, data)
        finally:
            os.close(descriptor)
        if written == len(data):
            temporary.rename(path)
            return True
    except OSError:
        pass
    with contextlib.suppress(OSError):
        temporary.unlink()
    return False


def _is_believed(folder: os.stat_result, file: os.stat_result, shared: bool) -> bool:
    if (folder.st_mode | file.st_mode) & stat.S_IWOTH:
        return False
    if shared and folder.st_mode & stat.S_IWGRP:
        return True
    me = os.geteuid()
    private = not (folder.st_mode | file.st_mode) & stat.S_IWGRP
    return private and folder.st_uid == file.st_uid == me
