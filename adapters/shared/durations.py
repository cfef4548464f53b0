"""Durations in the settings of a kind: text with a unit, as everywhere else."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Duration = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?(s|m|h|d|w)$")]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(duration: str) -> float:
    """Return a validated `Duration` in seconds."""
    return float(duration[:-1]) * _SECONDS[duration[-1]]
