from __future__ import annotations

from datetime import timedelta

import pytest

from smic_tui.i18n import use
from smic_tui.insight.supplier_groups import supplier_groups
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.states import Level
from smic_tui.model.trouble import Line, Part, SiteTrouble
from smic_tui.records import Actor, HealthState, Record, RunResult, TicketStatus
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


def in_words(line: SiteTrouble) -> tuple[str, list[str]]:
    return line.title, [item.words for item in line.items]


def test_one_line_per_site_with_all_its_troubles_worst_first() -> None:
    found = situation(
        site("1", "Ars"),
        site("2", "Marans"),
        site("3", "Royan"),
        health("1", HealthState.UP),
        health("1", HealthState.WARNING, host="host-1", service="disque", since=ago(days=2)),
        health("2", HealthState.UP),
        health("3", HealthState.DOWN, since=ago(hours=2)),
        job("a", "1", period=3600, application="paie"),
        job("b", "1", period=3600, application="paie"),
        job("c", "3", period=3600, application="paie", grace=3600),
        run(ago(hours=9), job="a"),
        run(ago(hours=8), job="b"),
        run(ago(hours=1, minutes=30), job="c"),
        ticket("1", site="3", due=ago(days=1), subject="Plus de courriel"),
        ticket("2", site="3", priority=2),
        ticket("3", site="3", priority=2),
        ticket("4", site="3"),
        ticket("5", site="2", status=TicketStatus.RESOLVED, priority=1),
        request("6", site="1", software="Cimetières"),
        request("7", site="2", waiting_on=Actor.MEMBER),
    )
    lines = troubles(found)
    assert [in_words(line) for line in lines] == [
        (
            "Royan",
            ["down", "ticket overdue: Plus de courriel", "backup of paie late", "2 tickets"],
        ),
        ("Ars", ["2 backups overdue", "disque: warning", "request to decide: Cimetières"]),
    ]
    assert [line.level for line in lines] == [Level.CRITICAL, Level.WARNING]
    assert [line.since for line in lines] == [ago(hours=2), ago(hours=8)]
    assert lines[0].items[0].since == ago(hours=2)
    assert lines[1].items[0].keys == ("plan/a", "plan/b")
    assert [line.site for line in lines] == ["members/3", "members/1"]


def test_several_hosts_or_services_are_counted() -> None:
    found = situation(
        site("1", "Ars"),
        site("2", "Marans"),
        health("1", HealthState.DOWN, host="a"),
        health("1", HealthState.DOWN, host="b"),
        health("1", HealthState.CRITICAL, host="c", service="disque"),
        health("2", HealthState.CRITICAL, host="d", service="disque"),
        health("2", HealthState.WARNING, host="d", service="charge"),
    )
    assert [line.items[0].words for line in troubles(found)] == [
        "2 hosts in trouble",
        "2 services in trouble",
    ]


def test_planned_and_acknowledged_trouble_says_so() -> None:
    found = situation(
        site("1", "Ars"),
        site("2", "Marans"),
        health("1", HealthState.DOWN, downtime=True),
        health("2", HealthState.DOWN, acknowledged=True),
    )
    ars, marans = troubles(found)
    assert (ars.level, ars.items[0].words, ars.downtime) == (Level.NOTICE, "down (planned)", True)
    assert (marans.items[0].words, marans.acknowledged) == ("down (acknowledged)", True)


def test_what_belongs_to_no_site_has_a_line_under_the_name_its_source_uses() -> None:
    found = situation(
        site("1", "Ars"),
        health("", HealthState.DOWN, host="srv-inconnu"),
        health("", HealthState.UP, host="srv-autre"),
        ticket("1", site="Atlantide", priority=1),
        ticket("2", site="ATLANTIDE", due=ago(days=1)),
        ticket("3", priority=1),
        job("a", "Atlantide"),
    )
    lines = {line.title: line for line in troubles(found) if line.line is Line.UNMATCHED}
    assert set(lines) == {"srv-inconnu", "Atlantide", "no site"}
    assert lines["srv-inconnu"].level is Level.CRITICAL
    assert [item.kind for item in lines["Atlantide"].items] == [
        Part.BACKUP,
        Part.TICKET,
        Part.TICKET,
    ]
    assert all(line.site == "" for line in lines.values())


