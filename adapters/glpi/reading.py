"""One reading of GLPI: what it asks for, what it has found, and where the next one starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from adapters.glpi.api import Found, Question
from adapters.glpi.known import FEW, packed, unpacked
from adapters.glpi.options import GlpiOptions
from adapters.glpi.tickets import DONE, Row
from adapters.ticketing.tally import ReadingTally
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import Record

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

# A change that was begun earlier may become visible later.
OVERLAP = timedelta(minutes=2)
# How far clocks may differ before a zone is suspected.
TOLERANCE = timedelta(minutes=10)
# When a tenth of the tickets left or came without a trace, all are read again.
_MUCH = 10


class Cursor(Struct, frozen=True, kw_only=True):
    """`since` (UTC) is on GLPI's clock; `setup` tells which configuration it was read with.

    `known` are the numbers (`packed`) of the tickets that were not over, or were changed after
    `lately` (UTC), or of the places; None where GLPI counts others than it shows.
    """

    since: datetime
    setup: str
    lately: datetime
    known: list[int] | None


class Reading:
    """One `fetch`. `before` is None for a full one.

    `began` is the time of its beginning by the clock of GLPI's web server (UTC).
    """

    def __init__(self, config: GlpiOptions, before: Cursor | None, began: datetime | None) -> None:
        self.full = before is None
        self.since = before.since if before else None
        self._over_after = datetime.now(UTC) - timedelta(days=config.closed_days)
        self.lately = before.lately if before else self._over_after
        self.known = unpacked(before.known or ()) if before else set()
        self.counts = before is None or before.known is not None
        self.tree = config.as_ in ("entities", "locations")
        self.tally = ReadingTally(full=self.full)
        self._began = began or datetime.now(UTC)
        self._newest: datetime | None = None
        self._brought: set[int] = set()

    @property
    def whole(self) -> Question:
        """The question for all tickets of which the numbers are known."""
        return Question(lately=self.lately)

    def part(self, first: int, last: int) -> Question:
        """Return the question for those from one number to another."""
        return Question(lately=self.lately, numbers=(first, last))

    def questions(self) -> list[Question]:
        """Return the questions whose answers make up the reading.

        A full one asks for what is not over and for what was over lately; a ticket
        reopened in between is missed by both and found by the next.
        """
        if self.since is not None or self.tree:
            return [Question(since=self.since)]
        return [Question(over=False), Question(over=True, since=self.lately)]

    def verify(self, http: HttpSession, question: Question, found: list[Found]) -> None:
        """Raise `BadAnswer` for what was not asked for: everything else would seem deleted."""
        for each in found:
            row = each.content
            if isinstance(row, Row) and question.over not in (None, row.status in DONE):
                raise http.bad_answer(
                    _("GLPI ignored the filter {filter}: ticket {number} does not obey").format(
                        filter="status", number=row.id
                    )
                )

    def batch(self, found: list[Found], records: Mapping[int, Record]) -> Batch:
        """Return what was found, without tickets that are deleted or were over too long ago."""
        upserts: list[Record] = []
        deletes: list[str] = []
        rejected: list[Rejected] = []
        for each in found:
            if each.updated is not None:
                self._newest = max(self._newest or each.updated, each.updated)
            row = each.content
            if not isinstance(row, Row) or row.status not in DONE or row.updated > self.lately:
                self.known.add(each.id)
            if isinstance(row, Rejected):
                rejected.append(row)
                continue
            if isinstance(row, Row) and (row.deleted or row.ended_before(self._over_after)):
                deletes.append(str(each.id))
            elif each.id in records and each.id not in self._brought:
                # Solved between two questions, it is in the answers to both.
                upserts.append(records[each.id])
                self._brought.add(each.id)
        self.tally.add(len(found) - len(rejected), rejected)
        return Batch(
            upserts=tuple(upserts),
            deletes=() if self.full else tuple(deletes),
            rejected=tuple(rejected),
            full=self.full,
        )

    def misses(self, counted: int | None) -> bool:
        """Whether there are not as many as are known; `counted` is None where nobody knows."""
        return counted is not None and counted != len(self.known)

    def is_outdated(self, counted: int | None) -> bool:
        """Whether so many left or came that reading all is cheaper than looking for them.

        Of places there are few.
        """
        known = len(self.known)
        much = 0 if self.tree else max(FEW, known // _MUCH)
        return counted is not None and abs(counted - known) > much

    def compare(self, counted: int | None) -> None:
        """Take note, at the end of a full reading, whether GLPI counts what it has shown.

        A version that ignores a part of the question counts all.
        """
        self.counts = counted is not None and not self.is_outdated(counted)

    def without(self, gone: set[int]) -> Batch:
        """Return that known tickets are gone."""
        self.known -= gone
        return Batch(deletes=tuple(str(number) for number in sorted(gone)))

    @property
    def is_ahead(self) -> bool:
        """Whether a change was found that lies later than the clock of GLPI's web server."""
        return self._newest is not None and self._newest > self._began + TOLERANCE

    def still_to_come(self) -> BadAnswer:
        """Return the error that such a change is when GLPI's zone is another than configured."""
        return BadAnswer(
            _("GLPI has a ticket changed at {time} UTC, which is still to come").format(
                time=f"{self._newest:%Y-%m-%d %H:%M}"
            ),
            hint=_("Set `timezone` to the time zone of the GLPI account."),
        )

    def cursor(self, setup: str) -> str:
        """Return where the next reading starts: at the newest change seen, on GLPI's clock.

        A recent change may have others beside it that are not visible yet: then the next reading
        starts a little earlier. A change ahead of the clock would hide those that are true.
        """
        since = min(self._newest, self._began) if self._newest else None
        if since and since > self._began - OVERLAP:
            since -= OVERLAP
        if self.since is not None and (since is None or since <= self.since):
            since = self.since
        # Nothing is there yet: a day leaves room for any difference between the clocks.
        since = since or datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        known = packed(self.known) if self.counts else None
        cursor = Cursor(since=since, setup=setup, lately=self.lately, known=known)
        return msgspec.json.encode(cursor).decode()
