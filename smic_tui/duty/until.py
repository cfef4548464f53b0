"""The end of an acknowledgement or of a downtime, as a person types it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.i18n import _
from smic_tui.quantities import durations
from smic_tui.quantities.refusal import Refused
from smic_tui.text import fold

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
# "1h30" is ninety minutes; "18h30" and "08h30" are what people write for a time, too.
_TIME_OR_DURATION = re.compile(r"([01][0-9]|2[0-3])h([0-5][0-9])", re.IGNORECASE)
_CHANGE = frozenset({"change", "changement", "chg"})


class Until(Struct, frozen=True, kw_only=True):
    """The end of an acknowledgement: a UTC time, or the next change of the fact."""

    moment: datetime | None = None
    change: bool = False
    comment: str = ""


def parse_until(text: str, now: datetime, zone: ZoneInfo) -> Until:
    """Understand "4h", "2 j", "1h30", "18:00" or "change", followed by a comment.

    `now` is the moment from which it counts: for a downtime that begins later, its beginning.
    A time of day that has passed then is the next day's, in `zone`. "18h30" is refused, as it may
    be a time or a duration. Raises ValueError with a message for the reader.
    """
    text = text.strip()
    first, _blank, comment = text.partition(" ")
    if fold(first) in _CHANGE:
        return Until(change=True, comment=comment.strip())
    if found := _TIME_OR_DURATION.fullmatch(first):
        raise ValueError(
            _(
                "“{text}” may be a time or a duration: write {hour}:{minute} or {hour}h{minute}m."
            ).format(text=first, hour=found[1], minute=found[2])
        )
    found = _TIME.fullmatch(first)
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        local = now.astimezone(zone)
        end = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        if end <= local:
            end += timedelta(days=1)
        return Until(moment=end.astimezone(now.tzinfo), comment=comment.strip())
    seconds, comment = _duration(text)
    try:
        if seconds and not _is_more_of_it(comment):
            return Until(moment=now + timedelta(seconds=seconds), comment=comment)
    except OverflowError:
        pass
    raise ValueError(
        _("“{text}” is no end: give a duration (4h, 2d), a time (18:00) or “change”.").format(
            text=first
        )
    )


def _duration(text: str) -> tuple[float, str]:
    """The seconds of the duration at the beginning of `text`, 0 if none, and the comment."""
    try:
        return durations.read_duration(text), ""
    except Refused:
        end = durations.end_within(text, 0)
    return (durations.read_duration(text[:end]) if end else 0), text[end:].strip()


def _is_more_of_it(comment: str) -> bool:
    """Whether what follows a duration is no comment: "12" of "1 j 12", "2 j" of "4 h 2 j"."""
    return comment.isdecimal() or durations.end_within(comment, 0) > 0
