from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from smic_tui.config.schema import Display, Matching, Person, Settings
from smic_tui.contract.actions import Verb
from smic_tui.contract.status import SourceState
from smic_tui.i18n import use
from smic_tui.insight.assess import assess
from smic_tui.model.facts import (
    BackupFact,
    RequestFact,
    SiteFact,
    Situation,
    TicketFact,
    UnmatchedRef,
)
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.states import BackupState, Level, SiteState
from smic_tui.model.user_state import UserState
from smic_tui.records import Actor, HealthState, RunResult, Stage, Stream, TicketStatus
from smic_tui.views.targets import targets
from tests.insight.insight_examples import (
    NOW,
    ago,
    health,
    job,
    request,
    run,
    site,
    situation,
    snapshot,
    ticket,
)


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


ROCHELLE = site("17300", "La Rochelle", kind="mairie")
SAINTES = site("17415", "Saintes", kind="mairie")


def test_nothing_is_a_situation_too() -> None:
    found = situation()
    assert found == Situation(now=NOW)


def test_everything_of_a_site_comes_together_whatever_the_sources_call_it() -> None:
    found = situation(
        ROCHELLE,
        health("Rochelle (La)", HealthState.UP),
        job("a", "17300", period=86400),
        run(ago(hours=1), job="a"),
        ticket("1", site="LA ROCHELLE"),
        request("2", member="Mairie de La Rochelle"),
    )
    (fact,) = found.sites
    assert found.sites_by_key == {"members/17300": fact}
    assert fact.state is SiteState.UP
    assert fact.health
    assert [one.site_ref for one in found.backups] == ["17300"]
    assert fact.backups == found.backups
    assert fact.tickets == found.tickets
    assert fact.requests == found.requests
    facts: list[BackupFact | TicketFact | RequestFact]
    facts = [*found.backups, *found.tickets, *found.requests]
    for one in facts:
        assert (one.site, one.site_name, one.site_code) == (
            "members/17300",
            "La Rochelle",
            "17300",
        )
    assert [source.unmatched for source in found.sources] == [()] * 5


def test_facts_of_no_site_stay_and_are_counted_with_what_is_nearest() -> None:
    found = situation(
        ROCHELLE,
        ticket("1", site="La Rochele"),
        ticket("2", site="La Rochele"),
        ticket("3", site=""),
        job("a", "Atlantide"),
        health("", HealthState.DOWN, host="srv-rochelle"),
    )
    assert len(found.tickets) == 3
    assert {fact.site for fact in found.tickets} == {fact.site for fact in found.backups} == {""}
    assert [health.host for health in found.unmatched_health] == ["srv-rochelle"]
    by_source = {source.key: source for source in found.sources}
    assert by_source["redmine"].unmatched == (
        UnmatchedRef(
            source="redmine",
            stream=Stream.TICKETS,
            site_ref="La Rochele",
            count=2,
            nearest="La Rochelle",
            nearest_code="17300",
        ),
    )
    assert [one.site_ref for one in by_source["icinga"].unmatched] == ["srv-rochelle"]
    assert [one.site_ref for one in by_source["plan"].unmatched] == ["Atlantide"]
    assert by_source["redmine"].level is Level.NOTICE
    assert by_source["members"].level is Level.FINE


def test_health_without_a_site_is_placed_by_its_host() -> None:
    found = situation(ROCHELLE, health("", HealthState.DOWN, host="17300"))
    assert found.sites[0].state is SiteState.DOWN
    assert found.unmatched_health == ()


