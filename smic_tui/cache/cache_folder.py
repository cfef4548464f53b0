"""The folder of a cache: whose it is, and which permissions its files have.

A folder that its group may write is shared: the group may read and write its files
too, which belong to the folder's group. Any other folder belongs to one person, and
nobody else reads its files. The rights of the folder alone decide; there is no option
that could contradict them.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from smic_tui.cache.file_ops import FileOps
from smic_tui.cache.notices import Notices
from smic_tui.i18n import _

SOURCES = "sources"
REQUESTS = "requests"


class CacheFolder:
    """A cache folder and the operations in it."""

    def __init__(self, path: Path, ops: FileOps, notices: Notices) -> None:
        self.path = path
        self.ops = ops
        self.notices = notices
        # Whether this program holds the writer's lock.
        self.writer = False
        self.shared = False
        self.group: int | None = None

    @property
    def file_mode(self) -> int:
        """Permission bits of a new file."""
        return 0o660 if self.shared else 0o600

    def prepare(self) -> None:
        """Make the folders that are missing and find out whose they are; may raise `OSError`."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.find_out_sharing()
        for name in (SOURCES, REQUESTS):
            inner = self.path / name
            if inner.is_dir():
                continue
            inner.mkdir(mode=0o700, exist_ok=True)
            if self.shared:
                self._share(inner)

    def find_out_sharing(self) -> None:
        """Find out whether the folder is shared; may raise `OSError`."""
        status = self.path.stat()
        self.shared = bool(status.st_mode & stat.S_IWGRP)
        self.group = status.st_gid if self.shared else None
        if status.st_mode & stat.S_IWOTH:
            self.notices.put(
                "open to all",
                _(
                    "Everybody on this machine can change the cache folder {folder}. "
                    "Take that right away: chmod o-w {folder}"
                ).format(folder=self.path),
            )
        else:
            self.notices.drop("open to all")

    def _share(self, inner: Path) -> None:
        if self.group is not None and inner.stat().st_gid != self.group:
            os.chown(inner, -1, self.group)
        # The umask may have taken the group's rights; new files inherit the group.
        inner.chmod(0o2770)
