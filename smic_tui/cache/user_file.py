"""Keeps what the person decided on disk: never rebuilt, never discarded.

Several programs write this file, each under a short lock, and each reads it again
before it changes it. A row that this program does not understand stays in the file as
it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from smic_tui.cache import trouble
from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.cache.file_ops import UNSEEN, Signature
from smic_tui.cache.generations import GenerationalFile, Unreadable
from smic_tui.cache.layout import META, SCHEMA, Header
from smic_tui.cache.lock import FileLock
from smic_tui.cache.tables import Tables, tables_of
from smic_tui.config.login import login_name
from smic_tui.i18n import _
from smic_tui.model.outbox_entry import Entry
from smic_tui.model.user_state import Acknowledgement, Note, PaneSeen, UserState
from smic_tui.outbox.box import Change

ACKNOWLEDGEMENTS = "acknowledgements"
NOTES = "notes"
PANES = "panes"
FILTERS = "filters"
OUTBOX = "outbox"

# A change takes milliseconds; a program that holds the lock for so many seconds is frozen.
LOCK_TIMEOUT = 5.0

RowT = TypeVar("RowT", bound=Struct)


class _Filter(Struct, frozen=True):
    where: str


class UserFile:
    """The user's own state. Safe for threads and for several programs.

    A method that changes something returns True once the change is on the disk,
    whatever happens afterwards. It returns False when the change could not be put
    there: the change then holds in this program, the notices say why, and every later
    change and `flush` try again. Methods may wait for the lock and the disk: call them
    off the event loop. `state` waits for nothing.
    """

    def __init__(self, folder: CacheFolder, login: str | None = None) -> None:
        """Open the file for the person with this login; None: who runs this program."""
        self._given_login = login
        self.path = folder.path / "user.json"
        self._folder = folder
        self._file = GenerationalFile(self.path, folder)
        self._guard = FileLock(folder.path / "user.lock", folder)
        self._mutex = Lock()
        self._seen: Signature | None = UNSEEN
        self._tables: Tables = {}
        self._state = UserState()
        # Replaced, never changed: other threads may be calling them.
        self._listeners: tuple[Callable[[], None], ...] = ()
        # Changes that are not on the disk: a document, or None to remove it.
        self._pending: dict[tuple[str, str], dict[str, Any] | None] = {}

    @property
    def state(self) -> UserState:
        """What this program read or wrote last. It is immutable; no file is looked at."""
        return self._state

    def load(self) -> UserState:
        """Return what the file says now; it is read again only if it has changed."""
        with self._mutex:
            if self._file.signature() != self._seen:
                reading = self._file.read(tables_of)
                self._seen = reading.signature
                for fault in reading.faults:
                    self._folder.notices.put(
                        ("user", fault.path),
                        _(
                            "Your acknowledgements and notes in {path} cannot be read ({reason})."
                        ).format(path=fault.path, reason=fault.reason),
                    )
                if not reading.faults:
                    self._settle_unreadable()
                if reading.value is not None:
                    self._tables = reading.value
                    _apply(self._tables, self._pending)
                self._understand()
            return self._state

    @contextlib.contextmanager
    def listening(self, changed: Callable[[], None]) -> Iterator[None]:
        """Within the block, have `changed` called whenever `state` is another.

        It is called in the thread that has read or written the file, and must return at
        once. A changed outbox is on the disk by then.
        """
        self._listeners = (*self._listeners, changed)
        try:
            yield
        finally:
            self._listeners = tuple(one for one in self._listeners if one is not changed)

    def acknowledge(self, acknowledgement: Acknowledgement) -> bool:
        """Remember that somebody knows of an alert; replaces an earlier one."""
        return self._put(ACKNOWLEDGEMENTS, acknowledgement.fingerprint, acknowledgement)

    def unacknowledge(self, fingerprint: str) -> bool:
        """Remove an acknowledgement."""
        return self._change(ACKNOWLEDGEMENTS, fingerprint, None)

    def add_note(self, note: Note) -> bool:
        """Remember a note; replaces one with the same id."""
        return self._put(NOTES, note.id, note)

    def remove_note(self, note_id: str) -> bool:
        """Take a note away."""
        return self._change(NOTES, note_id, None)

    def pane_seen(self, seen: PaneSeen) -> bool:
        """Remember the last opening of a pane that was dismissed."""
        key = f"{seen.pane} {self._login}"
        return self._put(PANES, key, replace(seen, login=self._login))

    def save_filter(self, name: str, where: str) -> bool:
        """Remember a filter under a name."""
        return self._put(FILTERS, name, _Filter(where))

    def remove_filter(self, name: str) -> bool:
        """Take a saved filter away."""
        return self._change(FILTERS, name, None)

    def change_outbox(self, change: Change) -> bool:
        """Change the outbox as the disk holds it at this moment, under the lock.

        Unlike all other changes this one is not made at all when it cannot be put on
        the disk: what is not written must not be sent. Then False is returned, and the
        notices say why.
        """
        with self._mutex:
            return self._save(change)

    def flush(self) -> bool:
        """Try again to write what could not be; return whether everything is on the disk."""
        with self._mutex:
            return self._save()

    def changed(self) -> bool:
        """Whether the disk holds something that this program has not read yet."""
        return self._file.signature() != self._seen

    def _put(self, table: str, key: str, row: Struct) -> bool:
        document = msgspec.to_builtins(row)
        # Text that cannot be written is refused before it blocks everything else.
        msgspec.json.encode((key, document))
        return self._change(table, key, document)

    def _change(self, table: str, key: str, document: dict[str, Any] | None) -> bool:
        with self._mutex:
            self._pending[table, key] = document
            saved = self._save()
            if not saved:
                _apply(self._tables, self._pending)
                self._understand()
            return saved

    def _save(self, change: Change | None = None) -> bool:
        if not self._pending and change is None:
            return True
        try:
            self._folder.prepare()
            with self._guard.hold(LOCK_TIMEOUT):
                self._write(change)
        except OSError as error:
            trouble.report(self._folder, self.path.name, error)
            return False
        except Unreadable as error:
            self._folder.notices.put(("user", "newer"), str(error))
            return False
        trouble.settle(self._folder, self.path.name)
        self._folder.notices.drop(("user", "newer"))
        self._settle_unreadable()
        self._pending.clear()
        self._understand()
        return True

    def _write(self, change: Change | None) -> None:
        """Read the file again, change it, and replace it. The lock is held."""
        from smic_tui.cache.buffered import BufferedStorage
        from smic_tui.cache.keyed import KeyedDB
        from smic_tui.cache.storage import AtomicStorage

        self._set_aside_unreadable()
        self._file.sweep()
        storage = BufferedStorage(AtomicStorage(self._file))
        self._refuse_newer(storage.read())
        wanted = dict(self._pending)
        if change is not None:
            entries = self._rows(storage.read().get(OUTBOX, {}), Entry)
            for key, entry in change(MappingProxyType(entries)).items():
                wanted[OUTBOX, key] = None if entry is None else msgspec.to_builtins(entry)
        if not wanted:
            self._tables, self._seen = storage.read(), self._file.signature()
            return
        tables = KeyedDB(storage)
        for table, changes in _by_table(wanted).items():
            tables.keyed(table).remove_many(key for key, row in changes.items() if row is None)
            tables.keyed(table).put_many(
                {key: row for key, row in changes.items() if row is not None}
            )
        header = msgspec.to_builtins(Header(schema=SCHEMA))
        tables.keyed(META).put_many({"file": header})
        storage.flush()
        self._tables = storage.read()
        self._seen = self._file.signature()

    def _refuse_newer(self, tables: Tables) -> None:
        """Raise `Unreadable` rather than write a file of a newer program."""
        schema = tables.get(META, {}).get("file", {}).get("schema", SCHEMA)
        if schema != SCHEMA:
            raise Unreadable(
                _(
                    "{path} was written by another version of smic-tui (layout {schema}): "
                    "what you decide here is kept in memory only. Use the same version "
                    "everywhere."
                ).format(path=self.path, schema=schema)
            )

    def _set_aside_unreadable(self) -> None:
        reading = self._file.read(tables_of)
        for fault in reading.faults:
            if fault.error is not None:
                # The disk does not answer now, or a right is missing: the file may be
                # good, and must not be replaced by a new one.
                raise fault.error
            target = self._file.set_aside(fault.path)
            if reading.value is None:
                text = _(
                    "Your acknowledgements and notes in {path} could not be read ({reason}). "
                    "Nothing was deleted: the file is now called {name}; show it to whoever "
                    "looks after smic-tui. A new file was begun."
                )
            else:
                text = _(
                    "Your acknowledgements and notes in {path} could not be read ({reason}). "
                    "The generation before is used: the last change may be missing. Nothing "
                    "was deleted: the file is now called {name}."
                )
            self._folder.notices.put(
                ("user set aside", fault.path),
                text.format(path=fault.path, reason=fault.reason, name=target.name),
            )

    def _settle_unreadable(self) -> None:
        for path in (self._file.path, self._file.previous):
            self._folder.notices.drop(("user", path))

    def _understand(self) -> None:
        """Make `state` what the tables mean; a notice names rows that mean nothing."""
        strange: list[str] = []

        def rows(table: str, kind: type[RowT]) -> Mapping[str, RowT]:
            documents = self._tables.get(table, {})
            found = self._rows(documents, kind)
            strange.extend(f"{table}/{key}" for key in documents if key not in found)
            return MappingProxyType(found)

        self._state = UserState(
            acknowledgements=rows(ACKNOWLEDGEMENTS, Acknowledgement),
            notes=rows(NOTES, Note),
            panes=MappingProxyType(dict(self._own_panes(rows(PANES, PaneSeen)))),
            filters=MappingProxyType(
                {name: filter_.where for name, filter_ in rows(FILTERS, _Filter).items()}
            ),
            outbox=rows(OUTBOX, Entry),
        )
        if strange:
            self._folder.notices.put(
                ("user", "strange"),
                _(
                    "{path} has entries that cannot be understood; they are left as they are: "
                    "{entries}"
                ).format(path=self.path, entries=", ".join(strange[:5])),
            )
        else:
            self._folder.notices.drop(("user", "strange"))
        for changed in self._listeners:
            changed()

    @property
    def _login(self) -> str:
        return login_name() if self._given_login is None else self._given_login

    def _own_panes(self, panes: Mapping[str, PaneSeen]) -> Iterator[tuple[str, PaneSeen]]:
        """Yield what this person dismissed, by the name of the pane, the own ones last."""
        if not panes:
            return
        mine = ("", self._login)
        for seen in sorted(panes.values(), key=lambda seen: seen.login):
            if seen.login in mine:
                yield seen.pane, seen

    @staticmethod
    def _rows(documents: Mapping[str, Any], kind: type[RowT]) -> dict[str, RowT]:
        """Return the rows of a table that can be understood."""
        found: dict[str, RowT] = {}
        for key, document in documents.items():
            with contextlib.suppress(msgspec.ValidationError, ValueError):
                found[key] = _with_zone(msgspec.convert(document, kind))
        return found


def _by_table(
    changes: Mapping[tuple[str, str], dict[str, Any] | None],
) -> dict[str, dict[str, dict[str, Any] | None]]:
    found: dict[str, dict[str, dict[str, Any] | None]] = {}
    for (table, key), document in changes.items():
        found.setdefault(table, {})[key] = document
    return found


def _apply(tables: Tables, changes: Mapping[tuple[str, str], dict[str, Any] | None]) -> None:
    for (table, key), document in changes.items():
        if document is None:
            tables.setdefault(table, {}).pop(key, None)
        else:
            tables.setdefault(table, {})[key] = document


def _with_zone(row: RowT) -> RowT:
    """Return the row with its times in UTC; `ValueError` for a time without a zone."""
    changes: dict[str, datetime] = {}
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(name)
            changes[name] = value.astimezone(UTC)
    return msgspec.structs.replace(row, **changes) if changes else row
