"""Durations in the configuration: with a unit, in the one grammar of the program."""

from __future__ import annotations

from smic_tui.i18n import _
from smic_tui.quantities.durations import read_duration
from smic_tui.quantities.refusal import Refused


def seconds(text: str) -> float:
    """Return the length of a duration in seconds; `ValueError` says how one is written."""
    try:
        return read_duration(text)
    except Refused:
        raise ValueError(
            _("{text!r} is not a duration such as 90s, 15m, 6h, 2d or 1w").format(text=text)
        ) from None
