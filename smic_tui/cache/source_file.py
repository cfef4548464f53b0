"""Keeps what the cache holds of one source: its rows, its status and its cursors.

    NAME.json           everything, as of one edition
    NAME.changes.json   where that is large: what has changed since, written instead of it

A commit writes the changes since the last edition, in one step as always; when they are
no longer few, it writes everything as another edition. Changes that name another
edition than the file beside them are older than it, and are ignored.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Mapping
from threading import Lock
from types import MappingProxyType
from typing import Any

import msgspec

from smic_tui.cache.cache_folder import SOURCES, CacheFolder
from smic_tui.cache.layers import changed, copied
from smic_tui.cache.layout import (
    GONE,
    META,
    SCHEMA,
    ChangesLayout,
    Cursor,
    Header,
    Rows,
    SourceLayout,
    decode_changes,
    decode_source,
    file_stem,
)
from smic_tui.cache.table_file import TableFile
from smic_tui.cache.tables import Tables, encode_table
from smic_tui.contract.status import SourceStatus
from smic_tui.model.snapshot import SourceContents, Step
from smic_tui.records import Record, Stream
from smic_tui.system.memory import give_back
from smic_tui.system.turns import exclusive_for, yielding

# With fewer rows everything is written each time: that takes milliseconds.
LARGE = 20_000
# Changes of more than this part of all rows are no longer few.
FEW = 1 / 12
# How many changes are remembered for those that follow them; a large one ends the memory.
_STEPS = 8
_serials = itertools.count(1)
# A writer may replace both files between the two looks of a reader.
_TRIES = 3


class SourceFile:
    """The files of the source called `name`. Safe for threads.

    `contents` and `cursors` are what this program knows: what the disk held when it was
    read last, or newer when this program is the writer. They are immutable; a commit
    replaces them. Rows that are equal stay the same objects.
    """

    def __init__(self, name: str, folder: CacheFolder) -> None:
        self.name = name
        self.contents = self._nothing()
        self.cursors: Mapping[Stream, Cursor] = MappingProxyType({})
        stem = file_stem(name)
        self.path = folder.path / SOURCES / f"{stem}.json"
        changes = folder.path / SOURCES / f"{stem}.changes.json"
        self.paths = (self.path, changes)
        self._file = TableFile(self.path, folder, self._decode, _tables)
        self._changes = TableFile(changes, folder, self._decode_changes, _tables_of_changes)
        # The two files as they were read last; a writer does not need them.
        self._base: SourceLayout | None = None
        self._since: ChangesLayout | None = None
        # What the writer has changed since the edition on the disk.
        self._edition = ""
        self._new: dict[Stream, dict[str, Record]] = {}
        self._gone: dict[Stream, set[str]] = {}
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether this program is the writer of the file."""
        return self._file.is_open

    def load(self) -> SourceContents:
        """Return what the cache knows of the source now.

        The writer knows more than the disk. A reader reads the file if it has changed,
        or the generation before if it is unreadable; when neither can be read, what was
        known is kept and the notices say so.
        """
        with self._lock:
            if not self._file.is_open:
                before = self._base
                self._read()
                if self._base is not before and self.contents.status.rows >= LARGE:
                    give_back()
            return self.contents

    def open(self) -> SourceContents:
        """Become the writer and return the contents; unreadable generations are set aside."""
        with self._lock:
            if self._file.is_open:
                return self.contents
            as_read = self._file.is_as_read() and self._changes.is_as_read()
            base = self._file.open(self._base if as_read else None)
            since = self._changes.open(self._since if as_read else None)
            if base is None:
                self.contents, self.cursors = self._nothing(), MappingProxyType({})
            elif not as_read:
                self._take(base, since)
            self._edition = "" if base is None else base.meta.file.edition
            applies = since is not None and base is not None and _belongs(since, base)
            self._new = (
                {s: dict(rows) for s, rows in since.rows.items()} if applies and since else {}
            )
            self._gone = (
                {s: set(keys) for s, keys in since.gone.items()} if applies and since else {}
            )
            self._base = self._since = None
            return self.contents

    def close(self) -> None:
        """Be a reader again."""
        with self._lock:
            self._file.close()
            self._changes.close()

    def commit(
        self,
        upserts: Rows,
        deletes: Mapping[Stream, Collection[str]],
        cursors: Mapping[Stream, Cursor],
        status: SourceStatus,
    ) -> bool:
        """Apply a reading: rows, cursors and status together, in one write.

        Deletes come first, so that a key in both stays. Cursors of other streams stay.
        `status.rows` is counted here. Returns whether the reading is on the disk; if
        not, it is kept in memory, the notices say why, and the next commit or `flush`
        writes it. Raises `ValueError` for text that is not Unicode
        (unpaired surrogates); nothing has changed then.
        """
        count = sum(map(len, upserts.values())) + sum(map(len, deletes.values()))
        with self._lock:
            with exclusive_for(count):
                self._apply(upserts, deletes, cursors, status)
            return self._save()

    def _apply(
        self,
        upserts: Rows,
        deletes: Mapping[Stream, Collection[str]],
        cursors: Mapping[Stream, Cursor],
        status: SourceStatus,
    ) -> None:
        upserts = self._really_new(upserts, deletes)
        rows = dict(self.contents.rows)
        for stream in {*upserts, *deletes}:
            known = rows.get(stream, MappingProxyType({}))
            gone = [key for key in deletes.get(stream, ()) if key in known]
            if gone or upserts.get(stream) or stream not in rows:
                rows[stream] = _read_only(changed(known, upserts.get(stream, {}), gone))
        status = msgspec.structs.replace(
            status, rows=sum(len(of_stream) for of_stream in rows.values())
        )
        all_cursors = {**self.cursors, **cursors}
        # Text that cannot be encoded is refused here, before it can spoil the file.
        for table in (*upserts.values(), _meta("", "", status, all_cursors)):
            encode_table(table)
        self._become(status, rows, _touched(upserts, deletes))
        self.cursors = MappingProxyType(all_cursors)
        self._note(upserts, deletes)

    def flush(self) -> bool:
        """Try again to write what a commit could not; return whether all is on the disk now."""
        with self._lock:
            return self._file.flush() and self._changes.flush()

    def _really_new(self, upserts: Rows, deletes: Mapping[Stream, Collection[str]]) -> Rows:
        """Return the rows that differ from what is known."""
        found: dict[Stream, Mapping[str, Record]] = {}
        for stream, rows in upserts.items():
            known, doomed = self.contents.of(stream), set(deletes.get(stream, ()))
            new = {
                key: row
                for key, row in yielding(rows.items())
                if key in doomed or known.get(key) != row
            }
            if new or stream not in self.contents.rows:
                found[stream] = new
        return found

    def _note(self, upserts: Rows, deletes: Mapping[Stream, Collection[str]]) -> None:
        for stream in {*upserts, *deletes}:
            new, gone = self._new.setdefault(stream, {}), self._gone.setdefault(stream, set())
            for key in deletes.get(stream, ()):
                new.pop(key, None)
                gone.add(key)
            new.update(upserts.get(stream, {}))
            gone.difference_update(upserts.get(stream, {}))

    def _save(self) -> bool:
        """Write the changes, or everything; return whether it is on the disk."""
        status, cursors = self.contents.status, self.cursors
        changes = sum(map(len, self._new.values())) + sum(map(len, self._gone.values()))
        large = status.rows >= LARGE
        if large and self._edition and not self._file.dirty and changes <= FEW * status.rows:
            tables: Tables = {stream.value: dict(rows) for stream, rows in self._new.items()}
            tables[GONE] = {stream.value: sorted(keys) for stream, keys in self._gone.items()}
            tables[META] = _meta(self.name, self._edition, status, cursors)
            return self._changes.put(tables, keep=False)
        # On the disk the changes belong to the edition before until this one stands there.
        self._edition = os.urandom(8).hex() if large else ""
        self._new, self._gone = {}, {}
        tables = _documents(self.contents.rows)
        tables[META] = _meta(self.name, self._edition, status, cursors)
        return self._file.put(tables, keep=not large)

    def _become(
        self,
        status: SourceStatus,
        rows: Mapping[Stream, Mapping[str, Record]],
        keys: Mapping[Stream, frozenset[str]] | None,
    ) -> None:
        """Replace the contents; `keys` are all rows that may differ, None where that is unknown."""
        before = self.contents
        serial, steps = before.serial, before.steps
        if keys is None or not serial:
            serial, steps = next(_serials), ()
        elif any(keys.values()):
            serial, steps = next(_serials), (*steps[1 - _STEPS :], Step(serial, keys))
            while steps and sum(map(_size, steps)) > FEW * status.rows + _STEPS:
                steps = steps[1:]
        self.contents = SourceContents(
            status=status, rows=MappingProxyType(rows), serial=serial, steps=steps
        )

    def _read(self) -> None:
        for _try in range(_TRIES):
            anew = other = self._file.changed()
            if anew:
                self._base = self._file.read() or self._base
            known = self._since
            if self._changes.changed():
                self._since, other = self._changes.read(), True
            if not other:
                return
            if self._base is not None and (
                anew or not self._follow(self._base, known, self._since)
            ):
                self._take(self._base, self._since)
            if self._since is None or self._base is None or _belongs(self._since, self._base):
                return

    def _take(self, base: SourceLayout, since: ChangesLayout | None) -> None:
        meta, rows = base.meta, dict(base.rows)
        if since is not None and _belongs(since, base):
            meta = since.meta
            for stream in {*since.rows, *since.gone}:
                gone = since.gone.get(stream, ())
                rows[stream] = _read_only(
                    changed(rows.get(stream, {}), since.rows.get(stream, {}), gone)
                )
        known = self.contents.rows
        shared = {stream: _shared(known.get(stream), of) for stream, of in rows.items()}
        self._become(meta.status, shared, None)
        self.cursors = MappingProxyType(meta.cursors)

    def _follow(
        self, base: SourceLayout, known: ChangesLayout | None, since: ChangesLayout | None
    ) -> bool:
        """Apply newer changes of the same edition by looking at changed rows alone.

        Returns whether that was possible.
        """
        if since is None or not self.contents.serial or not _belongs(since, base):
            return False
        if known is not None and not _belongs(known, base):
            known = None
        rows = dict(self.contents.rows)
        touched: dict[Stream, frozenset[str]] = {}
        for stream in Stream:
            new, gone = since.rows.get(stream, {}), since.gone.get(stream, ())
            keys = {*new, *gone}
            if known is not None:
                keys |= {*known.rows.get(stream, ()), *known.gone.get(stream, ())}
            if not keys:
                continue
            was, old = rows.get(stream, {}), base.rows.get(stream, {})
            now = {key: new.get(key, None if key in gone else old.get(key)) for key in keys}
            put = {key: row for key, row in now.items() if row and was.get(key) != row}
            out = [key for key, row in now.items() if row is None and key in was]
            if put or out:
                rows[stream] = _read_only(changed(was, put, out))
                touched[stream] = frozenset((*put, *out))
        self._become(since.meta.status, rows, touched)
        self.cursors = MappingProxyType(since.meta.cursors)
        return True

    def _nothing(self) -> SourceContents:
        return SourceContents(status=SourceStatus(name=self.name, kind=""))

    def _decode(self, data: bytes) -> SourceLayout:
        return decode_source(data, self.name)

    def _decode_changes(self, data: bytes) -> ChangesLayout:
        return decode_changes(data, self.name)


