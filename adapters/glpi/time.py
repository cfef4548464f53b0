"""Reads and writes GLPI's times, which are naive and in the time zone of the account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from smic_tui.i18n import _

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_FIRST_YEAR, _LAST_YEAR = 1971, 9998
MOMENT = "%Y-%m-%d %H:%M:%S"


def to_utc(text: str, zone: ZoneInfo) -> datetime:
    """Read a time as GLPI writes it: `2026-11-24 05:04:48`, or ISO 8601 with an offset.

    Of an hour that occurs twice it is the first. Raises ValueError, also for years in
    which nobody used GLPI.
    """
    moment = datetime.fromisoformat(text)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(_("{value} is no time").format(value=text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def asked_since(moment: datetime, zone: ZoneInfo) -> str:
    """Return the local time before which nothing that happened after `moment` was written.

    In the night in which the clocks go back, later changes carry earlier times: the question
    starts before the hour that comes twice.
    """
    local = moment.astimezone(zone)
    now, later = local.utcoffset(), (moment + timedelta(hours=2)).astimezone(zone).utcoffset()
    assert now is not None
    assert later is not None
    return (local - max(timedelta(0), now - later)).strftime(MOMENT)
