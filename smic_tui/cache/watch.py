"""Notices by a few calls of stat that another program has written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from smic_tui.cache.file_ops import FileOps, Signature


class FileWatcher:
    """Watches the signatures of files, from the moment when it is made."""

    def __init__(self, ops: FileOps, paths: Iterable[Path]) -> None:
        self._ops = ops
        self._paths = tuple(paths)
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether any file has been replaced since the last call."""
        now = self._look()
        changed = now != self._seen
        self._seen = now
        return changed

    def _look(self) -> dict[Path, Signature | None]:
        found: dict[Path, Signature | None] = {}
        for path in self._paths:
            try:
                found[path] = self._ops.signature(path)
            except OSError:
                found[path] = None
        return found