@pytest.mark.parametrize(
    ("runs", "belongs_to"),
    [
        # the key in the run's own source, then in another
        ([run(ago(hours=1), source="b", job="k")], "b/k"),
        ([run(ago(hours=1), source="a", job="k")], "a/k"),
        ([run(ago(hours=1), source="c", job="k")], "a/k"),
        ([run(ago(hours=1), source="c", job="only-b")], "b/only-b"),
        # site and application, of the own source first
        ([run(ago(hours=1), source="c", job="", site="Saintes", application="PAIE")], "a/p"),
        ([run(ago(hours=1), source="b", job="", site="17415", application="paie")], "b/p"),
        ([run(ago(hours=1), source="c", job="lost", site="17415", application="Paie")], "a/p"),
        # unmatched sites, written the same
        ([run(ago(hours=1), source="c", job="", site="ATLANTIDE", application="x")], "b/x"),
        ([run(ago(hours=1), source="c", job="", site="Ailleurs", application="x")], None),
        # none
        ([run(ago(hours=1), source="c", job="lost")], None),
        ([run(ago(hours=1), source="c", job="", site="17415")], None),
        ([run(ago(hours=1), source="c", job="", site="17415", application="autre")], None),
    ],
)
def test_runs_find_their_job(runs: list[object], belongs_to: str | None) -> None:
    found = situation(
        SAINTES,
        job("k", "17300", source="a"),
        job("p", "17415", source="a", application="Paie"),
        job("k", "17300", source="b", application="z"),
        job("p", "17415", source="b", application="paie"),
        job("only-b", "17300", source="b", application="y"),
        job("x", "Atlantide", source="b", application="X"),
        *runs,  # type: ignore[arg-type]
    )
    assert [fact.key for fact in found.backups if fact.runs] == ([belongs_to] if belongs_to else [])
    lost = [
        one
        for source in found.sources
        for one in source.unmatched
        if one.stream is Stream.BACKUP_RUNS
    ]
    assert len(lost) == (0 if belongs_to else 1)


def test_runs_are_listed_newest_first() -> None:
    started = [ago(hours=hours) for hours in (30, 2, 50, 9)]
    found = situation(job(), *(run(moment) for moment in started))
    assert [one.started for one in found.backups[0].runs] == sorted(started, reverse=True)


@pytest.mark.parametrize(
    ("stale", "state"),
    [
        ([], BackupState.FRESH),
        (["plan"], BackupState.UNKNOWN),
        (["journal"], BackupState.UNKNOWN),
        (["other"], BackupState.FRESH),
    ],
)
def test_a_backup_is_unknown_when_a_source_that_matters_is_stale(
    stale: list[str], state: BackupState
) -> None:
    found = situation(
        job(period=86400),
        run(ago(hours=1), source="journal"),
        job("j2", source="other"),
        run(ago(hours=1), source="other", job="j2"),
        stale=stale,
    )
    fact = next(one for one in found.backups if one.key == "plan/job")
    assert fact.state is state
    assert fact.stale is (state is BackupState.UNKNOWN)
    age = found.freshness.age(fact.rests_on, found.now)
    assert age == (7210.0 if stale in (["plan"], ["journal"]) else 10.0)


def test_never_ran_is_only_said_when_all_who_could_tell_are_fresh() -> None:
    records = (
        job(source="plan", period=86400),
        job("j2", source="plan"),
        run(ago(hours=1), source="restic", job="j2"),
    )
    state = {fact.key: fact.state for fact in situation(*records).backups}
    assert state["plan/job"] is BackupState.NEVER
    state = {fact.key: fact.state for fact in situation(*records, stale=["restic"]).backups}
    assert state["plan/job"] is BackupState.UNKNOWN


def test_who_was_never_asked_might_tell_of_runs() -> None:
    known = snapshot(job(source="plan", period=86400), empty=["journal"])
    journal, plan = known.sources
    for state, streams, expected in (
        (SourceState.NEVER, (), BackupState.UNKNOWN),
        (SourceState.UNAVAILABLE, (Stream.BACKUP_RUNS,), BackupState.UNKNOWN),
        (SourceState.UNAVAILABLE, (Stream.TICKETS,), BackupState.NEVER),
    ):
        status = replace(journal.status, state=state, streams=streams, last_good=None)
        seen = replace(known, sources=(plan, replace(journal, status=status)))
        (fact,) = assess(seen, UserState(), Settings(), NOW).backups
        assert fact.state is expected


