"""Digests of facts change with what somebody should see, and with nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from smic_tui.duty.fact_digest import AnyFact, digest_of
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, SourceFact, TicketFact
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

ARS = site("1", "Ars")
LATER = NOW + timedelta(hours=1)
JOB = job("a", "1", period=86_400)


def of_site(*records: Record) -> str:
    (fact,) = situation(ARS, *records).sites
    return digest_of(fact)


def test_every_kind_of_fact_has_one() -> None:
    found = situation(ARS, JOB, run(ago(hours=1), job="a"), ticket("1"), request("1"))
    facts: list[AnyFact]
    facts = [*found.sites, *found.backups, *found.tickets, *found.requests, *found.sources]
    kinds = {SiteFact, BackupFact, TicketFact, RequestFact, SourceFact}
    assert {type(fact) for fact in facts} == kinds
    for fact in facts:
        assert re.fullmatch("[0-9a-f]{16}", digest_of(fact))


def test_a_site_changes_with_its_health_and_backups() -> None:
    up = health("1", HealthState.UP, output="RTA 5 ms")
    assert of_site(up) == of_site(health("1", HealthState.UP, output="RTA 9 ms"))
    others = [
        of_site(health("1", HealthState.DOWN)),
        of_site(health("1", HealthState.UP, since=ago(minutes=1))),
        of_site(up, health("1", HealthState.UP, host="another")),
        of_site(up, JOB, run(ago(hours=1), job="a")),
        of_site(up, JOB, run(ago(hours=1), RunResult.FAILED, job="a")),
    ]
    assert len({of_site(up), *others}) == 1 + len(others)


def test_the_order_of_hosts_does_not_matter() -> None:
    one, other = health("1", HealthState.UP, host="a"), health("1", HealthState.DOWN, host="b")
    assert of_site(one, other) == of_site(other, one)


def test_a_backup_changes_with_its_newest_run() -> None:
    def of(*records: Record) -> str:
        (fact,) = situation(JOB, *records).backups
        return digest_of(fact)

    first = run(ago(hours=3), job="a")
    assert of(first) == of(first, run(ago(hours=9), job="a"))
    assert of(first) != of(first, run(ago(hours=1), job="a"))
    assert of(first) != of()


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ({"status": TicketStatus.WAITING}, True),
        ({"owner": "moi"}, True),
        ({"priority": 1}, True),
        ({"updated": ago(minutes=1)}, True),
        ({"subject": "another"}, False),
        ({"due": ago(days=-1)}, False),
    ],
)
def test_a_ticket(change: dict[str, object], is_seen: bool) -> None:
    before, after = situation(ticket("1")).tickets, situation(ticket("1", **change)).tickets
    assert (digest_of(before[0]) != digest_of(after[0])) is is_seen


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ({"stage": Stage.INSTALLING}, True),
        ({"waiting_on": Actor.SUPPLIER}, True),
        ({"owner": "moi"}, True),
        ({"updated": ago(minutes=1)}, True),
        ({"subject": "another"}, False),
    ],
)
def test_a_request(change: dict[str, object], is_seen: bool) -> None:
    before, after = situation(request("1")).requests, situation(request("1", **change)).requests
    assert (digest_of(before[0]) != digest_of(after[0])) is is_seen


def test_a_source_changes_when_it_becomes_stale_and_not_with_time() -> None:
    (fresh,) = situation(ARS).sources
    (later,) = situation(ARS, now=LATER).sources
    (stale,) = situation(ARS, stale=["members"]).sources
    assert digest_of(fresh) == digest_of(later) != digest_of(stale)
