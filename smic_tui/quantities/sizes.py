"""Sizes: a number of bytes, or a number with a unit, in French or English.

    500    20 Ko    1.5 GB    1,5 Go    4 GiB    4 Gio    17 octets

A size is a whole number of bytes: what has fractions is rounded.
"""

from __future__ import annotations

import re
from functools import cache

from smic_tui.quantities.numbers import WORD_END, pattern, plain
from smic_tui.quantities.refusal import Reason, Refused

LARGEST = 2**63 - 1
"""The largest size in bytes; more is refused."""

# ko, kB, Mo, MB and so on, also without their last letter, are powers of 1000;
# Kio, KiB, Mio, MiB and so on are powers of 1024.
UNITS = dict.fromkeys(("", "b", "byte", "bytes", "o", "octet", "octets"), 1)
for _power, _letter in enumerate("kmgtpe", start=1):
    for _end in ("", "b", "o"):
        UNITS[_letter + _end] = 1000**_power
        UNITS[_letter + "i" + _end] = 1024**_power

_MOST_DIGITS = 19
# Only used to tell what is too large from what is no size.
_ANY_COUNT = 3000


@cache
def _expression(decimal: str, digits: int, three_decimals: bool) -> re.Pattern[str]:
    number = pattern(decimal, digits=digits, three_decimals=three_decimals)
    return re.compile(rf"\s*([+-]?)({number})\s*([A-Za-z]*)\s*")


def read_size(text: str, decimal: str = "auto") -> int:
    """Read a size in bytes; `decimal` is the decimal separator, or "auto". Raises `Refused`."""
    found = _expression(decimal, _MOST_DIGITS, False).fullmatch(text)
    if found is None:
        raise Refused(text, _reason(text, decimal))
    sign, number, unit = found[1], plain(found[2], decimal), found[3].lower()
    if unit not in UNITS:
        raise Refused(text, Reason.NOT_UNDERSTOOD)
    if sign == "-":
        raise Refused(text, Reason.NEGATIVE)
    size = round(float(number) * UNITS[unit]) if "." in number else int(number) * UNITS[unit]
    if size > LARGEST:
        raise Refused(text, Reason.TOO_LARGE)
    return size


def _reason(text: str, decimal: str) -> Reason:
    for reason, digits in ((Reason.AMBIGUOUS, _MOST_DIGITS), (Reason.TOO_LARGE, _ANY_COUNT)):
        found = _expression(decimal, digits, True).fullmatch(text)
        if found and found[3].lower() in UNITS:
            return reason
    return Reason.NOT_UNDERSTOOD


@cache
def _within() -> re.Pattern[str]:
    number = pattern(digits=_MOST_DIGITS)
    return re.compile(rf"({number}(?:{WORD_END}|(?=[A-Za-z])))(?:\s*([A-Za-z]+){WORD_END})?")


def end_within(text: str, start: int) -> int:
    """Return where the size ends that begins at `start` of a longer text; `start` if none.

    Of "1 Go saintes" that is after "Go"; of "500 saintes" after the number of bytes.
    """
    found = _within().match(text, start)
    if found is None:
        return start
    return found.end() if found[2] and found[2].lower() in UNITS else found.end(1)
