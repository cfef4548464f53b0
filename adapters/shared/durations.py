"""Durations in the settings of a kind: text with a unit, as everywhere else."""

from __future__ import annotations

from smic_tui.quantities.durations import Duration, read_duration

__all__ = ["Duration", "seconds"]


def seconds(duration: str) -> float:
    """Return a validated `Duration` in seconds."""
    return read_duration(duration)
