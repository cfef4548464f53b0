from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.calendars.workdays import prepare
from smic_tui.config.schema import Pane, Settings
from smic_tui.duty.pane_clock import PaneClock
from smic_tui.duty.panes import DuePane, last_due, missed, next_due
from smic_tui.model.user_state import PaneSeen, UserState

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(autouse=True, scope="module")
def holidays_known() -> None:
    prepare(Settings().calendar, 2026)


def pane(name: str, *at: str, **rest: Any) -> Pane:
    return Pane(name=name, on="tickets", at=at, **rest)


def local(text: str, fold: int = 0) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=PARIS, fold=fold)


@pytest.fixture
def travel() -> Iterator[Callable[[datetime], time_machine.Traveller]]:
    """Go to a moment; the process then lives in that moment's zone, where time stands still."""
    travellers = []

    def go(moment: datetime) -> time_machine.Traveller:
        journey = time_machine.travel(moment, tick=False)
        travellers.append(journey)
        return journey.start()

    yield go
    for journey in reversed(travellers):
        journey.stop()


class Desk:
    """Somebody at the terminal: notes what opens, and when."""

    def __init__(self, *panes: Pane) -> None:
        self.settings = Settings(panes=panes)
        self.seen: list[tuple[str, str, datetime]] = []
        self.reports: list[DuePane] = []
        self.clock = PaneClock(self.settings, self.open)

    def open(self, due: DuePane) -> None:
        self.reports.append(due)
        self.seen.append(
            (due.pane.name, due.due.astimezone(PARIS).strftime("%m-%d %H:%M"), datetime.now(UTC))
        )

    def sit(self, traveller: time_machine.Traveller, length: timedelta) -> list[str]:
        """Look at the clock each half minute; the panes that opened, with their minute."""
        self.seen.clear()
        for _step in range(int(length / timedelta(seconds=30))):
            traveller.shift(30)
            self.clock.run_pending()
        for _name, due, at in self.seen:
            assert at.astimezone(PARIS).strftime("%m-%d %H:%M") == due
        return [f"{name} {due}" for name, due, _at in self.seen]


@pytest.mark.parametrize("zone", [PARIS, ZoneInfo("UTC"), ZoneInfo("America/New_York")])
@pytest.mark.parametrize(
    ("one", "start", "hours", "expected"),
    [
        (pane("p", "07:30", "18:00"), "2026-11-24 07:00", 24, ["11-24 07:30", "11-24 18:00"]),
        (pane("p", "02:30"), "2026-03-28 12:00", 48, ["03-29 03:00", "03-30 02:30"]),
        (pane("p", "02:30"), "2026-10-24 12:00", 48, ["10-25 02:30", "10-26 02:30"]),
        (pane("p", "02:30"), "2026-10-24 12:00", 14, []),
        (pane("p", "03:00"), "2026-10-25 00:00", 12, ["10-25 03:00"]),
        (
            pane("p", every="20m"),
            "2026-10-25 01:30",
            3,
            [
                "10-25 01:40",
                "10-25 02:00",
                "10-25 02:20",
                "10-25 02:40",
                "10-25 02:00",
                "10-25 02:20",
                "10-25 02:40",
                "10-25 03:00",
                "10-25 03:20",
            ],
        ),
        (
            pane("p", every="20m"),
            "2026-03-29 01:30",
            1,
            ["03-29 01:40", "03-29 03:00", "03-29 03:20"],
        ),
        (pane("p", "07:30", days="working days"), "2026-11-10 12:00", 50, ["11-12 07:30"]),
    ],
)
def test_opens_at_its_minute_wherever_the_machine_is(
    travel: Callable[[datetime], time_machine.Traveller],
    zone: ZoneInfo,
    one: Pane,
    start: str,
    hours: int,
    expected: list[str],
) -> None:
    traveller = travel(local(start).astimezone(zone))
    assert Desk(one).sit(traveller, timedelta(hours=hours)) == [f"p {due}" for due in expected]


