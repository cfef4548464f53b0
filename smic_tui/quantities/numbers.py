"""Numbers: digits, grouped by thousands or not, with a decimal comma or point.

    1234    1 234    1'234    1234,5    1234.5    1 234,5    1.234,5    1,234.5

Blanks of any kind (U+00A0 and U+202F too) and apostrophes group thousands, and so does
whichever of point and comma is not the decimal separator. "86 40" is no number: groups
have three digits. "1.200" and "1,200" are refused as ambiguous, as decimals and thousands
are equally likely; "0.125", "1200.125" and "1 234.125" can only be decimals.
"""

from __future__ import annotations

import re
from functools import cache

from smic_tui.quantities.refusal import Reason, Refused

# More digits before the decimals are refused as too large.
MOST_DIGITS = 18
_MOST_DECIMALS = 18
# Only used to tell what is too large from what is no number.
_ANY_COUNT = 3000

# What follows a quantity that stands in a filter or at the beginning of a comment.
WORD_END = r"(?=[\s()\"]|$)"

_AMBIGUOUS = r"[1-9][0-9]{0,2}[.,][0-9]{3}(?![0-9.,])"
_NO_DIGITS = re.compile("[^0-9]+")


def pattern(
    decimal: str = "auto", *, digits: int = MOST_DIGITS, three_decimals: bool = False
) -> str:
    """Return the regular expression of a number without sign, for Python and JSON Schema.

    `decimal` is the decimal separator, or "auto": comma or point. At most `digits` digits
    stand before it. With `three_decimals`, "1.200" is a decimal number.
    """
    groups = f"{{1,{(digits - 1) // 3}}}"
    decimals = f"[0-9]{{1,{_MOST_DECIMALS}}}"
    plain = f"[0-9]{{1,{digits}}}"
    if decimal != "auto":
        other = "," if decimal == "." else "."
        grouped = rf"[0-9]{{1,3}}(?:[\s'’{other}][0-9]{{3}}){groups}"
        return f"(?:{grouped}|{plain})(?:[{decimal}]{decimals})?"
    unless = "" if three_decimals else f"(?!{_AMBIGUOUS})"
    blanks = rf"[0-9]{{1,3}}(?:[\s'’][0-9]{{3}}){groups}"
    both = [
        rf"[0-9]{{1,3}}(?:[{thousands}][0-9]{{3}}){groups}[{point}]{decimals}"
        for thousands, point in (".,", ",.")
    ]
    return rf"(?:{'|'.join(both)}|{unless}(?:{blanks}|{plain})(?:[.,]{decimals})?)"


def plain(number: str, decimal: str = "auto") -> str:
    """Return what `pattern` matched without groups, and with a point before its decimals."""
    separator = max(",.", key=number.rfind) if decimal == "auto" else decimal
    whole, _separator, decimals = number.partition(separator)
    whole = _NO_DIGITS.sub("", whole)
    return f"{whole}.{decimals}" if decimals else whole


@cache
def _signed(decimal: str, digits: int, three_decimals: bool) -> re.Pattern[str]:
    number = pattern(decimal, digits=digits, three_decimals=three_decimals)
    return re.compile(rf"\s*([+-]?)({number})\s*")


def _reason(text: str, decimal: str) -> Reason:
    if _signed(decimal, MOST_DIGITS, True).fullmatch(text):
        return Reason.AMBIGUOUS
    if _signed(decimal, _ANY_COUNT, True).fullmatch(text):
        return Reason.TOO_LARGE
    return Reason.NOT_UNDERSTOOD


def _read(text: str, decimal: str, three_decimals: bool) -> str:
    found = _signed(decimal, MOST_DIGITS, three_decimals).fullmatch(text)
    if found is None:
        raise Refused(text, _reason(text, decimal))
    return found[1] + plain(found[2], decimal)


def read_number(text: str, decimal: str = "auto", *, three_decimals: bool = False) -> float:
    """Read a number, with a sign or without; `decimal` and `three_decimals` as `pattern`.

    Raises `Refused`.
    """
    return float(_read(text, decimal, three_decimals))


def read_whole(text: str, decimal: str = "auto") -> int:
    """Read a whole number, with a sign or without: "1 200", "-3", "1200,0". Raises `Refused`."""
    whole, _point, decimals = _read(text, decimal, False).partition(".")
    if decimals.strip("0"):
        raise Refused(text, Reason.NOT_UNDERSTOOD)
    return int(whole)


@cache
def _within() -> re.Pattern[str]:
    return re.compile(f"[+-]?{pattern()}{WORD_END}")


def end_within(text: str, start: int) -> int:
    """Return where the number ends that begins at `start` of a longer text; `start` if none."""
    found = _within().match(text, start)
    return found.end() if found else start
