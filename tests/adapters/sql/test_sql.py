"""The sql kind, on sqlite; on PostgreSQL and MariaDB it is tried by the live tests."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import psycopg.errors
import pymysql.err
import pytest
import sqlalchemy.exc
import time_machine

from adapters.sql.adapter import SqlAdapter, _plain
from adapters.sql.database import Database
from adapters.sql.errors import failure
from adapters.sql.options import DatabaseOptions, single_select
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.records import Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.adapters.sql.sql_members import COLUMNS, change, members, source
from tests.fakes.configured import adapter, context, read

SITES = Stream.SITES


class TestKit(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> SqlAdapter:
        if not (tmp_path / "m.db").exists():
            members(tmp_path / "m.db", 1200)
        return source(tmp_path, changed="SELECT count(*), max(maj) FROM membres")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> SqlAdapter:
        return source(tmp_path, "gone.db")


# -- what is read ----------------------------------------------------------------


async def test_text_that_is_not_in_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    members(tmp_path / "m.db")
    with closing(sqlite3.connect(tmp_path / "m.db")) as database, database:
        database.execute("UPDATE membres SET nom = CAST(x'4d61697269e920' AS TEXT)")
    found = await read(source(tmp_path), SITES)
    assert found.rejected == []
    assert {site.name for site in found.records} == {"Mairi\ufffd"}


async def test_columns_become_fields(tmp_path: Path) -> None:
    members(tmp_path / "m #?.db")
    columns = {**COLUMNS, "line": "ligne", "applications": ["a", "b"], "member": "nobody"}
    select = "SELECT *, 'paie' a, NULL b, NULL nobody FROM membres WHERE nom LIKE '%à 100 %'"
    made = source(
        tmp_path,
        "m%20%23%3F.db",
        select,
        columns=columns,
        values={"line": {"fibre optique": "fibre"}},
    )
    found = await read(made, SITES)
    assert (len(found.rows), found.full, found.rejected) == (700, True, [])
    site = found.rows["17001"]
    assert (site.name, site.population, site.line) == ("Commune à 100 % n° 1", 10, "fibre")
    assert (site.applications, site.member) == (("paie",), "")


async def test_times_of_a_database_are_understood(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 1)
    select = "SELECT 'a' k, 's' s, 'open' st, '2026-11-24 07:30:00' c, 1795485600 u FROM membres"
    columns = {"key": "k", "subject": "s", "status": "st", "created": "c", "updated": "c"}
    settings = {
        "database": "sqlite:///m.db",
        "tickets": {"select": select, "columns": columns, "timezone": "Europe/Paris"},
    }
    made = adapter(SqlAdapter, settings, context(tmp_path))
    (ticket,) = (await read(made, Stream.TICKETS)).records
    assert ticket.created == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        (datetime(2026, 11, 24, 7, 30), datetime(2026, 11, 24, 6, 30, tzinfo=UTC)),
        (
            datetime(2026, 11, 24, 7, 30, tzinfo=timezone(timedelta(hours=3))),
            datetime(2026, 11, 24, 4, 30, tzinfo=UTC),
        ),
        (date(2026, 11, 24), datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)),
    ],
)
def test_what_drivers_give_for_dates(value: object, due: datetime) -> None:
    from adapters.tables.columns import fields_of
    from adapters.tables.rows import Notation, reader_for

    notation = Notation(zone="Europe/Paris", dates=("%d/%m/%Y",))
    assert reader_for(fields_of(Stream.TICKETS)["due"], notation)(value) == due
    assert reader_for(fields_of(Stream.TICKETS)["subject"], notation)(value)


def test_what_drivers_give_for_the_rest() -> None:
    assert _plain(Decimal("10")) == 10
    assert _plain(Decimal("1.5")) == 1.5
    assert _plain(memoryview("é".encode())) == "é"
    assert _plain(timedelta(hours=1)) == 3600
    assert _plain([Decimal(1), None]) == [1, None]


async def test_rows_that_do_not_fit_are_set_aside(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    change(tmp_path / "m.db", "UPDATE membres SET habitants = 'beaucoup' WHERE code = '17001'")
    found = await read(source(tmp_path), SITES)
    assert set(found.rows) == {"17000", "17002"}
    (rejected,) = found.rejected
    assert rejected.where == "sites, row 2"
    assert '"beaucoup" is not a whole number' in rejected.reason
    assert "17001 | Commune" in rejected.sample


async def test_the_same_version_asks_for_nothing(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    change(tmp_path / "m.db", "UPDATE membres SET habitants = 'x' WHERE code = '17001'")
    changed = "SELECT count(*), max(maj) FROM membres"
    first = await read(source(tmp_path, changed=changed), SITES)
    again = await read(source(tmp_path, changed=changed), SITES, first.cursor)
    assert (again.records, again.full) == ([], False)
    assert again.rejected == first.rejected
    change(tmp_path / "m.db", "DELETE FROM membres WHERE code = '17000'")
    third = await read(source(tmp_path, changed=changed), SITES, again.cursor)
    assert (set(third.rows), third.full) == ({"17002"}, True)


async def test_a_sqlite_file_that_did_not_change_is_not_opened(tmp_path: Path) -> None:
    file = members(tmp_path / "m.db", 3)
    with time_machine.travel(time.time() + 60):
        first = await read(source(tmp_path), SITES)
        again = await read(source(tmp_path), SITES, first.cursor)
        assert (again.records, again.full) == ([], False)
    change(file, "PRAGMA journal_mode = WAL")
    change(file, "DELETE FROM membres WHERE code = '17000'")
    assert len((await read(source(tmp_path), SITES, again.cursor)).rows) == 2


@pytest.mark.parametrize("changed", ["SELECT 1 WHERE 0", "SELECT code FROM membres"])
async def test_changed_must_bring_one_row(tmp_path: Path, changed: str) -> None:
    members(tmp_path / "m.db", 3)
    with pytest.raises(BadAnswer, match="exactly one row"):
        await read(source(tmp_path, changed=changed), SITES)


async def test_probe_reads_and_remarks(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    columns = {**COLUMNS, "line": "rien"}
    probe = await source(
        tmp_path, select="SELECT *, NULL rien FROM membres", columns=columns
    ).probe()
    assert probe.version.startswith("sqlite 3.")
    assert probe.remarks == ("sites: nothing found in the first rows for: line",)
    empty = await source(tmp_path, select="SELECT * FROM membres WHERE 0").probe()
    assert empty.remarks == ("sites: no rows: is the account allowed to see them?",)


# -- what goes wrong -------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "words"),
    [
        ("SELECT * FROM membre", "no such table: membre"),
        ("SELECT codes FROM membres", "no such column: codes"),
        ("SELECT FROM", "syntax error"),
        ("SELECT code, habitants FROM membres", 'the statement gives no column "nom"'),
    ],
)
async def test_a_statement_that_does_not_fit(tmp_path: Path, select: str, words: str) -> None:
    members(tmp_path / "m.db", 3)
    with pytest.raises(BadAnswer, match=words) as raised:
        await read(source(tmp_path, select=select), SITES)
    assert raised.value.hint


async def test_a_misspelt_column_is_recognised(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    with pytest.raises(BadAnswer) as raised:
        await read(source(tmp_path, columns={**COLUMNS, "name": "noms"}), SITES)
    assert 'Did you mean "Nom"?' in raised.value.hint
    assert "The statement gives: code, Nom, habitants, maj." in raised.value.hint


async def test_no_row_fits(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    with pytest.raises(BadAnswer, match="no row of sites can be read; sites, row 1: column code"):
        await read(source(tmp_path, select="SELECT '' code, nom, habitants FROM membres"), SITES)


async def test_more_rows_than_allowed(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    settings = {"database": "sqlite:///m.db", "max_rows": 2}
    table = {"select": "SELECT * FROM membres", "columns": COLUMNS}
    made = adapter(SqlAdapter, {**settings, "sites": table}, context(tmp_path))
    with pytest.raises(BadAnswer, match="more than 2 rows came"):
        await read(made, SITES)


async def test_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "m.db").write_text("code;nom\n" * 200)
    with pytest.raises(BadAnswer, match="not a database"):
        await read(source(tmp_path), SITES)
    with pytest.raises(Unavailable, match="does not exist"):
        await read(source(tmp_path, "gone.db"), SITES)
    assert not (tmp_path / "gone.db").exists()


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT max(i) code, '' nom, 0 habitants FROM n"
)


async def test_a_statement_without_end_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(tmp_path / "m.db", 3)
    monkeypatch.setattr("adapters.sql.database._SLACK", 0.1)
    settings = {"database": "sqlite:///m.db", "statement_timeout": "0.2s"}
    table = {"select": ENDLESS, "columns": COLUMNS}
    made = adapter(SqlAdapter, {**settings, "sites": table}, context(tmp_path))
    with pytest.raises(Unavailable, match="did not answer within") as raised:
        await read(made, SITES)
    assert "statement_timeout" in raised.value.hint
    reading = asyncio.create_task(read(source(tmp_path, select=ENDLESS), SITES))
    await asyncio.sleep(0.3)
    reading.cancel()
    async with asyncio.timeout(20):  # its statement_timeout is 30 seconds
        with pytest.raises(asyncio.CancelledError):
            await reading
    async with asyncio.timeout(20):  # no thread of the loop still works on the statement
        await asyncio.get_running_loop().shutdown_default_executor()


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Accepts connections and never says anything, as a frozen server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("brand", ["postgresql", "mysql"])
async def test_a_server_that_is_frozen_or_gone(
    tmp_path: Path, silent_server: int, brand: str
) -> None:
    for port in (silent_server, 9):
        settings = {"database": f"{brand}://smic@127.0.0.1:{port}/m", "connect_timeout": "1s"}
        table = {"select": "SELECT 1 code", "columns": {"code": "code", "name": "code"}}
        made = adapter(SqlAdapter, {**settings, "sites": table}, context(tmp_path))
        with pytest.raises(Unavailable):
            await read(made, SITES)


async def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members(tmp_path / "m.db", 3)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    settings = {"database": "postgresql://smic@127.0.0.1:9/m"}
    table = {"select": "SELECT 1 code", "columns": {"code": "code", "name": "code"}}
    made = adapter(SqlAdapter, {**settings, "sites": table}, context(tmp_path))
    with pytest.raises(Unavailable, match="psycopg is not installed") as raised:
        await read(made, SITES)
    assert "smic-tui[sql]" in raised.value.hint
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(Unavailable, match="SQLAlchemy is not installed"):
        await read(source(tmp_path), SITES)


def state(code: str) -> psycopg.Error:
    return psycopg.errors.lookup(code)("no")


def fatal(said: str) -> psycopg.Error:
    return psycopg.OperationalError(f"connection to server at db, port 5432 failed: FATAL:  {said}")


AUTH, BAD, LATER = AuthFailed, BadAnswer, Unavailable


@pytest.mark.parametrize(
    ("brand", "origin", "kind"),
    [
        ("postgresql", state("28P01"), AUTH),
        ("postgresql", state("42501"), AUTH),
        ("postgresql", state("42P01"), BAD),
        ("postgresql", state("42703"), BAD),
        ("postgresql", state("25006"), BAD),
        ("postgresql", state("57014"), LATER),
        ("postgresql", state("57P01"), LATER),
        ("postgresql", state("53300"), LATER),
        (
            "postgresql",
            psycopg.OperationalError(
                'connection failed: FATAL:  password authentication failed for user "smic"'
            ),
            AUTH,
        ),
        (
            "postgresql",
            psycopg.OperationalError(
                "connection failed: FATAL:  authentification par mot de passe échouée"
            ),
            AUTH,
        ),
        (
            "postgresql",
            psycopg.OperationalError("connection failed: FATAL:  sorry, too many clients already"),
            LATER,
        ),
        ("postgresql", psycopg.OperationalError("connection failed: Connection refused"), LATER),
        ("postgresql", fatal('role "smic" does not exist'), AUTH),
        ("postgresql", fatal("le rôle « smic » n'existe pas"), AUTH),
        ("postgresql", fatal("le rôle « smic » n’est pas autorisé à se connecter"), AUTH),
        ("postgresql", fatal('Peer authentication failed for user "smic"'), AUTH),
        ("postgresql", fatal('no pg_hba.conf entry for host "::1", user "a", no encryption'), AUTH),
        ("postgresql", fatal("aucune entrée dans pg_hba.conf pour l'hôte « ::1 »"), AUTH),
        # What a database is called says nothing.
        ("postgresql", fatal('database "authentik" does not exist'), LATER),
        ("postgresql", fatal('database "pg_hba.conf" does not exist'), LATER),
        ("postgresql", fatal("la base de données « role rôle » n'existe pas"), LATER),
        ("mysql", pymysql.err.OperationalError(1045, "Access denied"), AUTH),
        ("mysql", pymysql.err.OperationalError(1142, "SELECT command denied"), AUTH),
        ("mysql", pymysql.err.ProgrammingError(1146, "Table doesn't exist"), BAD),
        ("mysql", pymysql.err.OperationalError(1792, "READ ONLY transaction"), BAD),
        ("mysql", pymysql.err.OperationalError(1969, "max_statement_time exceeded"), LATER),
        ("mysql", pymysql.err.OperationalError(2013, "Lost connection"), LATER),
        ("mysql", pymysql.err.InterfaceError(0, ""), LATER),
    ],
)
def test_errors_are_told_apart_by_their_codes(
    brand: str, origin: BaseException, kind: type[SourceError]
) -> None:
    options = DatabaseOptions(database=f"{brand}://smic@db.example/m")
    error = failure(sqlalchemy.exc.DBAPIError("SELECT", None, origin), options)
    assert type(error) is kind
    assert error.message.startswith("m@db.example: ")


def test_a_certificate_that_is_not_trusted_points_to_ca_file() -> None:
    words = "connection failed: SSL error: certificate verify failed"
    error = sqlalchemy.exc.DBAPIError("SELECT", None, psycopg.OperationalError(words))
    address = "postgresql://smic@db.example/m"
    pinned = failure(error, DatabaseOptions(database=address, ca_file="ca.pem"))
    assert type(pinned) is Unavailable
    assert "ca_file" in pinned.hint
    assert not failure(error, DatabaseOptions(database=address)).hint
    of_mysql = pymysql.err.OperationalError(2003, "Can't connect to MySQL server on 'db'")
    of_mysql.original_exception = ssl.SSLError(1, "certificate verify failed")  # as PyMySQL does
    error = sqlalchemy.exc.DBAPIError("SELECT", None, of_mysql)
    address = "mysql://smic@db.example/m"
    assert "ca_file" in failure(error, DatabaseOptions(database=address, ca_file="ca.pem")).hint


def test_a_database_called_after_certificates_does_not_point_to_ca_file() -> None:
    origin = psycopg.OperationalError("connection failed: Connection refused")
    error = sqlalchemy.exc.DBAPIError("SELECT", None, origin)
    address = "postgresql://smic@tls.example/ssl-certificates"
    assert not failure(error, DatabaseOptions(database=address, ca_file="ca.pem")).hint


# -- nothing is written ----------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "select 1;",
        " (SELECT 1) UNION (SELECT 2) ; -- the end; really",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT 'a; DELETE FROM b', \"update\", `delete`, t.insert FROM t /* ; DROP */",
        "-- first\nSELECT $x$; delete$x$",
        "VALUES (1)",
    ],
)
def test_statements_that_read(statement: str) -> None:
    assert not single_select(statement).rstrip().endswith(";")


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "-- nothing",
        "DELETE FROM membres",
        "PRAGMA query_only = OFF",
        "SELECT 1; DELETE FROM membres",
        "SELECT 1; 'a'",
        "SELECT 1; (",
        "WITH a AS (DELETE FROM membres RETURNING *) SELECT * FROM a",
        "SELECT * INTO copie FROM membres",
        "SELECT * FROM membres INTO OUTFILE '/tmp/x'",
        "SELECT * FROM membres FOR UPDATE",
        "SELECT * FROM membres FOR NO KEY UPDATE",
        "EXPLAIN ANALYZE DELETE FROM membres",
    ],
)
def test_statements_that_may_write_are_refused(statement: str) -> None:
    with pytest.raises(ValueError, match=r"expected|only SELECT"):
        single_select(statement)


@pytest.mark.parametrize(
    ("statement", "brand"),
    [
        ("SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */", None),
        ("SELECT /*M! 1 */", "mysql"),
        ("SELECT 5--1 INTO OUTFILE '/tmp/x'", "mysql"),
        ('SELECT "\\"" INTO OUTFILE \'/tmp/x\' -- "', "mysql"),
        ("SELECT $x$ INTO OUTFILE '/tmp/x' -- $x$", "mysql"),
        (r"SELECT '\' INTO copie -- '", "postgresql"),
        (r"SELECT '\' INTO copie -- '", "sqlite"),
        ("SELECT /* /* */ 1 INTO copie -- */", "postgresql"),
    ],
)
def test_what_is_code_for_the_database_is_code_here(statement: str, brand: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|only SELECT|executes"):
        single_select(statement, brand)


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_connection_itself_cannot_write(tmp_path: Path) -> None:
    members(tmp_path / "m.db", 3)
    database = Database(DatabaseOptions(database="sqlite:///m.db"), context(tmp_path))
    for statement in ("DELETE FROM membres", "CREATE TABLE x (y)"):
        async with database.session() as session:
            with pytest.raises(BadAnswer, match="readonly"):
                await session.call(lambda open_, it=statement: open_.exec_driver_sql(it))  # type: ignore[misc]
    assert _names_in(tmp_path) == ["m.db"]


# -- the settings ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("oracle://smic@db/x", "is expected"),
        ("postgresql://smic:secret@db/x", "must not stand in it"),
        ("postgresql://db/x", "a user and the name"),
        ("postgresql://smic@db", "a user and the name"),
        ("postgresql://smic@db/x?sslmode=disable", "sslmode is not known"),
        ("mysql://smic@/x", "a host, or the path of a socket"),
        ("mysql://smic@:1/x?unix_socket=/s", "exclude each other"),
        ("postgresql://smic@db:port/x", "not an address"),
        ("sqlite://m.db", "sqlite:///FILE"),
        ("sqlite:///", "sqlite:///FILE"),
    ],
)
def test_addresses_that_cannot_work_are_refused(database: str, words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words) as raised:
        msgspec.convert({"database": database}, DatabaseOptions)
    assert "secret@" not in str(raised.value)


def test_sockets_and_names() -> None:
    by_socket = DatabaseOptions(database="postgresql://smic@/m?host=/run/postgresql")
    assert (by_socket.socket, by_socket.host) == ("/run/postgresql", "")
    assert by_socket.shown == "m@/run/postgresql"
    assert DatabaseOptions(database="mariadb://s%40x@db/m").user == "s@x"
    assert DatabaseOptions(database="sqlite:////srv/m.db").file == "/srv/m.db"


def test_a_distant_server_that_is_not_verified_is_told(tmp_path: Path) -> None:
    def remarks(**settings: Any) -> tuple[str, ...]:
        return Database(DatabaseOptions(**settings), context(tmp_path)).remarks()

    (remark,) = remarks(database="postgresql://smic@db.example/m")
    assert remark.startswith("THE SERVER IS NOT VERIFIED")
    assert not remarks(database="postgresql://smic@db.example/m", ca_file="ca.pem")
    assert not remarks(database="postgresql://smic@127.0.0.1/m")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"select": ""}, "select is empty"),
        ({"select": "DROP TABLE x"}, "select: a statement that begins with SELECT"),
        ({"select": "SELECT 1", "changed": "SELECT 1; SELECT 2"}, "changed: one statement"),
        ({"select": "SELECT 1", "columns": {"name": "n"}}, "`code` .* is required"),
    ],
)
def test_tables_that_cannot_work_are_refused(table: dict[str, Any], words: str) -> None:
    settings = {"database": "sqlite:///m.db", "sites": {"columns": COLUMNS, **table}}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(settings, SqlAdapter.config_type)


def test_a_source_without_a_table_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="at least one of"):
        msgspec.convert({"database": "sqlite:///m.db"}, SqlAdapter.config_type)
