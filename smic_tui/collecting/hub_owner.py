"""Keeps two head offices from publishing into one folder.

owner.json    who publishes here; its time of change says when that program was last at work
"""

from __future__ import annotations

import contextlib
import os
import platform
import time
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from smic_tui.system import atomic_file

NAME = "owner.json"
# An owner that was not at work for so many seconds has gone: another machine took its place.
AWAY = 3600.0
# The time of change is set this often, in seconds: rsync brings the file along each time.
_SIGN_OF_LIFE = 600.0
_LARGEST = 4096


class OwnedElsewhere(Exception):
    """Another head office publishes into the folder; `host` is its machine."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} publishes there")
        self.host = host


class _Owner(Struct, frozen=True):
    who: str
    host: str


class FolderOwner:
    """The mark of one head office in a folder. Its methods block."""

    def __init__(self, folder: Path, cache: Path, *, mode: int) -> None:
        """Speak for the head office that keeps its facts in the folder `cache`."""
        self._path = folder / NAME
        self._cache = cache
        self._mode = mode

    @cached_property
    def _me(self) -> _Owner:
        return _Owner(who=_identity(self._cache), host=platform.node())

    def claim(self) -> None:
        """Make the folder ours, or raise `OwnedElsewhere`; may raise `OSError`."""
        there, changed = self._read()
        # A clock that was wrong once must not keep the folder for years.
        age = abs(time.time() - changed)
        if there is not None and there.who != self._me.who and age < AWAY:
            raise OwnedElsewhere(there.host)
        if there != self._me:
            atomic_file.replace(self._path, msgspec.json.encode(self._me), mode=self._mode)
        elif age > _SIGN_OF_LIFE:
            os.utime(self._path)

    def _read(self) -> tuple[_Owner | None, float]:
        try:
            data, status = atomic_file.read(self._path, _LARGEST)
            return msgspec.json.decode(data, type=_Owner), status.st_mtime
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None, 0.0


def _identity(cache: Path) -> str:
    """Return a name for this machine's cache, which a copy of it elsewhere does not have."""
    machine = b""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        with contextlib.suppress(OSError):
            machine = atomic_file.read(path, _LARGEST)[0].strip()
        if machine:
            break
    place = os.fsencode(cache.resolve())
    return sha256(b"\0".join((machine, platform.node().encode(), place))).hexdigest()[:16]
