"""Tells a person that the cache cannot be written, and takes that back when it can."""

from __future__ import annotations

import errno

from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.i18n import _

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def explain(folder: CacheFolder, error: OSError) -> str:
    """Return which folder it is, what is wrong, and what to do."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return _(
            "There is no room in the cache folder {folder} ({reason}). The program goes on "
            "from memory: what it learns now is lost when it ends. Free some space; it then "
            "saves by itself."
        ).format(folder=folder.path, reason=reason)
    if error.errno in _FORBIDDEN:
        return _(
            "The cache folder {folder} cannot be written ({reason}). The program goes on from "
            "memory: what it learns now is lost when it ends. Give it the right to write "
            "there, or another folder with --cache."
        ).format(folder=folder.path, reason=reason)
    return _(
        "The cache folder {folder} cannot be used ({reason}). The program goes on from "
        "memory and tries again by itself."
    ).format(folder=folder.path, reason=reason)


def report(folder: CacheFolder, name: str, error: OSError) -> None:
    """Put up a notice that the file called `name` could not be written."""
    folder.notices.put(("disk", name), explain(folder, error))


def settle(folder: CacheFolder, name: str) -> None:
    """Drop the notice: the file called `name` is on the disk again."""
    folder.notices.drop(("disk", name))
