"""Quantities as people write them in filters: durations, sizes, numbers, days.

Each reader returns None for what it does not understand.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from smic_tui.calendars.workdays import at_local
from smic_tui.quantities import durations, numbers, sizes
from smic_tui.quantities.refusal import Refused
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


def read_duration(text: str) -> float | None:
    """Return a duration in seconds: "90s", "15 min", "3d" or "3j", "2 sem", "1d12h", "1h30"."""
    try:
        return durations.read_duration(text)
    except Refused:
        return None


def read_size(text: str) -> float | None:
    """Return a size in bytes: "500", "20Ko", "1.5 GB", "4GiB"."""
    try:
        return sizes.read_size(text)
    except Refused:
        return None


def read_number(text: str) -> float | None:
    """Return a number: "1 200", "2,5"; None for "1.200", which may be two numbers."""
    try:
        return numbers.read_number(text)
    except Refused:
        return None


def read_span(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime] | None:
    """The span of time (UTC, end excluded) that a day or a minute in `zone` is.

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
