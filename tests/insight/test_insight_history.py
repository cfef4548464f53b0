from __future__ import annotations

import pytest

from smic_tui.i18n import use
from smic_tui.insight.history import recent
from smic_tui.records import HealthState, RunResult, Stage, TicketStatus
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


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


def test_what_changed_newest_first() -> None:
    (fact,) = situation(
        site("1", "Ars"),
        health("1", HealthState.DOWN, host="routeur", since=ago(hours=3)),
        health("1", HealthState.OK, host="serveur", service="disque", since=ago(days=30)),
        job("a", "1", application="paie"),
        run(ago(days=6), job="a"),
        run(ago(days=5), RunResult.FAILED, job="a", ended=ago(days=4, hours=23)),
        run(ago(days=4), RunResult.WARNING, job="a"),
        run(ago(days=3), RunResult.FAILED, job="a"),
        run(ago(days=2), job="a"),
        run(ago(days=1), job="a"),
        ticket("1", site="1", created=ago(days=2, hours=1), updated=ago(hours=1), subject="A"),
        ticket(
            "2",
            site="1",
            created=ago(days=40),
            updated=ago(hours=2),
            subject="B",
            status=TicketStatus.CLOSED,
        ),
        ticket("3", site="1", created=ago(hours=4), updated=ago(hours=4), subject="C"),
        request(
            "4",
            site="1",
            software="D",
            created=ago(days=90),
            updated=ago(hours=5),
            stage=Stage.INSTALLING,
        ),
        request(
            "5",
            site="1",
            software="E",
            created=ago(days=90),
            updated=ago(hours=6),
            stage=Stage.DONE,
        ),
    ).sites
    events = recent(fact, NOW)
    assert [event.words for event in events] == [
        "ticket changed: #1 A",
        "ticket closed: #2 B",
        "routeur: down",
        "ticket opened: #3 C",
        "request moved on: D",
        "request done: E",
        "backup of paie restored",
        "ticket opened: #1 A",
        "backup of paie failed",
        "backup of paie ended with a warning",
        "backup of paie failed",
    ]
    assert events[-1].at == ago(days=4, hours=23)
    assert {event.key for event in events} == {
        "", "plan/a", "redmine/1", "redmine/2", "redmine/3", "catalogue/4", "catalogue/5",
    }  # fmt: skip
    assert [event.words for event in recent(fact, NOW, days=0)] == []
    assert recent(fact, NOW, days=60)[-1].words == "ticket opened: #2 B"


def test_the_future_has_not_changed_yet() -> None:
    (fact,) = situation(site("1", "Ars"), health("1", HealthState.DOWN, since=ago(hours=-1))).sites
    assert recent(fact, NOW) == ()
