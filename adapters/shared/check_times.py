"""The own age of each check of a monitoring system, as several kinds tell it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from smic_tui.i18n import _, ngettext
from smic_tui.records import Health

# A check takes its time, and so does the way of its result through satellites.
SHORTEST_SECONDS = 120
# As many intervals a check may miss, as a source may miss readings until it is stale.
INTERVALS = 3
# Clocks that differ by less are taken for the same.
SAME_CLOCK_SECONDS = 60.0


def allowed_age(interval: float) -> int:
    """Return for how many seconds a check is believed that is made at this interval (seconds).

    Public.
    """
    return max(SHORTEST_SECONDS, math.ceil(INTERVALS * interval))


def clock_difference(theirs: float, ours: float) -> timedelta:
    """Return by how much a server's clock is ahead of ours, both in epoch seconds; whole
    minutes, and nothing for less than one. Public.
    """
    ahead = theirs - ours
    if abs(ahead) < SAME_CLOCK_SECONDS:
        return timedelta()
    return timedelta(minutes=round(ahead / 60))


def remarks_on_ages(records: Iterable[Health], now: datetime) -> list[str]:
    """Return what there is to say about the ages of single checks at `now` (UTC): those that are
    older than they may be, those whose age nobody bounds, those from a clock that is ahead. Public.
    """
    remarks: list[str] = []
    old: list[tuple[datetime, str]] = []
    boundless = 0
    early: list[tuple[datetime, str]] = []
    for one in records:
        name = f"{one.host}, {one.service}" if one.service else one.host
        if one.checked is None:
            continue
        if one.valid_for is None:
            boundless += not one.outdated
        if one.outdated or (
            one.valid_for is not None and one.checked + timedelta(seconds=one.valid_for) < now
        ):
            old.append((one.checked, name))
        elif one.checked > now + timedelta(seconds=SAME_CLOCK_SECONDS):
            early.append((one.checked, name))
    if old:
        oldest, name = min(old)
        remarks.append(
            ngettext(
                "{count} check is older than its interval allows and counts as unknown: {name}, "
                "{age} old.",
                "{count} checks are older than their intervals allow and count as unknown; the "
                "oldest: {name}, {age} old.",
                len(old),
            ).format(count=len(old), name=name, age=_length(now - oldest))
        )
    if boundless:
        remarks.append(
            ngettext(
                "Of {count} check nobody knows how old it may become: see `stale_check_after`.",
                "Of {count} checks nobody knows how old they may become: see `stale_check_after`.",
                boundless,
            ).format(count=boundless)
        )
    if early:
        latest, name = max(early)
        remarks.append(
            ngettext(
                "{count} check lies ahead of the clock: {name}, by {age}.",
                "{count} checks lie ahead of the clock; most of all {name}, by {age}.",
                len(early),
            ).format(count=len(early), name=name, age=_length(latest - now))
            + " "
            + _("Compare the clocks of the machines that check.")
        )
    return remarks


def _length(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return _("{n} min").format(n=minutes)
    if minutes < 2 * 24 * 60:
        return _("{n} h").format(n=minutes // 60)
    return _("{n} d").format(n=minutes // (24 * 60))
