from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from smic_tui.calendars.workdays import at_local, holidays_of, is_working_day
from smic_tui.config.schema import Calendar
from tests.insight.insight_examples import PARIS, paris


@pytest.mark.parametrize(
    ("day", "wall", "expected"),
    [
        (date(2026, 11, 24), time(7, 30), paris("2026-11-24 07:30")),
        (date(2026, 3, 29), time(1, 59), paris("2026-03-29 01:59")),
        (date(2026, 3, 29), time(2, 0), paris("2026-03-29 03:00")),
        (date(2026, 3, 29), time(2, 59, 59, 5), paris("2026-03-29 03:00")),
        (date(2026, 3, 29), time(3, 0), paris("2026-03-29 03:00")),
        (date(2026, 10, 25), time(2, 30), paris("2026-10-25 02:30", fold=0)),
        (date(2026, 10, 25), time(2, 30, fold=1), paris("2026-10-25 02:30", fold=0)),
    ],
)
def test_local_times_as_moments(day: date, wall: time, expected: object) -> None:
    assert at_local(day, wall, PARIS) == expected


def test_a_day_without_midnight() -> None:
    # Beirut goes from 23:59 to 01:00.
    beirut = ZoneInfo("Asia/Beirut")
    midnight = at_local(date(2026, 3, 29), time(), beirut)
    assert midnight.astimezone(beirut).time() == time(1, 0)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 24), True),
        (date(2026, 11, 21), False),
        (date(2026, 11, 11), False),
        (date(2026, 4, 6), False),
        (date(2026, 5, 14), False),
        (date(2027, 1, 1), False),
        (date(2026, 12, 26), False),
        (date(2026, 12, 24), True),
    ],
)
def test_working_days_of_france(day: date, works: bool) -> None:
    assert is_working_day(day, Calendar()) is works


def test_a_country_that_nobody_knows_has_no_holidays() -> None:
    assert holidays_of("ZZ", "", 2026) == frozenset()
    assert holidays_of("FR", "nowhere", 2026) == frozenset()
    assert len(holidays_of("FR", "", 2026)) == 11
    assert holidays_of("FR", "57", 2026) > holidays_of("FR", "", 2026)