def test_no_row_of_a_stale_source_is_fine() -> None:
    records = (
        ROCHELLE,
        health("17300", HealthState.UP),
        job("a", "17300", period=86400),
        run(ago(hours=1), job="a"),
        ticket("1", site="17300", status=TicketStatus.CLOSED),
        request("2", site="17300", stage=Stage.DONE),
    )
    for name in ("members", "icinga", "plan", "redmine", "catalogue"):
        found = situation(*records, stale=[name])
        facts: list[SiteFact | BackupFact | TicketFact | RequestFact]
        facts = [*found.sites, *found.backups, *found.tickets, *found.requests]
        rows = [fact for fact in facts if fact.source == name]
        rows += found.sites if name == "icinga" else ()
        assert rows or name == "icinga"
        assert all(fact.stale and fact.level > Level.FINE for fact in rows), name
        stale = [source.key for source in found.sources if source.stale]
        assert stale == [name]
        assert found.sources[0].key == name  # the worst first
        assert found.sources[0].level is Level.WARNING
    assert situation(*records, stale=["icinga"]).sites[0].state is SiteState.UNKNOWN
    assert situation(*records, stale=["members"]).sites[0].state is SiteState.UP
    assert situation(*records).sites[0].trouble is Level.FINE


def test_a_source_that_was_never_read_is_unknown_until_it_was_tried() -> None:
    fresh = snapshot(empty=["members"])

    def level(**changes: object) -> Level:
        status = replace(
            fresh.sources[0].status, state=SourceState.NEVER, last_good=None, last_try=None
        )
        status = replace(status, **changes)
        one = Snapshot(taken=NOW, sources=(replace(fresh.sources[0], status=status),))
        (source,) = assess(one, UserState(), Settings(), NOW).sources
        assert source.age is None
        assert source.stale
        return source.level

    assert level() is Level.UNKNOWN
    assert level(last_try=NOW, state=SourceState.AUTH_FAILED) is Level.WARNING


def test_tickets() -> None:
    mine = Settings(me=Person(names=("Anne LE GOFF", "alegoff")))
    found = situation(
        ticket("closed", due=ago(days=1), status=TicketStatus.CLOSED, priority=1),
        ticket("later", due=NOW + timedelta(hours=1)),
        ticket("due now", due=NOW),
        ticket("overdue", due=ago(seconds=1)),
        ticket("overdue earlier", due=ago(days=3)),
        ticket("urgent", priority=1),
        ticket("burning", priority=1, due=ago(hours=1)),
        ticket("high", priority=2),
        ticket("mine", owner="anne le goff"),
        ticket("mine, not my turn", owner="ALEGOFF", waiting_on=Actor.SUPPLIER),
        ticket("other", owner="Anne"),
        settings=mine,
    )
    levels = {fact.ticket.key: (fact.level.name, fact.overdue, fact.mine) for fact in found.tickets}
    assert levels == {
        "burning": ("CRITICAL", True, False),
        "overdue earlier": ("WARNING", True, False),
        "overdue": ("WARNING", True, False),
        "urgent": ("WARNING", False, False),
        "high": ("NOTICE", False, False),
        "mine": ("NOTICE", False, True),
        "due now": ("FINE", False, False),
        "later": ("FINE", False, False),
        "mine, not my turn": ("FINE", False, True),
        "other": ("FINE", False, False),
        "closed": ("FINE", False, False),
    }
    assert list(levels)[:5] == ["burning", "overdue earlier", "overdue", "urgent", "high"]
    assert list(levels)[-1] == "closed"


def test_nobody_owns_what_has_no_owner() -> None:
    found = situation(ticket("1", owner=""), settings=Settings(me=Person(names=("",))))
    assert not found.tickets[0].mine


def test_requests() -> None:
    found = situation(
        request("member", waiting_on=Actor.MEMBER),
        request("us"),
        request("done", stage=Stage.DONE, due=ago(days=1)),
        request("overdue", waiting_on=Actor.MEMBER, due=ago(days=1)),
    )
    assert [(fact.request.key, fact.level.name) for fact in found.requests] == [
        ("overdue", "WARNING"),
        ("us", "NOTICE"),
        ("member", "FINE"),
        ("done", "FINE"),
    ]


