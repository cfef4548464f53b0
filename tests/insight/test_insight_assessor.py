"""The Assessor assesses each snapshot once for all who ask, and remembers no more than it needs."""

from __future__ import annotations

import gc
from datetime import timedelta

import pytest
from msgspec.structs import replace

from smic_tui.config.schema import AlertRule, Settings
from smic_tui.duty.alert_rules import AlertRules
from smic_tui.insight.assessor import Assessor
from smic_tui.insight.incremental.changes import REMEMBERED, changes_since
from smic_tui.model.alert_store import AlertEntry
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import Acknowledgement, UserState
from smic_tui.records import HealthState, Stream
from tests.insight.insight_examples import NOW, ago, health, job, run, site, snapshot, ticket

SETTINGS = Settings(alerts=(AlertRule(name="down", on="sites", where="state:down", hold="0s"),))
NOBODY = UserState()
RECORDS = (
    site("17300", "La Rochelle"),
    site("17415", "Saintes"),
    health("17300", HealthState.DOWN),
    ticket("1", site="17415"),
    ticket("2", site="Atlantide"),
    job("job", at="17415", period=86400),
    run(ago(hours=3)),
)
FIRES = AlertEntry(
    fingerprint="down/members/17300",
    rule="down",
    subject="sites",
    source="members",
    key="17300",
    site="members/17300",
    since=NOW,
    fired=NOW,
)


def with_subject(seen: Snapshot, subject: str) -> Snapshot:
    """The snapshot with another subject of ticket 1, all other rows the same objects."""
    return replace(
        seen,
        sources=tuple(
            replace(
                one,
                rows={
                    stream: {
                        key: replace(row, subject=subject)
                        if stream is Stream.TICKETS and key == "1"
                        else row
                        for key, row in rows.items()
                    }
                    for stream, rows in one.rows.items()
                },
            )
            for one in seen.sources
        ),
    )


def answered_later(seen: Snapshot, name: str, later: timedelta) -> Snapshot:
    """The snapshot after one source has answered that nothing is new."""
    return replace(
        seen,
        sources=tuple(
            replace(one, status=replace(one.status, last_good=one.status.last_good + later))
            if one.status.name == name and one.status.last_good is not None
            else one
            for one in seen.sources
        ),
    )


def test_whoever_asks_second_gets_the_same_situation() -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)
    first = assessor.assess_once(seen, NOBODY, NOW)
    assert assessor.assess_once(seen, NOBODY, NOW + timedelta(seconds=2)) is first
    # A snapshot of the same rows, as the collecting side makes one with its notices.
    assert assessor.assess_once(replace(seen), NOBODY, NOW + timedelta(seconds=2)) is first
    later = NOW + timedelta(minutes=1)
    assert assessor.assess(seen, NOBODY, later).now == later


def test_of_the_same_rows_with_other_alerts_only_these_are_looked_at() -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)
    first = assessor.assess_once(seen, NOBODY, NOW)
    assert first.counts is not None
    assert not first.counts.alerts
    fires = replace(seen, alerts={FIRES.fingerprint: FIRES}, notices=("The disk is full.",))
    second = assessor.assess_once(fires, NOBODY, NOW + timedelta(seconds=2))
    assert [alert.fingerprint for alert in second.alerts] == [FIRES.fingerprint]
    assert second.notices == ("The disk is full.",)
    assert second.counts is not None
    assert second.counts.alerts == {"firing": 1}
    assert second.sites is first.sites
    assert second.edition is first.edition
    assert assessor.assess_once(replace(fires), NOBODY, NOW) is second


def test_what_the_person_decides_is_assessed() -> None:
    assessor = Assessor(SETTINGS)
    seen = replace(snapshot(*RECORDS), alerts={FIRES.fingerprint: FIRES})
    assessor.assess_once(seen, NOBODY, NOW)
    known = Acknowledgement(fingerprint=FIRES.fingerprint, by="moi", at=NOW)
    decided = UserState(acknowledgements={FIRES.fingerprint: known})
    (alert,) = assessor.assess_once(seen, decided, NOW).alerts
    assert alert.status == "acknowledged"


