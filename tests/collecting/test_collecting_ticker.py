"""Intervals stay intervals, whatever the clocks do."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from smic_tui.collecting.ticker import Ticker
from tests.collecting.collecting_doubles import until


class Clocks:
    """The wall clock and the monotonic one, moved together or apart."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self.steady = 1000.0
        self._traveller = traveller

    def monotonic(self) -> float:
        return self.steady

    def pass_(self, seconds: float) -> None:
        self.steady += seconds
        self._traveller.shift(seconds)

    def jump(self, seconds: float) -> None:
        self._traveller.shift(seconds)


def runs_per_tick(ticker: Ticker, clocks: Clocks, runs: list[int], seconds: int) -> list[int]:
    """Let time pass second by second; at which seconds something ran."""
    found = []
    for second in range(1, seconds + 1):
        clocks.pass_(1)
        before = len(runs)
        ticker.tick()
        if len(runs) > before:
            found.append(second)
    return found


@pytest.fixture
def traveller() -> object:
    with time_machine.travel(datetime(2026, 11, 24, 7, 30, tzinfo=UTC), tick=False) as found:
        yield found


def test_the_first_time_is_as_asked_and_then_the_interval(
    traveller: time_machine.Traveller,
) -> None:
    clocks, runs = Clocks(traveller), list[int]()
    ticker = Ticker(monotonic=clocks.monotonic)
    ticker.every(10, lambda: runs.append(1), first=3)
    assert runs_per_tick(ticker, clocks, runs, 35) == [3, 13, 23, 33]


def test_first_at_once(traveller: time_machine.Traveller) -> None:
    clocks, runs = Clocks(traveller), list[int]()
    ticker = Ticker(monotonic=clocks.monotonic)
    ticker.every(10, lambda: runs.append(1), first=0)
    ticker.tick()
    assert len(runs) == 1


def test_an_action_that_raises_starves_nobody(
    traveller: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    clocks, runs = Clocks(traveller), list[int]()
    ticker = Ticker(monotonic=clocks.monotonic)

    def fail() -> None:
        runs.append(1)
        raise RuntimeError

    ticker.every(10, fail, first=1)
    ticker.every(10, lambda: runs.append(2), first=1)
    assert runs_per_tick(ticker, clocks, runs, 25) == [1, 11, 21]
    assert runs.count(1) == runs.count(2) == 3
    assert len(caplog.records) == 3


@pytest.mark.parametrize("jump", [-7 * 86400, -3600, -60])
def test_a_clock_that_goes_back_stops_nothing(
    traveller: time_machine.Traveller, jump: float
) -> None:
    clocks, runs, skips = Clocks(traveller), list[int](), list[int]()
    ticker = Ticker(lambda: skips.append(1), monotonic=clocks.monotonic)
    ticker.every(10, lambda: runs.append(1), first=10)
    assert runs_per_tick(ticker, clocks, runs, 15) == [10]
    clocks.jump(jump)
    assert runs_per_tick(ticker, clocks, runs, 30) == [5, 15, 25]
    assert skips == []


@pytest.mark.parametrize("jump", [60, 3600, 8 * 3600])
def test_time_that_was_skipped_is_told_once(traveller: time_machine.Traveller, jump: float) -> None:
    clocks, runs, skips = Clocks(traveller), list[int](), list[int]()
    ticker = Ticker(lambda: skips.append(1), monotonic=clocks.monotonic)
    ticker.every(10, lambda: runs.append(1), first=10)
    assert runs_per_tick(ticker, clocks, runs, 15) == [10]
    clocks.jump(jump)
    assert runs_per_tick(ticker, clocks, runs, 30) == [5, 15, 25]
    assert skips == [1]


@pytest.mark.parametrize(
    "just_before",
    [
        datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC),
    ],
    ids=["to winter", "to summer"],
)
def test_both_changes_of_clock_change_nothing(
    just_before: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Europe/Paris, spelt so that no time zone files are needed.
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        with time_machine.travel(just_before.timestamp(), tick=False) as traveller:
            offset = datetime.now().astimezone().utcoffset()
            clocks, runs, skips = Clocks(traveller), list[int](), list[int]()
            ticker = Ticker(lambda: skips.append(1), monotonic=clocks.monotonic)
            ticker.every(10, lambda: runs.append(1), first=5)
            assert runs_per_tick(ticker, clocks, runs, 60) == [5, 15, 25, 35, 45, 55]
            assert skips == []
            assert datetime.now().astimezone().utcoffset() != offset
            assert datetime.now(ZoneInfo("Europe/Paris")).utcoffset() == (
                datetime.now().astimezone().utcoffset()
            )
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_it_runs_in_real_time_and_ends_when_cancelled() -> None:
    runs: list[float] = []
    ticker = Ticker()
    ticker.every(0.05, lambda: runs.append(time.monotonic()), first=0)
    began = time.monotonic()
    task = asyncio.create_task(ticker.run())
    await until(lambda: len(runs) >= 6)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # A slow machine runs it less often, never more.
    assert len(runs) <= (runs[-1] - began) / 0.05 + 1