def test_sites_worst_first_with_the_worst_of_their_parts() -> None:
    found = situation(
        *(site(code, name) for code, name in (("1", "D"), ("2", "c"), ("3", "B"), ("4", "é"))),
        site("5", "E2"),
        health("1", HealthState.UP),
        health("2", HealthState.DOWN, since=ago(hours=1)),
        health("3", HealthState.DOWN, since=ago(hours=9)),
        health("4", HealthState.UP),
        health("5", HealthState.UP),
        job("a", "4", period=3600),
        run(ago(hours=30), RunResult.FAILED, job="a"),
        run(ago(hours=5), RunResult.FAILED, job="a"),
    )
    assert [(fact.site.name, fact.trouble.name) for fact in found.sites] == [
        ("B", "CRITICAL"),
        ("c", "CRITICAL"),
        ("é", "WARNING"),
        ("D", "FINE"),
        ("E2", "FINE"),
    ]
    assert found.sites[2].level is Level.FINE
    assert found.sites[2].trouble_since == ago(hours=30)  # failing since
    assert found.sites[2].since == ago(hours=1)  # up since


def test_a_broken_alias_is_told_once_there_is_a_register() -> None:
    settings = Settings(matching=Matching(aliases={"Atlantide": "99999"}))
    assert situation(settings=settings).notices == ()
    (notice,) = situation(ROCHELLE, settings=settings).notices
    assert "Atlantide" in notice
    assert "99999" in notice


def test_keys_are_unique_and_name_the_source() -> None:
    found = situation(
        ticket("1"), ticket("1", source="glpi"), job("1", source="a"), job("1", source="b")
    )
    assert sorted(fact.key for fact in found.tickets) == ["glpi/1", "redmine/1"]
    assert sorted(fact.key for fact in found.backups) == ["a/1", "b/1"]


def test_days_are_those_of_the_configured_zone() -> None:
    # 21:30 UTC on Friday is already Saturday, a closed day, in Reunion (UTC+4).
    records = (job(period=86400, closed=(5,)), run(ago(days=4, hours=11)))
    friday = NOW - timedelta(days=3, hours=11)
    there = Settings(display=Display(timezone="Indian/Reunion"))
    here = situation(*records, now=friday)
    assert here.backups[0].due == friday
    assert situation(*records, now=friday, settings=there).backups[0].due == friday + timedelta(
        days=1
    )


def test_a_host_that_serves_several_sites_stands_at_each_of_them() -> None:
    shared = health(
        "17300", HealthState.DOWN, host="rtr", more_sites=("Saintes", "17300", "nulle part")
    )
    found = situation(ROCHELLE, SAINTES, shared)
    for fact in found.sites:
        assert (fact.state, fact.health) == (SiteState.DOWN, (shared,))
    assert not found.unmatched_health
    (monitoring,) = (one for one in found.sources if one.key == "icinga")
    assert [(one.site_ref, one.count) for one in monitoring.unmatched] == [("nulle part", 1)]
    # It is one record: what is done to it from either site is done to it once.
    refs = {
        (stream, record.source, record.key)
        for fact in found.sites
        for stream, record in targets(fact, Verb.ACKNOWLEDGE, found)
    }
    assert refs == {(Stream.HEALTH, "icinga", shared.key)}


def test_a_host_whose_sites_are_in_no_register() -> None:
    lost = health("ici", HealthState.DOWN, host="rtr", more_sites=("là",))
    found = situation(ROCHELLE, lost)
    assert found.unmatched_health == (lost,)
    (monitoring,) = (one for one in found.sources if one.key == "icinga")
    assert {one.site_ref for one in monitoring.unmatched} == {"ici", "là"}


def test_the_last_state_of_a_site_is_kept() -> None:
    old = health("17300", HealthState.UP, checked=ago(hours=6), outdated=True)
    (fact,) = situation(ROCHELLE, old).sites
    assert (fact.state, fact.last_state, fact.past) == (SiteState.UNKNOWN, SiteState.UP, (old,))
    assert (fact.outdated, fact.checked) == (True, ago(hours=6))
    (fact,) = situation(ROCHELLE, health("17300", HealthState.DOWN), stale=["icinga"]).sites
    assert (fact.state, fact.last_state, fact.outdated) == (
        SiteState.UNKNOWN,
        SiteState.DOWN,
        False,
    )
    (fact,) = situation(ROCHELLE).sites
    assert (fact.last_state, fact.past) == (SiteState.UNKNOWN, ())
