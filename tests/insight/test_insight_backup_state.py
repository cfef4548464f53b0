from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smic_tui.config.schema import Backups, Calendar
from smic_tui.i18n import use
from smic_tui.insight.backup_state import Doubt, Trust, Verdict, decisive, state_of, trust_of
from smic_tui.insight.plan import BadPlan, next_expected
from smic_tui.model.states import BackupState
from smic_tui.records import BackupJob, BackupRun, RunResult
from tests.insight.insight_examples import NOW, PARIS, ago, job, paris, run

FRANCE = Calendar()
TRUST = trust_of(Backups())
DAY = 86400
HOUR = 3600


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


def judged(
    one: BackupJob,
    *runs: BackupRun,
    now: datetime = NOW,
    stale: bool = False,
    trust: Trust = TRUST,
) -> Verdict:
    """The verdict; runs in any order."""
    newest_first = sorted(runs, key=lambda one: (one.started, one.key), reverse=True)
    return state_of(one, newest_first, now, PARIS, FRANCE, trust=trust, stale=stale)


DAILY: dict[str, Any] = {"period": DAY, "grace": 6 * HOUR}


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], "never"),
        ([run(ago(hours=1))], "fresh"),
        ([run(ago(hours=1), RunResult.WARNING)], "fresh"),
        ([run(ago(hours=1), RunResult.FAILED)], "failed"),
        ([run(ago(hours=1), RunResult.RUNNING)], "running"),
        ([run(ago(hours=1), RunResult.UNKNOWN, message="locked")], "unknown"),
        # exactly at its limits
        ([run(ago(seconds=DAY - 1))], "fresh"),
        ([run(ago(seconds=DAY))], "late"),
        ([run(ago(seconds=DAY + 6 * HOUR - 1))], "late"),
        ([run(ago(seconds=DAY + 6 * HOUR))], "overdue"),
        # the newest run decides
        ([run(ago(days=1, hours=2)), run(ago(hours=1), RunResult.FAILED)], "failed"),
        ([run(ago(hours=2), RunResult.FAILED), run(ago(hours=1))], "fresh"),
        ([run(ago(hours=25)), run(ago(hours=1), RunResult.RUNNING)], "running"),
        # a run in progress hides no missing success
        ([run(ago(days=3)), run(ago(hours=1), RunResult.RUNNING)], "overdue"),
        ([run(ago(hours=29, minutes=59)), run(ago(hours=1), RunResult.RUNNING)], "running"),
        ([run(ago(hours=30)), run(ago(hours=1), RunResult.RUNNING)], "overdue"),
        ([run(ago(hours=3), RunResult.FAILED), run(ago(hours=1), RunResult.RUNNING)], "running"),
        ([run(ago(hours=3)), run(ago(hours=1), RunResult.UNKNOWN)], "unknown"),
        # a run that does not end: until the next is overdue
        ([run(ago(seconds=DAY + 6 * HOUR - 1), RunResult.RUNNING)], "running"),
        ([run(ago(seconds=DAY + 6 * HOUR), RunResult.RUNNING)], "failed"),
        ([run(ago(days=9)), run(ago(days=2), RunResult.RUNNING)], "failed"),
        # abandoned: a later run has ended
        ([run(ago(hours=5), RunResult.RUNNING), run(ago(hours=1))], "fresh"),
        (
            [
                run(ago(days=2)),
                run(ago(hours=30), RunResult.RUNNING),
                run(ago(hours=29), RunResult.FAILED),
            ],
            "failed",
        ),
        # not believed: from the future
        ([run(ago(hours=-2))], "never"),
        ([run(ago(minutes=-59))], "fresh"),
        ([run(ago(days=5)), run(ago(hours=-3))], "overdue"),
        # two runs that started together: the later key is the newer
        ([run(ago(hours=1), key="1"), run(ago(hours=1), RunResult.FAILED, key="2")], "failed"),
        ([run(ago(hours=1), key="2"), run(ago(hours=1), RunResult.FAILED, key="1")], "fresh"),
    ],
)
def test_state_of_a_daily_backup(runs: list[BackupRun], expected: str) -> None:
    assert judged(job(**DAILY), *runs).state == expected
    assert judged(job(**DAILY), *runs, stale=True).state == "unknown"


