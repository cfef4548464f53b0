"""The kinds that read by SQL, on PostgreSQL, MariaDB and a real Bacula."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.bacula.adapter import BaculaAdapter
from adapters.sql.database import Database
from adapters.sql.options import DatabaseOptions
from smic_tui.contract.errors import BadAnswer, SourceError, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.records import RunResult, Stream
from tests.fakes.configured import adapter, context, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_bacula import BaculaRig, CatalogueRig
from tests.live.rig_databases import (
    CERTS,
    PASSWORD,
    DatabaseServer,
    MariaServer,
    MembersRig,
    PostgresServer,
)

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.daemon.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def maria() -> Iterator[MariaServer]:
    server = MariaServer()
    try:
        server.daemon.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def bacula(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaculaRig]:
    rig = BaculaRig(tmp_path_factory.mktemp("bacula"))
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


def tables(folder: Path, kind: str) -> Path:
    """Bacula's own tables for another database; its package cannot be installed beside SQLite's."""
    package = f"bacula-director-{kind}"
    subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
    (archive,) = folder.glob("*.deb")
    subprocess.run(["dpkg", "-x", str(archive), "."], cwd=folder, check=True)
    return folder / "usr/share/dbconfig-common/data" / package / "install" / kind


@pytest.fixture(scope="module")
def live_members_postgres(postgres: PostgresServer) -> MembersRig:
    return MembersRig(postgres)


@pytest.fixture(scope="module")
def live_members_maria(maria: MariaServer) -> MembersRig:
    return MembersRig(maria)


@pytest.fixture(scope="module")
def live_catalogue_postgres(
    postgres: PostgresServer, bacula: BaculaRig, tmp_path_factory: pytest.TempPathFactory
) -> CatalogueRig:
    return CatalogueRig(postgres, bacula, tables(tmp_path_factory.mktemp("pgsql"), "pgsql"))


@pytest.fixture(scope="module")
def live_catalogue_maria(
    maria: MariaServer, bacula: BaculaRig, tmp_path_factory: pytest.TempPathFactory
) -> CatalogueRig:
    return CatalogueRig(maria, bacula, tables(tmp_path_factory.mktemp("mysql"), "mysql"))


class TestSqlPostgres(LiveSuite):
    rig_fixture = "live_members_postgres"


class TestSqlMaria(LiveSuite):
    rig_fixture = "live_members_maria"


class TestBacula(LiveSuite):
    rig_fixture = "bacula"


class TestBaculaPostgres(LiveSuite):
    rig_fixture = "live_catalogue_postgres"


class TestBaculaMaria(LiveSuite):
    rig_fixture = "live_catalogue_maria"


# -- the databases ---------------------------------------------------------------


def options(server: DatabaseServer, **more: Any) -> DatabaseOptions:
    password = Secret(env="DB")
    return DatabaseOptions(database=server.address("membres"), password=password, **more)


@pytest.fixture(params=["live_members_postgres", "live_members_maria"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    found: DatabaseServer = request.getfixturevalue(request.param)._server
    return found


async def failing(server: DatabaseServer, statement: str, **more: Any) -> SourceError:
    database = Database(options(server, **more), context(Path(), lambda _: PASSWORD))
    async with database.session() as session:
        with pytest.raises(SourceError) as raised:
            await session.call(lambda open_: open_.exec_driver_sql(statement).fetchall())
    return raised.value


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM membres", "CREATE TABLE x (y int)", "SELECT * FROM membres FOR UPDATE"],
)
async def test_the_server_lets_nothing_be_written(server: DatabaseServer, statement: str) -> None:
    before = server.do("membres", "SELECT count(*) FROM membres")
    # Whoever could write is refused too: by the transaction, not by the account alone.
    if server.script == "PostgreSQL":
        server.do("membres", "GRANT ALL ON membres TO smic_membres")
        server.do("membres", "GRANT CREATE ON SCHEMA public TO smic_membres")
    else:
        server.do("membres", "GRANT ALL ON membres.* TO smic_membres@'127.0.0.1'")
    error = await failing(server, statement)
    if statement.startswith("SELECT") and server.script == "MySQL":
        assert isinstance(error, Unavailable | BadAnswer)
    else:
        assert isinstance(error, BadAnswer), error
    assert server.do("membres", "SELECT count(*) FROM membres") == before


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    server: DatabaseServer,
) -> None:
    slow = (
        "SELECT pg_sleep(30)" if server.script == "PostgreSQL" else "SELECT sleep(30) FROM membres"
    )
    error = await failing(server, slow, statement_timeout="0.5s")
    assert isinstance(error, Unavailable), error
    assert "statement_timeout" in error.hint


async def read_slowly(server: DatabaseServer, pieces: int, each: Callable[[], None]) -> None:
    """Read some pieces of a long answer, with something done after each."""
    database = Database(options(server), context(Path(), lambda _: PASSWORD))

    def ask(open_: Any) -> Any:
        streamed = open_.execution_options(stream_results=True)
        return streamed.exec_driver_sql("SELECT a.* FROM membres a CROSS JOIN membres b")

    async with database.session() as session:
        answer = await session.call(ask)
        for _piece in range(pieces):
            assert await session.call(lambda _: answer.fetchmany(1000))
            each()


def connections(server: DatabaseServer) -> list[int]:
    """Those of the account that reads, as the server knows them."""
    if server.script == "PostgreSQL":
        said = server.do(
            "membres", "SELECT pid FROM pg_stat_activity WHERE usename = 'smic_membres'"
        )
    else:
        said = server.do(
            "membres", "SELECT id FROM information_schema.processlist WHERE user = 'smic_membres'"
        )
    return [number for (number,) in said]


async def test_a_cancelled_reading_leaves_nothing_open(
    server: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    """At whatever moment: what is left open warns when it is collected, and that fails here."""
    for moment in range(40):
        reading = asyncio.create_task(read_slowly(server, 30, lambda: None))
        await asyncio.sleep(moment * 0.005)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        gc.collect()
        deadline = time.monotonic() + 10
        while await asyncio.to_thread(connections, server):
            assert time.monotonic() < deadline, "a connection is left at the server"
            await asyncio.sleep(0.02)
    assert not caplog.records


async def test_an_answer_that_is_left_is_not_read_to_its_end(server: DatabaseServer) -> None:
    """Four million rows would come: that takes a minute, and much of the line."""
    began = time.monotonic()
    await read_slowly(server, 2, lambda: None)
    assert time.monotonic() - began < 5
    gc.collect()


async def test_a_connection_that_the_server_ends_leaves_nothing_open(
    server: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    def end() -> None:
        for number in connections(server):
            postgres = server.script == "PostgreSQL"
            server.do(
                "membres",
                f"SELECT pg_terminate_backend({number})" if postgres else f"KILL {number}",
            )

    with pytest.raises(Unavailable):
        await read_slowly(server, 10_000, end)
    gc.collect()
    assert not caplog.records


async def test_only_the_right_authority_is_trusted(server: DatabaseServer) -> None:
    async def read_over(ca_file: str) -> object:
        database = Database(
            options(server, ca_file=str(CERTS / ca_file)), context(Path(), lambda _: PASSWORD)
        )
        async with database.session() as session:
            return await session.call(
                lambda open_: open_.exec_driver_sql("SELECT count(*) FROM membres").scalar()
            )

    assert await read_over("selfsigned.pem")
    with pytest.raises(Unavailable) as raised:
        await read_over("ca.pem")
    assert "ca_file" in raised.value.hint


# -- Bacula ----------------------------------------------------------------------


def source(bacula: BaculaRig, **settings: Any) -> BaculaAdapter:
    table = {key: value for key, value in bacula.settings(**settings).items() if key != "kind"}
    return adapter(BaculaAdapter, table, context(Path()))  # type: ignore[no-any-return]


async def test_what_a_real_director_wrote(bacula: BaculaRig) -> None:
    found = await read(source(bacula), Stream.BACKUP_RUNS)
    by_job: dict[str, list[Any]] = {}
    for run in found.records:
        by_job.setdefault(run.application, []).append(run)
    # T, completed successfully, is what a job gets whose folder is missing.
    (missing,) = by_job["missing"]
    assert bacula.ask("SELECT JobStatus, JobFiles FROM Job WHERE Name = 'missing'") == [("T", 0)]
    assert missing.result is RunResult.FAILED
    assert "a folder may be missing" in missing.message
    assert [run.result for run in by_job["dead"]] == [RunResult.FAILED]
    good = [run for name, runs in by_job.items() if name.startswith("compta") for run in runs]
    assert {run.result for run in good} == {RunResult.OK}
    assert {run.site for run in good} == {"17300"}
    now = datetime.now(UTC)
    for run in good:
        assert run.ended is not None
        assert 0 <= (now - run.ended).total_seconds() < 3600
        assert 0 <= (run.ended - run.started).total_seconds() < 300


async def test_times_are_right_in_any_zone_that_is_configured(bacula: BaculaRig) -> None:
    right = await read(source(bacula), Stream.BACKUP_RUNS)
    wrong = await read(source(bacula, timezone="Asia/Tokyo"), Stream.BACKUP_RUNS)
    assert wrong.rows == right.rows
    remarks = (await source(bacula, timezone="Asia/Tokyo").probe()).remarks
    assert any("is not in Asia/Tokyo" in remark for remark in remarks)
    assert not any("is not in" in remark for remark in (await source(bacula).probe()).remarks)


async def test_a_job_that_goes_on_is_seen_to_end(bacula: BaculaRig) -> None:
    before = await read(source(bacula), Stream.BACKUP_RUNS)
    number = await asyncio.to_thread(bacula.run, "slow")
    for _attempt in range(50):
        during = await read(source(bacula), Stream.BACKUP_RUNS, before.cursor)
        running = [run for run in during.records if run.result is RunResult.RUNNING]
        if running:
            break
        await asyncio.sleep(0.1)
    (run,) = running
    assert abs((datetime.now(UTC) - run.started).total_seconds()) < 60
    await asyncio.to_thread(bacula.wait, number)
    after = await read(source(bacula), Stream.BACKUP_RUNS, during.cursor)
    assert after.rows[run.key].result is RunResult.OK


# -- what Bacula leaves behind -----------------------------------------------------


async def test_a_catalogue_in_sql_ascii_is_read_whatever_its_names_are_in(
    live_catalogue_postgres: CatalogueRig, postgres: PostgresServer
) -> None:
    assert postgres.do("bacula", "SHOW server_encoding")[0][0] in ("SQL_ASCII", b"SQL_ASCII")
    table = live_catalogue_postgres.settings()
    plans = [{"job": "payé", "client": "*", "period": "1d"}, {"job": "pay?", "application": "paie"}]
    found = await read(bacula_from({**table, "plans": plans}, PASSWORD), Stream.BACKUP_JOBS)
    assert found.rows["17301-\ufffdcole-fd/pay\ufffd"].application == "paie"


def bacula_from(table: dict[str, Any], password: str = "") -> BaculaAdapter:
    settings = {key: value for key, value in table.items() if key != "kind"}
    return adapter(BaculaAdapter, settings, context(Path(), lambda _: password))  # type: ignore[no-any-return]


async def test_what_a_copy_and_a_migration_write_is_no_backup(bacula: BaculaRig) -> None:
    made = bacula_from(bacula.settings())
    for job in ("copied", "moved"):
        await asyncio.to_thread(bacula.run, job)
    await asyncio.to_thread(bacula.wait)
    runs, jobs = await read(made, Stream.BACKUP_RUNS), await read(made, Stream.BACKUP_JOBS)
    known = {**runs.rows}
    plan = {**jobs.rows}
    await asyncio.to_thread(bacula.console, "run job=copy yes", "run job=move yes")
    unfinished = "SELECT count(*) FROM Job WHERE JobStatus NOT IN ('T','W','E','f','A')"
    seen_running = False
    for _turn in range(100):
        goes_on = bacula.ask(unfinished)[0][0]
        runs = await read(made, Stream.BACKUP_RUNS, runs.cursor)
        jobs = await read(made, Stream.BACKUP_JOBS, jobs.cursor)
        known, plan = runs.applied_to(known), jobs.applied_to(plan)
        seen_running = seen_running or any(
            run.result is RunResult.RUNNING for run in known.values()
        )
        if seen_running and not goes_on:
            break
        await asyncio.sleep(0.1)
    assert seen_running, "the rig was too quick: nothing is proven"
    results = {run.result for run in known.values() if run.application in ("copied", "moved")}
    assert results == {RunResult.OK}
    types = dict(bacula.ask("SELECT Name, group_concat(Type) FROM Job GROUP BY Name"))
    assert set(types["copied"]) == {"B", ",", "C"}
    assert not [key for key in plan if key.endswith(("/copy", "/move"))]
    assert {key for key, run in known.items() if run.application == "copied"} == {
        job for (job,) in bacula.ask("SELECT Job FROM Job WHERE Name = 'copied' AND Type = 'B'")
    }


async def test_a_duplicate_that_the_director_cancels_says_nothing(bacula: BaculaRig) -> None:
    made = bacula_from(bacula.settings())
    await asyncio.to_thread(bacula.run, "alone")
    first = await read(made, Stream.BACKUP_RUNS)
    twice = await asyncio.to_thread(bacula.run, "alone")
    await asyncio.to_thread(bacula.wait, twice)
    ((status,),) = bacula.ask(f"SELECT JobStatus FROM Job WHERE JobId = {twice}")
    assert status == "A"
    during = await read(made, Stream.BACKUP_RUNS, first.cursor)
    known = during.applied_to(first.rows)
    assert [r.result for r in known.values() if r.application == "alone"] == [RunResult.RUNNING]
    await asyncio.to_thread(bacula.wait)
    after = (await read(made, Stream.BACKUP_RUNS, during.cursor)).applied_to(known)
    assert [r.result for r in after.values() if r.application == "alone"] == [RunResult.OK]


async def test_a_full_backup_of_nothing_has_no_size(bacula: BaculaRig) -> None:
    number = await asyncio.to_thread(bacula.run, "empty")
    await asyncio.to_thread(bacula.wait, number)
    found = await read(bacula_from(bacula.settings()), Stream.BACKUP_RUNS)
    (run,) = (run for run in found.records if run.application == "empty")
    assert (run.result, run.size, run.changes_only) == (RunResult.OK, 0, False)
