"""The backuppc kind on a real BackupPC, over HTTP and by its files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.backuppc.adapter import BackupPcAdapter
from smic_tui.contract.errors import BadAnswer
from smic_tui.records import RunResult, Stream
from tests.fakes.configured import adapter, context, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_backuppc import PASSWORD, BackupPcRig

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def backuppc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupPcRig]:
    rig = BackupPcRig(tmp_path_factory.mktemp("backuppc"))
    try:
        rig.daemon.start()
        yield rig
    finally:
        rig.daemon.stop()


class TestBackupPc(LiveSuite):
    rig_fixture = "backuppc"


def by(rig: BackupPcRig, table: dict[str, object]) -> BackupPcAdapter:
    options = {key: value for key, value in table.items() if key != "kind"}
    return adapter(BackupPcAdapter, options, context(Path(), lambda _: PASSWORD))  # type: ignore[no-any-return]


async def test_the_files_tell_more_than_the_page(backuppc: BackupPcRig) -> None:
    found = await read(by(backuppc, backuppc.settings_by_files()), Stream.BACKUP_RUNS)
    assert found.full
    assert found.rejected == []
    rows = {f"{host}/{row[0]}/{row[2]}" for host in backuppc.hosts() for row in backuppc.rows(host)}
    assert rows <= set(found.rows)
    results = [run.result for run in found.records]
    assert {RunResult.OK, RunResult.FAILED, RunResult.WARNING} <= set(results)


async def test_a_backup_that_fails_for_real_is_seen_in_the_files(backuppc: BackupPcRig) -> None:
    await asyncio.to_thread(backuppc.dump, "localhost")
    files = by(backuppc, backuppc.settings_by_files())
    before = await read(files, Stream.BACKUP_RUNS)
    source = backuppc.folder / "src"
    source.rename(backuppc.folder / "gone")
    try:
        said = await asyncio.to_thread(backuppc.dump, "localhost", "-i")
    finally:
        (backuppc.folder / "gone").rename(source)
    assert "dump failed" in said
    after = await read(files, Stream.BACKUP_RUNS, before.cursor)
    # Those of others in the overlap come once more.
    (failed,) = [
        run for run in after.records if run.job == "localhost" and run.result is RunResult.FAILED
    ]
    # BackupPC either keeps what it has got as a partial backup, or an attempt without an end.
    assert failed.ended is None or failed.message == "partial"


async def test_a_host_that_was_taken_out_is_in_neither(backuppc: BackupPcRig) -> None:
    files = by(backuppc, backuppc.settings_by_files())
    before = await read(files, Stream.BACKUP_RUNS)
    _stream, host = await asyncio.to_thread(backuppc.delete_one)
    assert (backuppc.top / "pc" / host / "backups").exists(), "its folder stays"
    assert host not in (await read(files, Stream.BACKUP_JOBS)).rows
    after = (await read(files, Stream.BACKUP_RUNS, before.cursor)).applied_to(before.rows)
    assert {run.job for run in after.values()} == {run.job for run in before.records} - {host}
    made = by(backuppc, backuppc.settings())
    try:
        assert host not in (await read(made, Stream.BACKUP_JOBS)).rows
    finally:
        await made.close()


async def test_a_host_whose_backups_are_switched_off_has_no_plan(backuppc: BackupPcRig) -> None:
    host = sorted(backuppc.hosts())[9]
    (backuppc.folder / "conf" / f"{host}.pl").write_text("$Conf{BackupsDisable} = 1;\n1;\n")
    await asyncio.to_thread(backuppc.perl, "BackupPC_serverMesg", "server", "reload")
    made = by(backuppc, backuppc.settings())
    try:
        jobs = await read(made, Stream.BACKUP_JOBS)
    finally:
        await made.close()
    assert [job.key for job in jobs.records if not job.is_planned] == [host]


async def test_a_dead_daemon_behind_a_living_web_server(backuppc: BackupPcRig) -> None:
    await asyncio.to_thread(backuppc.perl, "BackupPC_serverMesg", "server", "shutdown")
    made = by(backuppc, backuppc.settings())
    try:
        with pytest.raises(BadAnswer, match="web page"):
            await read(made, Stream.BACKUP_JOBS)
    finally:
        await made.close()
        await asyncio.to_thread(backuppc.daemon.stop)
        await asyncio.to_thread(backuppc.daemon.start)
