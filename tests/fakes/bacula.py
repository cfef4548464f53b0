"""A catalogue as a Bacula director 9.6 keeps it in sqlite, with what it writes and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

# The columns that matter, as Bacula's make_sqlite3_tables has them.
_TABLES = """
CREATE TABLE Version (VersionId INTEGER);
INSERT INTO Version VALUES (16);
CREATE TABLE Client (ClientId INTEGER PRIMARY KEY, Name TEXT NOT NULL UNIQUE);
CREATE TABLE Job (
   JobId INTEGER PRIMARY KEY,
   Job VARCHAR(128) NOT NULL,
   Name VARCHAR(128) NOT NULL,
   Type CHAR(1) NOT NULL,
   Level CHAR(1) NOT NULL,
   ClientId INTEGER DEFAULT 0,
   JobStatus CHAR(1) NOT NULL,
   SchedTime DATETIME NOT NULL,
   StartTime DATETIME DEFAULT 0,
   EndTime DATETIME DEFAULT 0,
   JobTDate BIGINT UNSIGNED DEFAULT 0,
   JobFiles INTEGER UNSIGNED DEFAULT 0,
   JobBytes BIGINT UNSIGNED DEFAULT 0,
   JobErrors INTEGER UNSIGNED DEFAULT 0
);
"""


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = MEMORY")
        yield database


class FakeCatalogue:
    """Runs jobs by writing what a director writes. Times are epochs; `zone` is its clock's."""

    def __init__(self, file: Path, zone: str = "Europe/Paris") -> None:
        self.file = file
        self._zone = ZoneInfo(zone)
        with _open(file) as database:
            database.executescript(_TABLES)

    def begin(
        self, name: str, client: str, start: int, *, type: str = "B", level: str = "F"
    ) -> int:
        """Begin a run and return its number: JobTDate is that of its start."""
        local = self._local(start)
        unique = f"{name}.{local.replace(' ', '_').replace(':', '.')}_{start % 97:02}"
        with _open(self.file) as database:
            database.execute("INSERT OR IGNORE INTO Client (Name) VALUES (?)", (client,))
            made = database.execute(
                "INSERT INTO Job (Job, Name, Type, Level, ClientId, JobStatus, SchedTime, "
                "StartTime, JobTDate) SELECT ?, ?, ?, ?, ClientId, 'R', ?, ?, ? FROM Client "
                "WHERE Name = ?",
                (unique, name, type, level, local, local, start, client),
            )
            assert made.lastrowid is not None
            return made.lastrowid

    def finish(self, number: int, end: int, status: str = "T", **counts: int) -> None:
        """End a run: JobTDate becomes that of its end."""
        counts = {"files": 4, "size": 1000, "errors": 0, **counts}
        self.do(
            "UPDATE Job SET JobStatus = ?, EndTime = ?, JobTDate = ?, JobFiles = ?, "
            "JobBytes = ?, JobErrors = ? WHERE JobId = ?",
            status,
            self._local(end),
            end,
            counts["files"],
            counts["size"],
            counts["errors"],
            number,
        )

    def run(
        self, name: str, client: str, start: int, took: int = 60, status: str = "T", **more: Any
    ) -> int:
        """Run a job from beginning to end."""
        kind = {key: more.pop(key) for key in ("type", "level") if key in more}
        number = self.begin(name, client, start, **kind)
        self.finish(number, start + took, status, **more)
        return number

    def do(self, statement: str, *values: Any) -> None:
        """Do something to the catalogue."""
        with _open(self.file) as database:
            database.execute(statement, values)

    def _local(self, epoch: int) -> str:
        return f"{datetime.fromtimestamp(epoch, UTC).astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
