"""Durations: numbers with units from the largest to the smallest, in French or English.

    90s    15 min    24 h    1,5 h    2 j 4 h    1d12h    1h30    1 sem    86 400 s

"1h30" is one hour and thirty minutes. Each unit stands once at most.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated

from msgspec import Meta

from smic_tui.quantities.numbers import WORD_END, pattern, plain
from smic_tui.quantities.refusal import Reason, Refused

# With so many digits in each number the seconds fit into 64 bits.
_MOST_DIGITS = 12
# Only used to tell what is too large from what is no duration.
_ANY_COUNT = 3000


def _any_case(words: str) -> str:
    return re.sub("[a-z]", lambda letter: f"[{letter[0]}{letter[0].upper()}]", words)


_WEEKS, _DAYS, _HOURS, _MINUTES, _SECONDS = map(
    _any_case,
    (
        "w|weeks?|sem|semaines?",
        "d|days?|j|jours?",
        "h|hours?|heures?",
        "m|mn|min|minutes?",
        "s|sec|seconds?|secondes?",
    ),
)
_DIGITS = f"[0-9]{{1,{_MOST_DIGITS}}}"
# Hours, and minutes without a unit: a duration by itself, and the beginning of a longer text,
# where "4h 30 postes" is four hours and thirty of something.
_HOURS_AND_MINUTES = rf"({_DIGITS})\s*(?:{_HOURS})\s*([0-5][0-9])\s*"
_NO_UNIT = rf"(?!\s+(?:{_MINUTES}|{_SECONDS}){WORD_END})"
_HOURS_AND_MINUTES_WITHIN = rf"{_DIGITS}(?:(?:{_HOURS})|\s+(?:{_HOURS})\s+)[0-5][0-9]{_NO_UNIT}"


def _expression(number: str, hours_and_minutes: str = _HOURS_AND_MINUTES, end: str = "$") -> str:
    """Return the regular expression of a duration with units, each with a `number`.

    Its groups are the numbers of weeks and days, then those of `hours_and_minutes`, then
    those of hours, minutes and seconds. `end` follows.
    """
    week, day, hour, minute, second = (
        rf"(?:({number})\s*(?:{words})\s*)?"
        for words in (_WEEKS, _DAYS, _HOURS, _MINUTES, _SECONDS)
    )
    return rf"(?=[0-9]){week}{day}(?:{hours_and_minutes}{end}|{hour}{minute}{second}{end})"


_SECONDS_OF_GROUPS = (604800, 86400, 3600, 60, 3600, 60, 1)

PATTERN = r"^\s*" + _expression(pattern(digits=_MOST_DIGITS))
"""The regular expression, for Python and JSON Schema, of the durations with units."""

Duration = Annotated[str, Meta(pattern=PATTERN)]
"""The type of a duration in a configuration; `read_duration` reads every one of them."""


@cache
def _with_units(decimal: str, digits: int, three_decimals: bool) -> re.Pattern[str]:
    number = pattern(decimal, digits=digits, three_decimals=three_decimals)
    return re.compile(rf"^\s*{_expression(number)}")


@cache
def _without_unit(decimal: str, digits: int, three_decimals: bool) -> re.Pattern[str]:
    number = pattern(decimal, digits=digits, three_decimals=three_decimals)
    return re.compile(rf"\s*({number})\s*")


def read_duration(text: str, *, unit: int | None = None, decimal: str = "auto") -> float:
    """Read a duration in seconds.

    A number alone counts in `unit`, which is in seconds; without `unit` it is refused.
    `decimal` is the decimal separator, or "auto": comma or point. Raises `Refused`.
    """
    if found := _with_units(decimal, _MOST_DIGITS, False).match(text):
        return sum(
            float(plain(number, decimal)) * seconds
            for number, seconds in zip(found.groups(), _SECONDS_OF_GROUPS, strict=True)
            if number
        )
    if unit is not None and (found := _without_unit(decimal, _MOST_DIGITS, False).fullmatch(text)):
        return float(plain(found[1], decimal)) * unit
    raise Refused(text, _reason(text, unit, decimal))


def _reason(text: str, unit: int | None, decimal: str) -> Reason:
    def fits(text: str, digits: int) -> bool:
        return bool(
            _with_units(decimal, digits, True).match(text)
            or (unit is not None and _without_unit(decimal, digits, True).fullmatch(text))
        )

    if fits(text, _MOST_DIGITS):
        return Reason.AMBIGUOUS
    if fits(text, _ANY_COUNT):
        return Reason.TOO_LARGE
    if text.lstrip().startswith("-") and fits(text.lstrip()[1:], _ANY_COUNT):
        return Reason.NEGATIVE
    return Reason.NOT_UNDERSTOOD


@cache
def _within() -> re.Pattern[str]:
    number = pattern(digits=_MOST_DIGITS)
    return re.compile(_expression(number, _HOURS_AND_MINUTES_WITHIN, WORD_END))


def end_within(text: str, start: int) -> int:
    """Return where the duration ends that begins at `start` of a longer text; `start` if none.

    Of "2 j 4 h vu" that is after "h".
    """
    found = _within().match(text, start)
    return start + len(found[0].rstrip()) if found else start
