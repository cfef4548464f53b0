"""Small files that spare work: believed only where nobody else can have written them.

They can always be done without. Writing is atomic but waits for no disk: what a crash
tears is not well-formed, and not believed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from smic_tui.system import atomic_file


def read(path: Path, largest: int, *, shared: bool = False) -> bytes | None:
    """The content; None unless it is a plain file of at most `largest` bytes that only
    this user can have written.

    Where `shared` is true and the group may write the folder, as it may that of a shared
    cache, the file may be of anybody who has that right.
    """
    try:
        folder = path.parent.stat()
        data, status = atomic_file.read(path, largest, follow_links=False)
    except OSError:
        return None
    return data if _is_believed(folder, status, shared) else None


def write(path: Path, data: bytes, *, shared: bool = False) -> bool:
    """Make `data` the content, for this user alone, or in a shared folder for its group.

    Returns whether it could be done.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = path.parent.stat()
        if shared and folder.st_mode & stat.S_IWGRP:
            atomic_file.replace(path, data, mode=0o660, group=folder.st_gid, sync=False)
        else:
            atomic_file.replace(path, data, sync=False)
    except OSError:
        return False
    return True


def _is_believed(folder: os.stat_result, file: os.stat_result, shared: bool) -> bool:
    if (folder.st_mode | file.st_mode) & stat.S_IWOTH:
        return False
    if shared and folder.st_mode & stat.S_IWGRP:
        return True
    me = os.geteuid()
    private = not (folder.st_mode | file.st_mode) & stat.S_IWGRP
    return private and folder.st_uid == file.st_uid == me
