"""The proxmox-backup kind against a server made from its API's documentation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.proxmox_backup.adapter import ProxmoxBackupAdapter
from adapters.proxmox_backup.options import ProxmoxBackupOptions
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import adapter, context, read
from tests.fakes.misbehaving import MisbehavingServer, Mode
from tests.fakes.proxmox_backup import DAY, NOW, SECRET, TOKEN, FakeProxmoxBackup

RUNS, JOBS = Stream.BACKUP_RUNS, Stream.BACKUP_JOBS


def source(url: str, folder: Path, secret: str = SECRET, **settings: Any) -> ProxmoxBackupAdapter:
    options = {
        "url": url,
        "token": TOKEN,
        "secret": {"env": "PBS"},
        "datastores": ["nas"],
        **settings,
    }
    return adapter(ProxmoxBackupAdapter, options, context(folder, lambda _: secret))  # type: ignore[no-any-return]


@pytest.fixture
def pbs() -> FakeProxmoxBackup:
    return FakeProxmoxBackup()


@pytest.fixture
def server(pbs: FakeProxmoxBackup) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(pbs) as server:
        yield server


@pytest.fixture
async def reader(server: MisbehavingServer, tmp_path: Path) -> AsyncIterator[ProxmoxBackupAdapter]:
    made = source(server.url, tmp_path)
    yield made
    await made.close()


class TestKit(AdapterConformance):
    secrets: ClassVar = (SECRET,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        fake = FakeProxmoxBackup()
        for number in range(100, 130):
            for days in range(6):
                fake.add(f"vm/{number}", NOW - days * DAY)
        fake.fail("vm/100", NOW - 3600, "connection lost")
        with MisbehavingServer(fake) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> ProxmoxBackupAdapter:
        return source(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> ProxmoxBackupAdapter:
        return source("http://127.0.0.1:9", tmp_path)


async def test_groups_are_jobs_and_snapshots_their_runs(
    server: MisbehavingServer, pbs: FakeProxmoxBackup, tmp_path: Path
) -> None:
    pbs.namespaces["nas"] = ["", "royan/mairie"]
    pbs.add("vm/100", NOW - DAY)
    pbs.add("host/17300-srv", NOW - 2 * DAY, store="far")
    pbs.add("ct/7", NOW - 3 * DAY, ns="royan/mairie", size=None)
    pbs.comments["nas", "", "vm/100"] = "paie 17299\nsecond line"
    made = source(
        server.url,
        tmp_path,
        datastores=["nas", "far"],
        site=r"(?P<site>\d{5})",
        groups={"ct/7": "17306"},
        plans=[
            {"group": "nas/vm/*", "period": "1d", "site": "17299"},
            {"group": "far/*", "application": "srv"},
        ],
    )
    try:
        jobs, runs = await read(made, JOBS), await read(made, RUNS)
    finally:
        await made.close()
    assert {key: (job.site, job.application, job.period) for key, job in jobs.rows.items()} == {
        "nas/vm/100": ("17299", "paie 17299", DAY),
        "far/host/17300-srv": ("17300", "srv", None),
        "nas/royan/mairie/ct/7": ("17306", "ct/7", None),
    }
    assert jobs.rows["nas/vm/100"].protocol == "proxmox-backup"
    assert {run.job for run in runs.records} == set(jobs.rows)
    (run,) = [run for run in runs.records if run.job == "nas/vm/100"]
    assert run.started == datetime.fromtimestamp(NOW - DAY, UTC)
    assert (run.result, run.size) == (RunResult.OK, 34_359_738_368)


async def test_only_groups_that_changed_are_looked_into(
    server: MisbehavingServer, pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    for number in range(100, 140):
        pbs.add(f"vm/{number}", NOW - DAY)
    first = await read(reader, RUNS)
    assert (len(first.rows), first.full) == (40, True)
    server.requests.clear()
    quiet = await read(reader, RUNS, first.cursor)
    assert (quiet.records, quiet.full) == ([], False)
    assert not [each for each in server.requests if each.path.endswith("/snapshots")]
    pbs.add("vm/105", NOW - 60)
    changed = await read(reader, RUNS, quiet.cursor)
    assert {run.job for run in changed.records} == {"nas/vm/105"}
    (asked,) = [each for each in server.requests if each.path.endswith("/snapshots")]
    assert asked.query == {"backup-type": "vm", "backup-id": "105"}


async def test_what_is_gone_goes_with_the_next_reading(
    pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    """A group that was removed, and a snapshot that was pruned."""
    for number in (100, 101, 102):
        pbs.add(f"vm/{number}", NOW - 2 * DAY)
    pruned = pbs.add("vm/101", NOW - DAY)
    pbs.fail("vm/102", NOW - 100, "connection lost")
    first = await read(reader, RUNS)
    assert len(first.rows) == 5
    del pbs.snapshots["nas", "", "vm/100"]
    pbs.snapshots["nas", "", "vm/101"].remove(pruned)
    second = await read(reader, RUNS, first.cursor)
    left = second.applied_to(first.rows)
    assert sorted(run.job for run in left.values()) == ["nas/vm/101", "nas/vm/102", "nas/vm/102"]
    assert (await read(reader, RUNS, second.cursor)).records == []


async def test_snapshots_dated_ahead_push_out_none(
    server: MisbehavingServer, pbs: FakeProxmoxBackup, tmp_path: Path
) -> None:
    for days in range(11):
        pbs.add("vm/100", NOW + (300 + days) * DAY)
    pbs.add("vm/100", NOW - DAY)
    made = source(server.url, tmp_path, newest=10)
    try:
        found = await read(made, RUNS)
    finally:
        await made.close()
    assert [run.started.timestamp() for run in found.records] == [NOW - DAY]
    assert found.full
    assert "11 runs are dated ahead" in found.reasons["nas/vm/100"]


async def test_a_snapshot_without_manifest_is_not_complete(
    pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    going = pbs.add("vm/100", NOW - 60, files=["drive-scsi0.img.fidx"], size=None)
    first = await read(reader, RUNS)
    (run,) = first.records
    assert run.result is RunResult.RUNNING
    # Neither time nor number of the group tells that it ended.
    going["files"] = ["drive-scsi0.img.fidx", "index.json.blob"]
    (ended,) = (await read(reader, RUNS, first.cursor)).records
    assert (ended.key, ended.result) == (run.key, RunResult.OK)


async def test_a_failed_verification_is_no_backup(
    pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    pbs.add("vm/100", NOW - 60, verification={"state": "failed", "upid": "UPID:x"})
    (run,) = (await read(reader, RUNS)).records
    assert (run.result, run.message) == (RunResult.FAILED, "verification failed")


async def test_failed_attempts_are_tasks(
    pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    pbs.namespaces["nas"] = ["", "royan"]
    pbs.add("vm/100", NOW - DAY)
    pbs.add("vm/101", NOW - DAY, ns="royan")
    first = await read(reader, RUNS)
    pbs.fail("vm/100", NOW - 100, "connection lost")
    pbs.fail("vm/101", NOW - 90, "no space left", worker="nas:royan:vm/101")
    pbs.fail("vm/999", NOW - 80, "of a group that is gone")
    second = await read(reader, RUNS, first.cursor)
    assert {run.job: run.message for run in second.records} == {
        "nas/vm/100": "connection lost",
        "nas/royan/vm/101": "no space left",
    }
    assert {run.result for run in second.records} == {RunResult.FAILED}
    assert not (await read(reader, RUNS, second.cursor)).records
    assert len((await read(reader, RUNS)).rows) == 4


async def test_missing_rights_are_not_taken_for_nothing(
    server: MisbehavingServer, pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter, tmp_path: Path
) -> None:
    pbs.add("vm/100", NOW - DAY)
    pbs.rights["/datastore/nas"] = {"Datastore.Backup"}
    for stream in (JOBS, RUNS):
        with pytest.raises(AuthFailed, match=r"lacks the right Datastore.Audit on nas"):
            await read(reader, stream)
    other = source(server.url, tmp_path, secret="another")
    try:
        with pytest.raises(AuthFailed):
            await read(other, JOBS)
    finally:
        await other.close()


async def test_probe_says_what_it_was_written_from(
    pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    pbs.add("vm/100", NOW - DAY)
    probe = await reader.probe()
    assert (probe.version, probe.account) == ("Proxmox Backup Server 3.2", TOKEN)
    assert probe.remarks == ("written from its documentation, not tried against a real one",)
    pbs.rights["/system/tasks"] = set()
    pbs.snapshots.clear()
    _first, tasks, empty = (await reader.probe()).remarks
    assert "Sys.Audit" in tasks
    assert empty == "the datastores hold no backup"


async def test_strange_rows_cost_the_others_nothing(
    pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter
) -> None:
    pbs.add("vm/100", NOW - DAY)
    pbs.add("vm/100", 0)
    pbs.add("vm/101", NOW - DAY, size="much")
    found = await read(reader, RUNS)
    assert len(found.rows) == 1
    assert not found.full
    assert len(found.rejected) == 2


async def test_the_newest_are_enough(
    server: MisbehavingServer, pbs: FakeProxmoxBackup, tmp_path: Path
) -> None:
    broken: dict[str, Any] = {"verification": {"state": "failed"}}
    for days in range(30):
        pbs.add("vm/100", NOW - days * DAY, **(broken if days < 20 else {}))
    made = source(server.url, tmp_path, newest=5)
    try:
        runs = (await read(made, RUNS)).records
    finally:
        await made.close()
    assert [run.result for run in runs] == [*[RunResult.FAILED] * 5, RunResult.OK]


@pytest.mark.parametrize("mode", [Mode.STATUS500, Mode.HTML, Mode.CUT, Mode.STOPPED])
async def test_a_server_that_is_not_well(
    server: MisbehavingServer, pbs: FakeProxmoxBackup, reader: ProxmoxBackupAdapter, mode: Mode
) -> None:
    pbs.add("vm/100", NOW - DAY)
    server.mode = mode
    with pytest.raises((Unavailable, BadAnswer)):
        await read(reader, RUNS)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "smic@pbs"}, "USER@REALM!NAME"),
        ({"datastores": []}, "datastores"),
        ({"datastores": ["../x"]}, "datastores"),
        ({"site": r"\d+"}, "is expected"),
        ({"site": "("}, "regular expression"),
        ({"plans": [{"calendar": "x"}]}, "cron"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    usual = {"url": "https://pbs", "token": TOKEN, "secret": {"env": "X"}, "datastores": ["nas"]}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({**usual, **settings}, ProxmoxBackupOptions)