def test_what_goes_with_the_state() -> None:
    verdict = judged(job(**DAILY), run(ago(hours=30)), run(ago(hours=2), RunResult.FAILED))
    assert verdict.last_success == ago(hours=30)
    assert verdict.due == ago(hours=6)
    never = judged(job(**DAILY), run(ago(hours=2), RunResult.FAILED))
    assert (never.state, never.last_success, never.due) == (BackupState.FAILED, None, None)


def test_notes() -> None:
    assert judged(job(**DAILY), run(ago(hours=1))).note == ""
    assert "warning" in judged(job(**DAILY), run(ago(hours=1), RunResult.WARNING)).note
    assert "does not end" in judged(job(**DAILY), run(ago(days=3), RunResult.RUNNING)).note
    locked = judged(job(**DAILY), run(ago(hours=1), RunResult.UNKNOWN, message="locked"))
    assert locked.note == "locked"


def test_without_a_plan_nothing_is_late_and_what_is_old_is_doubted() -> None:
    closed: dict[str, Any] = {"period": HOUR, "closed": tuple(range(7))}
    assert judged(job(**closed), run(ago(days=900))).state == "fresh"  # nothing is expected
    assert judged(job(**closed), run(ago(days=900))).note == ""
    none: tuple[dict[str, Any], ...] = ({}, {"period": 0})
    for plan in none:
        recent = judged(job(**plan), run(ago(days=29)))
        assert (recent.state, recent.note) == ("fresh", "no plan is known")
        assert recent.doubted == ago(days=-1)
        for days in (30, 100):
            old = judged(job(**plan), run(ago(days=days)))
            assert (old.state, old.note) == ("unknown", "no plan is known")
        going = judged(job(**plan), run(ago(days=40)), run(ago(hours=1), RunResult.RUNNING))
        assert going.state == "unknown"
        assert going.note == "a run is in progress; no plan is known"
    for plan in (*none, closed):
        assert judged(job(**plan)).state == "never"
        assert judged(job(**plan), run(ago(days=1), RunResult.FAILED)).state == "failed"
        assert judged(job(**plan), run(ago(hours=23), RunResult.RUNNING)).state == "running"
        assert judged(job(**plan), run(ago(hours=24), RunResult.RUNNING)).state == "failed"


def sized(*sizes: int | None, **newest: Any) -> list[BackupRun]:
    """Runs of these sizes, a day apart, the newest an hour ago, last, with what else it has."""
    found = [run(ago(days=back, hours=1), size=size) for back, size in enumerate(reversed(sizes))]
    return [replace(found[0], **newest), *found[1:]]


@pytest.mark.parametrize(
    ("sizes", "doubt"),
    [
        ((0,), Doubt.EMPTY),
        ((100, 100, 0), Doubt.EMPTY),
        ((None, None, None, None), None),
        ((100, 100, 100, None), None),
        ((100, 100, 100, 24), Doubt.SHRUNK),
        ((100, 100, 100, 25), None),  # exactly the part
        ((100, 100, 24), None),  # two are no history
        ((100, 100, None, 100, 24), Doubt.SHRUNK),
        ((100, 100, 0, 24), None),  # what saved nothing is no history
        ((100, 110, 120, 24, 22, 21), Doubt.SHRUNK),  # it does not become usual by itself
        ((100, 110, 120, 24, 115), None),
        # full and incremental runs of a script that does not say which
        ((100, 2, 2, 2, 100, 2, 2), None),
        ((100, 1, 100, 1, 100, 1), None),
        ((5, 100, 100, 100, 8), Doubt.SHRUNK),
    ],
)
def test_a_success_that_saved_nothing_or_far_less_is_suspect(
    sizes: tuple[int | None, ...], doubt: Doubt | None
) -> None:
    found = judged(job(**DAILY), *sized(*sizes))
    assert found.doubt is doubt
    assert found.state == ("suspect" if doubt else "fresh")
    warned = judged(job(**DAILY), *sized(*sizes, result=RunResult.WARNING))
    assert warned.state == found.state


