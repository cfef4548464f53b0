"""Checks the name of a time zone in the settings of a kind."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from smic_tui.i18n import _


def check_zone(name: str) -> None:
    """Raise `ValueError`, whose text names the key `timezone`, for what is no IANA zone.

    Public. An empty name is allowed: it stands for the zone of the display.
    """
    if not name:
        return
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            _('timezone: "{zone}" is not an IANA time zone').format(zone=name)
        ) from None
