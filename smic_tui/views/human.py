"""Ages, sizes and moments as a person reads them, in the current language."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from smic_tui.i18n import N_, _, language

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60, 3600, 86400
MONTH, YEAR = 30.44 * DAY, 365.25 * DAY


def age(seconds: float | None) -> str:
    """A duration in at most six cells: "<1 min", "12 min", "5 h", "3 d", "4 mo", "2 y"."""
    if seconds is None:
        return _("never")
    if seconds < MINUTE:
        return _("<1 min")
    unit, text = _unit(seconds)
    return text.format(n=int(seconds // unit))


def ago(seconds: float | None) -> str:
    """How long ago something was: "12 min ago", "just now", "never"."""
    if seconds is None:
        return _("never")
    return _("just now") if seconds < MINUTE else _("{age} ago").format(age=age(seconds))


def less_than(seconds: float) -> str:
    """The next longer duration, as a bound: "<1 min", "<13 min", "<6 h"."""
    unit, text = _unit(seconds)
    return "<" + text.format(n=int(seconds // unit) + 1)


# Durations under a limit are told in a unit, both in seconds, with these words for a number.
_UNITS = (
    (HOUR, MINUTE, N_("{n} min")),
    (2 * DAY, HOUR, N_("{n} h")),
    (2 * MONTH, DAY, N_("{n} d")),
    (2 * YEAR, MONTH, N_("{n} mo")),
)


def _unit(seconds: float) -> tuple[float, str]:
    """The seconds of the unit that a duration is told in, and the words for a number of it."""
    for limit, unit, text in _UNITS:
        if seconds < limit:
            return unit, _(text)
    return YEAR, _("{n} y")


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, as `age`; a dash where nobody knows."""
    return "–" if moment is None else age(max(0.0, (now - moment).total_seconds()))


def long_age(seconds: float) -> str:
    """A duration in words: "3 hours", "5 jours"."""
    import humanize

    _follow_language(language())
    return humanize.naturaldelta(timedelta(seconds=seconds))


def size(count: int | None) -> str:
    """Bytes with a decimal unit: "1.2 GB", in French "1,2 Go"."""
    if count is None:
        return "–"
    import humanize

    _follow_language(language())
    return humanize.naturalsize(count).replace(".", humanize.decimal_separator())


def moment(when: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """A local time as short as can be: time of day today, else day and time, else the date."""
    if when is None:
        return "–"
    return _near_or_far(when, now, zone, _("%m-%d %H:%M"), _("%Y-%m-%d"))


def near_day(when: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """A local time in five cells: time of day today, else the day, else the year."""
    if when is None:
        return ""
    return _near_or_far(when, now, zone, _("%m-%d"), "%Y")


def _near_or_far(when: datetime, now: datetime, zone: ZoneInfo, near: str, far: str) -> str:
    """The time of day today, `near` within half a year, `far` beyond."""
    local, today = when.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return local.strftime("%H:%M")
    return local.strftime(near if abs(local - today) < timedelta(days=180) else far)


def day(when: datetime | None, zone: ZoneInfo) -> str:
    """A local date."""
    return "–" if when is None else when.astimezone(zone).strftime(_("%Y-%m-%d"))


@lru_cache(1)
def _follow_language(wanted: str) -> None:
    import humanize

    if wanted == "fr":
        humanize.activate("fr_FR")
    else:
        humanize.deactivate()