def test_other_rows_are_assessed() -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)
    first = assessor.assess_once(seen, NOBODY, NOW)
    second = assessor.assess_once(with_subject(seen, "Écran"), NOBODY, NOW)
    assert second is not first
    assert {fact.ticket.subject for fact in second.tickets if fact.ticket.key == "1"} == {"Écran"}
    assert second.sites_by_key["members/17300"] is first.sites_by_key["members/17300"]


def test_an_answer_without_news_changes_ages_and_no_fact() -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)
    first = assessor.assess(seen, NOBODY, NOW)
    later = NOW + timedelta(minutes=1)
    answered = answered_later(seen, "redmine", timedelta(minutes=1))
    second = assessor.assess(answered, NOBODY, later)
    assert second.edition is first.edition
    assert list(map(id, second.tickets)) == list(map(id, first.tickets))
    (of_desk,) = {fact.rests_on for fact in second.tickets}
    (of_plan,) = {fact.rests_on for fact in second.backups}
    assert second.freshness.age(of_desk, later) == 10
    assert second.freshness.age(of_plan, later) == 70
    # Whoever still shows the situation from before sees what it said.
    assert first.freshness.age(of_desk, NOW) == 10


def test_facts_that_rest_on_the_same_sources_name_them_by_one_object() -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS, *(ticket(str(n)) for n in range(9)))
    first = assessor.assess(seen, NOBODY, NOW)
    second = assessor.assess(with_subject(seen, "Écran"), NOBODY, NOW)
    assert len({id(fact.rests_on) for fact in (*first.tickets, *second.tickets)}) == 1


@pytest.mark.parametrize("behind", range(1, REMEMBERED + 2))
def test_a_situation_tells_what_changed_in_the_last_steps(behind: int) -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)
    past = [
        assessor.assess(with_subject(seen, str(number)), NOBODY, NOW)
        for number in range(REMEMBERED + 4)
    ]
    changes = changes_since(past[-1 - behind].edition, past[-1])
    assert len(past[-1].steps) == REMEMBERED
    if behind > REMEMBERED:
        assert changes is None
        return
    assert changes is not None
    assert list(changes.tickets) == ["redmine/1"]
    was, now = changes.tickets["redmine/1"]
    assert was in past[-1 - behind].tickets
    assert now in past[-1].tickets
    assert list(changes.sites) == ["members/17415"]


def test_rules_follow_whichever_steps_they_miss() -> None:
    assessor, rules, seen = Assessor(SETTINGS), AlertRules(SETTINGS), snapshot(*RECORDS)
    for number in range(12):
        situation = assessor.assess(with_subject(seen, str(number)), NOBODY, NOW)
        if number % 5 == 0:
            assert list(rules.evaluate(situation, {}, NOW)) == ["down/members/17300"]


def test_what_was_assessed_long_ago_is_forgotten() -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)

    def known() -> int:
        gc.collect()
        return sum(type(one) is Situation for one in gc.get_objects())

    for number in range(3):
        assessor.assess(with_subject(seen, str(number)), NOBODY, NOW)
    before = known()
    for number in range(20):
        assessor.assess(with_subject(seen, f"anew {number}"), NOBODY, NOW)
    assert known() <= before


def test_after_a_failure_all_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    assessor, seen = Assessor(SETTINGS), snapshot(*RECORDS)
    assessor.assess(seen, NOBODY, NOW)

    def fail(*_arguments: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("smic_tui.insight.trouble_lines.TroubleLines.follow", fail)
        with pytest.raises(RuntimeError):
            assessor.assess(with_subject(seen, "Écran"), NOBODY, NOW)
    found = assessor.assess(with_subject(seen, "Clavier"), NOBODY, NOW)
    assert found.steps == ()
    wanted = Assessor(SETTINGS).assess(with_subject(seen, "Clavier"), NOBODY, NOW)
    assert replace(found, edition=None) == replace(wanted, edition=None)
