"""TinyDB's storage on a file that is replaced whole."""

from __future__ import annotations

from tinydb.storages import Storage

from smic_tui.cache.generations import GenerationalFile
from smic_tui.cache.tables import Tables, decode_tables, encode_tables


class AtomicStorage(Storage):
    """Reads the newest readable generation; `write` is durable when it returns."""

    def __init__(self, file: GenerationalFile) -> None:
        self._file = file

    def read(self) -> Tables | None:
        """The tables, None when there is no readable file."""
        return self._file.read(decode_tables).value

    def write(self, data: Tables) -> None:
        """Replace the file; `OSError` when that cannot be, the old content then stands."""
        self._file.replace(encode_tables(data))
