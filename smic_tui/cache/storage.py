"""TinyDB's storage on a file that is replaced whole."""

from __future__ import annotations

from tinydb.storages import Storage

from smic_tui.cache.generations import GenerationalFile
from smic_tui.cache.seal import sealed
from smic_tui.cache.tables import Tables, encode_tables, tables_of


class AtomicStorage(Storage):
    """Reads the newest readable generation; `write` is durable when it returns.

    With `seal` a checksum goes with it: for what nobody changes by hand.
    """

    def __init__(self, file: GenerationalFile, *, seal: bool = False) -> None:
        self._file = file
        self._seal = seal

    def read(self) -> Tables | None:
        """The tables, None when there is no readable file."""
        return self._file.read(tables_of).value

    def write(self, data: Tables) -> None:
        """Replace the file; `OSError` when that cannot be, the old content then stands."""
        written = encode_tables(data)
        self._file.replace(sealed(written) if self._seal else written)
