"""Kind `sql`: any stream from one SELECT in a database.

The statement is the first half of the mapping: it may join, rename and compute. The columns of
its answer are mapped as those of a csv file are.

Three things keep the adapter from writing: it sends only a single SELECT, in a transaction that may
not write, by an account that (docs/sources/sql.md) has no other right.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal as DecimalNumber
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from adapters.sql.options import DatabaseOptions, single_select
from adapters.sql.other_text import names_of
from adapters.tables.columns import ColumnLocator
from adapters.tables.cursors import TableCursor, digest_of, known_table
from adapters.tables.mapping import (
    Columns,
    Dates,
    Decimal,
    Defaults,
    ListSeparator,
    Words,
    Zone,
    builder_for,
    check_mapping,
    mapping_of,
)
from adapters.tables.options import TablesConfig, config_type
from adapters.tables.row_reading import Row, RowReading, refuse_if_nothing_fits
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import Stream

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from adapters.sql.database import Database

_LOOKED_AT = 200


class SqlTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SELECT that gives one stream, and how its columns become records."""

    select: Annotated[
        str, Meta(description="One SELECT (or WITH … SELECT); its columns are what is mapped.")
    ]
    changed: Annotated[
        str,
        Meta(
            description="A SELECT of one row that is another as soon as anything changed, e.g. "
            "SELECT count(*), max(updated_at) FROM members; as long as it answers the same, "
            "`select` is not asked. Empty: it is asked each time, unless a sqlite file is as "
            "it was."
        ),
    ] = ""
    columns: Columns
    defaults: Defaults
    values: Words
    dates: Dates = ()
    timezone: Zone = ""
    decimal: Decimal = "auto"
    list_separator: ListSeparator = ","

    stream: ClassVar[Stream]

    def __post_init__(self) -> None:
        """Refuse statements that do more than read, and mappings that cannot work."""
        for name in ("select", "changed"):
            if statement := getattr(self, name):
                try:
                    single_select(statement)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        if not self.select:
            raise ValueError(_("select is empty: a SELECT is expected"))
        check_mapping(self)

    @property
    def name(self) -> str:
        """How messages call what the rows are from."""
        return self.stream.value


class SqlConfig(DatabaseOptions, TablesConfig, frozen=True, kw_only=True):
    """A database, and one SELECT for each stream that it gives."""

    def __post_init__(self) -> None:
        """Refuse what either half refuses."""
        DatabaseOptions.__post_init__(self)
        TablesConfig.__post_init__(self)
        for stream, table in self.tables.items():
            for name in ("select", "changed"):
                if statement := getattr(table, name):
                    try:
                        single_select(statement, self.brand)
                    except ValueError as error:
                        raise ValueError(f"{stream.value}.{name}: {error}") from None


