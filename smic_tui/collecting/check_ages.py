"""Marks the checks of monitoring that are too old to tell the present.

A server that answers is no proof of each of its checks: a host behind a satellite that is away,
or one whose results nobody sends any more, keeps its last state for ever. So each check is
judged by its own age at the moment when its source was read. What is judged there needs no clock
afterwards: until the source answers again, its own age tells how old all of it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from smic_tui.config import duration
from smic_tui.config.schema import Source
from smic_tui.records import Health, Record
from smic_tui.system.turns import exclusive_for, yielding


class CheckAges:
    """Judges the checks of one source. One thread at a time uses it.

    A check is valid for as long as `stale_check_after` of the source says, or else as the record
    tells itself. What another program has judged, of a source that is relayed, stays as it is.
    """

    def __init__(self, source: Source) -> None:
        self._source = source.name
        self._limit: timedelta | None = None
        if source.stale_check_after is not None:
            self._limit = timedelta(seconds=duration.seconds(source.stale_check_after))
        # No check of a known row is too old before this moment; None before the first look.
        self._first: datetime | None = None

    def one(self, row: Record, now: datetime) -> Record:
        """Return the row as it is to be believed at `now` (UTC)."""
        end = self._end(row)
        if end is None or not isinstance(row, Health):
            return row
        outdated = end < now
        return row if row.outdated is outdated else replace(row, outdated=outdated)

    def judged(
        self,
        known: Mapping[str, Record],
        new: Mapping[str, Record],
        gone: Collection[str],
        now: datetime,
    ) -> dict[str, Record]:
        """Return the `new` rows as they are to be believed at `now` (UTC), and with them those of
        the `known` rows, without what is `gone`, that are to be believed otherwise than before.
        """
        found = {key: self.one(row, now) for key, row in new.items()}
        ends = [end for row in found.values() if (end := self._end(row)) is not None and end >= now]
        if self._first is None or self._first < now:
            with exclusive_for(len(known)):
                for key, row in yielding(known.items()):
                    if key in new or key in gone or (end := self._end(row)) is None:
                        continue
                    if (judged := self.one(row, now)) is not row:
                        found[key] = judged
                    if end >= now:
                        ends.append(end)
            self._first = min(ends, default=datetime.max.replace(tzinfo=now.tzinfo))
        elif ends:
            self._first = min(self._first, *ends)
        return found

    def _end(self, row: Record) -> datetime | None:
        """Until when a check is valid; None where nobody knows."""
        if not isinstance(row, Health) or row.checked is None or row.source != self._source:
            return None
        limit = self._limit
        if limit is None:
            if row.valid_for is None:
                return None
            limit = timedelta(seconds=row.valid_for)
        try:
            return row.checked + limit
        except OverflowError:
            return None
