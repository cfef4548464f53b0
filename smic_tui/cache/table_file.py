"""Reads and writes a TinyDB file that can be rebuilt; the holder of the lock writes it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from smic_tui.cache import trouble
from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.cache.file_ops import UNSEEN, Signature
from smic_tui.cache.generations import Fault, GenerationalFile, Reading
from smic_tui.cache.scrub import scrubbed
from smic_tui.cache.seal import unsealed
from smic_tui.cache.tables import Tables
from smic_tui.i18n import _

if TYPE_CHECKING:
    from smic_tui.cache.buffered import BufferedStorage
    from smic_tui.cache.keyed import KeyedDB

T = TypeVar("T")

# Enough to see what went wrong, not enough to fill the disk.
KEPT_ASIDE = 3


class TableFile(Generic[T]):
    """The file called `path`; `decode` turns its bytes into what they mean.

    `tables` turns that into TinyDB's tables again, once, when the file is first
    written: this is cheaper than reading it twice, and certain to be the same
    generation. Not safe for two threads at once: its owner holds a lock.
    """

    def __init__(
        self,
        path: Path,
        folder: CacheFolder,
        decode: Callable[[bytes], T],
        tables: Callable[[T], Tables],
    ) -> None:
        self.path = path
        self._folder = folder
        self._decode = decode
        self._tables = tables
        self._file = GenerationalFile(path, folder)
        self._seen: Signature | None = UNSEEN
        self._faultless = False
        self._storage: BufferedStorage | None = None

    @property
    def is_open(self) -> bool:
        """Whether this program writes the file: what it holds is then newer than the disk."""
        return self._storage is not None

    @property
    def dirty(self) -> bool:
        """Whether something is not on the disk yet."""
        return self._storage is not None and self._storage.dirty

    def changed(self) -> bool:
        """Whether the disk holds another content than the one that was read last."""
        return self._file.signature() != self._seen

    def read(self) -> T | None:
        """Return what the disk holds now, as a reader does: nothing is set aside."""
        reading = self._read()
        for fault in reading.faults:
            self._folder.notices.put(
                ("unreadable", fault.path),
                _(
                    "The cache file {path} cannot be read ({reason}). Whoever collects next "
                    "sets it aside and rebuilds it."
                ).format(path=fault.path, reason=fault.reason),
            )
        if not reading.faults:
            self._settle_unreadable()
        return reading.value

    def is_as_read(self) -> bool:
        """Whether the disk still holds what was read last, which was the current generation."""
        return self._faultless and not self.changed()

    def open(self, known: T | None = None) -> T | None:
        """Become the writer: read, set aside what is unreadable, delete left-overs.

        `known` is what the disk is known to hold: it is not read again. Without the
        writer's lock this program writes its own memory only, and does not touch the
        disk until it has the lock.
        """
        from smic_tui.cache.buffered import BufferedStorage
        from smic_tui.cache.storage import AtomicStorage

        self._settle_unreadable()
        reading = self._read() if known is None else Reading(known, self._seen)
        if self._folder.writer:
            self._tidy(reading)
        self._storage = BufferedStorage(
            AtomicStorage(self._file, seal=True),
            first=lambda: {} if reading.value is None else self._tables(reading.value),
        )
        return reading.value

    def close(self) -> None:
        """Be a reader again; what is not on the disk is given up."""
        self._storage = None
        self._seen = UNSEEN
        trouble.settle(self._folder, self.path.name)

    def save(self, edit: Callable[[KeyedDB], None]) -> bool:
        """Change tables and write them in one step; return whether they are on the disk now."""
        from smic_tui.cache.keyed import KeyedDB

        assert self._storage is not None, "only the writer saves"
        edit(KeyedDB(self._storage))
        return self.flush()

    def put(self, tables: Tables, *, keep: bool) -> bool:
        """Replace all tables and write them; return whether they are on the disk now.

        `keep` keeps them in memory afterwards, where they are changed again soon.
        """
        assert self._storage is not None, "only the writer saves"
        self._storage.write(tables)
        done = self.flush()
        if not keep:
            self._storage.release()
        return done

    def flush(self) -> bool:
        """Write what is not on the disk yet; return whether everything is there now."""
        if self._storage is None or not self._storage.dirty:
            return True
        if not self._folder.writer:
            return False
        try:
            self._folder.prepare()
            self._storage.flush()
        except OSError as error:
            trouble.report(self._folder, self.path.name, error)
            return False
        trouble.settle(self._folder, self.path.name)
        self._seen = self._file.signature()
        return True

    def _tidy(self, reading: Reading[T]) -> None:
        try:
            for fault in reading.faults:
                if fault.error is not None and fault.error.errno == errno.ENOMEM:
                    continue  # nothing is wrong with the file
                self._set_aside(fault, rebuilt=reading.value is None)
            self._file.sweep()
        except FileNotFoundError:
            pass
        except OSError as error:
            trouble.report(self._folder, self.path.name, error)

    def _understand(self, data: bytes) -> T:
        return self._decode(scrubbed(unsealed(data)))

    def _read(self) -> Reading[T]:
        reading = self._file.read(self._understand)
        self._seen = reading.signature
        self._faultless = not reading.faults
        return reading

    def _settle_unreadable(self) -> None:
        for path in (self._file.path, self._file.previous):
            self._folder.notices.drop(("unreadable", path))

    def _set_aside(self, fault: Fault, *, rebuilt: bool) -> None:
        target = self._file.set_aside(fault.path)
        if rebuilt:
            text = _(
                "The cache file {path} could not be read ({reason}). It was set aside as {name} "
                "and is rebuilt from its source; delete it when nobody wants to look at it."
            )
        else:
            text = _(
                "The cache file {path} could not be read ({reason}). It was set aside as {name}; "
                "the other generation is used until the source is read again."
            )
        self._folder.notices.put(
            ("set aside", fault.path),
            text.format(path=fault.path, reason=fault.reason, name=target.name),
        )
        for old in self._file.set_aside_names()[:-KEPT_ASIDE]:
            self._file.forget(old)