class SqlAdapter(Adapter[Any]):
    """Reads one database."""

    kind: ClassVar[str] = "sql"
    config_type: ClassVar[type[Struct]] = config_type("sql", SqlTable, SqlConfig)
    streams: ClassVar[frozenset[Stream]] = frozenset(Stream)

    def __init__(self, config: Any, context: Context) -> None:
        super().__init__(config, context)
        self._tables: Mapping[Stream, SqlTable] = config.tables

    def offered(self) -> frozenset[Stream]:
        """The streams that have a SELECT."""
        return frozenset(self._tables)

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read all rows, unless `changed` says that they are those that the cursor knows."""
        table = self._tables[stream]
        known = known_table(self._settings(table), cursor)
        database = self._database()
        # Asked before the rows: what changes in between is read again next time.
        version = "" if table.changed else await asyncio.to_thread(database.file_version)
        if version and version == known.version:
            yield Batch(cursor=cursor, rejected=known.rejected)
            return
        async with database.session() as session:
            if table.changed:
                version = await session.call(lambda open_: _version(table, open_))
                if version == known.version:
                    yield Batch(cursor=cursor, rejected=known.rejected)
                    return
            rows = await session.call(lambda open_: _rows(table, open_, self.config.max_rows))
            builder = builder_for(table, self.context.timezone)
            reading = RowReading(table.name, rows, builder)
            more = True
            while more:
                records, aside, more = await session.call(lambda _open: reading.piece())
                if not more:
                    refuse_if_nothing_fits(reading)
                yield Batch(
                    upserts=tuple(records),
                    rejected=tuple(aside),
                    full=True,
                    cursor=None if more else self._cursor(table, version, reading.rejected),
                )

    async def probe(self) -> Probe:
        """Ask every statement, and remark on what a person should know."""
        database = self._database()
        remarks = [*database.remarks()]
        async with database.session() as session:
            told = await session.call(_about)
            remarks += await session.call(lambda open_: _rights(open_, self.config))
            for stream, table in self._tables.items():
                remarks += [
                    f"{stream}: {remark}"
                    for remark in await session.call(
                        lambda open_, table=table: _remarks(table, open_)  # type: ignore[misc]
                    )
                ]
        return Probe(version=told, account=self.config.user, remarks=tuple(remarks))

    def _database(self) -> Database:
        from adapters.sql.database import Database

        return Database(self.config, self.context)

    def _settings(self, table: SqlTable) -> str:
        return digest_of(self.config.database, self.context.timezone, table)

    def _cursor(self, table: SqlTable, version: str, rejected: list[Rejected]) -> str:
        return TableCursor(self._settings(table), version, tuple(rejected)).encoded()


# -- what is asked; all of it blocks ---------------------------------------------


def _answer(statement: str, connection: Connection, *, stream: bool = False) -> Any:
    """Send a statement as it is: % and : have no meaning of their own."""
    connection = connection.execution_options(no_parameters=True, stream_results=stream)
    return connection.exec_driver_sql(single_select(statement))


def _version(table: SqlTable, connection: Connection) -> str:
    found = _answer(table.changed, connection).fetchmany(2)
    if len(found) != 1:
        raise BadAnswer(
            _("{stream}: `changed` must bring exactly one row").format(stream=table.stream)
        )
    return hashlib.sha256(repr(tuple(found[0])).encode()).hexdigest()[:32]


def _rows(table: SqlTable, connection: Connection, most: int) -> Iterator[Row]:
    """Return the rows, lazily; raises `BadAnswer` when a column is not there."""
    result = _answer(table.select, connection, stream=True)
    places = _Places(table, names_of(list(result.keys()), connection))

    def rows() -> Iterator[Row]:
        number = 0
        while found := result.fetchmany(1000):
            for cells in found:
                number += 1
                if number > most:
                    raise BadAnswer(
                        _("{stream}: more than {limit} rows came").format(
                            stream=table.stream, limit=most
                        ),
                        hint=_("If so much is right, raise `max_rows`."),
                    )
                plain = [_plain(cell) for cell in cells]
                yield Row(
                    place=_("row {number}").format(number=number),
                    cells=places.cells_of(plain),
                    sample=" | ".join(str(cell) for cell in plain if cell is not None),
                )

    return rows()


def _remarks(table: SqlTable, connection: Connection) -> list[str]:
    """Read the first rows: they must fit, and each mapped column should hold something."""
    result = _answer(table.select, connection, stream=True)
    places = _Places(table, names_of(list(result.keys()), connection))
    found = [places.cells_of([_plain(c) for c in cells]) for cells in result.fetchmany(_LOOKED_AT)]
    result.close()
    if table.changed:
        _version(table, connection)
    if not found:
        return [_("no rows: is the account allowed to see them?")]
    empty = [n for n in mapping_of(table) if all(each[n] in (None, "", [], {}) for each in found)]
    if empty:
        return [
            _("nothing found in the first rows for: {columns}").format(columns=", ".join(empty))
        ]
    return []


def _about(connection: Connection) -> str:
    """Return what the database calls itself."""
    brand = connection.dialect.name
    statement = "SELECT sqlite_version()" if brand == "sqlite" else "SELECT version()"
    said = str(connection.exec_driver_sql(statement).scalar())
    if brand == "sqlite":
        return f"sqlite {said}"
    if brand == "postgresql":
        return " ".join(said.split()[:2])
    return f"MariaDB {said}" if "mariadb" in said.lower() else f"MySQL {said}"


def _rights(connection: Connection, options: DatabaseOptions) -> list[str]:
    """Tell when the account may do more than read."""
    if options.brand == "postgresql":
        powers = connection.exec_driver_sql(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb, "
            "(SELECT count(*) FROM information_schema.role_table_grants "
            " WHERE grantee = current_user AND privilege_type IN ('INSERT','UPDATE','DELETE')) "
            "FROM pg_roles WHERE rolname = current_user"
        ).one()
        too_much = bool(powers[0] or powers[1])
    elif options.brand == "mysql":
        grants = connection.exec_driver_sql("SHOW GRANTS").scalars().all()
        needed = ("GRANT USAGE ", "GRANT SELECT", "GRANT SHOW VIEW")
        too_much = any(not str(grant).startswith(needed) for grant in grants)
    else:
        return []
    return [_("The account may write: SELECT is all that is needed.")] if too_much else []


class _Places(ColumnLocator):
    """Where each field of a row stands in the answer of a statement."""

    def __init__(self, table: SqlTable, names: list[str]) -> None:
        self._stream = table.stream
        super().__init__(names, mapping_of(table))

    def absent(self, name: str) -> BadAnswer:
        return BadAnswer(
            _('{stream}: the statement gives no column "{column}"').format(
                stream=self._stream, column=name
            ),
            hint=self.suggestion(name)
            + _("The statement gives: {columns}.").format(columns=", ".join(self.names)),
        )

    def occurring_twice(self, name: str, places: list[int]) -> int:
        return places[-1]


def _plain(cell: object) -> object:
    """Return a database's value as rows are read from: text, numbers, lists and dates."""
    match cell:
        case None | str() | bool() | int() | float() | datetime() | date() | dict():
            return cell
        case DecimalNumber():
            return int(cell) if cell == cell.to_integral_value() else float(cell)
        case bytes() | bytearray() | memoryview():
            return bytes(cell).decode("utf-8", "replace")
        case timedelta():
            return int(cell.total_seconds())
        case list() | tuple():
            return [_plain(part) for part in cell]
        case _:
            return str(cell)
