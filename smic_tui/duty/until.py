"""How long an acknowledgement holds, as a person types it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.i18n import _
from smic_tui.text import fold

_DURATION = re.compile(r"(\d{1,4})(m|min|h|d|j|w|s)$")
_TIME = re.compile(r"(\d{1,2})[:h](\d{2})$")
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "j": 86400, "w": 604800, "s": 604800}
_CHANGE = frozenset({"change", "changement", "chg"})


class Until(Struct, frozen=True, kw_only=True):
    """The end of an acknowledgement: a UTC time, or the next change of the fact."""

    moment: datetime | None = None
    change: bool = False
    comment: str = ""


def parse_until(text: str, now: datetime, zone: ZoneInfo) -> Until:
    """Understand "4h", "2j", "18:00" or "change", followed by a comment.

    A time of day that has passed is tomorrow's, in `zone`. "s" is weeks, as in
    French. Raises ValueError with a message for the reader.
    """
    first, _blank, comment = text.strip().partition(" ")
    word, comment = fold(first), comment.strip()
    if word in _CHANGE:
        return Until(change=True, comment=comment)
    if found := _DURATION.match(word):
        seconds = int(found[1]) * _UNITS[found[2]]
        if seconds:
            return Until(moment=now + timedelta(seconds=seconds), comment=comment)
    elif (found := _TIME.match(word)) and int(found[1]) < 24 and int(found[2]) < 60:
        local = now.astimezone(zone)
        end = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        if end <= local:
            end += timedelta(days=1)
        return Until(moment=end.astimezone(now.tzinfo), comment=comment)
    raise ValueError(
        _("“{text}” is no end: give a duration (4h, 2d), a time (18:00) or “change”.").format(
            text=first
        )
    )
