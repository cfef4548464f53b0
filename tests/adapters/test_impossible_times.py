"""No adapter sends a downtime or silence that ends before it begins, or that is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smic_tui.collecting import registry
from smic_tui.config.schema import Source
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Stream

# Nothing listens there: what is asked before the times are looked at fails otherwise.
NOWHERE = "http://127.0.0.1:9"
SECRET = {"env": "X"}
ACTING: dict[str, dict[str, Any]] = {
    "icinga2": {"url": NOWHERE, "user": "u", "password": SECRET},
    "nagios": {"url": NOWHERE, "user": "u", "password": SECRET},
    "zabbix": {"url": NOWHERE, "token": SECRET},
    "centreon": {"url": NOWHERE, "user": "u", "password": SECRET},
    "alertmanager": {"url": NOWHERE},
}
NOW = datetime.now(UTC)


@pytest.mark.parametrize("kind", ACTING)
@pytest.mark.parametrize("verb", [Verb.DOWNTIME, Verb.SILENCE, Verb.ACKNOWLEDGE])
@pytest.mark.parametrize(
    ("start", "until"),
    [
        (NOW + timedelta(hours=4), NOW + timedelta(hours=2)),
        (NOW + timedelta(hours=4), NOW + timedelta(hours=4)),
        (None, NOW - timedelta(seconds=1)),
        (NOW - timedelta(hours=4), NOW - timedelta(hours=2)),
    ],
)
async def test_an_end_lies_after_the_beginning(
    tmp_path: Path, kind: str, verb: Verb, start: datetime | None, until: datetime
) -> None:
    context = Context(source=kind, folder=tmp_path, timezone="Europe/Paris", secret=str)
    source = Source(name=kind, kind=kind, options=ACTING[kind])
    adapter: Any = registry.make(source, context)
    action = Action(
        id="1", source=kind, stream=Stream.HEALTH, key="h1", verb=verb, by="Agent Un",
        at=NOW, start=start, until=until,
    )  # fmt: skip
    with pytest.raises(Refused) as raised:
        await adapter.apply(action, RecordSnapshot(record=None))
    assert f"{until:%H:%M}" in raised.value.message
    await adapter.close()
