"""The capability of a source to be acted upon, and what an action is.

The outbox (`smic_tui.outbox`) decides when to act, an adapter knows how. For each action the
outbox calls `inspect` first, `apply` only if the effect is not there yet, and `inspect` again:
several systems answer success for a write that they refused, so only the record itself, read
again, says that something was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from smic_tui.contract.errors import SourceError
from smic_tui.i18n import _
from smic_tui.records import Record, Stream, ZonedTime


class Verb(StrEnum):
    """What may be done to a record.

    For health: acknowledge (the trouble is known), unacknowledge, downtime (from `start` to
    `until` troubles are expected), end_downtime; silence and unsilence are the same in alerting
    systems that have no hosts. For tickets: comment, assign, set_status, resolve. For catalogue
    requests: set_stage, with a note, and the verbs of tickets.
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

    `id` is unique for ever. `text` is the comment, the note or the solution. `value` is, by verb:
    the login to assign to ("" is the account that reads the source), a `TicketStatus` or a
    `Stage`. `start` and `until` (UTC) bound a downtime or silence, `until` an acknowledgement; a
    `start` of None is now, an `until` of None no end. `by` is the person, `at` (UTC) the moment of
    their decision.

    `baseline` is the one that `inspect` returned before the first attempt; the outbox stores it
    before it sends anything. With it an adapter tells its own earlier comment from another
    person's with the same words, without comparing two clocks.
    """

    id: str
    source: str
    stream: Stream
    key: str
    verb: Verb
    text: str = ""
    value: str = ""
    start: ZonedTime | None = None
    until: ZonedTime | None = None
    by: str
    at: ZonedTime
    baseline: str = ""


class RecordSnapshot(Struct, frozen=True, kw_only=True):
    """A record as the source has it at this moment, read for an action.

    `record` is None when it is gone. `version` (an ETag, a lock version) is what a conditional
    write is tied to; only the adapter understands it. `done` says whether the effect of the action
    is there. Only the adapter understands `baseline`, too: see `Action`. `at_once` says that this
    source shows an effect as soon as it has answered: an effect that its record does not show then
    will not come.
    """

    record: Record | None
    version: str = ""
    done: bool = False
    baseline: str = ""
    at_once: bool = False


class Refused(SourceError):
    """The source was reached and will not do this: no right, no such status, a closed ticket."""


def refuse_impossible_times(action: Action, now: datetime) -> None:
    """Raise `Refused` for a time that ends before it begins, or that is over at `now` (UTC)."""
    if action.until is None:
        return
    begins = now if action.start is None else action.start
    if action.until <= begins:
        raise Refused(
            _(
                "it would end ({end:%Y-%m-%d %H:%M} UTC) before it begins "
                "({start:%Y-%m-%d %H:%M} UTC)"
            ).format(end=action.until, start=begins)
        )
    if action.until <= now:
        raise Refused(
            _("Its end ({moment:%Y-%m-%d %H:%M} UTC) has passed").format(moment=action.until)
        )


class ChangedMeanwhile(SourceError):
    """A conditional write failed: the record has changed since it was inspected."""


@runtime_checkable
class ActsOnRecords(Protocol):
    """An adapter through which records can be changed at their source."""

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the account may do, as the last `fetch` or `probe` has proven.

        Rights that the source does not tell beforehand are taken as given. Before the first
        proof it is nothing.
        """
        ...

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the record anew, and tell whether the action's effect is there.

        With an empty `action.baseline` an earlier comment is never taken for this action's.
        Raises `AuthFailed`, `Unavailable` or `BadAnswer`.
        """
        ...

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Send the action, once, on condition of `snapshot.version` where the source can.

        Returning proves nothing: `inspect` does. Raises `Refused` when the source says no,
        `ChangedMeanwhile` when the condition failed, `AuthFailed`, `BadAnswer`, and `Unavailable`
        when nothing tells whether the action was carried out.
        """
        ...