def test_what_is_suspect_is_no_success() -> None:
    shrunk = judged(job(**DAILY), *sized(100, 100, 100, 3))
    assert shrunk.last_success == ago(days=1, hours=1)
    assert "far smaller" in shrunk.note
    empty = judged(job(**DAILY), *sized(100, 0, 0))
    assert empty.last_success == ago(days=2, hours=1)
    assert "saved nothing" in empty.note
    assert judged(job(**DAILY), *sized(0)).last_success is None
    # a failure, and a run in progress, go before it
    assert judged(job(**DAILY), *sized(9, 0, None, result=RunResult.FAILED)).state == "failed"
    assert judged(job(**DAILY), *sized(9, 0, None, result=RunResult.RUNNING)).state == "overdue"


def test_a_run_of_changes_only_is_small_by_nature() -> None:
    assert judged(job(**DAILY), *sized(100, 100, 100, 1, changes_only=True)).state == "fresh"
    assert judged(job(**DAILY), *sized(100, 100, 100, 0, changes_only=True)).state == "fresh"
    changes = [replace(one, changes_only=True) for one in sized(1, 0, 2, 1)]
    full = run(ago(minutes=30), size=40)
    assert judged(job(**DAILY), full, *changes).state == "fresh"


@pytest.mark.parametrize(
    ("base", "change", "doubt"),
    [
        ((9, 9, 9, 9), 0, None),
        ((9, 9, 9, 9), None, None),
        ((9, 9, 9, 0), 0, Doubt.EMPTY),
        ((9, 9, 9, 0), None, Doubt.EMPTY),
        ((9, 9, 9, 0), 4, None),  # there was something again
        ((9, 9, 9, 1), 4, Doubt.SHRUNK),
    ],
)
def test_a_run_of_changes_only_is_what_it_rests_on(
    base: tuple[int, ...], change: int | None, doubt: Doubt | None
) -> None:
    later = run(ago(minutes=9), size=change, changes_only=True)
    found = judged(job(**DAILY), *sized(*base), later)
    assert (found.doubt, found.state) == (doubt, "suspect" if doubt else "fresh")


def test_how_much_is_far_smaller_is_a_setting() -> None:
    runs = sized(100, 100, 100, 45)
    for part, expected in ((0.5, "suspect"), (0.4, "fresh"), (0, "fresh")):
        trust = trust_of(Backups(shrunk_below=part))
        assert judged(job(**DAILY), *runs, trust=trust).state == expected
    off = trust_of(Backups(shrunk_below=0))
    assert judged(job(**DAILY), *sized(100, 100, 100, 0), trust=off).state == "suspect"


@pytest.mark.parametrize("calendar", ["nonsense", "99 * * * *", "0 0 31 2 *", "@daily", "0 3 * *"])
def test_a_calendar_that_cannot_be_read_is_unknown_and_told(calendar: str) -> None:
    broken = job(calendar=calendar)
    verdict = judged(broken, run(ago(hours=1)))
    assert verdict.state == "unknown"
    assert calendar in verdict.note
    assert judged(broken).state == "never"
    assert judged(broken, run(ago(hours=1), RunResult.FAILED)).state == "failed"
    assert judged(broken, run(ago(hours=1), RunResult.RUNNING)).state == "running"
    assert judged(broken, run(ago(hours=25), RunResult.RUNNING)).state == "failed"


def test_a_calendar_of_closed_days_only_is_unknown() -> None:
    sundays = job(calendar="0 3 * * 0", closed=(6,))
    with pytest.raises(BadPlan):
        next_expected(sundays, NOW, PARIS, FRANCE)
    assert judged(sundays, run(ago(hours=1))).state == "unknown"


WEEKEND = (5, 6)


