"""Keeps the memory of the alerts on disk."""

from __future__ import annotations

from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.cache.layout import ALERTS, META, SCHEMA, AlertLayout, Header, decode_alerts
from smic_tui.cache.table_file import TableFile
from smic_tui.cache.tables import Tables, encode_table
from smic_tui.model.alert_store import NO_ALERTS, AlertStore
from smic_tui.system.turns import yielding

if TYPE_CHECKING:
    from smic_tui.cache.keyed import KeyedDB


def _tables(layout: AlertLayout) -> Tables:
    return {ALERTS: {key: msgspec.to_builtins(entry) for key, entry in layout.alerts.items()}}


class AlertFile:
    """The file of the alerts. Every program reads it, the one that collects writes it.

    It can be rebuilt: without it alerts fire again, and their times are lost. Safe for
    threads.
    """

    def __init__(self, folder: CacheFolder) -> None:
        self._book: AlertStore = NO_ALERTS
        self.path = folder.path / "alerts.json"
        self._file = TableFile(self.path, folder, decode_alerts, _tables)
        self._lock = Lock()

    def load(self) -> AlertStore:
        """Return the book, read again if another program writes the file and has changed it."""
        with self._lock:
            if not self._file.is_open and self._file.changed():
                layout = self._file.read()
                if layout is not None:
                    self._book = MappingProxyType(layout.alerts)
            return self._book

    def open(self) -> AlertStore:
        """Become the writer and return the book; unreadable generations are set aside."""
        with self._lock:
            if not self._file.is_open:
                layout = self._file.open()
                self._book = NO_ALERTS if layout is None else MappingProxyType(layout.alerts)
            return self._book

    def close(self) -> None:
        """Be a reader again."""
        with self._lock:
            self._file.close()

    def commit(self, book: AlertStore) -> bool:
        """Make this the book, in one write; an equal book is not written.

        Returns whether it is on the disk; if not, it is kept in memory and
        written later. Raises `ValueError` for text that is not Unicode; nothing
        has changed then.
        """
        with self._lock:
            before, after = self._book, dict(book)
            if before == after:
                return self._file.flush()
            changed = {
                fingerprint: msgspec.to_builtins(entry)
                for fingerprint, entry in yielding(after.items())
                if (known := before.get(fingerprint)) is not entry and known != entry
            }
            # Text that cannot be encoded is refused here, before it can spoil the file.
            encode_table(changed)
            header = msgspec.to_builtins(Header(schema=SCHEMA))
            self._book = MappingProxyType(after)

            def edit(tables: KeyedDB) -> None:
                table = tables.keyed(ALERTS)
                table.remove_many(before.keys() - after.keys())
                table.put_many(changed)
                tables.keyed(META).put_many({"file": header})

            return self._file.save(edit)

    def flush(self) -> bool:
        """Try again to write what a commit could not; return whether all is on the disk now."""
        with self._lock:
            return self._file.flush()
