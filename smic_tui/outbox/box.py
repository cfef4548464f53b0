"""The changes that may be made to an outbox, as functions of what stands in it.

`UserFile.change_outbox` applies each under the lock of the file, to what the disk holds
at that moment: of a person who withdraws an entry and a sender that begins to send it,
only one succeeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from smic_tui.contract.actions import Action
from smic_tui.model.outbox_entry import Entry, EntryState, RecordRef, plain
from smic_tui.outbox.matters import after_own_action
from smic_tui.records import Record

Entries = Mapping[str, Entry]
# Entries by id that are new or changed; None removes one.
Changes = dict[str, Entry | None]
Change = Callable[[Entries], Changes]

# How long entries that have come to their end are still shown.
KEPT = timedelta(days=2)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries in the order in which they were ordered."""
    return sorted(entries, key=lambda entry: (entry.number, entry.action.at, entry.id))


def on_record(entries: Entries, ref: RecordRef) -> list[Entry]:
    """Return the entries about one record, in order."""
    return in_order(entry for entry in entries.values() if entry.ref == ref)


def add(action: Action, shown: str, seen: Record) -> Change:
    """Put an action at the end of the queue, and remove entries that are long over.

    `shown` is the source under which the record is shown here, `seen` the record as the
    person saw it.
    """

    def change(entries: Entries) -> Changes:
        if action.id in entries:
            return {}
        now = _now()
        old: Changes = {
            entry.id: None
            for entry in entries.values()
            if entry.state in (EntryState.CONFIRMED, EntryState.WITHDRAWN)
            and now - entry.changed > KEPT
            # What begins later is shown until it is over.
            and (entry.action.until is None or entry.action.until < now)
        }
        number = max((entry.number for entry in entries.values()), default=0) + 1
        entry = Entry(number=number, action=action, shown=shown, seen=plain(seen), changed=now)
        for done in on_record(entries, entry.ref):
            # The person may have seen the record before an action of ours that is done since.
            if done.state is EntryState.CONFIRMED and (after := done.now_record) is not None:
                entry = after_own_action(entry, done, done.before_record, after)
        return {**old, action.id: entry}

    return change


def withdraw(id: str) -> Change:
    """Take back an action of which nothing has reached the source: the undo."""

    def change(entries: Entries) -> Changes:
        entry = entries.get(id)
        if entry is None or entry.state not in (EntryState.WAITING, EntryState.CONFLICT):
            return {}
        return {id: moved(entry, EntryState.WITHDRAWN)}

    return change


def resend(id: str) -> Change:
    """Send an action all the same: the person has seen what the record is now."""

    def change(entries: Entries) -> Changes:
        entry = entries.get(id)
        if entry is None or not entry.state.wants_person:
            return {}
        return {id: moved(entry, EntryState.WAITING, seen=entry.now or entry.seen)}

    return change


def dismiss(id: str) -> Change:
    """Remove an entry that is over; an open one stays."""

    def change(entries: Entries) -> Changes:
        entry = entries.get(id)
        return {} if entry is None or entry.state.is_open else {id: None}

    return change


def note(entry: Entry, error: str, hint: str) -> Change:
    """Note why the entry does not go on; its state stays."""

    def change(entries: Entries) -> Changes:
        found = entries.get(entry.id)
        if found is None or found.state is not entry.state or found.error == error:
            return {}
        return {entry.id: replace(found, error=error, hint=hint)}

    return change


def begin(entry: Entry, baseline: str, before: Record) -> Change:
    """Note that an attempt begins now, unless the entry is no longer as it was.

    `baseline` and `before` are kept from the first attempt: what was at the source
    before anything of ours.
    """

    def change(entries: Entries) -> Changes:
        found = entries.get(entry.id)
        if found is None or (found.state, found.attempts) != (entry.state, entry.attempts):
            return {}
        first: dict[str, Any] = {}
        if not found.attempts:
            first = {
                "action": replace(found.action, baseline=baseline),
                "before": plain(before),
            }
        return {
            entry.id: moved(
                found, EntryState.SENDING, attempts=found.attempts + 1, tried=_now(), **first
            )
        }

    return change


def revert(entry: Entry, state: EntryState) -> Change:
    """Put the entry back into `state`: the attempt has certainly changed nothing."""

    def change(entries: Entries) -> Changes:
        found = entries.get(entry.id)
        if found is None or found.state is not EntryState.SENDING:
            return {}
        return {entry.id: moved(found, state)}

    return change


def finish(
    entry: Entry, state: EntryState, now: Record | None, error: str = "", hint: str = ""
) -> Change:
    """Note that the entry has come to `state`, with the record as it is `now` (None: gone).

    An entry that was withdrawn meanwhile stays so. What was confirmed is no surprise
    to later actions on the same record.
    """

    def change(entries: Entries) -> Changes:
        found = entries.get(entry.id)
        if found is None or found.state is not entry.state:
            return {}
        ended = moved(found, state, now=None if now is None else plain(now), error=error, hint=hint)
        changes: Changes = {entry.id: ended}
        if state is EntryState.CONFIRMED and now is not None:
            for later in entries.values():
                if later.ref == found.ref and _comes_after(later, found):
                    changes[later.id] = after_own_action(later, found, found.before_record, now)
        return changes

    return change


def moved(entry: Entry, state: EntryState, **fields: Any) -> Entry:
    """Return the entry in another state from now on, without the error that it had."""
    return replace(entry, **{"error": "", "hint": "", **fields}, state=state, changed=_now())


def _comes_after(later: Entry, done: Entry) -> bool:
    waits = later.state in (EntryState.WAITING, EntryState.CONFLICT)
    return waits and (later.number, later.id) > (done.number, done.id)


def _now() -> datetime:
    return datetime.now(UTC)
