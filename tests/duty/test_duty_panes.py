from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.config.schema import Calendar, Display, Pane, Settings
from smic_tui.duty.panes import content, last_due, missed, next_due
from smic_tui.model.alert_store import AlertEntry
from smic_tui.model.facts import TicketFact
from smic_tui.model.user_state import PaneSeen, UserState
from smic_tui.records import HealthState, Record, TicketStatus
from tests.insight.insight_examples import (
    NOW,
    PARIS,
    ago,
    health,
    job,
    paris,
    run,
    site,
    situation,
    ticket,
)

SETTINGS = Settings()


def pane(*at: str, **rest: Any) -> Pane:
    return Pane(name=rest.pop("name", "morning"), on=rest.pop("on", "tickets"), at=at, **rest)


def due_between(one: Pane, start: str, end: str, settings: Settings = SETTINGS) -> list[str]:
    """The openings after `start` up to `end`, as local times of Paris with their offset."""
    found = []
    moment = next_due(one, paris(start), settings)
    while moment and moment <= paris(end):
        found.append(moment.astimezone(PARIS).strftime("%m-%d %H:%M %z")[:-2])
        moment = next_due(one, moment, settings)
    return found


@pytest.mark.parametrize(
    ("one", "start", "end", "expected"),
    [
        # each day, several times, both ends of the question
        (
            pane("18:00", "07:30"),
            "2026-11-23 07:30",
            "2026-11-24 07:30",
            ["11-23 18:00 +01", "11-24 07:30 +01"],
        ),
        # working days: Friday 13 to Monday; 11 November is a holiday
        (
            pane("07:30", days="working days"),
            "2026-11-10 00:00",
            "2026-11-16 12:00",
            ["11-10 07:30 +01", "11-12 07:30 +01", "11-13 07:30 +01", "11-16 07:30 +01"],
        ),
        (
            pane("09:00", days="non-working days"),
            "2026-11-10 00:00",
            "2026-11-16 12:00",
            ["11-11 09:00 +01", "11-14 09:00 +01", "11-15 09:00 +01"],
        ),
        (
            pane("07:30", days=("monday", "thursday")),
            "2026-11-23 00:00",
            "2026-11-30 12:00",
            ["11-23 07:30 +01", "11-26 07:30 +01", "11-30 07:30 +01"],
        ),
        # spring: 02:30 is skipped
        (
            pane("02:30"),
            "2026-03-27 12:00",
            "2026-03-30 12:00",
            ["03-28 02:30 +01", "03-29 03:00 +02", "03-30 02:30 +02"],
        ),
        (pane("02:00", "02:30", "03:00"), "2026-03-29 00:00", "2026-03-29 12:00",
         ["03-29 03:00 +02"]),
        (pane("07:30"), "2026-03-28 12:00", "2026-03-29 12:00", ["03-29 07:30 +02"]),
        # autumn: 02:30 comes twice
        (
            pane("02:30"),
            "2026-10-24 12:00",
            "2026-10-26 12:00",
            ["10-25 02:30 +02", "10-26 02:30 +01"],
        ),
        (pane("03:00"), "2026-10-24 12:00", "2026-10-25 12:00", ["10-25 03:00 +01"]),
        # every so often
        (
            pane(every="6h"),
            "2026-11-23 00:00",
            "2026-11-24 00:00",
            ["11-23 06:00 +01", "11-23 12:00 +01", "11-23 18:00 +01", "11-24 00:00 +01"],
        ),
        (
            pane(every="30m"),
            "2026-10-25 01:30",
            "2026-10-25 03:00",
            ["10-25 02:00 +02", "10-25 02:30 +02", "10-25 02:00 +01", "10-25 02:30 +01",
             "10-25 03:00 +01"],
        ),
        (
            pane(every="30m"),
            "2026-03-29 01:00",
            "2026-03-29 03:30",
            ["03-29 01:30 +01", "03-29 03:00 +02", "03-29 03:30 +02"],
        ),
        (
            pane(every="5h"),
            "2026-11-23 14:00",
            "2026-11-24 06:00",
            ["11-23 15:00 +01", "11-23 20:00 +01", "11-24 00:00 +01", "11-24 05:00 +01"],
        ),
        (
            pane(every="12h", days="working days"),
            "2026-11-20 00:00",
            "2026-11-23 00:00",
            ["11-20 12:00 +01", "11-23 00:00 +01"],
        ),
        # times of another zone
        (
            pane("07:30", timezone="Indian/Reunion"),
            "2026-11-23 12:00",
            "2026-11-24 12:00",
            ["11-24 04:30 +01"],
        ),
    ],
)  # fmt: skip
def test_when_a_pane_is_due(one: Pane, start: str, end: str, expected: list[str]) -> None:
    assert due_between(one, start, end) == expected


