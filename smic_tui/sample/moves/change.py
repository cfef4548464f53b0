"""One thing that happened."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Change(Struct, frozen=True, kw_only=True):
    """What happened, in which file it stands, and when (UTC)."""

    at: datetime
    file: str
    text: str


class Mover(Protocol):
    """Something of the syndicate in which things happen."""

    def move(self, now: datetime) -> Change | None:
        """Let one thing happen at `now` and write it; None when nothing can."""
