"""The bacula kind on a catalogue in sqlite; PostgreSQL and MariaDB are tried by the live tests."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bacula.adapter import BaculaAdapter
from adapters.bacula.jobs import JobRow, UnknownStatus, message_of, result_of, times_of
from adapters.bacula.options import BaculaOptions
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.bacula import FakeCatalogue
from tests.fakes.configured import adapter, context, read

RUNS, JOBS = Stream.BACKUP_RUNS, Stream.BACKUP_JOBS
PARIS = ZoneInfo("Europe/Paris")
NOW = int(time.time())
DAY = 86_400
CLIENT = "17300-mairie-fd"


def source(folder: Path, **settings: Any) -> BaculaAdapter:
    options = {"database": "sqlite:///bacula.db", "site": r"^(?P<site>\d{5})", **settings}
    return adapter(BaculaAdapter, options, context(folder))  # type: ignore[no-any-return]


@pytest.fixture
def catalogue(tmp_path: Path) -> FakeCatalogue:
    return FakeCatalogue(tmp_path / "bacula.db")


class TestKit(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> BaculaAdapter:
        if not (tmp_path / "bacula.db").exists():
            catalogue = FakeCatalogue(tmp_path / "bacula.db")
            for number in range(60):
                catalogue.run(f"job-{number % 20}", f"{17000 + number % 20}-fd", NOW - 100 * number)
            catalogue.begin("job-1", "17001-fd", NOW - 30)
            catalogue.run("job-2", "17002-fd", NOW - 900_000, status="x")
        return source(tmp_path)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> BaculaAdapter:
        return source(tmp_path, database="sqlite:///gone.db")


# -- what a row means ------------------------------------------------------------


def row(status: str = "T", **values: Any) -> JobRow:
    usual: dict[str, Any] = {
        "jobid": 1,
        "job": "j.1",
        "name": "j",
        "client": "c",
        "level": "F",
        "scheduled": "2026-11-24 02:00:00",
        "started": "2026-11-24 02:00:05",
        "ended": "2026-11-24 02:10:05",
        "epoch": int(datetime(2026, 11, 24, 1, 10, 5, tzinfo=UTC).timestamp()),
        "files": 4,
        "size": 1000,
        "errors": 0,
    }
    return JobRow(status=status, **{**usual, **values})


@pytest.mark.parametrize(
    ("status", "counts", "result"),
    [
        ("T", {}, RunResult.OK),
        ("T", {"files": 0}, RunResult.OK),  # an incremental run without news
        ("T", {"files": 0, "errors": 1}, RunResult.FAILED),  # a folder that is not there
        ("T", {"errors": 3}, RunResult.WARNING),
        ("W", {}, RunResult.WARNING),
        ("E", {}, RunResult.FAILED),
        ("f", {}, RunResult.FAILED),
        ("A", {}, RunResult.FAILED),
        ("I", {}, RunResult.FAILED),
        *((letter, {}, RunResult.RUNNING) for letter in "CRBFSmMsjcdtpaiL"),
    ],
)
def test_status_letters(status: str, counts: dict[str, int], result: RunResult) -> None:
    assert result_of(row(status, **counts)) is result
    assert message_of(row(status, **counts))


def test_a_letter_that_nobody_knows() -> None:
    with pytest.raises(UnknownStatus, match="'x'"):
        result_of(row("x"))


def test_a_missing_folder_is_told() -> None:
    message = message_of(row("T", files=0, errors=1))
    assert message == "Full, 0 files, 1 error, nothing was saved: a folder may be missing"


def test_local_times_are_those_of_the_zone() -> None:
    times = times_of(row(), PARIS)
    assert times is not None
    assert times.started == datetime(2026, 11, 24, 1, 0, 5, tzinfo=UTC)
    assert times.ended == datetime(2026, 11, 24, 1, 10, 5, tzinfo=UTC)
    assert times.agrees


def test_the_epoch_wins_over_a_wrong_zone() -> None:
    times = times_of(row(), ZoneInfo("America/New_York"))
    assert times is not None
    assert times.started == datetime(2026, 11, 24, 1, 0, 5, tzinfo=UTC)
    assert times.ended == datetime(2026, 11, 24, 1, 10, 5, tzinfo=UTC)
    assert not times.agrees


@pytest.mark.parametrize("took", [60, 3600, 5400])
def test_the_hour_that_comes_twice(took: int) -> None:
    """On 25 October 2026 at 03:00 clocks in Paris go back to 02:00."""
    for minutes in range(0, 180, 15):
        start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC) + timedelta(minutes=minutes)
        end = start + timedelta(seconds=took)
        local = [f"{when.astimezone(PARIS):%Y-%m-%d %H:%M:%S}" for when in (start, end)]
        times = times_of(row(started=local[0], ended=local[1], epoch=int(end.timestamp())), PARIS)
        assert times is not None
        assert times.ended == end
        # Which of the two hours it began in, nobody wrote down: the later one that fits.
        assert start <= times.started <= end
        assert (times.started - start) % timedelta(hours=1) == timedelta()


def test_a_run_that_goes_on_began_at_its_epoch() -> None:
    begun = int(datetime(2026, 11, 24, 1, 0, 5, tzinfo=UTC).timestamp())
    times = times_of(row("R", ended="0", epoch=begun), ZoneInfo("Asia/Tokyo"))
    assert times is not None
    assert (times.started, times.ended) == (datetime.fromtimestamp(begun, UTC), None)


@pytest.mark.parametrize("nothing", [None, 0, "0", "0000-00-00 00:00:00", ""])
def test_no_time_where_there_is_none(nothing: object) -> None:
    times = times_of(row("A", started=nothing, ended=nothing, epoch=0), PARIS)
    assert times is not None
    assert times.started == datetime(2026, 11, 24, 1, 0, 0, tzinfo=UTC)
    assert times_of(row(scheduled=nothing, started=nothing, ended=nothing, epoch=0), PARIS) is None


@given(st.datetimes(), st.datetimes(), st.integers(-(2**63), 2**63), st.sampled_from("TRAE"))
def test_no_row_breaks_the_reading(
    started: datetime, ended: datetime, epoch: int, status: str
) -> None:
    times = times_of(row(status, started=started, ended=ended, epoch=epoch), PARIS)
    if times is not None:
        assert times.ended is None or epoch <= 0 or times.started <= times.ended


# -- what is read ----------------------------------------------------------------


async def test_a_full_reading(tmp_path: Path, catalogue: FakeCatalogue) -> None:
    for days in range(20, 0, -1):
        catalogue.run("compta", CLIENT, NOW - days * DAY)
    old = catalogue.run("archives", CLIENT, NOW - 400 * DAY)
    catalogue.run("archives", CLIENT, NOW - 2 * DAY, status="E", files=0, errors=1)
    catalogue.run("restore", CLIENT, NOW - DAY, type="R")
    catalogue.begin("compta", CLIENT, NOW - 60)
    found = await read(source(tmp_path), RUNS)
    assert found.full
    assert found.rejected == []
    compta = [run for run in found.records if run.job == f"{CLIENT}/compta"]
    # Ten, and the newest success whatever its age.
    assert len(compta) == 10
    assert [run.result for run in compta].count(RunResult.RUNNING) == 1
    archives = [run for run in found.records if run.job == f"{CLIENT}/archives"]
    assert [run.result for run in archives] == [RunResult.OK, RunResult.FAILED]
    assert archives[0].started == datetime.fromtimestamp(NOW - 400 * DAY, UTC)
    assert {run.site for run in found.records} == {"17300"}
    assert old


async def test_what_is_new_and_what_has_ended_since(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    for days in range(9, 1, -1):
        catalogue.run("compta", CLIENT, NOW - days * DAY)
    long = catalogue.begin("archives", CLIENT, NOW - 7000)
    catalogue.run("mail", CLIENT, NOW - 6000)
    first = await read(source(tmp_path), RUNS)
    quiet = await read(source(tmp_path), RUNS, first.cursor)
    assert not quiet.full
    # What had not ended, and nothing else.
    assert {run.application for run in quiet.records} == {"archives"}
    # It ends with a number and a start long passed by.
    catalogue.finish(long, NOW - 100)
    catalogue.run("paie", CLIENT, NOW - 5000)
    second = await read(source(tmp_path), RUNS, quiet.cursor)
    results = {run.application: run.result for run in second.records}
    assert results["archives"] is RunResult.OK
    assert results["paie"] is RunResult.OK
    third = await read(source(tmp_path), RUNS, second.cursor)
    assert third.records == []
    # One that had ended is restarted and ends again, with the number that it had.
    catalogue.finish(long, int(time.time()))
    (again,) = (await read(source(tmp_path), RUNS, third.cursor)).records
    assert again.application == "archives"


async def test_a_run_of_a_dead_director_is_not_asked_for_for_ever(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.begin("compta", CLIENT, NOW - 30 * DAY)
    catalogue.run("mail", CLIENT, NOW - DAY)
    first = await read(source(tmp_path), RUNS)
    again = await read(source(tmp_path), RUNS, first.cursor)
    assert again.records == []


async def test_a_clock_that_was_wrong_once_does_not_hide_what_comes(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.run("compta", CLIENT, NOW + 4000 * DAY)
    catalogue.begin("mail", CLIENT, NOW - 500)
    first = await read(source(tmp_path), RUNS)
    catalogue.finish(2, NOW - 100)
    catalogue.run("paie", CLIENT, NOW - 50)
    second = await read(source(tmp_path), RUNS, first.cursor)
    found = {run.application: run.result for run in second.records}
    assert (found["mail"], found["paie"]) == (RunResult.OK, RunResult.OK)


async def test_a_run_that_turns_into_a_copy_is_none(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    """As a copy job writes it: type B until it has ended, and then C with the times of the first.

    What a migration writes stays of type B, and what it has moved becomes M.
    """
    catalogue.run("compta", CLIENT, NOW - 7000)
    catalogue.run("copied", CLIENT, NOW - 5000)
    copy = catalogue.begin("only-copied", CLIENT, NOW - 100)
    catalogue.do("UPDATE Job SET JobStatus = 'C', StartTime = 0 WHERE JobId = ?", copy)
    jobs, runs = await read(source(tmp_path), JOBS), await read(source(tmp_path), RUNS)
    assert f"{CLIENT}/only-copied" in jobs.rows
    (copying,) = (run for run in runs.records if run.application == "only-copied")
    assert copying.result is RunResult.RUNNING
    catalogue.finish(copy, NOW - 4000)
    catalogue.do("UPDATE Job SET Type = 'C' WHERE JobId = ?", copy)
    later_jobs = await read(source(tmp_path), JOBS, jobs.cursor)
    later_runs = await read(source(tmp_path), RUNS, runs.cursor)
    assert set(later_jobs.applied_to(jobs.rows)) == {f"{CLIENT}/compta", f"{CLIENT}/copied"}
    assert later_runs.deletes == {copying.key}
    # That is settled, and not asked again.
    settled = await read(source(tmp_path), JOBS, later_jobs.cursor)
    assert (settled.records, settled.full) == ([], False)
    assert (await read(source(tmp_path), RUNS, later_runs.cursor)).deletes == set()


async def test_a_run_that_goes_on_for_weeks_settles_nothing(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.begin("compta", CLIENT, NOW - 20 * DAY)
    first = await read(source(tmp_path), JOBS)
    assert not (await read(source(tmp_path), JOBS, first.cursor)).full


@pytest.mark.parametrize("ends", [True, False])
async def test_a_cancelled_duplicate_says_nothing_of_the_backup(
    tmp_path: Path, catalogue: FakeCatalogue, ends: bool
) -> None:
    """As Allow Duplicate Jobs = no makes it: cancelled at once, because another runs."""
    full = catalogue.begin("compta", CLIENT, NOW - 500)
    first = await read(source(tmp_path), RUNS)
    twice = catalogue.begin("compta", CLIENT, NOW - 400)
    # It may be seen before it is cancelled.
    seen = await read(source(tmp_path), RUNS, first.cursor)
    assert len(seen.rows) == 2
    catalogue.finish(twice, NOW - 400, "A", files=0, size=0, errors=1)
    if ends:
        catalogue.finish(full, NOW - 200)
    found = await read(source(tmp_path), RUNS, seen.cursor)
    assert len(found.deletes) == 1
    (run,) = found.applied_to(seen.applied_to(first.rows)).values()
    assert run.result is (RunResult.OK if ends else RunResult.RUNNING)
    assert set((await read(source(tmp_path), RUNS)).rows) == {run.key}


async def test_a_run_that_somebody_cancelled_has_failed(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    # A director died in this one, weeks ago.
    catalogue.begin("compta", CLIENT, NOW - 20 * DAY)
    catalogue.run("compta", CLIENT, NOW - DAY)
    catalogue.run("compta", CLIENT, NOW - 5000, status="A", files=0, size=0, errors=1)
    # It had saved something, so it is no duplicate.
    catalogue.begin("paie", CLIENT, NOW - 300)
    catalogue.run("paie", CLIENT, NOW - 200, status="A", files=3)
    # Another one runs, and has begun later.
    catalogue.run("mail", CLIENT, NOW - 300, status="A", files=0)
    catalogue.begin("mail", CLIENT, NOW - 100)
    found = await read(source(tmp_path), RUNS)
    failed = [run.application for run in found.records if run.result is RunResult.FAILED]
    assert sorted(failed) == ["compta", "mail", "paie"]


async def test_runs_dated_ahead_push_out_none(tmp_path: Path, catalogue: FakeCatalogue) -> None:
    for days in range(12, 0, -1):
        catalogue.run("compta", CLIENT, NOW - days * DAY)
    for days in range(11):
        catalogue.run("compta", CLIENT, NOW + (300 + days) * DAY)
    found = await read(source(tmp_path), RUNS)
    assert len(found.rows) == 10
    assert max(run.started.timestamp() for run in found.records) == NOW - DAY
    assert "11 runs are dated ahead" in found.reasons["JobTDate"]
    catalogue.run("compta", CLIENT, NOW + 900 * DAY)
    later = await read(source(tmp_path), RUNS, found.cursor)
    assert (later.records, "dated ahead" in later.reasons["JobTDate"]) == ([], True)
    probe = await source(tmp_path).probe()
    assert any("12 runs are dated ahead" in remark for remark in probe.remarks)
    assert probe.remote_time is not None


async def test_which_runs_are_small_by_nature(tmp_path: Path, catalogue: FakeCatalogue) -> None:
    for level in "FDIBf":
        catalogue.run(f"job-{level}", CLIENT, NOW - 500, level=level, files=0, size=0)
    found = (await read(source(tmp_path), RUNS)).records
    assert {run.application: (run.size, run.changes_only) for run in found} == {
        "job-F": (0, False),
        "job-B": (0, False),
        "job-f": (0, False),
        "job-D": (0, True),
        "job-I": (0, True),
    }


async def test_the_success_that_is_kept_whatever_its_age_saved_something(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.run("compta", CLIENT, NOW - 200 * DAY)
    catalogue.run("compta", CLIENT, NOW - 150 * DAY, size=0)
    catalogue.run("compta", CLIENT, NOW - DAY, status="E")
    # Of what is no longer listed there are no runs either, but for what is planned by name.
    catalogue.run("gone", CLIENT, NOW - 200 * DAY)
    catalogue.run("planned", CLIENT, NOW - 200 * DAY)
    plans = [{"job": "planned", "client": CLIENT, "period": "1d"}]
    found = await read(source(tmp_path, plans=plans), RUNS)
    assert sorted((run.application, run.started.timestamp()) for run in found.records) == [
        ("compta", NOW - 200 * DAY),
        ("compta", NOW - DAY),
        ("planned", NOW - 200 * DAY),
    ]


async def test_pruned_runs_go_with_a_full_reading(tmp_path: Path, catalogue: FakeCatalogue) -> None:
    catalogue.run("compta", CLIENT, NOW - 2 * DAY)
    catalogue.run("compta", CLIENT, NOW - DAY)
    first = await read(source(tmp_path), RUNS)
    catalogue.do("DELETE FROM Job WHERE JobId = 1")
    assert not (await read(source(tmp_path), RUNS, first.cursor)).full
    full = await read(source(tmp_path), RUNS)
    assert full.full
    assert len(full.rows) == len(first.rows) - 1


async def test_jobs_and_their_plans(tmp_path: Path, catalogue: FakeCatalogue) -> None:
    catalogue.run("compta-17300", CLIENT, NOW - DAY)
    catalogue.run("BackupCatalog", "director-fd", NOW - DAY)
    catalogue.run("gone", CLIENT, NOW - 100 * DAY)
    catalogue.run("restore", CLIENT, NOW - DAY, type="R")
    plans = [
        {"job": "compta-*", "application": "comptabilité", "period": "1d", "grace": "4h"},
        {"job": "paie", "client": "17299-fd", "calendar": "30 21 * * 1-5"},
    ]
    made = source(tmp_path, plans=plans, clients={"director-fd": "siège"}, exclude=["Backup[D-Z]*"])
    found = await read(made, JOBS)
    assert found.full
    assert set(found.rows) == {
        f"{CLIENT}/compta-17300",
        "director-fd/BackupCatalog",
        "17299-fd/paie",
    }
    compta = found.rows[f"{CLIENT}/compta-17300"]
    assert (compta.site, compta.application) == ("17300", "comptabilité")
    assert (compta.period, compta.grace, compta.protocol) == (DAY, 14_400, "bacula")
    assert found.rows["director-fd/BackupCatalog"].site == "siège"
    assert found.rows["17299-fd/paie"].calendar == "30 21 * * 1-5"
    # Runs say the same.
    runs = await read(made, RUNS)
    assert {run.job for run in runs.records} <= set(found.rows)
    # No run is new, nothing is asked; a new one brings its job.
    quiet = await read(made, JOBS, found.cursor)
    assert (quiet.records, quiet.full) == ([], False)
    catalogue.run("mail", CLIENT, NOW - 10)
    assert set((await read(made, JOBS, quiet.cursor)).rows) == {f"{CLIENT}/mail"}


async def test_what_is_excluded_is_neither_a_job_nor_a_run(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.run("compta", CLIENT, NOW - DAY)
    catalogue.run("test-1", CLIENT, NOW - DAY)
    for stream in (JOBS, RUNS):
        found = await read(source(tmp_path, exclude=["test-*"]), stream)
        assert len(found.rows) == 1


async def test_another_catalogue_in_its_place_is_read_in_full(tmp_path: Path) -> None:
    catalogue = FakeCatalogue(tmp_path / "bacula.db")
    for days in range(5):
        catalogue.run("compta", CLIENT, NOW - days * DAY)
    jobs, runs = [await read(source(tmp_path), stream) for stream in (JOBS, RUNS)]
    (tmp_path / "bacula.db").unlink()
    FakeCatalogue(tmp_path / "bacula.db").run("mail", CLIENT, NOW + 60)
    again = await read(source(tmp_path), JOBS, jobs.cursor)
    assert (set(again.rows), again.full) == ({f"{CLIENT}/mail"}, True)
    replaced = await read(source(tmp_path), RUNS, runs.cursor)
    assert (len(replaced.rows), replaced.full) == (1, True)


async def test_a_status_that_nobody_knows_is_set_aside(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.run("compta", CLIENT, NOW - DAY, status="x")
    with pytest.raises(BadAnswer, match="JobId 1: the status 'x' is not known"):
        await read(source(tmp_path), RUNS)
    catalogue.run("mail", CLIENT, NOW - DAY)
    found = await read(source(tmp_path), RUNS)
    assert len(found.rows) == 1
    assert found.reasons == {"JobId 1": "the status 'x' is not known"}


async def test_probe_tells_what_does_not_fit(tmp_path: Path) -> None:
    catalogue = FakeCatalogue(tmp_path / "bacula.db", zone="UTC")
    empty = await source(tmp_path).probe()
    assert empty.remarks == ("no job ran lately: is it the right catalogue?",)
    catalogue.run("compta", CLIENT, NOW - DAY)
    plans = [{"job": "comta", "period": "1d"}, {"client": CLIENT, "period": "1d"}]
    probe = await source(tmp_path, plans=plans, clients={"old-fd": "17299"}).probe()
    assert probe.version == "catalogue 16"
    newest, zone, plan, client = probe.remarks
    assert newest.startswith("newest run: 20")
    assert "is not in Europe/Paris" in zone
    assert plan == "no job ran that fits the plan job = comta, client = *"
    assert client == "clients that are not known: old-fd"
    assert len((await source(tmp_path, timezone="UTC").probe()).remarks) == 1


async def test_without_a_table_version_it_works_too(
    tmp_path: Path, catalogue: FakeCatalogue
) -> None:
    catalogue.run("compta", CLIENT, NOW - DAY)
    catalogue.do("DROP TABLE Version")
    assert (await source(tmp_path).probe()).version == ""


async def test_what_is_no_catalogue(tmp_path: Path, catalogue: FakeCatalogue) -> None:
    catalogue.do("DROP TABLE Job")
    for stream in (JOBS, RUNS):
        with pytest.raises(BadAnswer, match="no such table: Job"):
            await read(source(tmp_path), stream)
    with pytest.raises(Unavailable):
        await read(source(tmp_path, database="sqlite:///gone.db"), RUNS)


async def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCatalogue(tmp_path / "bacula.db")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "adapters.bacula.catalogue", raising=False)
    made = source(tmp_path)
    for attempt in (made.probe(), read(made, RUNS), read(made, JOBS)):
        with pytest.raises(Unavailable, match="SQLAlchemy is not installed"):
            await attempt


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"site": "("}, "not a regular expression"),
        ({"site": r"\d+"}, "is expected"),
        ({"timezone": "Paris"}, "IANA"),
        ({"plans": [{"calendar": "souvent"}]}, "cron"),
        ({"days": 0}, "days"),
        ({"database": "postgresql://bacula:secret@db/bacula"}, "must not stand"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({"database": "sqlite:///b.db", **settings}, BaculaOptions)
