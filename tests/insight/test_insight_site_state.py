from __future__ import annotations

from datetime import datetime

import pytest

from smic_tui.insight.site_state import health_of_site
from smic_tui.model.states import Level, SiteState
from smic_tui.records import Health, HealthState
from tests.insight.insight_examples import ago, health

S = HealthState


def host(state: HealthState, name: str = "h", **rest: object) -> Health:
    return health("17300", state, host=name, **rest)


def service(state: HealthState, name: str = "disque", **rest: object) -> Health:
    rest.setdefault("host", "h")
    return health("17300", state, service=name, **rest)


@pytest.mark.parametrize(
    ("records", "state", "level"),
    [
        ([], "unknown", "UNKNOWN"),
        ([host(S.UP)], "up", "FINE"),
        ([host(S.OK)], "up", "FINE"),
        ([host(S.DOWN)], "down", "CRITICAL"),
        ([host(S.UNREACHABLE)], "down", "CRITICAL"),
        ([host(S.PENDING)], "unknown", "UNKNOWN"),
        ([host(S.UNKNOWN)], "unknown", "UNKNOWN"),
        ([host(S.WARNING)], "degraded", "WARNING"),
        ([host(S.UP), host(S.DOWN, "b")], "down", "CRITICAL"),
        ([host(S.UP), service(S.CRITICAL)], "degraded", "WARNING"),
        ([host(S.UP), service(S.WARNING)], "degraded", "NOTICE"),
        ([host(S.UP), service(S.UNKNOWN)], "up", "UNKNOWN"),
        ([host(S.UP), service(S.PENDING)], "up", "FINE"),
        ([service(S.OK)], "up", "FINE"),
        ([host(S.DOWN), service(S.CRITICAL)], "down", "CRITICAL"),
        ([host(S.PENDING), service(S.CRITICAL)], "degraded", "WARNING"),
        ([host(S.DOWN, acknowledged=True)], "down", "NOTICE"),
        ([host(S.DOWN, downtime=True)], "down", "NOTICE"),
        ([host(S.DOWN, downtime=True), service(S.CRITICAL)], "down", "NOTICE"),
        ([host(S.DOWN, downtime=True), host(S.DOWN, "b")], "down", "CRITICAL"),
        ([host(S.UP), service(S.CRITICAL, acknowledged=True)], "degraded", "NOTICE"),
    ],
)
def test_state_and_level(records: list[Health], state: str, level: str) -> None:
    found = health_of_site(records, frozenset())
    assert (found.state, found.level) == (SiteState(state), Level[level])
    assert sorted(found.records, key=id) == sorted(records, key=id)


def test_a_stale_source_says_unknown_whatever_it_said() -> None:
    for state in HealthState:
        found = health_of_site([host(state)], frozenset({"icinga"}))
        assert (found.state, found.level) == (SiteState.UNKNOWN, Level.UNKNOWN)


def test_what_a_fresh_source_says_counts_beside_a_stale_one() -> None:
    stale = host(S.UP, "a", source="old")
    assert health_of_site([stale, host(S.DOWN)], {"old"}).state is SiteState.DOWN
    assert health_of_site([stale, host(S.UP)], {"old"}).state is SiteState.UNKNOWN


@pytest.mark.parametrize(
    ("records", "acknowledged", "downtime"),
    [
        ([host(S.UP)], False, False),
        ([host(S.UP, downtime=True)], False, True),
        ([host(S.UP, downtime=True), service(S.OK)], False, True),
        ([host(S.DOWN)], False, False),
        ([host(S.DOWN, acknowledged=True)], True, False),
        ([host(S.DOWN, acknowledged=True), host(S.DOWN, "b")], False, False),
        ([host(S.DOWN, acknowledged=True), host(S.UP, "b")], True, False),
        ([host(S.DOWN, downtime=True), service(S.CRITICAL)], False, True),
        ([host(S.DOWN, downtime=True), host(S.DOWN, "b")], False, False),
    ],
)
def test_all_trouble_acknowledged_or_in_downtime(
    records: list[Health], acknowledged: bool, downtime: bool
) -> None:
    found = health_of_site(records, frozenset())
    assert (found.acknowledged, found.downtime) == (acknowledged, downtime)


def test_the_worst_comes_first_and_says_since_when() -> None:
    def since(hours: int) -> datetime:
        return ago(hours=hours)

    records = [
        service(S.WARNING, since=since(90)),
        host(S.UP, since=since(99)),
        host(S.DOWN, "c", since=since(3)),
        host(S.DOWN, "b", since=since(5)),
        host(S.DOWN, "a", since=since(80), acknowledged=True),
    ]
    found = health_of_site(records, frozenset())
    assert [(one.host, one.service) for one in found.records] == [
        ("b", ""),
        ("c", ""),
        ("a", ""),
        ("h", "disque"),
        ("h", ""),
    ]
    assert found.since == since(5)
    assert health_of_site([host(S.UP, since=since(4))], frozenset()).since == since(4)
    assert health_of_site([host(S.DOWN, since=None)], frozenset()).since is None


@pytest.mark.parametrize(
    ("records", "state", "level", "last"),
    [
        ([host(S.UP, outdated=True)], "unknown", "UNKNOWN", "up"),
        ([host(S.DOWN, outdated=True)], "unknown", "UNKNOWN", "down"),
        ([host(S.DOWN, outdated=True, acknowledged=True)], "unknown", "UNKNOWN", "down"),
        ([host(S.UP), host(S.UP, "b", outdated=True)], "unknown", "UNKNOWN", "up"),
        ([host(S.DOWN), host(S.UP, "b", outdated=True)], "down", "CRITICAL", "down"),
        ([host(S.UP), service(S.CRITICAL, outdated=True)], "up", "UNKNOWN", "degraded"),
        ([host(S.UP, outdated=True), service(S.OK)], "unknown", "UNKNOWN", "up"),
        ([service(S.OK, outdated=True)], "unknown", "UNKNOWN", "up"),
        (
            [service(S.CRITICAL, outdated=True), service(S.OK, "b")],
            "unknown",
            "UNKNOWN",
            "degraded",
        ),
        ([host(S.UP)], "up", "FINE", "up"),
    ],
)
def test_an_outdated_check_is_unknown_and_keeps_its_last_state(
    records: list[Health], state: str, level: str, last: str
) -> None:
    found = health_of_site(records, frozenset())
    assert (found.state, found.level) == (SiteState(state), Level[level])
    assert found.last_state == SiteState(last)
    assert set(found.past) == {one for one in records if one.outdated}


def test_the_last_state_behind_a_stale_source_is_kept() -> None:
    records = [host(S.DOWN), service(S.OK)]
    found = health_of_site(records, frozenset({"icinga"}))
    assert (found.state, found.last_state) == (SiteState.UNKNOWN, SiteState.DOWN)
    assert set(found.past) == set(records)
