"""Remembers what was published for thin clients, and which publication told each row last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from smic_tui.collecting.retention import expired
from smic_tui.hub.manifest import Manifest, Segment
from smic_tui.hub.packing import Changes, StreamRef
from smic_tui.hub.worth import is_news, publishable
from smic_tui.model.snapshot import Snapshot
from smic_tui.records import Record, Stream


class PublicationHistory:
    """Holds all rows as they were published, and what changed since the publication `first`."""

    def __init__(self) -> None:
        self.first = 0
        self._rows: dict[StreamRef, dict[str, Record]] = {}
        # The number of the publication that told a row last, or that it had gone.
        self._changed: dict[StreamRef, dict[str, int]] = {}
        self._gone: dict[StreamRef, dict[str, int]] = {}

    def rows_of(self, source: str) -> dict[Stream, dict[str, Record]]:
        """Return the published rows of one source."""
        return {stream: rows for (name, stream), rows in self._rows.items() if name == source}

    def changes(self, snapshot: Snapshot) -> Changes:
        """Return what the snapshot says that has not been published."""
        changes = Changes({}, {})
        for one in snapshot.sources:
            for stream, rows in one.rows.items():
                ref = (one.status.name, stream)
                before = self._rows.get(ref, {})
                found: dict[str, Record] = {}
                for key, row in rows.items():
                    new = publishable(row)
                    if is_news(before.get(key), new):
                        found[key] = new
                changes.rows[ref] = found
                gone = before.keys() - rows.keys()
                if stream is Stream.BACKUP_RUNS and gone:
                    gone -= self._pushed_out(ref, gone, rows, snapshot.taken)
                changes.gone[ref] = gone
        for ref in self._rows.keys() - changes.rows.keys():
            changes.gone[ref] = set(self._rows[ref])
        return changes

    def take(self, changes: Changes, number: int) -> None:
        """Note that these changes are published with this number."""
        for ref, keys in changes.gone.items():
            for key in keys:
                self._rows.get(ref, {}).pop(key, None)
                self._changed.get(ref, {}).pop(key, None)
            self._gone.setdefault(ref, {}).update(dict.fromkeys(keys, number))
        for ref, rows in changes.rows.items():
            self._rows.setdefault(ref, {}).update(rows)
            self._changed.setdefault(ref, {}).update(dict.fromkeys(rows, number))
            for key in self._gone.get(ref, {}).keys() & rows.keys():
                del self._gone[ref][key]

    def since(self, number: int) -> Changes:
        """Return what a client lacks that has this publication, which is not before `first`."""
        return Changes(
            {
                ref: {key: self._rows[ref][key] for key, told in of.items() if told > number}
                for ref, of in self._changed.items()
            },
            {
                ref: {key for key, told in of.items() if told > number}
                for ref, of in self._gone.items()
            },
        )

    def everything(self) -> Changes:
        """Return all rows."""
        return Changes({ref: dict(rows) for ref, rows in self._rows.items() if rows})

    def forget(self, number: int) -> None:
        """Forget what changed up to this publication: nobody will ask for it any more."""
        self.first = number
        for numbers in (self._changed, self._gone):
            for ref, of in numbers.items():
                numbers[ref] = {key: told for key, told in of.items() if told > number}

    def take_up(self, manifest: Manifest, told: Mapping[Segment, Changes]) -> None:
        """Begin with what stands in a folder: `told` is its base and all segments, unpacked."""
        base, *way = manifest.from_base()
        self.take(told[base], base.to)
        for segment in way:
            self.take(told[segment], segment.to)
        for segment in manifest.segments:
            # The base does not tell what went before it.
            for ref, keys in told[segment].gone.items():
                gone = self._gone.setdefault(ref, {})
                for key in keys - self._rows.get(ref, {}).keys():
                    gone[key] = max(segment.to, gone.get(key, 0))
        # A row came at the latest with a segment that has it, and not within one without it.
        for segment in sorted(manifest.segments, key=lambda one: one.after, reverse=True):
            changes = told[segment]
            for ref, numbers in self._changed.items():
                _not_within(segment, numbers, changes.rows.get(ref, {}))
            for ref, numbers in self._gone.items():
                _not_within(segment, numbers, changes.gone.get(ref, set()))
        self.forget(min((one.after for one in manifest.segments), default=base.to))

    def _pushed_out(
        self, ref: StreamRef, gone: set[str], rows: Mapping[str, Record], now: datetime
    ) -> set[str]:
        """Forget the runs that newer ones push out, and return them; clients do the same."""
        before = self._rows[ref]
        new = {key: publishable(row) for key, row in rows.items()}
        pushed_out = gone & expired(ref[1], before | new, now)
        for key in pushed_out:
            del before[key]
            self._changed.get(ref, {}).pop(key, None)
        return pushed_out


def _not_within(segment: Segment, numbers: dict[str, int], keys: Collection[str]) -> None:
    """Date the keys in `numbers` that the segment does not have before that segment."""
    for key, number in numbers.items():
        if segment.after < number <= segment.to and key not in keys:
            numbers[key] = segment.after