def test_sources_in_trouble_have_a_line_and_unknown_sites_have_none() -> None:
    found = situation(
        site("1", "Ars"),
        health("1", HealthState.UP),
        ticket("1", site="Atlantide"),
        stale=["icinga"],
    )
    lines = troubles(found)
    assert [(line.line, *in_words(line)) for line in lines] == [
        (Line.SOURCE, "icinga", ["stale", "no answer"]),
        (Line.SOURCE, "redmine", ["1 record matches no site"]),
    ]
    assert lines[0].since == ago(hours=2)
    assert lines[0].stale


def down(count: int, supplier: str = "Océan", first: int = 0, **rest: object) -> list[Record]:
    """Sites of a supplier, down a minute after one another."""
    records: list[Record] = []
    for n in range(first, first + count):
        records.append(site(f"{n}", f"Commune {n:03}", supplier=supplier))
        rest_of = {"since": ago(hours=2) + timedelta(minutes=n % 10), **rest}
        records.append(health(f"{n}", HealthState.DOWN, **rest_of))
    return records


def test_many_sites_behind_one_supplier_are_one_line() -> None:
    found = situation(
        *down(40),
        *down(3, "Autre", 100),
        ticket("1", site="7", due=ago(days=1), subject="En panne"),
    )
    lines = troubles(found)
    group = lines[0]
    assert (group.line, group.title) == (Line.GROUP, "Océan")
    assert [item.words for item in group.items] == ["40 sites down"]
    assert len(group.members) == 40
    assert group.since == ago(hours=2)
    assert [line.title for line in lines if line.line is Line.SITE] == [
        "Commune 100",
        "Commune 101",
        "Commune 102",
        "Commune 007",
    ]
    assert in_words(lines[-1]) == ("Commune 007", ["ticket overdue: En panne"])
    assert {fact.key for fact in found.sites} == {
        *group.members,
        "members/100",
        "members/101",
        "members/102",
    }


@pytest.mark.parametrize(
    ("records", "sizes"),
    [
        (down(4), []),
        (down(5), [5]),
        (down(5, ""), []),
        ([*down(3), *down(3, "OCEAN", 10)], [6]),
        ([*down(5), *down(6, "Autre", 10)], [6, 5]),
        # not at the same time
        ([*down(4), *down(4, first=10, since=ago(minutes=5))], []),
        ([*down(5), *down(4, first=10, since=ago(minutes=5))], [5]),
        ([*down(4), *down(5, first=10, since=ago(minutes=5))], [5]),
        # acknowledged, planned, or no idea since when
        ([*down(4), *down(1, first=10, acknowledged=True)], []),
        ([*down(4), *down(1, first=10, downtime=True)], []),
        ([*down(4), *down(1, first=10, since=None)], []),
        # exactly a quarter of an hour apart
        ([*down(1, since=ago(minutes=15)), *down(4, first=10, since=NOW)], [5]),
        ([*down(1, since=ago(minutes=15, seconds=1)), *down(4, first=10, since=NOW)], []),
    ],
)
def test_what_makes_a_group(records: list[Record], sizes: list[int]) -> None:
    groups = supplier_groups(situation(*records).sites)
    assert [len(group.sites) for group in groups] == sizes


def test_a_known_group_lasts_until_one_site_is_left() -> None:
    for count, lasts in ((4, True), (2, True), (1, False)):
        assert bool(supplier_groups(situation(*down(count)).sites, {"ocean"})) is lasts
    assert not supplier_groups(situation(*down(4)).sites, {"autre"})


def test_a_stale_source_makes_no_group() -> None:
    assert supplier_groups(situation(*down(9), stale=["icinga"]).sites) == ()


def test_lines_have_unique_keys_that_do_not_depend_on_the_moment() -> None:
    records = (*down(9), job("x", "nowhere"), ticket("1", priority=1), ticket("2", site="z"))
    before = troubles(situation(*records, stale=["redmine"]))
    after = troubles(situation(*records, stale=["redmine"], now=NOW + timedelta(seconds=30)))
    assert len({line.key for line in before}) == len(before)
    assert [line.key for line in before] == [line.key for line in after]


def test_a_backup_fails_since_the_first_failure_after_its_last_success() -> None:
    found = situation(
        site("1", "Ars"),
        health("1", HealthState.UP),
        job("a", "1", period=86400, application="paie"),
        run(ago(hours=50), RunResult.FAILED, job="a"),
        run(ago(hours=40), job="a"),
        run(ago(hours=35), RunResult.RUNNING, job="a"),
        run(ago(hours=30), RunResult.FAILED, job="a"),
        run(ago(hours=2), RunResult.FAILED, job="a"),
    )
    (line,) = troubles(found)
    assert line.since == ago(hours=30)
    assert in_words(line) == ("Ars", ["backup of paie failed"])
