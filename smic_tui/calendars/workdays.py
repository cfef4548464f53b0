"""Local days: public holidays, working days, and local times across changes of clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from smic_tui.calendars import french_holidays
from smic_tui.config.schema import Calendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(256)
def holidays_of(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The public holidays of one year.

    France as a whole comes from a table; everything else from the `holidays`
    library, which takes 0.15 s at its first use. A country or part of a country
    that it does not know has none; loading the configuration refuses it.
    """
    if (country, subdivision) == ("FR", "") and (days := french_holidays.YEARS.get(year)):
        return frozenset(date.fromisoformat(f"{year}-{day}") for day in days.split())
    import holidays

    try:
        return frozenset(
            holidays.country_holidays(country, subdiv=subdivision or None, years=[year])
        )
    except NotImplementedError:
        return frozenset()


def prepare(calendar: Calendar, year: int) -> None:
    """Load the public holidays around `year`, which may take 0.2 s: off the event loop."""
    for near in (year - 1, year, year + 1):
        holidays_of(calendar.country, calendar.subdivision, near)


def is_holiday(day: date, calendar: Calendar) -> bool:
    """Whether `day` is a public holiday where the calendar's settings say."""
    return day in holidays_of(calendar.country, calendar.subdivision, day.year)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether the syndicate works on `day`."""
    return WEEKDAYS[day.weekday()] in calendar.working_days and not is_holiday(day, calendar)


def at_local(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which clocks in `zone` show `wall` on `day`.

    Of a time that clocks skip in spring it is the end of the gap (02:30 becomes
    03:00); of a time that they show twice in autumn, the first.
    """
    shown = datetime.combine(day, wall.replace(fold=0))
    while True:
        moment = shown.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == shown:
            return moment
        shown = shown.replace(second=0, microsecond=0) + timedelta(minutes=1)
