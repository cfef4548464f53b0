"""A file that is replaced whole, with the generation before kept beside it.

    NAME                       the current content
    NAME.previous              the one before
    .NAME.tmp-…                being written, or left over from a kill
    NAME.unreadable-…          set aside because nobody could read it

Replacing writes and syncs the new file, links the current one to `.previous`,
renames the new one over the current one and syncs the folder. At every instant
NAME is either entirely old or entirely new.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct

from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.cache.file_ops import Signature
from smic_tui.system import atomic_file

T = TypeVar("T")


class Unreadable(Exception):
    """The content is not what it should be; the message says what is wrong with it."""


class Fault(Struct, frozen=True):
    """A generation that could not be read, and why.

    `error` is set when the system could not read it: the content may be good.
    """

    path: Path
    reason: str
    error: OSError | None = None


class Reading(Struct, Generic[T], frozen=True):
    """What was read: `value` is None if there is nothing, or nothing readable."""

    value: T | None
    signature: Signature | None
    faults: tuple[Fault, ...] = ()


class GenerationalFile:
    """The file called `path` in a cache folder. Not safe for two threads at once."""

    def __init__(self, path: Path, folder: CacheFolder) -> None:
        self.path = path
        self.previous = path.with_name(path.name + ".previous")
        self._folder = folder
        self._ops = folder.ops

    def signature(self) -> Signature | None:
        """Return the signature of the current content, None if there is none or it is unknown."""
        try:
            return self._ops.signature(self.path)
        except OSError:
            return None

    def read(self, decode: Callable[[bytes], T]) -> Reading[T]:
        """Return the newest generation that `decode` accepts; it raises `Unreadable` for others."""
        faults: list[Fault] = []
        current: Signature | None = None
        for path in (self.path, self.previous):
            try:
                data, signature = self._ops.read(path)
                if path == self.path:
                    current = signature
                return Reading(decode(data), current, tuple(faults))
            except FileNotFoundError:
                continue
            except OSError as error:
                faults.append(Fault(path, error.strerror or str(error), error))
            except MemoryError:
                short = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM), str(path))
                faults.append(Fault(path, str(short.strerror), short))
            except Unreadable as error:
                faults.append(Fault(path, str(error)))
        return Reading(None, current, tuple(faults))

    def replace(self, data: bytes) -> Signature | None:
        """Make `data` the current content, on the disk when this returns.

        Raises `OSError` when it cannot; the current content then still stands.
        """
        atomic_file.replace(
            self.path,
            data,
            mode=self._folder.file_mode,
            group=self._folder.group,
            previous=self.previous,
            steps=self._ops,
        )
        return self.signature()

    def set_aside(self, path: Path) -> Path:
        """Rename an unreadable generation out of the way, over no other; return its new path."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        target = path.with_name(f"{path.name}.unreadable-{stamp}")
        count = 1
        while self._ops.signature(target) is not None:
            count += 1
            target = path.with_name(f"{path.name}.unreadable-{stamp}-{count}")
        self._ops.rename(path, target)
        self._ops.sync_folder(path.parent)
        return target

    def set_aside_names(self) -> list[Path]:
        """Return the paths of what was set aside of this file, oldest first."""
        start = (f"{self.path.name}.unreadable-", f"{self.previous.name}.unreadable-")
        names = [name for name in self._ops.names(self.path.parent) if name.startswith(start)]
        return [self.path.with_name(name) for name in sorted(names, key=_stamp)]

    def forget(self, path: Path) -> None:
        """Delete a file that was set aside."""
        self._ops.unlink(path)

    def sweep(self) -> None:
        """Delete what kills left over. Only the one program that may write this file does so."""
        # The first is what versions before this one left.
        start = (f"{self.path.name}.tmp-", atomic_file.leftovers(self.path.name))
        for name in self._ops.names(self.path.parent):
            if name.startswith(start):
                self._ops.unlink(self.path.with_name(name))


def _stamp(name: str) -> str:
    return name.rpartition(".unreadable-")[2]
