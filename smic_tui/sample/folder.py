"""The folder of a sample: its files, its lock, and the marker that tells that it is whole.

A program writes the folder under a lock, file by file, each one whole or not at all. It
removes the marker first and writes it last, so that a folder left half-written is
recognised and written again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from smic_tui.i18n import _
from smic_tui.system import atomic_file

SITES = "sites.csv"
MONITORING = "monitoring.json"
PLAN = "backup_plan.csv"
JOURNAL = "backup_journal.jsonl"
TICKETS = "tickets.csv"
REQUESTS = "requests.json"
CONFIG = "config.toml"
NEW_CONFIG = "config.toml.new"
FILES = (SITES, MONITORING, PLAN, JOURNAL, TICKETS, REQUESTS, CONFIG)

_MARKER = ".sample.json"
_BEGUN = ".sample.begun"
_LOCK = ".lock"
_PLAYING = ".playing"
_OURS = frozenset((_MARKER, _BEGUN, _LOCK, _PLAYING))
_LOCK_WAIT = 20.0
_LARGEST_MARKER = 4096
_LARGEST_CONFIG = 1 << 24
_KEPT_OPEN = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW


class SampleError(OSError):
    """The sample cannot be written there; the message says why and what to do."""


class Marker(Struct, frozen=True, kw_only=True):
    """The seed of the sample in the folder, its moment (UTC), and the version that wrote it.

    `config` is the digest of the configuration that was written with it; empty if that is not
    known, because the one in the folder was edited.
    """

    seed: int
    anchored: datetime
    version: str
    config: str = ""


def digest_of(config: bytes) -> str:
    """Returns what tells one configuration from another."""
    return hashlib.sha256(config).hexdigest()


def is_edited(folder: Path, config: bytes) -> bool:
    """Whether the folder holds a configuration that is neither `config` nor written by us."""
    try:
        found, _status = atomic_file.read(folder / CONFIG, _LARGEST_CONFIG)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno == errno.EFBIG:
            return True
        raise
    marker = read_marker(folder)
    return found != config and (marker is None or digest_of(found) != marker.config)


def read_marker(folder: Path) -> Marker | None:
    """Returns the marker of the folder; None if the folder holds no whole sample."""
    try:
        data, _status = atomic_file.read(folder / _MARKER, _LARGEST_MARKER)
        marker = msgspec.json.decode(data, type=Marker)
    except (OSError, msgspec.MsgspecError):
        return None
    return marker if all((folder / name).exists() for name in FILES) else None


@contextmanager
def rewriting(folder: Path, marker: Marker) -> Iterator[None]:
    """Removes the marker while the caller writes every file anew, then writes `marker`."""
    (folder / _BEGUN).touch()
    (folder / _MARKER).unlink(missing_ok=True)
    for leftover in folder.glob(atomic_file.leftovers("*") + "*"):
        leftover.unlink(missing_ok=True)
    yield
    replace_file(folder / _MARKER, msgspec.json.encode(marker))
    (folder / _BEGUN).unlink(missing_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` into `path` at one stroke: readers see the old file or the new one."""
    atomic_file.replace(path, data, mode=None, sync=False)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of the folder, and makes the folder if needed.

    Waits up to twenty seconds for another program to release the lock. Raises
    `SampleError` after that, if the folder holds files that are no sample, and in place of
    any `OSError` while the lock is held.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_strangers(folder)
        with os.fdopen(atomic_file.opened(folder / _LOCK, _KEPT_OPEN, 0o666), "ab") as lock:
            _wait_for(lock.fileno(), folder)
            yield


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turns an `OSError` while the folder is written into a `SampleError`."""
    try:
        yield
    except SampleError:
        raise
    except OSError as error:
        raise SampleError(
            _("{file} cannot be written: {reason}").format(
                file=error.filename or folder, reason=error.strerror
            )
        ) from error


def _wait_for(lock: int, folder: Path) -> None:
    deadline = time.monotonic() + _LOCK_WAIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                message = _("{folder} is being written by another program; try again later")
                raise SampleError(message.format(folder=folder)) from None
            time.sleep(0.05)
        else:
            return


@contextmanager
def playing(folder: Path) -> Iterator[None]:
    """Marks the sample as being played: no other program plays it or writes it anew.

    Raises `SampleError` if another program plays it already.
    """
    with os.fdopen(atomic_file.opened(folder / _PLAYING, _KEPT_OPEN, 0o666), "ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = _("the sample in {folder} is being played by another program")
            raise SampleError(message.format(folder=folder)) from None
        yield


def is_playing(folder: Path) -> bool:
    """Whether a player changes the sample in `folder` at this moment."""
    try:
        with os.fdopen(atomic_file.opened(folder / _PLAYING), "rb") as held:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _refuse_strangers(folder: Path) -> None:
    if (folder / _MARKER).exists() or (folder / _BEGUN).exists():
        return
    for path in sorted(folder.iterdir()):
        if path.name not in _OURS:
            raise SampleError(
                _(
                    "{folder} holds {file}, which is no sample of this program; "
                    "give an empty or a new folder"
                ).format(folder=folder, file=path.name)
            )