@pytest.mark.parametrize(
    ("plan", "started", "due"),
    [
        # periods
        ({"period": DAY}, "2026-11-23 20:00", "2026-11-24 20:00"),
        ({"period": DAY, "closed": WEEKEND}, "2026-11-20 20:00", "2026-11-23 20:00"),
        ({"period": 12 * HOUR, "closed": WEEKEND}, "2026-11-20 20:00", "2026-11-23 08:00"),
        ({"period": 12 * HOUR, "closed": WEEKEND}, "2026-11-20 08:00", "2026-11-20 20:00"),
        ({"period": 7 * DAY, "closed": (2,)}, "2026-11-18 03:00", "2026-11-26 03:00"),
        # 11 November is a holiday, a Wednesday in 2026
        ({"period": DAY, "holidays": True}, "2026-11-10 20:00", "2026-11-12 20:00"),
        ({"period": DAY}, "2026-11-10 20:00", "2026-11-11 20:00"),
        # Easter Monday 2026 after a week-end: three days and more
        (
            {"period": DAY, "holidays": True, "closed": WEEKEND},
            "2026-04-03 20:00",
            "2026-04-07 20:00",
        ),
        # over the end of the year: 1 January is a holiday
        ({"period": DAY, "holidays": True}, "2026-12-31 08:00", "2027-01-02 08:00"),
        # a period is elapsed time: 25 and 23 hours of wall time over the changes of clock
        ({"period": DAY}, "2026-10-24 20:00", "2026-10-25 19:00"),
        ({"period": DAY}, "2026-03-28 20:00", "2026-03-29 21:00"),
        # pushed over a closed day, it keeps its time of day
        ({"period": DAY, "closed": (6,)}, "2026-10-24 20:00", "2026-10-26 19:00"),
        ({"period": DAY, "closed": (5,)}, "2026-03-27 02:30", "2026-03-29 03:00"),
        ({"period": DAY, "closed": (5,)}, "2026-10-23 02:30", "2026-10-25 02:30"),
        # calendars
        ({"calendar": "0 20 * * *"}, "2026-11-23 20:00", "2026-11-24 20:00"),
        ({"calendar": "0 20 * * *"}, "2026-11-23 20:07", "2026-11-24 20:00"),
        ({"calendar": "0 20 * * *"}, "2026-11-23 19:54", "2026-11-23 20:00"),
        ({"calendar": "0 20 * * *"}, "2026-11-23 19:55", "2026-11-24 20:00"),
        ({"calendar": "0 20 * * 1-5"}, "2026-11-20 20:00", "2026-11-23 20:00"),
        ({"calendar": "0 20 * * *", "closed": WEEKEND}, "2026-11-20 20:00", "2026-11-23 20:00"),
        ({"calendar": "0 20 * * *", "holidays": True}, "2026-11-10 20:00", "2026-11-12 20:00"),
        ({"calendar": "30 12,20 * * *"}, "2026-11-23 12:30", "2026-11-23 20:30"),
        ({"calendar": "0 3 1 * *"}, "2026-11-01 03:00", "2026-12-01 03:00"),
        ({"calendar": "0 20 * * *", "period": HOUR}, "2026-11-23 20:00", "2026-11-24 20:00"),
        # wall times over the changes of clock
        ({"calendar": "0 20 * * *"}, "2026-10-24 20:00", "2026-10-25 20:00"),
        ({"calendar": "0 20 * * *"}, "2026-03-28 20:00", "2026-03-29 20:00"),
        ({"calendar": "30 2 * * *"}, "2026-03-28 02:30", "2026-03-29 03:00"),
        ({"calendar": "30 2 * * *"}, "2026-03-29 03:00", "2026-03-30 02:30"),
        ({"calendar": "30 2 * * *"}, "2026-10-24 02:30", "2026-10-25 02:30"),
        ({"calendar": "30 2 * * *"}, "2026-10-25 02:30", "2026-10-26 02:30"),
    ],
)
def test_when_the_next_success_is_expected(plan: dict[str, Any], started: str, due: str) -> None:
    assert next_expected(job(**plan), paris(started), PARIS, FRANCE) == paris(due)


def test_between_the_two_half_past_two_of_autumn_the_next_is_tomorrow() -> None:
    second = paris("2026-10-25 02:20", fold=1)
    nightly = job(calendar="30 2 * * *")
    assert next_expected(nightly, second, PARIS, FRANCE) == paris("2026-10-26 02:30")


def test_every_quarter_of_an_hour_follows_elapsed_time_over_autumn() -> None:
    quarterly = job(calendar="*/15 * * * *")
    first = paris("2026-10-25 02:45")  # the summer one
    assert next_expected(quarterly, first, PARIS, FRANCE) == paris("2026-10-25 02:00", fold=1)


