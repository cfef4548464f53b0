"""What a view must know of the reader: the moment, the zone, the character set."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from smic_tui.model.freshness import Freshness
from smic_tui.model.states import Level

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# One for each level, from fine to critical. They are told apart by shape alone; each is one
# cell wide in every terminal.
GLYPHS = ("·", "?", "○", "▲", "■")
ASCII_GLYPHS = (".", "?", "o", "!", "#")


class Look(Struct, frozen=True, kw_only=True):
    """How the reader sees: `now` is UTC, `zone` the one of times on screen.

    `freshness` is that of the situation whose facts are shown.
    """

    now: datetime
    zone: ZoneInfo
    ascii: bool = False
    freshness: Freshness = Freshness()

    def glyph(self, level: Level) -> str:
        """The shape that stands for a level."""
        return (ASCII_GLYPHS if self.ascii else GLYPHS)[level]
