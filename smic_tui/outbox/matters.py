"""Decides whether a change of a record matters to an action that was ordered before it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.model.outbox_entry import Entry, plain
from smic_tui.records import CatalogueRequest, Record, Ticket

_IS_OPEN = "is_open"

# The fields that must be as the person saw them. A resolution ends a ticket whatever was
# said in between, so that any change matters to it; a comment ends nothing.
_MATTERS: dict[Verb, tuple[str, ...]] = {
    Verb.ACKNOWLEDGE: ("state",),
    Verb.COMMENT: (_IS_OPEN,),
    Verb.ASSIGN: ("owner", _IS_OPEN),
    Verb.SET_STATUS: ("status",),
    Verb.RESOLVE: ("status", "owner", "updated"),
    Verb.SET_STAGE: ("stage",),
}

# The fields that an action itself changes, so that they are no surprise to the next one.
_WORK = ("updated", "waiting_on")
_EFFECTS: dict[Verb, tuple[str, ...]] = {
    Verb.ACKNOWLEDGE: ("acknowledged",),
    Verb.UNACKNOWLEDGE: ("acknowledged",),
    Verb.DOWNTIME: ("downtime",),
    Verb.END_DOWNTIME: ("downtime",),
    Verb.SILENCE: ("downtime",),
    Verb.UNSILENCE: ("downtime",),
    Verb.COMMENT: _WORK,
    Verb.ASSIGN: ("owner", "status", "status_label", *_WORK),
    Verb.SET_STATUS: ("status", "status_label", *_WORK),
    Verb.RESOLVE: ("status", "status_label", "stage", "stage_label", *_WORK),
    Verb.SET_STAGE: ("stage", "stage_label", *_WORK),
}


def differences(verb: Verb, seen: Record, now: Record) -> tuple[str, ...]:
    """Return the fields that changed since the record was seen and that matter to the action."""
    return tuple(name for name in _MATTERS.get(verb, ()) if _value(seen, name) != _value(now, name))


def all_differences(seen: Record, now: Record) -> tuple[str, ...]:
    """Return every field that changed, except key and source."""
    return tuple(
        name
        for name in seen.__struct_fields__
        if name not in ("key", "source") and getattr(seen, name) != getattr(now, name)
    )


def after_own_action(later: Entry, done: Entry, before: Record | None, after: Record) -> Entry:
    """Return the later entry on the same record with what our own action changed.

    The new value of a field is taken over where the source still had, just before our
    action (`before`), the value that the person saw. What somebody else changed stays a
    difference. Without `before` the effect was there already, and nothing was sent.
    """
    seen, known = later.seen_record, done.seen_record
    changes: dict[str, Any] = {}
    for name in _EFFECTS[done.action.verb]:
        if not hasattr(after, name):
            continue
        ours = (
            name != "updated"
            if before is None
            else getattr(before, name) == getattr(known, name) == getattr(seen, name)
        )
        if ours:
            changes[name] = getattr(after, name)
    return replace(later, seen=plain(replace(seen, **changes))) if changes else later


def _value(record: Record, name: str) -> Any:
    if name != _IS_OPEN:
        return getattr(record, name, None)
    if isinstance(record, Ticket):
        return record.status.is_open
    return record.stage.is_open if isinstance(record, CatalogueRequest) else None
