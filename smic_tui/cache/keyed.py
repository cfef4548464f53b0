"""TinyDB with natural keys for document ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table


class KeyedTable(Table):
    """A table whose document ids are the records' own keys.

    Whole readings go in and out by one update each; a document may be a record
    itself. What is read is a copy: changing it changes nothing in the store. There
    is no query cache, for it would hand the same documents to everyone.
    """

    document_id_class = str  # type: ignore[assignment]

    def __init__(self, storage: Storage, name: str, **_options: Any) -> None:
        super().__init__(storage, name, cache_size=0)

    def put_many(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Insert or replace documents by key; they belong to the table afterwards."""
        if documents:
            self._update_table(lambda table: table.update(documents))

    def remove_many(self, keys: Iterable[str]) -> None:
        """Remove documents by key; keys that are not there are no error."""
        doomed = list(keys)

        def remove(table: dict[Any, Any]) -> None:
            for key in doomed:
                table.pop(key, None)

        if doomed:
            self._update_table(remove)

    def _update_table(self, updater: Callable[[dict[Any, Any]], None]) -> None:
        """Change the table where it is; TinyDB's own copies all of it twice."""
        tables = self._storage.read() or {}
        updater(tables.setdefault(self.name, {}))
        self._storage.write(tables)

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = msgspec.to_builtins(super()._read_table())
        return found


class KeyedDB(TinyDB):
    """A database of such tables on the storage that it is given."""

    table_class = KeyedTable  # type: ignore[assignment]

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage=lambda: storage)

    def keyed(self, name: str) -> KeyedTable:
        """The table called `name`."""
        table = self.table(name)
        assert isinstance(table, KeyedTable)
        return table
