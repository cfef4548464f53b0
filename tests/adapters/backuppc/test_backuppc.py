"""The backuppc kind, by HTTP against what its page was seen to say, and by its files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from adapters.backuppc.adapter import BackupPcAdapter
from adapters.backuppc.files import read_backups
from adapters.backuppc.options import BackupPcOptions
from smic_tui.config.schema import Backups, Calendar
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.insight.backup_state import state_of, trust_of
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.backuppc import DAY, NOW, FakeBackupPc
from tests.fakes.configured import adapter, context, read
from tests.fakes.misbehaving import MisbehavingServer, Mode

RUNS, JOBS = Stream.BACKUP_RUNS, Stream.BACKUP_JOBS
SECRET = "lecture seule"


def by_http(url: str, folder: Path, **settings: Any) -> BackupPcAdapter:
    options = {
        "url": f"{url}/backuppc/index.cgi",
        "user": "smic",
        "password": {"env": "BACKUPPC"},
        "site": r"^(?P<site>\d{5})",
        **settings,
    }
    return adapter(BackupPcAdapter, options, context(folder, lambda _: SECRET))  # type: ignore[no-any-return]


def by_files(folder: Path, **settings: Any) -> BackupPcAdapter:
    options = {"path": "backuppc", "site": r"^(?P<site>\d{5})", **settings}
    return adapter(BackupPcAdapter, options, context(folder))  # type: ignore[no-any-return]


@pytest.fixture
def backuppc() -> FakeBackupPc:
    return FakeBackupPc()


@pytest.fixture
def server(backuppc: FakeBackupPc) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(backuppc) as server:
        yield server


class TestKitHttp(AdapterConformance):
    secrets: ClassVar = (SECRET,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        fake = FakeBackupPc()
        for number in range(300):
            failed = {"reason": "Reason_backup_failed", "error": "no"} if number % 50 == 0 else {}
            fake.add(f"{17000 + number}-nas", **failed)
        with MisbehavingServer(fake) as server, time_machine.travel(time.time(), tick=False):
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> BackupPcAdapter:
        return by_http(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> BackupPcAdapter:
        return by_http("http://127.0.0.1:9", tmp_path)


def row(number: int = 0, type_: str = "full", **values: object) -> str:
    start = values.get("start", NOW - 10 * DAY + number * DAY)
    end = values.get("end", NOW - 10 * DAY + number * DAY + 600)
    errors = values.get("errors", 0)
    return f"{number}\t{type_}\t{start}\t{end}\t7\t1000\t0\t0\t7\t1000\t{errors}\t0\t0\t0\t3\n"


def write(folder: Path, host: str, *rows: str) -> Path:
    file = folder / "backuppc" / "pc" / host / "backups"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(rows))
    return file


class TestKitFiles(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> BackupPcAdapter:
        if not (tmp_path / "backuppc").exists():
            for host in range(40):
                write(tmp_path, f"{17000 + host}-nas", *map(row, range(8)))
            write(tmp_path, "17000-nas", row(), "nonsense\n")
        return by_files(tmp_path)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> BackupPcAdapter:
        return by_files(tmp_path, path="gone")


# -- the page --------------------------------------------------------------------


async def test_what_the_page_says(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    backuppc.add("17301-new", full_age=-1, incr_age=-1, full_duration=None, incr_duration=None)
    backuppc.add("17302-off", disabled="1")
    backuppc.add("17303-fulls", incr_period=-1)
    made = by_http(server.url, tmp_path)
    try:
        jobs, runs = await read(made, JOBS), await read(made, RUNS)
    finally:
        await made.close()
    # One refresh asks once: making the page takes BackupPC seconds.
    assert len(server.requests) == 1
    assert {key: job.period for key, job in jobs.rows.items()} == {
        "17300-nas": round(0.97 * DAY),
        "17301-new": round(0.97 * DAY),
        "17302-off": None,
        "17303-fulls": round(6.97 * DAY),
    }
    job = jobs.rows["17300-nas"]
    assert (job.site, job.application, job.protocol, job.grace) == (
        "17300",
        "17300-nas",
        "backuppc",
        6 * 3600,
    )
    full = runs.rows[f"17300-nas/full/{NOW - 3 * DAY}"]
    assert full.started == datetime.fromtimestamp(NOW - 3 * DAY, UTC)
    assert full.ended == datetime.fromtimestamp(NOW - 3 * DAY + 600, UTC)
    assert (full.size, full.result, full.job) == (123_456, RunResult.OK, "17300-nas")
    assert f"17300-nas/incr/{NOW - DAY // 2}" in runs.rows
    assert not [key for key in runs.rows if key.startswith("17301-new")]


async def test_plans_of_the_configuration(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    for name in ("17300-nas", "17301-nas", "srv-siege", "test"):
        backuppc.add(name)
    plans = [
        {"host": "17301-*", "calendar": "30 21 * * 1-5", "application": "paie"},
        {"host": "srv-*", "site": "siège", "grace": "1h"},
    ]
    made = by_http(
        server.url, tmp_path, plans=plans, exclude=["test*"], sites={"17300-nas": "17999"}
    )
    try:
        rows = (await read(made, JOBS)).rows
    finally:
        await made.close()
    assert set(rows) == {"17300-nas", "17301-nas", "srv-siege"}
    assert (rows["17301-nas"].calendar, rows["17301-nas"].period) == ("30 21 * * 1-5", None)
    assert rows["17301-nas"].application == "paie"
    assert (rows["srv-siege"].site, rows["srv-siege"].grace) == ("siège", 3600)
    assert rows["srv-siege"].period == round(0.97 * DAY)
    assert rows["17300-nas"].site == "17999"


async def test_an_attempt_without_times_begins_when_it_was_first_heard_of(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    made = by_http(server.url, tmp_path)
    try:
        with time_machine.travel(NOW, tick=False) as clock:
            first = await read(made, RUNS)
            backuppc.add("17300-nas", state="Status_backup_in_progress")
            clock.move_to(NOW + 100)
            second = await read(made, RUNS, first.cursor)
            (running,) = [r for r in second.rows.values() if r.result is RunResult.RUNNING]
            assert running.started == datetime.fromtimestamp(NOW + 100, UTC)
            backuppc.add("17300-nas", reason="Reason_backup_failed", error="rsync: no space left")
            clock.move_to(NOW + 200)
            third = await read(made, RUNS, second.cursor)
            (failed,) = [r for r in third.rows.values() if r.result is RunResult.FAILED]
            assert (failed.message, third.full) == ("rsync: no space left", True)
            clock.move_to(NOW + 900)
            backuppc.add(
                "17300-nas",
                reason="Reason_backup_failed",
                error="rsync: no space left",
                full_count=9,
            )
            backuppc.add("17301-nas")
            fourth = await read(made, RUNS, third.cursor)
            assert fourth.rows[failed.key] == failed
            backuppc.add("17300-nas", incr_age=NOW + 950)
            fifth = await read(made, RUNS, fourth.cursor)
            assert failed.key not in fifth.rows
            assert fifth.full
    finally:
        await made.close()


async def test_a_host_that_does_not_answer_has_not_failed(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    """It becomes late: BackupPC has not even tried."""
    backuppc.add("17300-nas", reason="Reason_no_ping", error="no ping response")
    made = by_http(server.url, tmp_path)
    try:
        assert {run.result for run in (await read(made, RUNS)).rows.values()} == {RunResult.OK}
    finally:
        await made.close()


async def test_the_same_page_brings_nothing(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    made = by_http(server.url, tmp_path)
    try:
        first = await read(made, RUNS)
        again = await read(made, RUNS, first.cursor)
        assert (again.records, again.full) == ([], False)
        del backuppc.hosts["17300-nas"]
        backuppc.add("17301-nas")
        third = await read(made, RUNS, again.cursor)
        assert third.full
        assert not [key for key in third.rows if key.startswith("17300")]
    finally:
        await made.close()


async def test_no_right_is_not_taken_for_no_hosts(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    backuppc.administrators = set()
    made = by_http(server.url, tmp_path)
    try:
        for stream in (JOBS, RUNS):
            with pytest.raises(AuthFailed, match="shows smic no host") as raised:
                await read(made, stream)
            assert "CgiAdminUsers" in raised.value.hint
        backuppc.users["17300-nas"] = "smic"
        assert set((await read(made, JOBS)).rows) == {"17300-nas"}
        backuppc.accounts = {}
        with pytest.raises(AuthFailed):
            await read(made, JOBS)
    finally:
        await made.close()


async def test_a_dead_daemon_behind_a_living_web_server(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    backuppc.dead = True
    made = by_http(server.url, tmp_path)
    try:
        with pytest.raises(BadAnswer, match="web page"):
            await read(made, JOBS)
        server.mode = Mode.STOPPED
        with pytest.raises(Unavailable):
            await read(made, JOBS)
    finally:
        await made.close()


async def test_a_strange_host_costs_the_others_nothing(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    backuppc.add("17301-nas", full_age="yesterday")
    made = by_http(server.url, tmp_path)
    try:
        found = await read(made, JOBS)
        assert (set(found.rows), found.full) == ({"17300-nas"}, True)
        assert found.unseen == {"17301-nas"}
        assert "full_age" in found.reasons["17301-nas"]
        del backuppc.hosts["17300-nas"]
        with pytest.raises(BadAnswer, match="no host of BackupPC can be read"):
            await read(made, JOBS)
    finally:
        await made.close()


async def test_probe_tells_version_and_account(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas")
    made = by_http(server.url, tmp_path)
    try:
        probe = await made.probe()
    finally:
        await made.close()
    assert (probe.version, probe.account, probe.remarks) == ("BackupPC 4.4.0", "smic", ())
    assert probe.remote_time is not None


# -- the files -------------------------------------------------------------------


def test_rows_of_a_file() -> None:
    text = (
        row(0)
        + row(1, "incr", errors=2)
        + row(2, "partial", end="")
        + row(3, "partial", end=NOW - 30 * DAY)  # as 4.4.0 wrote it when tar failed
        + row(4, "incr", end="")
        + row(5, "active", end="")
    )
    runs, odd = read_backups(text.encode(), "h", "s", "a", 10)
    assert odd == []
    assert [run.result for run in runs] == [
        RunResult.OK,
        RunResult.WARNING,
        RunResult.FAILED,
        RunResult.FAILED,
        RunResult.FAILED,
        RunResult.RUNNING,
    ]
    assert runs[0].size == 1000
    assert runs[0].ended == datetime.fromtimestamp(NOW - 10 * DAY + 600, UTC)
    assert runs[1].message == "incr, 2 errors"
    assert [run.ended for run in runs[2:]] == [None] * 4


def test_the_newest_success_stays_whatever_its_age() -> None:
    text = row(0) + "".join(row(n, "partial", end="") for n in range(1, 30))
    runs, _odd = read_backups(text.encode(), "h", "s", "a", 10)
    assert len(runs) == 11
    assert runs[0].result is RunResult.OK


@given(st.binary(max_size=300))
def test_no_file_breaks_the_reading(data: bytes) -> None:
    runs, _odd = read_backups(data, "h", "s", "a", 10)
    assert all(run.started.tzinfo is UTC for run in runs)


async def test_only_files_that_changed_are_read(tmp_path: Path) -> None:
    for host in ("17300-nas", "17301-nas"):
        write(tmp_path, host, row(0), row(1, "incr"))
    (tmp_path / "backuppc" / "pc" / "17302-new").mkdir()
    with time_machine.travel(time.time() + 60):
        first = await read(by_files(tmp_path), RUNS)
        assert (len(first.rows), first.full) == (4, True)
        quiet = await read(by_files(tmp_path), RUNS, first.cursor)
        assert (quiet.records, quiet.full) == ([], False)
        write(tmp_path, "17301-nas", row(0), row(1, "incr"), row(2, "incr"))
        again = await read(by_files(tmp_path), RUNS, quiet.cursor)
        assert {run.job for run in again.records} == {"17301-nas"}
        assert set((await read(by_files(tmp_path), JOBS)).rows) == {
            "17300-nas",
            "17301-nas",
            "17302-new",
        }


async def test_lines_that_are_no_backups_stay_told(tmp_path: Path) -> None:
    file = write(tmp_path, "17300-nas", row(0), "0\tfull\n")
    with time_machine.travel(time.time() + 60):
        first = await read(by_files(tmp_path), RUNS)
        again = await read(by_files(tmp_path), RUNS, first.cursor)
    for found in (first, again):
        assert list(found.reasons) == [f"{file}:2"]


async def test_what_is_missing_is_not_taken_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        await read(by_files(tmp_path), JOBS)
    (tmp_path / "backuppc" / "pc").mkdir(parents=True)
    with pytest.raises(BadAnswer, match="has no host"):
        await read(by_files(tmp_path), RUNS)


async def test_a_folder_that_may_not_be_entered(tmp_path: Path) -> None:
    write(tmp_path, "17300-nas", row(0))
    (tmp_path / "backuppc" / "pc").chmod(0)
    if os.access(tmp_path / "backuppc" / "pc", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(AuthFailed):
        await read(by_files(tmp_path), RUNS)


async def test_probe_of_files_misses_the_plan(tmp_path: Path) -> None:
    write(tmp_path, "17300-nas", row(0))
    no_plan, no_list = (await by_files(tmp_path).probe()).remarks
    assert no_plan == "the files tell no plan: set `plans`, or no run can be late"
    assert "list of hosts is not known: set `hosts`" in no_list
    hosts(tmp_path, "17300-nas")
    assert (await by_files(tmp_path, plans=[{"period": "1d"}]).probe()).remarks == ()


def hosts(folder: Path, *names: str, at: str = "backuppc/conf/hosts") -> None:
    file = folder / at
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        "# of the syndicate",
        "host dhcp user moreUsers",
        *(f"{name} 0 chef" for name in names),
    ]
    file.write_text("\n".join([*lines, "# 17309-nas 0 chef", ""]))


@pytest.mark.parametrize("place", ["backuppc/conf/hosts", "etc/hosts"])
async def test_a_host_that_was_taken_out_keeps_its_folder_and_goes(
    tmp_path: Path, place: str
) -> None:
    settings = {} if "conf" in place else {"hosts": place}
    for host in ("17300-NAS", "17301-nas"):
        write(tmp_path, host, row(0), row(1, "incr"))
    hosts(tmp_path, "17300-nas", "17301-nas", at=place)
    with time_machine.travel(time.time() + 60):
        first = await read(by_files(tmp_path, **settings), RUNS)
        assert len(first.rows) == 4
        hosts(tmp_path, "17300-nas", at=place)
        jobs = await read(by_files(tmp_path, **settings), JOBS)
        assert set(jobs.rows) == {"17300-NAS"}
        again = await read(by_files(tmp_path, **settings), RUNS, first.cursor)
        assert {key.split("/")[0] for key in again.applied_to(first.rows)} == {"17300-NAS"}
        quiet = await read(by_files(tmp_path, **settings), RUNS, again.cursor)
        assert (quiet.records, quiet.full) == ([], False)


async def test_a_list_of_hosts_that_is_configured_is_not_done_without(tmp_path: Path) -> None:
    write(tmp_path, "17300-nas", row(0))
    with pytest.raises(Unavailable, match="etc/hosts"):
        await read(by_files(tmp_path, hosts="etc/hosts"), JOBS)


async def test_what_a_file_no_longer_has_is_gone(tmp_path: Path) -> None:
    """An attempt that went on and left nothing, and a backup that has expired."""
    for host in ("17300-nas", "17301-nas"):
        write(tmp_path, host, row(0), row(1), row(2, "active", end=""))
    with time_machine.travel(time.time() + 60):
        first = await read(by_files(tmp_path), RUNS)
        assert len(first.rows) == 6
        write(tmp_path, "17301-nas", row(1))
        again = await read(by_files(tmp_path), RUNS, first.cursor)
        left = again.applied_to(first.rows)
        assert len(left) == 4
        assert {run.result for run in left.values() if run.job == "17301-nas"} == {RunResult.OK}
        # One that cannot be read keeps what is known of it, and no other.
        (tmp_path / "backuppc" / "pc" / "17300-nas" / "backups").unlink()
        (tmp_path / "backuppc" / "pc" / "17300-nas" / "backups").mkdir()
        write(tmp_path, "17301-nas", row(3))
        third = await read(by_files(tmp_path), RUNS)
        assert third.unseen == {"17300-nas"}
        assert len(third.applied_to(left)) == 3 + 1


def test_backups_dated_ahead_push_out_none() -> None:
    year = "".join(row(n, start=NOW + (300 + n) * DAY, end="") for n in range(11))
    runs, odd = read_backups((year + row(0) + row(1, "incr")).encode(), "h", "s", "a", 10)
    assert [run.started.timestamp() for run in runs] == [NOW - 10 * DAY, NOW - 9 * DAY]
    assert [run.changes_only for run in runs] == [False, True]
    ((line, reason),) = odd
    assert (line, "11 runs are dated ahead" in reason) == (1, True)


async def test_a_start_that_the_page_dates_ahead_is_told(
    server: MisbehavingServer, backuppc: FakeBackupPc, tmp_path: Path
) -> None:
    backuppc.add("17300-nas", full_age=NOW + 300 * DAY)
    made = by_http(server.url, tmp_path)
    try:
        found = await read(made, RUNS)
    finally:
        await made.close()
    assert [run.message for run in found.records] == ["incr"]
    assert "1 run is dated ahead" in found.reasons["metrics"]


@pytest.mark.parametrize(
    ("host", "state"),
    [
        ({}, "fresh"),
        # Switched off: the page tells no plan, and nobody can call it fresh for ever.
        ({"disabled": "1", "full_age": NOW - 100 * DAY, "incr_age": -1}, "unknown"),
        # An attempt goes on, over a success of long ago.
        (
            {
                "full_age": NOW - 40 * DAY,
                "incr_age": -1,
                "state": "Status_backup_in_progress",
            },
            "overdue",
        ),
        ({"full_size": 0, "incr_age": -1}, "suspect"),
    ],
)
async def test_what_becomes_of_a_host(
    server: MisbehavingServer,
    backuppc: FakeBackupPc,
    tmp_path: Path,
    host: dict[str, Any],
    state: str,
) -> None:
    backuppc.add("17300-nas", **host)
    made = by_http(server.url, tmp_path)
    try:
        (job,) = (await read(made, JOBS)).records
        runs = (await read(made, RUNS)).records
    finally:
        await made.close()
    runs.sort(key=lambda run: (run.started, run.key), reverse=True)
    now, zone = datetime.now(UTC), ZoneInfo("Europe/Paris")
    found = state_of(job, runs, now, zone, Calendar(), trust=trust_of(Backups()))
    assert found.state == state


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "exactly one of path and url"),
        ({"url": "http://b/", "path": "/x"}, "exactly one of path and url"),
        ({"url": "http://u:p@b/"}, "without name"),
        ({"url": "http://b/?action=x"}, "query"),
        ({"url": "http://b/", "user": "u"}, "belong together"),
        ({"path": "/x", "user": "u", "password": {"env": "X"}}, "files are read without"),
        ({"path": "/x", "site": r"\d+"}, "is expected"),
        ({"path": "/x", "plans": [{"calendar": "x"}]}, "cron"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(settings, BackupPcOptions)
