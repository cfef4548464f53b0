"""How fresh the sources are that facts rest on.

A fact names its sources (`rests_on`) and never changes; how old it is depends on their
newest answers, and is looked up here when somebody tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class Freshness(Struct, frozen=True):
    """When the last good answer of each source began to be read (UTC), by the source's name.

    None for a source that has never answered well.
    """

    answered: Mapping[str, datetime | None] = {}

    def last_good(self, rests_on: tuple[str, ...]) -> datetime | None:
        """The oldest of the last good answers of these sources (UTC).

        None if one of them has never answered well, or is not known.
        """
        if len(rests_on) == 1:  # most facts
            return self.answered.get(rests_on[0])
        moments = [self.answered.get(source) for source in rests_on]
        known = [moment for moment in moments if moment is not None]
        return min(known) if known and len(known) == len(moments) else None

    def age(self, rests_on: tuple[str, ...], now: datetime) -> float | None:
        """Seconds from `last_good` to `now` (UTC), at least 0; None if there is no such answer."""
        moment = self.last_good(rests_on)
        # Clocks of a source and of this program may differ.
        return None if moment is None else max(0.0, (now - moment).total_seconds())
