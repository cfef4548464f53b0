"""Whatever changes from one snapshot to the next, what is worked out anew is what a
whole pass would have given, and what did not change is the same object again.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from smic_tui.config.schema import AlertRule, Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.duty.alert_rules import AlertRules, evaluate
from smic_tui.insight.alert_facts import AlertFacts
from smic_tui.insight.assess import assess
from smic_tui.insight.assessment import Assessment
from smic_tui.insight.assessor import Assessor
from smic_tui.insight.status_counts import count
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.alert_store import AlertStore
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.model.user_state import UserState
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stage,
    Stream,
    Ticket,
    TicketStatus,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SETTINGS = Settings(
    alerts=(
        AlertRule(name="down", on="sites", where="state:down", hold="5m"),
        AlertRule(name="late", on="backups", where="state:overdue or state:failed"),
        AlertRule(name="old", on="tickets", where="created>2d priority<4"),
        AlertRule(name="urgent", on="tickets", where="priority=1 lieu"),
    )
)
Rows = dict[str, dict[Stream, dict[str, Record]]]


def country(dice: random.Random) -> Rows:
    """Forty sites in two registers' worth of sources, with runs told by a source of their own."""
    rows: Rows = {
        "register": {Stream.SITES: {}},
        "monitoring": {Stream.HEALTH: {}},
        "plan": {Stream.BACKUP_JOBS: {}, Stream.BACKUP_RUNS: {}},
        "desk": {Stream.TICKETS: {}, Stream.REQUESTS: {}},
    }
    for number in range(40):
        for source, stream, record in new_records(dice, number):
            rows[source][stream][record.key] = record
    return rows


def new_records(dice: random.Random, number: int) -> list[tuple[str, Stream, Record]]:
    code = f"17{number:03}"
    where = dice.choice((code, code, code, f"Lieu {number}", "nowhere", ""))
    moment = NOW - timedelta(minutes=dice.randrange(6000))
    runs = [
        BackupRun(
            key=f"r{number}-{back}",
            source="plan",
            job=f"j{number}",
            started=moment + timedelta(days=1 - back),
            result=dice.choice(list(RunResult)),
        )
        for back in range(dice.randrange(3))
    ]
    return [
        (
            "register",
            Stream.SITES,
            Site(
                key=code,
                source="register",
                code=code,
                name=f"Lieu {number}",
                supplier=f"Opérateur {number % 2}",
            ),
        ),
        (
            "monitoring",
            Stream.HEALTH,
            Health(
                key=f"h{number}",
                source="monitoring",
                site=where,
                host=f"h{number}",
                state=dice.choice((HealthState.DOWN, *HealthState)),
                since=dice.choice((moment, NOW - timedelta(minutes=5))),
                checked=moment,
                outdated=dice.random() < 0.2,
                more_sites=dice.choice(((), (), ("17000", "elsewhere"), ("17001", where))),
            ),
        ),
        (
            "plan",
            Stream.BACKUP_JOBS,
            BackupJob(
                key=f"j{number}",
                source="plan",
                site=where,
                application="paie",
                period=dice.choice((3600, 86400)),
                grace=dice.choice((0, 1800)),
            ),
        ),
        *(("plan", Stream.BACKUP_RUNS, run) for run in runs),
        (
            "desk",
            Stream.TICKETS,
            Ticket(
                key=str(number),
                source="desk",
                subject="Imprimante",
                status=dice.choice(list(TicketStatus)),
                priority=dice.randrange(1, 6),
                site=where,
                created=moment,
                updated=moment,
                due=NOW + timedelta(minutes=dice.randrange(-100, 300)),
            ),
        ),
        (
            "desk",
            Stream.REQUESTS,
            CatalogueRequest(
                key=str(number),
                source="desk",
                subject="Logiciel",
                stage=dice.choice(list(Stage)),
                site=where,
                created=moment,
                updated=moment,
                due=NOW + timedelta(minutes=dice.randrange(-100, 300)),
            ),
        ),
    ]


def changed(rows: Rows, dice: random.Random) -> Rows:
    """A few rows added, replaced or removed, the rest the same objects."""
    rows = {
        name: {stream: dict(of) for stream, of in of_name.items()} for name, of_name in rows.items()
    }
    for _change in range(dice.randrange(1, 6)):
        source, stream, record = dice.choice(new_records(dice, dice.randrange(43)))
        known = rows[source][stream]
        old = known.get(record.key)
        if stream is Stream.SITES and old is not None and dice.random() < 0.9:
            known[record.key] = replace(old, address=str(dice.random()))
        elif old is not None and dice.random() < 0.2:
            del known[record.key]
        else:
            known[record.key] = record
    return rows


def snapshot(rows: Rows, now: datetime, lost: str) -> Snapshot:
    return Snapshot(
        taken=now,
        sources=tuple(
            SourceContents(
                status=SourceStatus(
                    name=name,
                    kind="csv",
                    state=SourceState.OK,
                    streams=tuple(of_name),
                    last_good=now - timedelta(hours=9 if name == lost else 0),
                ),
                rows=of_name,
            )
            for name, of_name in rows.items()
        ),
    )


def anew(seen: Snapshot, now: datetime) -> Situation:
    """A whole pass, with nothing remembered."""
    return assess(seen, UserState(), SETTINGS, now)


@pytest.mark.parametrize("seed", range(60))
def test_equals_a_whole_pass(seed: int) -> None:
    dice = random.Random(seed)
    rows, now = country(dice), NOW
    book: AlertStore = {}
    assessor, rules, alert_facts = Assessor(SETTINGS), AlertRules(SETTINGS), AlertFacts(SETTINGS)
    for _step in range(12):
        seen = snapshot(rows, now, "desk" if dice.random() < 0.1 else "")
        found = assessor.assess(seen, UserState(), now)
        wanted = anew(seen, now)
        assert replace(found, edition=None, steps=(), troubles=None, counts=None) == wanted
        assert found.troubles == troubles(wanted)
        assert found.counts == count(wanted)
        anew_book = evaluate(wanted, book, SETTINGS, now)
        book = rules.evaluate(found, book, now)
        assert book == anew_book
        alerts = alert_facts.of(book, found.sites_by_key, UserState(), now)
        assert alerts == AlertFacts(SETTINGS).of(book, found.sites_by_key, UserState(), now)
        rows = changed(rows, dice)
        now += timedelta(minutes=dice.choice((0, 1, 7, 90, -0.5)))


def test_what_did_not_change_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = country(random.Random(3))
    assessor = Assessor(SETTINGS)
    before = assessor.assess(snapshot(rows, NOW, ""), UserState(), NOW)
    made: list[str] = []

    def counting(self: Assessment, ticket: Ticket, _make: Any = Assessment.ticket) -> Any:
        made.append(ticket.key)
        return _make(self, ticket)

    monkeypatch.setattr(Assessment, "ticket", counting)
    ticket = rows["desk"][Stream.TICKETS]["7"]
    desk = {
        **rows["desk"],
        Stream.TICKETS: {**rows["desk"][Stream.TICKETS], "7": replace(ticket, subject="Écran")},
    }
    later = NOW + timedelta(seconds=5)
    after = assessor.assess(snapshot({**rows, "desk": desk}, later, ""), UserState(), later)
    assert made == ["7"]
    assert len({id(fact) for fact in after.tickets} - {id(fact) for fact in before.tickets}) == 1
    assert {fact.ticket.subject for fact in after.tickets if fact.ticket.key == "7"} == {"Écran"}