def test_a_start_between_the_two_half_past_two_shows_nothing_again(
    travel: Callable[[datetime], time_machine.Traveller],
) -> None:
    traveller = travel(local("2026-10-25 02:10", fold=1))
    assert Desk(pane("p", "02:30")).sit(traveller, timedelta(hours=20)) == []


def test_after_sleep_the_newest_of_each_pane_is_shown_as_missed(
    travel: Callable[[datetime], time_machine.Traveller],
) -> None:
    traveller = travel(local("2026-11-23 07:00"))
    desk = Desk(pane("a", "07:30", "12:00"), pane("b", "18:00"), pane("c", "23:00"))
    traveller.move_to(local("2026-11-24 09:10"))
    desk.clock.run_pending()
    desk.clock.run_pending()
    found = {one.pane.name: (one.due, one.missed) for one in desk.reports}
    assert len(desk.reports) == 3
    assert found == {
        "a": (local("2026-11-24 07:30"), True),
        "b": (local("2026-11-23 18:00"), True),
        "c": (local("2026-11-23 23:00"), True),
    }


def test_after_a_week_of_sleep_old_panes_are_not_shown(
    travel: Callable[[datetime], time_machine.Traveller],
) -> None:
    traveller = travel(local("2026-11-16 07:00"))
    desk = Desk(pane("a", "07:30", days=("monday",)), pane("b", "07:30"))
    traveller.move_to(local("2026-11-22 12:00"))
    desk.clock.run_pending()
    assert [one.pane.name for one in desk.reports] == ["b"]
    assert [one.missed for one in desk.reports] == [True]


def test_punctual_is_not_missed(travel: Callable[[datetime], time_machine.Traveller]) -> None:
    traveller = travel(local("2026-11-23 07:29"))
    desk = Desk(pane("a", "07:30"))
    traveller.shift(61)
    desk.clock.run_pending()
    assert [one.missed for one in desk.reports] == [False]


def test_a_clock_set_back_shows_nothing_twice_and_set_far_back_begins_anew(
    travel: Callable[[datetime], time_machine.Traveller],
) -> None:
    traveller = travel(local("2026-11-23 07:29"))
    desk = Desk(pane("a", "07:30"))
    traveller.move_to(local("2026-11-23 07:30"))
    desk.clock.run_pending()
    traveller.move_to(local("2026-11-23 06:00"))
    assert desk.sit(traveller, timedelta(hours=23)) == []
    assert desk.sit(traveller, timedelta(hours=3)) == ["a 11-24 07:30"]
    traveller.move_to(local("2026-01-05 06:00"))
    assert desk.sit(traveller, timedelta(hours=3)) == ["a 01-05 07:30"]


def test_one_that_raises_does_not_starve_the_others_and_comes_again(
    travel: Callable[[datetime], time_machine.Traveller], caplog: pytest.LogCaptureFixture
) -> None:
    traveller = travel(local("2026-11-23 07:29"))
    opened: list[str] = []

    def open_pane(due: DuePane) -> None:
        opened.append(due.pane.name)
        if due.pane.name == "bad":
            raise RuntimeError("no terminal")

    panes = (pane("bad", "07:30"), pane("good", "07:30"))
    clock = PaneClock(Settings(panes=panes), open_pane)
    for _day in range(2):
        traveller.shift(60)
        with caplog.at_level(logging.CRITICAL):
            clock.run_pending()
        traveller.shift(24 * 3600 - 60)
    assert sorted(opened) == ["bad", "bad", "good", "good"]


def test_seconds_to_next(travel: Callable[[datetime], time_machine.Traveller]) -> None:
    traveller = travel(local("2026-10-25 01:30"))
    assert PaneClock(Settings(), lambda due: None).seconds_to_next() is None
    desk = Desk(pane("a", "07:30"), pane("b", "18:00"))
    assert desk.clock.seconds_to_next() == 7 * 3600  # the night is an hour longer
    traveller.shift(8 * 3600)
    assert desk.clock.seconds_to_next() == 0
    desk.clock.run_pending()
    assert desk.clock.seconds_to_next() == 9.5 * 3600


