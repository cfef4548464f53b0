"""Local days: public holidays, working days, and local times when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from smic_tui.calendars import french_holidays
from smic_tui.config.schema import Calendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(256)
def holidays_of(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Returns the public holidays of one year.

    Those of France as a whole come from a table, all others from the `holidays` library,
    whose first use takes 0.15 s. A country or part of a country that the library does not
    know has none; the check of the configuration refuses it before.
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
    """Loads the public holidays around `year`. May take 0.2 s: call it off the event loop."""
    for near in (year - 1, year, year + 1):
        holidays_of(calendar.country, calendar.subdivision, near)


def is_holiday(day: date, calendar: Calendar) -> bool:
    """Whether `day` is a public holiday in the country and part that `calendar` names."""
    return day in holidays_of(calendar.country, calendar.subdivision, day.year)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether the syndicate works on `day`."""
    return WEEKDAYS[day.weekday()] in calendar.working_days and not is_holiday(day, calendar)


def at_local(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Returns the moment, in UTC, at which clocks in `zone` show `wall` on `day`.

    For a time that the clocks skip in spring this is the end of the gap (02:30 becomes
    03:00); for a time that they show twice in autumn, the first of the two.
    """
    shown = datetime.combine(day, wall.replace(fold=0))
    while True:
        moment = shown.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == shown:
            return moment
        shown = shown.replace(second=0, microsecond=0) + timedelta(minutes=1)
