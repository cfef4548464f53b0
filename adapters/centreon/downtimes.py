"""Downtimes of Centreon, by which an action knows its own.

That a host is in a downtime does not tell in whose. As the documentation of API v2 says,
the downtimes of a host or service are a list, numbered upwards, with the comment that was
given; one above the highest number of before, with our comment, is the one we ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from smic_tui.contract.actions import Action


class Downtime(Struct, frozen=True):
    """One that was ordered; `is_started` once the monitoring engine has begun it."""

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
    """The comment of an order: one line, with who gives it, as the account is the same."""
    text = " ".join(action.text.split())
    return f"{action.by}: {text}" if text else action.by


def baseline(downtimes: Sequence[Downtime]) -> str:
    """The highest number."""
    return str(max((each.id for each in downtimes), default=0))


def ours(action: Action, downtimes: Sequence[Downtime]) -> list[Downtime]:
    """Those that this action ordered: none without the baseline of before."""
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