def test_a_clock_set_back_while_it_is_looked_at_shows_nothing() -> None:
    early, late = local("2026-11-23 07:29"), local("2026-11-23 07:30")
    moments = iter([early, late, early, late, late])
    reports: list[DuePane] = []
    known = Settings(panes=(pane("a", "07:30"),))
    clock = PaneClock(known, reports.append, now=lambda: next(moments))
    clock.run_pending()
    assert reports == []
    clock.run_pending()
    assert [one.due for one in reports] == [late]


def test_without_panes_it_ticks_on() -> None:
    PaneClock(Settings(), lambda due: None).run_pending()


def test_since_lets_nothing_fall_between_the_missed_and_the_clock(
    travel: Callable[[datetime], time_machine.Traveller],
) -> None:
    traveller = travel(local("2026-11-23 07:29"))
    since = datetime.now(UTC)
    traveller.shift(120)  # starting took that long
    reports: list[DuePane] = []
    clock = PaneClock(Settings(panes=(pane("a", "07:30"),)), reports.append, since=since)
    clock.run_pending()
    assert [one.due for one in reports] == [local("2026-11-23 07:30")]


# -- a year


PANES = (
    pane("morning", "07:30", days="working days", bell=True),
    pane("evening", "18:00", "02:30"),
    pane("sunday", "02:15", days=("sunday",)),
    pane("often", every="4h", days="non-working days"),
    pane("island", "07:30", timezone="Indian/Reunion"),
)


def all_due(one: Pane, start: datetime, end: datetime, known: Settings) -> list[datetime]:
    found = []
    moment = next_due(one, start, known)
    while moment and moment <= end:
        found.append(moment)
        moment = next_due(one, moment, known)
    return found


class Year:
    """A simulated time with somebody who dismisses every pane at once."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self.settings = Settings(panes=PANES)
        self.opened: dict[str, list[datetime]] = {one.name: [] for one in PANES}
        self.user = UserState()
        for one in PANES:  # what came due before the first start is another test's business
            last = last_due(one, start, self.settings)
            assert last
            self.dismiss(one, last)
        self.clock = self.started()

    def started(self) -> PaneClock:
        return PaneClock(self.settings, self.open, since=self.now, now=lambda: self.now)

    def dismiss(self, one: Pane, due: datetime) -> None:
        seen = PaneSeen(pane=one.name, due=due, dismissed=self.now, by="a")
        self.user = UserState(panes={**self.user.panes, one.name: seen})

    def open(self, due: DuePane) -> None:
        self.opened[due.pane.name].append(due.due)
        assert timedelta() <= self.now - due.due < timedelta(minutes=40)
        self.dismiss(due.pane, due.due)

    def restart(self) -> None:
        for due in missed(self.settings, self.user, self.now):
            self.open(due)
        self.clock = self.started()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([date(2026, 1, 1), date(2026, 9, 1)]))
def test_every_pane_exactly_once_over_both_changes_of_clock_and_restarts(
    seed: int, first: date
) -> None:
    """A simulated year: looks at uneven moments, restarts at random ones, short absences."""
    dice = random.Random(seed)
    start = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    year = Year(start)
    while year.now < start + timedelta(days=365):
        near = year.clock.seconds_to_next()
        assert near is not None
        # On to the next opening, or to somewhere before it, or a little past it.
        ahead = dice.choice([near, near * dice.random(), near + dice.random() * 1800])
        year.now += timedelta(seconds=max(ahead, 60))
        if dice.random() < 0.2:
            year.restart()
        year.clock.run_pending()
    for one in PANES:
        expected = all_due(one, start, year.now, year.settings)
        assert year.opened[one.name] == expected, one.name
        assert len(expected) > 50
