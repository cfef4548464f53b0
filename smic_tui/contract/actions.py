"""The capability of a source to be acted upon, and what an action is.

The outbox (`smic_tui.outbox`) decides when; an adapter knows how. For each
action the outbox calls `look` first, `perform` only if the effect is not there
yet, and `look` again: several systems answer success for a write that they
refused, so only the record itself, read again, says that something was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from smic_tui.contract.errors import SourceError
from smic_tui.records import Record, Stream


class Verb(StrEnum):
    """What may be done to a record.

    For health: acknowledge (the trouble is known), unacknowledge, downtime (from
    `start` to `until` its troubles are expected), end_downtime; silence and
    unsilence are downtime in alerting systems that have no objects. For tickets:
    comment, assign, set_status, resolve. For catalogue requests: set_stage, with
    a note, and what tickets have.
    """

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    DOWNTIME = "downtime"
    END_DOWNTIME = "end downtime"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    COMMENT = "comment"
    ASSIGN = "assign"
    SET_STATUS = "set status"
    RESOLVE = "resolve"
    SET_STAGE = "set stage"


class Action(Struct, frozen=True, kw_only=True):
    """One thing that a person wants done to one record of one source.

    `id` is unique for ever. `text` is the comment, the note or the solution.
    `value` is, by verb: the login to assign to ("" is the account that the
    source is read with), a `TicketStatus` or a `Stage`. `start` and `until`
    (UTC) bound a downtime or silence, `until` an acknowledgement; None is
    now, and no end. `by` is the person, `at` when they decided (UTC).

    `baseline` is what `look` returned before the first attempt, stored by the
    outbox before anything was sent: with it an adapter tells its own earlier
    comment from another's that says the same, without trusting two clocks.
    """

    id: str
    source: str
    stream: Stream
    key: str
    verb: Verb
    text: str = ""
    value: str = ""
    start: datetime | None = None
    until: datetime | None = None
    by: str
    at: datetime
    baseline: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """A record as the source has it at this moment, read for an action.

    `record` is None when it is gone. `version` is what a conditional write is
    tied to (an ETag, a lock version), opaque. `done` says that the effect of the
    action stands there. `baseline` is opaque too: see `Action`. `at_once` says that
    this source shows an effect as soon as it has answered: what its record does not
    show then will not come.
    """

    record: Record | None
    version: str = ""
    done: bool = False
    baseline: str = ""
    at_once: bool = False


class Refused(SourceError):
    """The source, though reached, will not do this: no right, no such status, closed."""


class ChangedMeanwhile(SourceError):
    """A conditional write failed: the record is no longer the one that was looked at."""


@runtime_checkable
class ActsOnRecords(Protocol):
    """An adapter through which records can be changed at their source."""

    def able(self) -> Mapping[Stream, frozenset[Verb]]:
        """What the account may do, as last proven by `fetch` or `probe`.

        A right that the source tells nobody beforehand is taken as given. Before
        the first proof: nothing.
        """
        ...

    async def look(self, action: Action) -> Standing:
        """The record now, and whether the action's effect stands there.

        With an empty `action.baseline` a comment of before is never taken for
        this action's. Raises `AuthFailed`, `Unavailable` or `BadAnswer`.
        """
        ...

    async def perform(self, action: Action, standing: Standing) -> None:
        """Send it, once, tied to `standing.version` where the source can.

        Returning proves nothing. Raises `Refused` when the source says no,
        `ChangedMeanwhile` when the condition failed, `AuthFailed`, `BadAnswer`,
        and `Unavailable` when it is not known whether it was done.
        """
        ...
