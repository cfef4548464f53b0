"""Values as people and programs write them, read into the program's own types.

Every function takes the text of a cell and raises `ValueError` whose message is
what was expected, ready to be shown after "is not". French and English spellings
are understood alike: decimal commas, blanks between thousands, "1,2 Go", "7 j",
"24/11/2026 07:30".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from smic_tui.i18n import N_, _
from smic_tui.quantities import durations, numbers, sizes
from smic_tui.quantities.refusal import Refused
from smic_tui.text import fold

LARGEST = sizes.LARGEST

A_WHOLE_NUMBER = N_("a whole number")
A_NUMBER = N_("a number")
YES_OR_NO = N_("yes or no")
A_SIZE = N_("a size (bytes, or with a unit such as 1.2 GiB or 1,2 Go)")
A_DURATION = N_("a duration (seconds, or with a unit such as 24 h, 7 d or 7 j)")
A_TIME = N_("a date (ISO 8601 or dd/mm/yyyy hh:mm)")
A_TIME_IN = N_("a date ({formats})")
A_WEEKDAY = N_("a day of the week")
A_CALENDAR = N_("a calendar in cron syntax (minute hour day month weekday)")


def squeeze(text: str) -> str:
    """Return `text` with each run of blanks, non-breaking ones included, as one space."""
    return " ".join(text.split())


def word(text: str) -> str:
    """Return `text` as words are compared: without case, accents and surplus blanks."""
    return squeeze(fold(text))


# -- numbers, sizes and durations ----------------------------------------------


def read_number(text: str, decimal: str = "auto") -> float:
    """Read a number; `decimal` is its decimal separator, or "auto".

    "46.161" is one: with three decimals as well, as coordinates have them.
    """
    try:
        return numbers.read_number(text, decimal, three_decimals=True)
    except Refused:
        raise ValueError(_(A_NUMBER)) from None


def read_whole(text: str, decimal: str = "auto") -> int:
    """Read a whole number. "1200,0" is one; "1.200" is refused as ambiguous when `auto`."""
    try:
        return numbers.read_whole(text, decimal)
    except Refused:
        raise ValueError(_(A_WHOLE_NUMBER)) from None


def read_size(text: str, decimal: str = "auto") -> int:
    """Read a size in bytes: Ko, Mo, Go and kB, MB, GB are powers of 1000, Kio and KiB of 1024."""
    try:
        return sizes.read_size(text, decimal)
    except Refused:
        raise ValueError(_(A_SIZE)) from None


def read_duration(text: str, decimal: str = "auto") -> int:
    """Read a duration in seconds: "86 400", "1 j 12 h", "1h30". Without a unit it is seconds."""
    try:
        return round(durations.read_duration(text, unit=1, decimal=decimal))
    except Refused:
        raise ValueError(_(A_DURATION)) from None


# -- yes and no ----------------------------------------------------------------

_YES = frozenset(("oui", "o", "yes", "y", "true", "vrai", "1", "x", "on"))
_NO = frozenset(("non", "n", "no", "false", "faux", "0", "-", "off"))


def read_flag(text: str) -> bool:
    """Read yes or no, in French or English, as a word, a letter, a digit or a cross."""
    folded = word(text)
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise ValueError(_(YES_OR_NO))


# -- times -------------------------------------------------------------------

_DAY_FIRST = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})"
    r"(?:[ ,]+(?:a )?(\d{1,2}) ?[:h] ?(\d{2})?(?::(\d{2}))?)?",
    re.ASCII,
)
# Milliseconds since 1970 in UTC, as .NET's serialisers write them; the offset is that of the
# writer's clock and changes nothing.
_DOT_NET = re.compile(r"\\?/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\\?/", re.ASCII)
_BLANK_BEFORE_OFFSET = re.compile(r" (?=(?:[+-]\d{2}:?\d{2}|Z)$)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS = {"unix": 1.0, "unix-ms": 1000.0}
_CLOCK_DIRECTIVES = re.compile(r"%[HIMSTXcRrs]")


@lru_cache(64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _of_epoch(text: str, per_second: float) -> datetime:
    return datetime.fromtimestamp(numbers.read_number(text, ".") / per_second, UTC)


def _day_first(text: str) -> tuple[datetime, bool] | None:
    found = _DAY_FIRST.fullmatch(fold(text))
    if found is None:
        return None
    day, month, year = int(found[1]), int(found[2]), int(found[3])
    clock = time(int(found[4] or 0), int(found[5] or 0), int(found[6] or 0))
    year += 2000 if len(found[3]) == 2 else 0
    return datetime.combine(datetime(year, month, day), clock), found[4] is None


def _of_format(text: str, wanted: str) -> tuple[datetime, bool]:
    if wanted in _EPOCHS:
        return _of_epoch(text, _EPOCHS[wanted]), False
    return datetime.strptime(text, wanted), not _CLOCK_DIRECTIVES.search(wanted)


def bare_moment(raw: object) -> object:
    """Return the time in what PowerShell 5.1 makes of one: {"value": …, "DateTime": …}."""
    return raw.get("value", raw) if isinstance(raw, dict) and "DateTime" in raw else raw


def _automatic(text: str) -> tuple[datetime, bool]:
    if milliseconds := _DOT_NET.fullmatch(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            milliseconds=int(milliseconds[1])
        ), False
    french = _day_first(text)
    if french is not None:
        return french
    moment = datetime.fromisoformat(_BLANK_BEFORE_OFFSET.sub("", text))
    return moment, ":" not in text and "T" not in text


def read_time(
    text: str, zone: str, formats: Sequence[str] = (), *, end_of_day: bool = False
) -> datetime:
    """Read a moment and return it in UTC.

    Without an offset it is local time of `zone` (IANA name); an hour that
    occurs twice is the first of the two. `formats` are tried in turn: strptime
    formats, "unix" (seconds) or "unix-ms"; without them, ISO 8601, day first as
    French writes it, and /Date(milliseconds)/ as .NET does. A date without a
    time is its first moment, or its last second if `end_of_day` (a due date has
    not passed while its day lasts).
    """
    text = squeeze(text)
    for wanted in formats or ("",):
        try:
            moment, whole_day = _of_format(text, wanted) if wanted else _automatic(text)
            if whole_day and end_of_day:
                moment = moment.replace(hour=23, minute=59, second=59)
            return _local(moment, _zone(zone))
        except (ValueError, OverflowError, OSError):
            continue
    raise ValueError(_(A_TIME_IN).format(formats=", ".join(formats)) if formats else _(A_TIME))


def moment_of(value: date, zone: str, *, end_of_day: bool = False) -> datetime:
    """Return a date or a moment as a database gives it in UTC; without offset as `read_time`."""
    if not isinstance(value, datetime):
        clock = time(23, 59, 59) if end_of_day else time()
        value = datetime.combine(value, clock)
    try:
        return _local(value, _zone(zone))
    except OverflowError:
        raise ValueError(_(A_TIME)) from None


_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("lundi", "monday"),
            ("mardi", "tuesday"),
            ("mercredi", "wednesday"),
            ("jeudi", "thursday"),
            ("vendredi", "friday"),
            ("samedi", "saturday"),
            ("dimanche", "sunday"),
        )
    )
    for full in names
    for name in (full, full[:3], str(number))
}


def read_weekday(text: str) -> int:
    """Read a day of the week, 0 is Monday: a French or English name, its first three letters
    or the number."""
    number = _WEEKDAYS.get(word(text).rstrip("."))
    if number is None:
        raise ValueError(_(A_WEEKDAY))
    return number


def read_calendar(text: str) -> str:
    """Check a calendar in cron syntax and return it unchanged."""
    from cronsim import CronSim, CronSimError

    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        raise ValueError(_(A_CALENDAR)) from None
    return text
