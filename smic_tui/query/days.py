"""Days and minutes as people write them in filters."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from smic_tui.calendars.workdays import at_local
from smic_tui.text import fold

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:t(\d{1,2}):(\d{2}))?")
_FRENCH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:t(\d{1,2}):(\d{2}))?")
_NEAR_DAYS = {
    "yesterday": -1,
    "hier": -1,
    "today": 0,
    "aujourd'hui": 0,
    "aujourdhui": 0,
    "tomorrow": 1,
    "demain": 1,
}


def read_span(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the span of time (UTC, end excluded) that a day or a minute in `zone` is.

    None if the text is neither.

    "2026-11-24", "24/11/2026", "today", "hier": a day; "2026-11-24T07:30": a minute.
    """
    folded = fold(text)
    if folded in _NEAR_DAYS:
        day = now.astimezone(zone).date() + timedelta(days=_NEAR_DAYS[folded])
        hour = None
        minute = None
    else:
        if found := _ISO.fullmatch(folded):
            year, month, of_month, hour, minute = found.groups()
        elif found := _FRENCH.fullmatch(folded):
            of_month, month, year, hour, minute = found.groups()
        else:
            return None
        try:
            day = date(int(year), int(month), int(of_month))
        except ValueError:
            return None
    try:
        if hour is None or minute is None:
            start = at_local(day, time(), zone)
            return start, at_local(day + timedelta(days=1), time(), zone)
        start = at_local(day, time(int(hour), int(minute)), zone)
        return start, (start + timedelta(minutes=1)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
