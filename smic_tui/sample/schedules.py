"""The schedules of the sample's backups: when jobs are planned, and when they were due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct

from smic_tui.sample.days import is_holiday, local_day, moment

DAY_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


class Schedule(Struct, frozen=True, kw_only=True):
    """A period, or local times of day on some weekdays (0 is Monday).

    `grace` is how late a run may be. The job does not run on `closed` weekdays, nor on
    public holidays if `holidays` is true. No time of day lies between 2 and 3 in the
    morning, the hour that is skipped or doubled when the clocks change.
    """

    grace: timedelta
    period: timedelta | None = None
    hours: tuple[int, ...] = ()
    minute: int = 0
    weekdays: tuple[int, ...] = EVERY_DAY
    closed: tuple[int, ...] = ()
    holidays: bool = False

    @property
    def cron(self) -> str:
        """The times of day in cron syntax; empty for a schedule with a period."""
        if self.period:
            return ""
        if self.weekdays == EVERY_DAY:
            days = "*"
        elif len(self.weekdays) > 2:
            days = f"{self.weekdays[0] + 1}-{self.weekdays[-1] + 1}"
        else:
            days = ",".join(str(day + 1) for day in self.weekdays)
        return f"{self.minute} {','.join(map(str, self.hours))} * * {days}"

    def _backwards(self, now: datetime) -> Iterator[datetime]:
        day = local_day(now)
        while True:
            open_day = day.weekday() not in self.closed and not (self.holidays and is_holiday(day))
            if day.weekday() in self.weekdays and open_day:
                for hour in reversed(self.hours):
                    when = moment(day, hour, self.minute)
                    if when <= now:
                        yield when
            day -= timedelta(days=1)

    def last(self, now: datetime, count: int) -> list[datetime]:
        """Returns the last `count` moments (UTC) of the schedule up to `now`, newest first."""
        return list(islice(self._backwards(now), count))


def hours_text(duration: timedelta) -> str:
    """Returns a duration as French people write it into a plan: 12 h, 7 j."""
    hours = round(duration.total_seconds() / 3600)
    return f"{hours // 24} j" if hours % 24 == 0 and hours > 24 else f"{hours} h"