def test_every_two_days_is_every_other_midnight() -> None:
    found = due_between(pane(every="2d"), "2026-10-20 12:00", "2026-11-03 12:00")
    days = [datetime.strptime(f"2026-{one[:5]}", "%Y-%m-%d") for one in found]
    assert len(days) == 7
    assert {later - earlier for earlier, later in pairwise(days)} == {timedelta(days=2)}
    assert {one[6:11] for one in found} == {"00:00"}


def test_the_calendar_of_the_settings_decides_on_working_days() -> None:
    saturday_works = Settings(calendar=Calendar(working_days=("saturday",)))
    one = pane("07:30", days="working days")
    assert due_between(one, "2026-11-23 00:00", "2026-12-06 00:00", saturday_works) == [
        "11-28 07:30 +01",
        "12-05 07:30 +01",
    ]


def test_a_pane_without_times_or_days_is_never_due() -> None:
    for one in (pane(), pane("07:30", days=())):
        assert next_due(one, NOW, SETTINGS) is None
        assert last_due(one, NOW, SETTINGS) is None


PANES = st.builds(
    pane,
    st.sampled_from(["00:00", "02:30", "03:00", "07:30", "23:59"]),
    st.sampled_from(["02:00", "12:00", "18:00"]),
    every=st.sampled_from([None, "45m", "7h"]),
    days=st.sampled_from(["every day", "working days", "non-working days", ("sunday",)]),
    timezone=st.sampled_from(["", "UTC", "America/Cayenne", "Australia/Lord_Howe"]),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(PANES, MOMENTS)
def test_last_and_next_enclose_the_moment_and_agree(one: Pane, moment: datetime) -> None:
    before, after = last_due(one, moment, SETTINGS), next_due(one, moment, SETTINGS)
    assert before is not None
    assert after is not None
    assert before <= moment < after
    assert next_due(one, before, SETTINGS) == after
    assert last_due(one, after, SETTINGS) == after
    assert last_due(one, after - timedelta(microseconds=1), SETTINGS) == before


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Cayenne", "Australia/Lord_Howe"])
def test_a_year_of_openings_is_once_a_day_at_its_local_time(zone: str) -> None:
    one = pane("02:15", timezone=zone)
    place = ZoneInfo(zone)
    seen = []
    moment = next_due(one, datetime(2025, 12, 31, 12, tzinfo=place), SETTINGS)
    while moment and moment.astimezone(place).year < 2027:
        seen.append(moment.astimezone(place))
        moment = next_due(one, moment, SETTINGS)
    assert [local.date() for local in seen] == sorted({local.date() for local in seen})
    assert len(seen) == 365
    odd = [local.strftime("%H:%M") for local in seen if local.strftime("%H:%M") != "02:15"]
    assert odd == {"Europe/Paris": ["03:00"], "Australia/Lord_Howe": ["02:30"]}.get(zone, [])


# -- missed


def seen(due: datetime, name: str = "morning", listed: dict[str, str] | None = None) -> UserState:
    last = PaneSeen(pane=name, due=due, dismissed=due, by="anne", listed=listed or {})
    return UserState(panes={name: last})


def missed_at(
    moment: str, user: UserState, *panes: Pane, settings: Settings = SETTINGS
) -> list[tuple[str, datetime]]:
    from msgspec.structs import replace

    found = missed(replace(settings, panes=panes), user, paris(moment))
    assert all(one.missed for one in found)
    return [(one.pane.name, one.due) for one in found]


def test_only_the_newest_missed_and_what_came_first_first() -> None:
    morning, evening = pane("07:30"), pane("18:00", name="evening")
    user = seen(paris("2026-11-21 07:30"))
    assert missed_at("2026-11-24 09:00", user, evening, morning) == [
        ("morning", paris("2026-11-24 07:30"))
    ]
    user = UserState(panes={**user.panes, **seen(paris("2026-11-21 18:00"), "evening").panes})
    assert missed_at("2026-11-24 09:00", user, morning, evening) == [
        ("evening", paris("2026-11-23 18:00")),
        ("morning", paris("2026-11-24 07:30")),
    ]


@pytest.mark.parametrize(
    ("now", "dismissed", "is_missed"),
    [
        ("2026-11-24 07:29", "2026-11-23 07:30", False),
        ("2026-11-24 07:30", "2026-11-23 07:30", True),
        ("2026-11-24 07:30", "2026-11-24 07:30", False),
        # the first start ever: what came due today
        ("2026-11-24 07:29", None, False),
        ("2026-11-24 07:30", None, True),
        ("2026-11-24 23:59", None, True),
        # at the latest after three days
        ("2026-11-26 07:29", "2026-11-16 07:30", True),
        ("2026-11-26 07:30", "2026-11-16 07:30", True),
        ("2026-11-26 07:31", "2026-11-16 07:30", False),
    ],
)
def test_missed(now: str, dismissed: str | None, is_missed: bool) -> None:
    user = seen(paris(dismissed)) if dismissed else UserState()
    days = ("monday", "tuesday") if now < "2026-11-25" else ("monday",)
    assert bool(missed_at(now, user, pane("07:30", days=days))) is is_missed


def test_today_is_a_day_of_the_panes_zone() -> None:
    # 23:30 in Paris is the day after in Reunion.
    one = pane("02:00", timezone="Indian/Reunion")
    assert missed_at("2026-11-23 23:30", UserState(), one)
    there = Settings(display=Display(timezone="Indian/Reunion"))
    assert missed_at("2026-11-23 23:30", UserState(), pane("02:00"), settings=there)
    assert missed_at("2026-11-23 23:30", UserState(), pane("02:00"))
    assert not missed_at("2026-11-23 22:30", UserState(), pane("23:00"))


# -- content


def test_what_changed_since_the_pane_was_dismissed() -> None:
    one = pane(on="tickets", where="is:open")
    before = situation(ticket("1"), ticket("2"), ticket("3"), ticket("4"))
    first = content(one, before, None, SETTINGS)
    tickets = [fact.ticket for fact in first.facts if isinstance(fact, TicketFact)]
    assert {one.key for one in tickets} == {"1", "2", "3", "4"}
    assert first.new == first.listed.keys()
    assert (first.changed, first.gone) == (frozenset(), ())

    last = seen(NOW, listed=dict(first.listed)).panes["morning"]
    again = content(one, before, last, SETTINGS)
    assert (again.new, again.changed, again.gone) == (frozenset(), frozenset(), ())

    after = situation(
        ticket("1"),
        ticket("2", owner="anne", updated=NOW),
        ticket("3", status=TicketStatus.CLOSED, updated=NOW),
        ticket("5"),
    )
    now = content(one, after, last, SETTINGS)
    assert now.new == {"redmine/5"}
    assert now.changed == {"redmine/2"}
    assert set(now.gone) == {"redmine/3", "redmine/4"}
    assert [fact.key for fact in now.gone_facts] == ["redmine/3"]
    assert now.listed.keys() == {"redmine/1", "redmine/2", "redmine/5"}


@pytest.mark.parametrize(
    ("subject", "where", "key"),
    [
        ("sites", "state:down", "members/1"),
        ("backups", "state:overdue", "plan/job"),
        ("tickets", "", "redmine/1"),
        ("alerts", "state:firing", "a/b"),
    ],
)
def test_a_pane_of_each_subject(subject: str, where: str, key: str) -> None:
    entry = AlertEntry(
        fingerprint="a/b", rule="a", subject="sites", source="", key="b", since=NOW, fired=NOW
    )
    found = situation(
        site("1", "Ars"),
        health("1", HealthState.DOWN),
        job(at="1", period=60),
        run(ago(days=2)),
        ticket("1"),
        alerts={"a/b": entry},
    )
    assert list(content(pane(on=subject, where=where), found, None, SETTINGS).listed) == [key]


def test_a_filter_that_cannot_be_understood_is_told() -> None:
    broken = content(pane(where="stat:us"), situation(ticket("1")), None, SETTINGS)
    assert broken.facts == ()
    assert "did you mean status?" in broken.error


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (health("1", HealthState.DOWN), health("1", HealthState.DOWN, output="x"), False),
        (health("1", HealthState.DOWN), health("1", HealthState.UNREACHABLE), True),
        (health("1", HealthState.DOWN), health("1", HealthState.DOWN, since=NOW), True),
    ],
)
def test_what_counts_as_a_change_of_a_site(before: Record, after: Record, changes: bool) -> None:
    one = pane(on="sites")
    first = content(one, situation(site("1", "Ars"), before), None, SETTINGS)
    last = seen(NOW, listed=dict(first.listed)).panes["morning"]
    again = content(one, situation(site("1", "Ars"), after), last, SETTINGS)
    assert bool(again.changed) is changes
