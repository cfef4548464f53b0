"""Keeps the rows of a source whose account suddenly sees less, until a person agrees.

A source answers an account without rights as if there were nothing. So when more than half of
the open tickets or requests of a source are missing at once, or its account sees less of it than
before, the missing ones stay as they were known, and the status of the source says so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from smic_tui.collecting.reading import SourceReading
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.relay import RelaysSources
from smic_tui.contract.status import SourceStatus
from smic_tui.contract.view import Narrowed, Sight, TellsItsView, narrower
from smic_tui.model.snapshot import SourceContents
from smic_tui.records import Stream, is_open

# Of fewer open records, more than half may well be done and deleted in a day.
FEWEST = 10
_GUARDED = (Stream.TICKETS, Stream.REQUESTS)


class Judgement:
    """What is to be made of the records that a reading did not bring any more.

    `held` are the keys that stay although the reading says that they are gone; `view` and
    `narrowed` belong into the status of the source.
    """

    def __init__(
        self,
        known: SourceContents,
        reading: SourceReading,
        adapter: Adapter[Any] | None,
        *,
        agreed: bool,
        ended: bool,
    ) -> None:
        before = known.status
        self.held: dict[Stream, set[str]] = {}
        self.narrowed: Narrowed | None = before.narrowed
        self.view: tuple[Sight, ...] = before.view
        if isinstance(adapter, RelaysSources):
            # What a head office shows less of, it has agreed to.
            return
        if not ended:
            # Nothing of a reading that failed is complete; what it said to be gone is held
            # by the same rule, so that a half reading cannot do what a whole one may not.
            self._hold(known, reading, (), (), agreed=agreed)
            self.narrowed = self.narrowed or before.narrowed
            return
        view = adapter.view() if isinstance(adapter, TellsItsView) else before.view
        lost, less = ((), ()) if agreed else narrower(before.view, view)
        if not self._hold(known, reading, lost, less, agreed=agreed):
            whole = any(part.was_full or part.missed for part in reading.streams.values())
            by_view = before.narrowed is not None and (before.narrowed.lost or before.narrowed.less)
            # All is there again, or may be seen again.
            if agreed or whole or by_view:
                self.narrowed = None
        if self.narrowed is None:
            self.view = view

    def _hold(
        self,
        known: SourceContents,
        reading: SourceReading,
        lost: tuple[str, ...],
        less: tuple[Sight, ...],
        *,
        agreed: bool,
    ) -> bool:
        """Hold back what must not go; return whether the source shows less than before."""
        if agreed:
            return False
        missing: dict[Stream, set[str]] = {}
        of = 0
        many = False
        for stream in _GUARDED:
            rows = known.of(stream)
            part = reading.streams.get(stream)
            if part is None or not rows or not part.deletes:
                continue
            gone = {key for key in part.deletes if key in rows and is_open(rows[key])}
            if not gone:
                continue
            open_rows = sum(map(is_open, rows.values()))
            missing[stream] = gone
            of += open_rows
            many = many or (open_rows >= FEWEST and 2 * len(gone) > open_rows)
        if not (many or lost or less):
            return False
        self.held = missing
        before = known.status.narrowed
        self.narrowed = Narrowed(
            since=before.since if before else reading.began,
            kept=sum(map(len, missing.values())) or (before.kept if before else 0),
            known=of or (before.known if before else 0),
            lost=lost,
            less=less,
        )
        return True


def status_of(status: SourceStatus, judgement: Judgement) -> SourceStatus:
    """Return the status with what the judgement says of the view."""
    if status.view == judgement.view and status.narrowed == judgement.narrowed:
        return status
    return msgspec.structs.replace(status, view=judgement.view, narrowed=judgement.narrowed)
