"""Keeps the rows of a source that were rejected, over several readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from smic_tui.collecting.reading import StreamReading
from smic_tui.contract.batch import Rejected
from smic_tui.records import Stream

# How many are shown; all are counted.
SHOWN = 50


class Rejects:
    """Gathers rejected rows: a full reading replaces those of its stream, a partial one adds."""

    def __init__(self, known: Iterable[Rejected], count: int) -> None:
        # What an earlier program counted, without the streams.
        self._before = tuple(known)
        self._before_count = count
        self._by_stream: dict[Stream, dict[str, Rejected]] = {}

    def take(self, streams: Mapping[Stream, StreamReading], all_streams: Iterable[Stream]) -> None:
        """Add what a reading has rejected."""
        for stream, part in streams.items():
            rejected = {row.where: row for row in part.rejected}
            if part.was_full:
                self._by_stream[stream] = rejected
                continue
            known = self._by_stream.setdefault(stream, {})
            for key in part.upserts:
                known.pop(key, None)
            known.update(rejected)
        if all(stream in streams and streams[stream].was_full for stream in all_streams):
            self._before, self._before_count = (), 0

    @property
    def shown(self) -> tuple[Rejected, ...]:
        """The first of them."""
        rows = dict.fromkeys(self._before)
        for of_stream in self._by_stream.values():
            rows.update(dict.fromkeys(of_stream.values()))
        return tuple(rows)[:SHOWN]

    @property
    def count(self) -> int:
        """All of them."""
        found = {row for of_stream in self._by_stream.values() for row in of_stream.values()}
        return len(found) + max(0, self._before_count - len(found & set(self._before)))
