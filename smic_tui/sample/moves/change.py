"""One change of the sample, and what makes such changes."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Change(Struct, frozen=True, kw_only=True):
    """What happened, when (UTC), and which file of the sample shows it."""

    at: datetime
    file: str
    text: str


class Mover(Protocol):
    """Changes one kind of fact of the sample."""

    def move(self, now: datetime) -> Change | None:
        """Makes one change at `now` (UTC) and writes its file; None if none is possible."""
