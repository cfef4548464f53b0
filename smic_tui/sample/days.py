"""Local days and times of the sample, in the time zone of Charente-Maritime."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


@lru_cache(8)
def _holidays_of(year: int) -> frozenset[date]:
    import holidays  # 80 ms: only when a sample is written

    return frozenset(holidays.country_holidays("FR", years=[year]))


def is_holiday(day: date) -> bool:
    """Whether `day` is a French public holiday."""
    return day in _holidays_of(day.year)


def moment(day: date, hour: int, minute: int, second: int = 0) -> datetime:
    """Returns a local time of day in UTC. Not for the hours in which the clocks change."""
    return datetime.combine(day, time(hour, minute, second), PARIS).astimezone(UTC)


def in_office_hours(random: Random, when: datetime) -> datetime:
    """Returns a moment (UTC) between 8:30 and 17:30 of the last working day up to `when`."""
    day = local_day(when)
    while True:
        minutes = random.randrange(510, 1050)
        moved = moment(day, minutes // 60, minutes % 60, random.randrange(60))
        if day.weekday() < 5 and not is_holiday(day) and moved <= when:
            return moved
        day -= timedelta(days=1)


def local_day(when: datetime) -> date:
    """Returns the local day of a moment."""
    return when.astimezone(PARIS).date()


def french(when: datetime | None) -> str:
    """Returns a moment as a French spreadsheet shows it, in local time: 24/11/2026 07:30."""
    return "" if when is None else when.astimezone(PARIS).strftime("%d/%m/%Y %H:%M")


def iso(when: datetime) -> str:
    """Returns a moment in UTC to the second: 2026-11-24T06:30:00Z."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_local(when: datetime) -> str:
    """Returns a moment in local time with its offset: 2026-11-24T07:30:00+01:00."""
    return when.astimezone(PARIS).isoformat(timespec="seconds")
