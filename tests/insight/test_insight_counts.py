from __future__ import annotations

from typing import Any

import msgspec
import pytest

from smic_tui.config.schema import Person, Settings
from smic_tui.insight.status_counts import attention, count
from smic_tui.insight.status_json import status_json
from smic_tui.model.alert_store import AlertEntry
from smic_tui.records import Actor, HealthState, Record, RunResult, Stage, TicketStatus
from tests.insight.insight_examples import (
    NOW,
    ago,
    health,
    job,
    request,
    run,
    site,
    situation,
    ticket,
)


def test_the_object_of_status() -> None:
    states: dict[str, dict[str, Any]] = {"a": {"fired": NOW}, "b": {}, "c": {"cleared": NOW}}
    found = situation(
        site("1", "Ars"),
        site("2", "Marans"),
        site("3", "Royan"),
        health("1", HealthState.UP),
        health("2", HealthState.UNREACHABLE, acknowledged=True),
        job("a", "1", period=86400),
        run(ago(hours=1), job="a"),
        job("b", "1", period=86400),
        run(ago(hours=1), RunResult.FAILED, job="b"),
        job("c", "1"),
        ticket("1", owner="moi", due=ago(days=1)),
        ticket("2"),
        ticket("3", owner="moi", status=TicketStatus.CLOSED, due=ago(days=1)),
        request("1"),
        request("2", waiting_on=Actor.SUPPLIER),
        request("3", stage=Stage.REFUSED),
        settings=Settings(me=Person(names=("Moi",))),
        stale=["catalogue"],
        alerts={
            key: AlertEntry(
                fingerprint=key, rule=key, subject="sites", source="", key="", since=NOW, **rest
            )
            for key, rest in states.items()
        },
    )
    assert msgspec.json.decode(msgspec.json.encode(status_json(count(found), NOW))) == {
        "sites": {"total": 3, "down": 1, "unknown": 1},
        "backups": {
            "total": 3,
            "fresh": 1,
            "running": 0,
            "late": 0,
            "overdue": 0,
            "failed": 1,
            "never": 1,
            "suspect": 0,
            "unknown": 0,
        },
        "tickets": {"open": 2, "mine": 1, "overdue": 1},
        "requests": {"open": 2, "waiting_on_us": 1},
        "alerts": {"firing": 1},
        "sources": [
            {"name": "catalogue", "kind": "csv", "state": "unavailable", "age_s": 7210, "rows": 3},
            {"name": "members", "kind": "csv", "state": "ok", "age_s": 10, "rows": 3},
            {"name": "icinga", "kind": "csv", "state": "ok", "age_s": 10, "rows": 2},
            {"name": "plan", "kind": "csv", "state": "ok", "age_s": 10, "rows": 5},
            {"name": "redmine", "kind": "csv", "state": "ok", "age_s": 10, "rows": 3},
        ],
    }


@pytest.mark.parametrize(
    ("records", "needed"),
    [
        ([], False),
        ([site("1", "Ars")], False),
        ([site("1", "Ars"), health("1", HealthState.UP)], False),
        ([site("1", "Ars"), health("1", HealthState.DOWN)], True),
        ([site("1", "Ars"), health("1", HealthState.DOWN, acknowledged=True)], False),
        ([health("nowhere", HealthState.DOWN)], True),
        ([health("nowhere", HealthState.DOWN, downtime=True)], False),
        ([job("a")], True),
        ([job("a", period=86400), run(ago(hours=1), job="a")], False),
        ([ticket("1")], False),
        ([ticket("1", due=ago(hours=1))], True),
        ([request("1")], False),
        ([request("1", due=ago(hours=1))], True),
    ],
)
def test_attention(records: list[Record], needed: bool) -> None:
    assert attention(situation(*records)) is needed


def test_a_firing_alert_needs_attention() -> None:
    entry = AlertEntry(
        fingerprint="a", rule="a", subject="sites", source="", key="", since=NOW, fired=NOW
    )
    assert attention(situation(alerts={"a": entry}))
