"""Locks between programs: one for changing the user's file, one for collecting.

A `flock` belongs to the open file: the system frees it however its holder ends. It
holds between machines that mount one folder over NFS only where the mount passes locks
to the server (not with `nolock` or `local_lock`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct

from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.cache.file_ops import FileOps
from smic_tui.config.login import login_name
from smic_tui.system import atomic_file
from smic_tui.text import clean

_POLL = 0.02
_LONGEST = 4096


class Busy(OSError):
    """Somebody else holds the lock."""


class FileLock:
    """An exclusive lock on a file that is never deleted. Not reentrant."""

    def __init__(self, path: Path, folder: CacheFolder) -> None:
        self.path = path
        self._folder = folder
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    @property
    def descriptor(self) -> int:
        """The open file, while the lock is held."""
        assert self._descriptor is not None
        return self._descriptor

    def acquire(self, timeout: float = 0.0) -> None:
        """Take the lock, waiting up to `timeout` seconds.

        Raises `Busy`, or another `OSError` when no lock is possible here.
        """
        if self.held:
            return
        descriptor = self._open()
        give_up = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._descriptor = descriptor
                return
            except BlockingIOError as error:
                if time.monotonic() >= give_up:
                    os.close(descriptor)
                    raise Busy(error.errno, "locked by another program", str(self.path)) from None
            except OSError:
                os.close(descriptor)
                raise
            time.sleep(_POLL)

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._descriptor is not None:
            # Closing frees the lock: nobody else has this open file.
            os.close(self._descriptor)
            self._descriptor = None

    @contextlib.contextmanager
    def hold(self, timeout: float) -> Iterator[None]:
        """Hold the lock for a block."""
        self.acquire(timeout)
        try:
            yield
        finally:
            self.release()

    def _open(self) -> int:
        # A lock is no content: it goes to the system whatever replaces `FileOps`.
        with contextlib.suppress(FileExistsError):
            return FileOps().create(self.path, self._folder.file_mode, self._folder.group)
        return atomic_file.opened(self.path, os.O_RDWR | os.O_NOFOLLOW)


class Holder(Struct, frozen=True, kw_only=True):
    """The program that collects. `since` is when it began to (UTC)."""

    host: str = ""
    user: str = ""
    pid: int = 0
    since: datetime | None = None

    def __str__(self) -> str:
        return clean(f"{self.user}@{self.host} pid {self.pid}", 120) if self.pid else "?"


class Outcome(Enum):
    """The result of trying to become the writer."""

    HELD = "held"
    BUSY = "busy"
    IMPOSSIBLE = "impossible"


class WriterLock:
    """The lock of the one program that collects into a cache folder."""

    def __init__(self, folder: CacheFolder) -> None:
        self.path = folder.path / "writer.lock"
        self._folder = folder
        self._lock = FileLock(self.path, folder)
        self.error: OSError | None = None

    @property
    def held(self) -> bool:
        """Whether this program is the writer."""
        return self._lock.held

    def try_acquire(self) -> Outcome:
        """Become the writer if nobody is.

        Returns IMPOSSIBLE when the folder allows no lock (read-only, full): `error`
        says why. A live writer is noticed even where the folder is read-only.
        """
        if self._lock.held:
            return Outcome.HELD
        try:
            self._folder.prepare()
            self._lock.acquire()
        except Busy:
            return Outcome.BUSY
        except OSError as error:
            self.error = error
            return Outcome.BUSY if self._taken() else Outcome.IMPOSSIBLE
        self._folder.writer = True
        me = Holder(
            host=os.uname().nodename, user=login_name(), pid=os.getpid(), since=datetime.now(UTC)
        )
        # The lock counts, not what is written in it: a full disk is no hindrance.
        with contextlib.suppress(OSError):
            os.ftruncate(self._lock.descriptor, 0)
            os.pwrite(self._lock.descriptor, msgspec.json.encode(me), 0)
        return Outcome.HELD

    def release(self) -> None:
        """Let another program become the writer."""
        self._folder.writer = False
        self._lock.release()

    def beat(self) -> bool:
        """Show readers that the writer is not frozen, by a new time of the lock file.

        Returns whether this program still is the writer: it is not when somebody has
        deleted the lock file, because another program may hold a new one.
        """
        if not self._lock.held:
            return False
        try:
            there = self.path.stat()
        except FileNotFoundError:
            self.release()
            return False
        except OSError:
            return True
        if there.st_ino != os.fstat(self._lock.descriptor).st_ino:
            self.release()
            return False
        with contextlib.suppress(OSError):
            os.utime(self._lock.descriptor)
        return True

    def pulse(self) -> int | None:
        """Return a number that changes with every beat of the writer, None if it is unknown."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return None

    def holder(self) -> Holder | None:
        """Return the writer, None if there is none."""
        if not self._lock.held and not self._taken():
            return None
        try:
            data, _status = atomic_file.read(self.path, _LONGEST, follow_links=False)
            return msgspec.json.decode(data, type=Holder)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return Holder()

    def _taken(self) -> bool:
        """Whether another program holds the lock; the right to read suffices."""
        try:
            descriptor = atomic_file.opened(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return False
