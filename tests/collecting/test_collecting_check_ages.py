"""Each check has an age of its own, however well its source answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.collecting.check_ages import CheckAges
from smic_tui.config.schema import Source
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import Unavailable
from smic_tui.records import Health, HealthState, Record, Stream
from tests.collecting.collecting_doubles import NOW, Bench, Scripted

Start = Callable[..., Bench]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a coordinator on an adapter that gives health."""
    benches: list[Bench] = []

    def begin(*answers: list[Batch | BaseException], **settings: Any) -> Bench:
        left = iter(answers)
        adapter = Scripted(lambda _stream, _cursor: next(left), offers=(Stream.HEALTH,))
        bench = Bench(tmp_path / str(len(benches)), lambda: adapter, **settings)
        benches.append(bench)
        return bench

    yield begin
    for bench in benches:
        await bench.close()


def host(name: str, *, minutes: float, valid_for: int | None = 600, **fields: Any) -> Health:
    """A host that was checked so many minutes before NOW."""
    checked = NOW - timedelta(minutes=minutes)
    values: dict[str, Any] = {"state": HealthState.UP, "checked": checked, "valid_for": valid_for}
    return Health(key=name, host=name, site="", **(values | fields))


def brought(*rows: Record, full: bool = False) -> list[Batch | BaseException]:
    return [Batch(upserts=rows, full=full, cursor="c")]


def outdated(bench: Bench) -> dict[str, bool]:
    rows = bench.cache.source("desk").contents.of(Stream.HEALTH)
    return {key: row.outdated for key, row in rows.items() if isinstance(row, Health)}


async def test_a_check_older_than_its_interval_allows_is_outdated_when_it_comes(
    start: Start,
) -> None:
    bench = start(brought(host("new", minutes=9), host("old", minutes=11), full=True))
    with time_machine.travel(NOW, tick=False):
        await bench.coordinator.read()
    assert outdated(bench) == {"new": False, "old": True}
    old = bench.cache.source("desk").contents.of(Stream.HEALTH)["old"]
    assert isinstance(old, Health)
    assert (old.state, old.checked) == (HealthState.UP, NOW - timedelta(minutes=11))


async def test_what_a_good_answer_does_not_bring_any_more_becomes_outdated(start: Start) -> None:
    bench = start(
        brought(host("satellite", minutes=0), host("here", minutes=0), full=True),
        brought(host("here", minutes=-5)),
        brought(host("here", minutes=-12)),
        brought(host("satellite", minutes=-20), host("here", minutes=-19)),
    )
    seen = []
    for minute in (0, 5, 12, 20):
        with time_machine.travel(NOW + timedelta(minutes=minute), tick=False):
            await bench.coordinator.read()
        seen.append(outdated(bench)["satellite"])
        assert not outdated(bench)["here"]
    assert seen == [False, False, True, False]


async def test_while_the_source_does_not_answer_its_own_age_tells(start: Start) -> None:
    bench = start(brought(host("h", minutes=0), full=True), [Unavailable("gone")], brought())
    for minute, expected in ((0, False), (60, False), (61, True)):
        with time_machine.travel(NOW + timedelta(minutes=minute), tick=False):
            await bench.coordinator.read()
        assert outdated(bench) == {"h": expected}


async def test_the_configuration_overrules_what_the_source_tells(start: Start) -> None:
    rows = (host("lax", minutes=11), host("strict", minutes=40, valid_for=86_400))
    untold = host("untold", minutes=40, valid_for=None)
    bench = start(
        brought(*rows, untold, full=True),
        stale_check_after="30m",
    )
    with time_machine.travel(NOW, tick=False):
        await bench.coordinator.read()
    assert outdated(bench) == {"lax": False, "strict": True, "untold": True}


async def test_what_an_adapter_knows_itself_stays(start: Start) -> None:
    rows = (
        host("silent", minutes=1, valid_for=None, outdated=True),
        host("never", minutes=0, checked=None),
        host("unknown", minutes=9000, valid_for=None),
    )
    bench = start(brought(*rows, full=True))
    with time_machine.travel(NOW, tick=False):
        await bench.coordinator.read()
    assert outdated(bench) == {"silent": True, "never": False, "unknown": False}


async def test_a_record_that_is_read_alone_is_judged_too(start: Start) -> None:
    bench = start(brought(host("h", minutes=0), full=True))
    with time_machine.travel(NOW, tick=False):
        await bench.coordinator.read()
        again = host("h", minutes=30, source="desk")
        await bench.coordinator.put_record(Stream.HEALTH, "h", again)
    assert outdated(bench) == {"h": True}


async def test_what_another_program_judged_stays(start: Start) -> None:
    judge = CheckAges(Source(name="hub", kind="hub", stale_check_after="1m"))
    row = host("h", minutes=60, source="hub/icinga")
    assert judge.judged({}, {"h": row}, (), NOW) == {"h": row}


_steps = st.lists(
    st.tuples(
        st.integers(0, 1200),  # seconds that pass
        st.dictionaries(st.sampled_from("abcd"), st.integers(0, 900), max_size=4),
    ),
    max_size=12,
)


@given(_steps)
def test_no_check_is_forgotten_whenever_it_becomes_too_old(
    steps: list[tuple[int, dict[str, int]]],
) -> None:
    """However checks come, each is outdated exactly when it is older than it may be."""
    judge = CheckAges(Source(name="desk", kind="scripted"))
    known: dict[str, Record] = {}
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for passed, checks in steps:
        now += timedelta(seconds=passed)
        new = {
            key: host(key, minutes=0, source="desk", checked=now - timedelta(seconds=age))
            for key, age in checks.items()
        }
        known = {**known, **judge.judged(known, new, (), now)}
        for row in known.values():
            assert isinstance(row, Health)
            assert row.checked is not None
            assert row.outdated is (now - row.checked > timedelta(seconds=600))
