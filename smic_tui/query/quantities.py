"""Quantities as people write them in filters: durations, sizes, numbers, days.

Each reader returns None for what it does not understand.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from smic_tui.calendars.workdays import at_local
from smic_tui.text import fold

_DURATION_UNITS = {
    "s": 1,
    "m": 60,
    "min": 60,
    "mn": 60,
    "h": 3600,
    "d": 86400,
    "j": 86400,
    "w": 604800,
    "sem": 604800,
}
_SIZE_UNITS: dict[str, int] = {
    "": 1,
    "o": 1,
    "b": 1,
    **{
        prefix + unit: 1000**power
        for power, prefix in enumerate("kmgt", start=1)
        for unit in ("", "o", "b")
    },
    **{
        prefix + "i" + unit: 1024**power
        for power, prefix in enumerate("kmgt", start=1)
        for unit in ("o", "b")
    },
}
_DURATION_PART = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)([a-z]+)")
_SIZE = re.compile(r"(\d{1,15}(?:[.,]\d{1,9})?) ?([a-z]*)")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,9})?")
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


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def read_duration(text: str) -> float | None:
    """Seconds: "90s", "15m" or "15min", "6h", "3d" or "3j", "2w" or "2sem", "1d12h"."""
    folded = fold(text)
    total = 0.0
    position = 0
    for part in _DURATION_PART.finditer(folded):
        if part.start() != position or part[2] not in _DURATION_UNITS:
            return None
        total += _decimal(part[1]) * _DURATION_UNITS[part[2]]
        position = part.end()
    return total if position and position == len(folded) else None


def read_size(text: str) -> float | None:
    """Bytes: "500", "20Ko", "1.5GB", "1,5Go" (powers of 1000), "4GiB", "4Gio" (of 1024)."""
    found = _SIZE.fullmatch(fold(text))
    if found is None or found[2] not in _SIZE_UNITS:
        return None
    return _decimal(found[1]) * _SIZE_UNITS[found[2]]


def read_number(text: str) -> float | None:
    """A number, with a point or a comma."""
    return _decimal(text) if _NUMBER.fullmatch(text) else None


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
