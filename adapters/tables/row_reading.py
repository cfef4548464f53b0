"""Turns the rows of a source into records, a piece at a time. Public."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from msgspec import Struct

from adapters.shared.row_by_row import refuse_to_empty_the_cache
from adapters.tables.rows import RecordBuilder, RowError
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import Record

# Rows parsed in one go in a thread, and handed over in one batch.
PIECE = 1000
_SAMPLE = 120


class Row(Struct, frozen=True, kw_only=True):
    """One row of a document: raw values by field, or the problem why there are none."""

    place: str
    cells: Mapping[str, object] = {}
    sample: str = ""
    problem: str = ""


class RowReading:
    """Turns the rows of one document or query into records. Blocks: used in a thread."""

    def __init__(self, name: str, rows: Iterator[Row], builder: RecordBuilder) -> None:
        self.name = name
        self.accepted = 0
        self.rejected: list[Rejected] = []
        self._rows = rows
        self._builder = builder
        self._places: dict[str, str] = {}

    def piece(self) -> tuple[list[Record], list[Rejected], bool]:
        """Return the next records, what was set aside, and whether there may be more."""
        records: list[Record] = []
        aside: list[Rejected] = []
        rows = list(islice(self._rows, PIECE))
        for row in rows:
            try:
                records.append(self._record(row))
            except RowError as error:
                aside.append(
                    Rejected(
                        where=f"{self.name}, {row.place}",
                        reason=str(error),
                        sample=row.sample[:_SAMPLE],
                    )
                )
        self.accepted += len(records)
        self.rejected += aside
        return records, aside, len(rows) == PIECE

    def _record(self, row: Row) -> Record:
        if row.problem:
            raise RowError(row.problem)
        record = self._builder.build(row.cells)
        first = self._places.setdefault(record.key, row.place)
        if first != row.place:
            raise RowError(
                _("the key {key} stands already on {place}").format(key=record.key, place=first)
            )
        return record


def refuse_if_nothing_fits(reading: RowReading) -> None:
    """Raise `BadAnswer` when no row of a document fits its settings: the cache keeps its rows."""

    def refusal(first: Rejected) -> BadAnswer:
        return BadAnswer(
            _("no row of {file} can be read; {where}: {reason}").format(
                file=reading.name, where=first.where, reason=first.reason
            ),
            hint=_("Check `columns`, `dates` and `values` against the file."),
            excerpt=first.sample.encode(),
        )

    refuse_to_empty_the_cache(reading.accepted, reading.rejected, refusal)
