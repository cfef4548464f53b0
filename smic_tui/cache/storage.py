"""TinyDB's storage on a file that is replaced whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from tinydb.storages import Storage

from smic_tui.cache.generations import GenerationalFile, Unreadable

Tables = dict[str, dict[str, Any]]


def decode_tables(data: bytes) -> Tables:
    """The tables of a TinyDB file as plain dictionaries; raises `Unreadable`."""
    try:
        return msgspec.json.decode(data, type=Tables)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from None


class AtomicStorage(Storage):
    """Reads the newest readable generation; `write` is durable when it returns.

    `check` raises `Unreadable` for content that is JSON but not what its owner
    wrote, so that TinyDB and the owner always take the same generation.
    """

    def __init__(
        self, file: GenerationalFile, check: Callable[[bytes], object] = lambda _data: None
    ) -> None:
        self._file = file
        self._check = check

    def read(self) -> Tables | None:
        """The tables, None when there is no readable file."""

        def decode(data: bytes) -> Tables:
            self._check(data)
            return decode_tables(data)

        return self._file.read(decode).value

    def write(self, data: Tables) -> None:
        """Replace the file; `OSError` when that cannot be, the old content then stands."""
        self._file.replace(msgspec.json.encode(data))
