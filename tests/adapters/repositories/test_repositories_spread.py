"""Seven hundred repositories: spread over a time, a few at once, whoever reads them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine

from adapters.repositories.adapter import Reading
from adapters.restic.adapter import ResticAdapter, ResticOptions
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.records import BackupRun, RunResult, Stream
from tests.fakes.configured import Outcome, adapter, context, read

COUNT = 700
START = 1_800_000_000
FIVE_MINUTES, FOUR_HOURS = 300, 4 * 3600


class Repositories:
    """Stands for restic: what was read, how many at once, and what cannot be read."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.broken: set[str] = set()
        self.at_once = self.most_at_once = 0

    async def __call__(self, repository: Any, access: Any) -> Reading:
        self.read[repository.key] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if repository.key in self.broken:
            raise Unavailable("the line is down")
        run = BackupRun(
            key=f"{repository.key}/1",
            job=repository.key,
            started=datetime.fromtimestamp(START, UTC),
            result=RunResult.OK,
        )
        odd = ("a snapshot is damaged",) if repository.key == "site-5/compta" else ()
        return Reading(runs=(run,), oddities=odd)


@pytest.fixture
def repositories() -> Repositories:
    return Repositories()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def source(repositories: Repositories, count: int = COUNT, **settings: Any) -> ResticAdapter:
    listed = [
        {
            "site": f"site-{number}",
            "application": "compta",
            "repository": f"/srv/{number}",
            "password": {"env": "X"},
        }
        for number in range(count)
    ]
    options = {
        "repositories": listed,
        "spread": "4h",
        "parallel": 3,
        "look_inside": "none",
        **settings,
    }
    made: ResticAdapter = adapter(ResticAdapter, options, context(Path(), lambda _: "secret"))
    made.read = repositories  # type: ignore[method-assign]
    return made


async def runs(made: ResticAdapter, cursor: str | None) -> Outcome:
    return await read(made, Stream.BACKUP_RUNS, cursor)


async def test_each_refresh_reads_its_share(repositories: Repositories, clock: Any) -> None:
    made = source(repositories)
    outcome = await runs(made, None)
    assert (len(outcome.rows), outcome.full) == (COUNT, True)
    assert repositories.most_at_once == 3
    repositories.read.clear()
    shares = []
    for _refresh in range(FOUR_HOURS // FIVE_MINUTES):
        clock.shift(FIVE_MINUTES)
        before = repositories.read.total()
        outcome = await runs(made, outcome.cursor)
        shares.append(repositories.read.total() - before)
        assert len(outcome.unseen) == COUNT - shares[-1]
        # What is wrong with one whose turn has not come stays told.
        assert outcome.reasons == {"site-5/compta": "a snapshot is damaged"}
    assert set(repositories.read.values()) == {1}
    assert len(repositories.read) == COUNT
    assert max(shares) <= COUNT * FIVE_MINUTES / FOUR_HOURS + 2
    assert min(shares) >= COUNT * FIVE_MINUTES / FOUR_HOURS - 2


async def test_a_program_that_starts_anew_goes_on_where_the_last_one_was(
    repositories: Repositories, clock: Any
) -> None:
    outcome = await runs(source(repositories), None)
    repositories.read.clear()
    clock.shift(FIVE_MINUTES)
    outcome = await runs(source(repositories), outcome.cursor)
    assert 10 < repositories.read.total() < 20
    again = await runs(source(repositories), outcome.cursor)
    assert (again.records, len(again.unseen)) == ([], COUNT)
    assert 10 < repositories.read.total() < 20


async def test_a_full_reading_asks_nobody_before_its_turn(
    repositories: Repositories, clock: Any
) -> None:
    made = source(repositories)
    await runs(made, None)
    repositories.read.clear()
    clock.shift(FIVE_MINUTES)
    outcome = await runs(made, None)
    assert (len(outcome.rows), outcome.full) == (COUNT, True)
    assert 10 < repositories.read.total() < 20


async def test_long_away_everything_is_read(repositories: Repositories, clock: Any) -> None:
    made = source(repositories, 50)
    outcome = await runs(made, None)
    clock.shift(FOUR_HOURS)
    await runs(made, outcome.cursor)
    assert set(repositories.read.values()) == {2}
    # Also when the clock was wrong once.
    clock.shift(-30 * FOUR_HOURS)
    await runs(made, outcome.cursor)
    assert set(repositories.read.values()) == {3}


async def test_a_broken_one_is_told_until_its_next_turn_and_hides_nobody(
    repositories: Repositories, clock: Any
) -> None:
    made = source(repositories, 48)
    repositories.broken = {"site-1/compta"}
    first = await runs(made, None)
    assert first.unseen == {"site-1/compta"}
    assert first.rows["site-1/compta/unreadable"].result is RunResult.UNKNOWN
    repositories.broken.clear()
    outcome, mended = first, False
    for _refresh in range(47):
        clock.shift(FIVE_MINUTES)
        outcome = await runs(made, outcome.cursor)
        mended = mended or "site-1/compta/1" in outcome.rows
        assert ("site-1/compta" in outcome.reasons) is not mended
        if "site-1/compta/1" in outcome.rows:
            assert "site-1/compta" not in outcome.unseen
            assert "site-1/compta/unreadable" not in outcome.rows
    assert mended


async def test_a_share_that_fails_is_not_the_whole_source_and_all_of_them_are(
    repositories: Repositories, clock: Any
) -> None:
    made = source(repositories, 48)
    outcome = await runs(made, None)
    repositories.broken = {f"site-{number}/compta" for number in range(48)}
    failed: list[str] = []
    for _refresh in range(48):
        clock.shift(FIVE_MINUTES)
        try:
            outcome = await runs(made, outcome.cursor)
        except Unavailable as error:
            failed.append(error.message)
    assert failed == ["the line is down"]
    assert len(outcome.reasons) == 47


async def test_without_spread_all_are_read_each_time(repositories: Repositories) -> None:
    made = source(repositories, 20, spread="0s")
    outcome = await runs(made, None)
    again = await runs(made, outcome.cursor)
    assert (len(again.rows), again.full) == (20, True)
    assert set(repositories.read.values()) == {2}


async def test_errors_that_are_the_same_stay_what_they_are(repositories: Repositories) -> None:
    made = source(repositories, 2)

    async def bad(repository: Any, access: Any) -> Reading:
        raise BadAnswer("damaged")

    made.read = bad  # type: ignore[method-assign]
    with pytest.raises(BadAnswer, match="none of 2 repositories"):
        await runs(made, None)


def test_spread_is_a_duration() -> None:
    with pytest.raises(msgspec.ValidationError, match="spread"):
        msgspec.convert(
            {
                "repositories": [
                    {"site": "a", "application": "b", "repository": "c", "password": {"env": "X"}}
                ],
                "spread": "often",
            },
            ResticOptions,
        )
