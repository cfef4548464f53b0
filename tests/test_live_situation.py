"""The live situation follows snapshots, the person and the clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.config.schema import AlertRule, Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.insight.assess import assess
from smic_tui.insight.assessor import Assessor
from smic_tui.insight.status_counts import count
from smic_tui.live_situation import LiveSituation, is_over
from smic_tui.model.alert_store import AlertEntry
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.model.user_state import Note, UserState
from smic_tui.records import Site, Stream

NOW = datetime(2026, 11, 24, 8, 30, 20, tzinfo=UTC)
SETTINGS = Settings(alerts=(AlertRule(name="down", on="sites", where="state:down", bell=True),))
SITE = Site(key="17300", source="members", code="17300", name="La Rochelle")


def snapshot(*fired: str) -> Snapshot:
    status = SourceStatus(
        name="members",
        kind="csv",
        state=SourceState.OK,
        streams=(Stream.SITES,),
        last_good=NOW - timedelta(seconds=30),
        stale_after=60.0,
        rows=1,
    )
    contents = SourceContents(status=status, rows={Stream.SITES: {SITE.key: SITE}})
    alerts = {
        f"down/{key}": AlertEntry(
            fingerprint=f"down/{key}",
            rule="down",
            subject="sites",
            source="members",
            key=key,
            since=NOW,
            fired=NOW,
        )
        for key in fired
    }
    return Snapshot(taken=NOW, sources=(contents,), alerts=alerts)


@pytest.fixture
def live(tmp_path: Path) -> LiveSituation:
    return LiveSituation(Cache(tmp_path / "cache"), Assessor(SETTINGS))


@pytest.mark.parametrize(
    ("seconds", "over"),
    [
        (0, False),
        (30, False),  # exactly as old as may be
        (31, True),  # its source is stale
        (-10, False),
    ],
)
def test_a_source_becomes_stale_at_its_moment(seconds: int, over: bool) -> None:
    found = assess(snapshot(), UserState(), SETTINGS, NOW)
    assert is_over(found, NOW + timedelta(seconds=seconds)) is over


def test_the_clock_is_shown_by_the_minute() -> None:
    nothing = Situation(now=NOW)
    assert not is_over(nothing, NOW + timedelta(seconds=39))
    assert is_over(nothing, NOW + timedelta(seconds=40))


async def test_what_was_assessed_for_others_is_shown(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=False):
        cache, assessor = Cache(tmp_path / "cache"), Assessor(SETTINGS)
        live, seen = LiveSituation(cache, assessor), snapshot()
        before = assessor.assess_once(seen, cache.user.load(), NOW - timedelta(seconds=5))
        live.take(seen)
        await live.change()
        assert live.situation is before


async def test_after_a_minute_it_is_assessed_again(live: LiveSituation) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        live.take(snapshot())
        await live.change()
        live.tick()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await live.change()
        clock.shift(60)
        live.tick()
        await live.change()
        assert live.situation.now == NOW + timedelta(seconds=60)
        assert live.situation.sources[0].stale


async def test_what_the_person_decides_is_seen(live: LiveSituation, tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=False):
        live.take(snapshot())
        await live.change()
        live._cache.user.add_note(Note(id="1", site="17300", by="moi", at=NOW, text="Clé"))
        live.user_changed()
        await live.change()
        assert live.user.notes["1"].text == "Clé"


async def test_the_bell_is_for_alerts_that_begin(live: LiveSituation) -> None:
    with time_machine.travel(NOW, tick=False):
        rings = []
        for fired in (("a",), ("a",), ("a", "b"), ("b",), ("a", "b")):
            live.take(snapshot(*fired))
            await live.change()
            rings.append(live.begins_to_ring())
        # What fires already at the start is no news.
        assert rings == [False, False, True, False, True]


async def test_of_a_partial_situation_the_counts_of_everything_are_told(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=False):
        whole = count(assess(snapshot(), UserState(), SETTINGS, NOW))
        live = LiveSituation(
            Cache(tmp_path / "cache"),
            Assessor(SETTINGS),
            first_rows=replace(snapshot("a"), is_partial=True),
            counts_at=lambda now: whole if now == NOW else None,
        )
        assert live.situation.is_partial
        assert live.situation.counts is whole
        assert not live.begins_to_ring()


async def test_a_failure_leaves_all_as_it_was(
    live: LiveSituation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOW, tick=False):
        live.take(snapshot())
        await live.change()
        before = live.situation

        def fail(*_arguments: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as patched:
            patched.setattr(Assessor, "_next", fail)
            live.take(snapshot())
            with pytest.raises(RuntimeError):
                await live.change()
        assert live.situation is before
        live.take(snapshot())
        await live.change()
        assert live.situation is not before
