"""A database of members, as the tests of the SQL kinds use it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.sql.adapter import SqlAdapter
from tests.fakes.configured import adapter, context

SELECT = 'SELECT code, nom AS "Nom", habitants, maj FROM membres ORDER BY code'
COLUMNS = {"code": "code", "name": "nom", "population": "habitants"}


def members(file: Path, count: int = 700) -> Path:
    """Make the database."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE membres (code, nom, habitants, ligne, maj)")
        database.executemany(
            "INSERT INTO membres VALUES (?, ?, ?, 'Fibre optique', '2026-11-24 07:30:00')",
            [(f"{17000 + n}", f"Commune à 100 % n° {n}", n * 10) for n in range(count)],
        )
    return file


def change(file: Path, statement: str, *values: Any) -> None:
    """Do something to the database, as its owner would."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(statement, values)


def source(folder: Path, file: str = "m.db", select: str = SELECT, **table: Any) -> SqlAdapter:
    """The adapter for its sites."""
    settings = {
        "database": f"sqlite:///{file}",
        "sites": {"select": select, "columns": COLUMNS, **table},
    }
    return adapter(SqlAdapter, settings, context(folder))  # type: ignore[no-any-return]
