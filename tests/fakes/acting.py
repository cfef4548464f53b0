"""Wishes of a technician, and what the outbox does with them, in tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from smic_tui.contract.actions import Action, ActsOnRecords, RecordSnapshot, Verb
from smic_tui.records import Stream

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def wish(verb: Verb, text: str = "", value: str = "", **fields: Any) -> Action:
    """A wish of Agent Un for the ticket 1, unless `fields` say otherwise."""
    values: dict[str, Any] = {
        "id": "1",
        "source": "t",
        "stream": Stream.TICKETS,
        "key": "1",
        "verb": verb,
        "text": text,
        "value": value,
        "by": "Agent Un",
        "at": AT,
    }
    return Action(**(values | fields))


async def do(adapter: ActsOnRecords, action: Action) -> RecordSnapshot:
    """Look, send, look again; what is done already is not to be done."""
    before = await adapter.inspect(action)
    assert not before.done
    action = replace(action, baseline=before.baseline)
    await adapter.apply(action, before)
    return await adapter.inspect(action)


async def done(adapter: ActsOnRecords, action: Action) -> Action:
    """Do it and see that it is done; return the action with its baseline."""
    standing = await adapter.inspect(action)
    action = replace(action, baseline=standing.baseline)
    assert not (await adapter.inspect(action)).done
    await adapter.apply(action, standing)
    assert (await adapter.inspect(action)).done
    return action