def test_a_holiday_of_a_part_of_the_country() -> None:
    # Good Friday is one in Moselle.
    holiday = job(period=DAY, holidays=True)
    thursday = paris("2026-04-02 20:00")
    moselle = Calendar(subdivision="57")
    assert next_expected(holiday, thursday, PARIS, FRANCE) == paris("2026-04-03 20:00")
    assert next_expected(holiday, thursday, PARIS, moselle) == paris("2026-04-04 20:00")


def test_a_weekend_is_not_late_and_monday_evening_is() -> None:
    town_hall = job(calendar="0 20 * * *", closed=WEEKEND, grace=6 * HOUR)
    friday = run(paris("2026-11-20 20:00"))
    for at, expected in (
        ("2026-11-22 23:00", "fresh"),
        ("2026-11-23 19:59", "fresh"),
        ("2026-11-23 20:00", "late"),
        ("2026-11-24 01:59", "late"),
        ("2026-11-24 02:00", "overdue"),
    ):
        assert judged(town_hall, friday, now=paris(at)).state == expected


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@hypothesis_settings(deadline=None)
@given(
    MOMENTS,
    st.sampled_from([None, HOUR, 12 * HOUR, DAY, 7 * DAY]),
    st.sampled_from(["", "0 20 * * *", "30 2 * * *", "*/30 * * * *", "15 3 * * 0"]),
    st.lists(st.integers(0, 6), max_size=6, unique=True),
    st.booleans(),
)
def test_the_next_is_later_and_on_no_closed_day(
    started: datetime, period: int | None, calendar: str, closed: list[int], holidays: bool
) -> None:
    plan = job(period=period, calendar=calendar, closed=tuple(closed), holidays=holidays)
    try:
        due = next_expected(plan, started, PARIS, FRANCE)
    except BadPlan:
        assert calendar == "15 3 * * 0"
        assert 6 in closed
        return
    if due is None:
        assert not period
        assert not calendar
    else:
        assert started < due < started + timedelta(days=40)
        assert due.astimezone(PARIS).weekday() not in closed


@given(st.lists(st.tuples(st.integers(-90, 400), st.sampled_from(list(RunResult))), max_size=6))
def test_time_only_makes_a_backup_worse(specs: list[tuple[int, RunResult]]) -> None:
    """Without a new run, fresh becomes late and then overdue, and never the other way."""
    runs = [run(ago(hours=hours), result, key=str(n)) for n, (hours, result) in enumerate(specs)]
    believed = [one for one in runs if one.started <= NOW]
    rank = {"fresh": 0, "late": 1, "overdue": 2}
    before = judged(job(**DAILY), *believed)
    for hours in range(0, 100, 7):
        after = judged(job(**DAILY), *believed, now=NOW + timedelta(hours=hours))
        if before.state in rank and after.state in rank:
            assert rank[after.state] >= rank[before.state]
        elif before.state == "overdue" and before.note:
            assert (after.state, after.note) == ("failed", "the last run started and does not end")
        elif before.state != "running":
            assert after.state == before.state
        before = after


@given(
    st.lists(
        st.tuples(
            st.integers(-90, 400),
            st.sampled_from(list(RunResult)),
            st.sampled_from((None, 0, 1, 9, 10, 11)),
            st.booleans(),
        ),
        max_size=8,
    ),
    st.integers(0, 200),
    st.booleans(),
)
def test_what_is_decisive_decides_as_all_runs_do(
    specs: list[tuple[int, RunResult, int | None, bool]], later: int, two_sources: bool
) -> None:
    runs = [
        run(
            ago(hours=hours),
            result,
            key=str(n),
            source=f"s{n % 2 if two_sources else 0}",
            size=size,
            changes_only=changes,
        )
        for n, (hours, result, size, changes) in enumerate(specs)
    ]
    runs.sort(key=lambda one: (one.started, one.key), reverse=True)
    kept = decisive(runs, NOW, judged(job(**DAILY), *runs).last_success)
    now = NOW + timedelta(hours=later)
    assert judged(job(**DAILY), *kept, now=now) == judged(job(**DAILY), *runs, now=now)
    assert {one.source for one in kept} == {one.source for one in runs}
