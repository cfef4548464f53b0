"""Durations as people write them: "90s", "15m", "6h", "2d", "1w"."""

from __future__ import annotations

import re

from smic_tui.i18n import _

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


def seconds(text: str) -> float:
    """The length of a duration in seconds; `ValueError` says how one is written."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(
            _("{text!r} is not a duration such as 90s, 15m, 6h, 2d or 1w").format(text=text)
        )
    return float(found[1]) * _UNITS[found[2]]
