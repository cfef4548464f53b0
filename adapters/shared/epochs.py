"""Times that systems count in seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from smic_tui.i18n import _

# 2200-01-01: no clock of a system that makes backups is meant to be so late.
LATEST = 7_258_118_400
# How coarsely it is told when a check was made, where each reading would bring another time.
COARSE = timedelta(minutes=5)


def moment_of_epoch(epoch: float) -> datetime | None:
    """Return seconds since 1970 as a time in UTC, None for 0 and less, which mean never.

    Public. Raises `ValueError`, whose text is for people, for a number that no calendar has.
    """
    if epoch <= 0:
        return None
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(_("{epoch} is no time").format(epoch=epoch)) from error


def not_before(moment: datetime) -> datetime:
    """Return a time that lies no more than `COARSE` before: it changes once in a while only.

    Public. That a check was made again would otherwise change its row at each reading.
    """
    return moment - timedelta(seconds=moment.timestamp() % COARSE.total_seconds())
