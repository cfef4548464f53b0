"""The file of one source: its rows, its status and how far its reading has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from smic_tui.cache.layout import (
    META,
    SCHEMA,
    Cursor,
    Header,
    Rows,
    SourceLayout,
    decode_source,
    file_stem,
)
from smic_tui.cache.place import SOURCES, Place
from smic_tui.cache.table_file import TableFile
from smic_tui.cache.tables import Tables, encode_table
from smic_tui.records import Stream
from smic_tui.snapshot import SourceContents, SourceStatus

if TYPE_CHECKING:
    from smic_tui.cache.keyed import KeyedDB


class SourceFile:
    """What the cache holds of the source called `name`. Safe for threads.

    `contents` and `cursors` are what is known in this program: as the disk had
    it when it was read last, or newer when this program is the writer. They are
    immutable; a commit replaces them.
    """

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self.contents = self._nothing()
        self.cursors: Mapping[Stream, Cursor] = MappingProxyType({})
        self.path = place.folder / SOURCES / f"{file_stem(name)}.json"
        self._file = TableFile(self.path, place, self._decode, _tables)
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether this program is the writer of the file."""
        return self._file.is_open

    def load(self) -> SourceContents:
        """What the cache knows of the source now.

        The writer knows better than the disk. A reader reads the file if it has
        changed, the generation before if it is unreadable; when neither can be
        read, what was known is kept and the notices say so.
        """
        with self._lock:
            if not self._file.is_open and self._file.changed():
                layout = self._file.read()
                if layout is not None:
                    self._take(layout)
            return self.contents

    def open(self) -> SourceContents:
        """Become the writer; unreadable generations are set aside."""
        with self._lock:
            if not self._file.is_open:
                layout = self._file.open()
                if layout is None:
                    self.contents, self.cursors = self._nothing(), MappingProxyType({})
                else:
                    self._take(layout)
            return self.contents

    def close(self) -> None:
        """Be a reader again."""
        with self._lock:
            self._file.close()

    def commit(
        self,
        upserts: Rows,
        deletes: Mapping[Stream, Collection[str]],
        cursors: Mapping[Stream, Cursor],
        status: SourceStatus,
    ) -> bool:
        """Apply a reading: rows, cursors and status together, in one write.

        Deletes come first, so that a key in both stays. Cursors of other streams
        stay. `status.rows` is counted here. Returns whether it is on the disk; if
        not, it is kept in memory, the notices say why, and the next commit or
        `flush` writes it. Raises `ValueError` for text that is not Unicode
        (unpaired surrogates); nothing has changed then.
        """
        with self._lock:
            rows = dict(self.contents.rows)
            for stream in {*upserts, *deletes}:
                changed = dict(rows.get(stream, {}))
                for key in deletes.get(stream, ()):
                    changed.pop(key, None)
                changed.update(upserts.get(stream, {}))
                rows[stream] = MappingProxyType(changed)
            status = msgspec.structs.replace(
                status, rows=sum(len(of_stream) for of_stream in rows.values())
            )
            all_cursors = {**self.cursors, **cursors}
            documents = _documents(upserts)
            meta: dict[str, Any] = {
                "file": msgspec.to_builtins(Header(schema=SCHEMA, source=self.name)),
                "status": msgspec.to_builtins(status),
                "cursors": msgspec.to_builtins(all_cursors),
            }
            # What cannot be encoded is refused here, before it can spoil the file.
            for table in (*documents.values(), meta):
                encode_table(table)
            self.contents = SourceContents(status=status, rows=MappingProxyType(rows))
            self.cursors = MappingProxyType(all_cursors)

            def edit(tables: KeyedDB) -> None:
                for stream in Stream:
                    table = tables.keyed(stream.value)
                    table.remove_many(deletes.get(stream, ()))
                    table.put_many(documents.get(stream.value, {}))
                tables.keyed(META).put_many(meta)

            return self._file.save(edit)

    def flush(self) -> bool:
        """Try again to write what a commit could not; whether all is on the disk now."""
        with self._lock:
            return self._file.flush()

    def _take(self, layout: SourceLayout) -> None:
        self.contents = SourceContents(status=layout.meta.status, rows=layout.rows)
        self.cursors = MappingProxyType(layout.meta.cursors)

    def _nothing(self) -> SourceContents:
        return SourceContents(status=SourceStatus(name=self.name, kind=""))

    def _decode(self, data: bytes) -> SourceLayout:
        return decode_source(data, self.name)


def _documents(rows: Rows) -> Tables:
    """The records themselves are the documents: immutable, and written as they are."""
    return {stream.value: dict(of_stream) for stream, of_stream in rows.items()}


def _tables(layout: SourceLayout) -> Tables:
    return _documents(layout.rows)