def _touched(
    upserts: Rows, deletes: Mapping[Stream, Collection[str]]
) -> Mapping[Stream, frozenset[str]]:
    return {
        stream: frozenset((*upserts.get(stream, ()), *deletes.get(stream, ())))
        for stream in {*upserts, *deletes}
    }


def _size(step: Step) -> int:
    return sum(map(len, step.keys.values()))


def _belongs(since: ChangesLayout, base: SourceLayout) -> bool:
    edition = base.meta.file.edition
    return bool(edition) and since.meta.file.edition == edition


def _shared(known: Mapping[str, Record] | None, rows: Mapping[str, Record]) -> Mapping[str, Record]:
    """Return the rows, with the known objects where they are equal."""
    if not known:
        return rows
    get = known.get
    return MappingProxyType(
        {key: old if (old := get(key)) == row and old else row for key, row in rows.items()}
    )


def _read_only(rows: Mapping[str, Record]) -> Mapping[str, Record]:
    return MappingProxyType(rows) if isinstance(rows, dict) else rows


def _meta(
    source: str, edition: str, status: SourceStatus, cursors: Mapping[Stream, Cursor]
) -> dict[str, Any]:
    return {
        "file": msgspec.to_builtins(Header(schema=SCHEMA, source=source, edition=edition)),
        "status": msgspec.to_builtins(status),
        "cursors": msgspec.to_builtins(dict(cursors)),
    }


def _documents(rows: Rows) -> Tables:
    """The records themselves are the documents: immutable, and written as they are."""
    return {stream.value: copied(of_stream) for stream, of_stream in rows.items()}


def _tables(layout: SourceLayout) -> Tables:
    return _documents(layout.rows)


def _tables_of_changes(layout: ChangesLayout) -> Tables:
    return _documents(layout.rows)
