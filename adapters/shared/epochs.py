"""Times that systems count in seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime

from smic_tui.i18n import _

# 2200-01-01: no clock of a system that makes backups is meant to be so late.
LATEST = 7_258_118_400


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
