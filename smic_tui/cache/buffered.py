"""A TinyDB storage that collects changes, so that many of them are one write."""

from __future__ import annotations

from collections.abc import Callable

from tinydb.storages import Storage

from smic_tui.cache.tables import Tables


class BufferedStorage(Storage):
    """Keeps the tables in memory above another storage; `flush` writes them.

    When a flush fails the changes stay here, and the next flush writes them.
    `first` gives the tables to begin with, where they are known already;
    otherwise the inner storage is read.
    """

    def __init__(self, inner: Storage, first: Callable[[], Tables] | None = None) -> None:
        self._inner = inner
        self._first = first
        self._tables: Tables | None = None
        self.dirty = False

    def read(self) -> Tables:
        """The tables with all changes; the owner alone may change them."""
        if self._tables is None:
            first, self._first = self._first, None
            self._tables = (self._inner.read() or {}) if first is None else first()
        return self._tables

    def write(self, data: Tables) -> None:
        """Take the changes into memory."""
        self._first, self._tables = None, data
        self.dirty = True

    def release(self) -> None:
        """Let go of tables that are written; the next `read` reads the inner storage."""
        if not self.dirty:
            self._first = self._tables = None

    def flush(self) -> None:
        """Write what has changed in one step; raises what the inner storage raises."""
        if self.dirty:
            self._inner.write(self.read())
            self.dirty = False
