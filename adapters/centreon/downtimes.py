"""Recognises the downtime that an action ordered among those of Centreon.

A host tells that it is in a downtime, and not who ordered it. As the documentation of API v2
says, the downtimes of a host or service are a list, numbered upwards, each with its comment: one
above the highest number of before that has our comment is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from smic_tui.contract.actions import Action


class Downtime(Struct, frozen=True):
    """A downtime that was ordered; `is_started` once the monitoring engine has begun it."""

    id: int
    comment: str | None = ""
    end_time: datetime | None = None
    is_started: bool | None = False
    is_cancelled: bool | None = False

    @property
    def runs(self) -> bool:
        """Whether troubles are expected now."""
        lasts = self.end_time is None or _utc(self.end_time) > datetime.now(UTC)
        return bool(self.is_started) and not self.is_cancelled and lasts


def comment(action: Action) -> str:
    """Return the comment of an order: one line with the person, as all share one account."""
    text = " ".join(action.text.split())
    return f"{action.by}: {text}" if text else action.by


def baseline(downtimes: Sequence[Downtime]) -> str:
    """Return the highest number of the downtimes, as text."""
    return str(max((each.id for each in downtimes), default=0))


def ours(action: Action, downtimes: Sequence[Downtime]) -> list[Downtime]:
    """Return those that this action ordered: none without a baseline."""
    if not action.baseline.isdecimal():
        return []
    return [each for each in downtimes if each.id > int(action.baseline) and _fits(action, each)]


def _fits(action: Action, downtime: Downtime) -> bool:
    if downtime.is_cancelled or (downtime.comment or "").split() != comment(action).split():
        return False
    if action.until is None or downtime.end_time is None:
        return True
    # Orders are given in whole seconds.
    return abs((_utc(downtime.end_time) - action.until).total_seconds()) <= 1


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
