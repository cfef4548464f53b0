"""Each commit is assessed once, for the alert rules, what is kept, and the screens."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smic_tui import live_situation
from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.config.load import Loaded
from smic_tui.duty.alert_rules import AlertRules
from smic_tui.insight.assessor import Assessor
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import Note, UserState
from smic_tui.startup.first_rows_writer import FirstRowsWriter
from smic_tui.startup.status_counts_writer import StatusCountsWriter
from smic_tui.wiring import make_collector
from tests.screens.acting_examples import settle


class Watched:
    """What was assessed in this process, and what the writer's parts were given."""

    def __init__(self) -> None:
        # The rows of each assessment; they are held, so that each has an identity of its own.
        self.assessed: list[tuple[Assessor, object, UserState]] = []
        self.evaluated: list[Situation] = []
        self.counted: list[Situation] = []
        self.kept: list[Situation] = []

    def times(self, assessor: Assessor) -> Counter[tuple[int, int]]:
        """How often each set of rows was assessed for the same decisions of the person."""
        return Counter((id(rows), id(user)) for who, rows, user in self.assessed if who is assessor)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    seen = Watched()
    facts_of, evaluate = Assessor._next, AlertRules.evaluate
    count, keep = StatusCountsWriter.keep, FirstRowsWriter.keep

    def assessing(self: Assessor, snapshot: Snapshot, user: UserState, now: Any) -> Situation:
        seen.assessed.append((self, snapshot.sources, user))
        return facts_of(self, snapshot, user, now)

    def evaluating(self: AlertRules, situation: Situation, *rest: Any) -> Any:
        seen.evaluated.append(situation)
        return evaluate(self, situation, *rest)

    def counting(self: Any, snapshot: Snapshot, user: Any, situation: Situation, of: Any) -> None:
        seen.counted.append(situation)
        count(self, snapshot, user, situation, of)

    def keeping(self: Any, snapshot: Snapshot, situation: Situation) -> None:
        seen.kept.append(situation)
        keep(self, snapshot, situation)

    # A minute that passes meanwhile is a reason to assess again.
    monkeypatch.setattr(live_situation, "is_over", lambda situation, now: False)
    monkeypatch.setattr(Assessor, "_next", assessing)
    monkeypatch.setattr(AlertRules, "evaluate", evaluating)
    monkeypatch.setattr(StatusCountsWriter, "keep", counting)
    monkeypatch.setattr(FirstRowsWriter, "keep", keeping)
    return seen


def dashboard(loaded: Loaded, folder: Path) -> SmicApp:
    cache = Cache(folder)
    return SmicApp(loaded.settings, cache, partial(make_collector, loaded, cache), person="Essai")


def is_all_read(situation: Situation) -> bool:
    sources = situation.sources
    return bool(sources) and all(source.status.last_good is not None for source in sources)


async def test_in_the_dashboard_that_collects(
    syndicate: tuple[Loaded, Snapshot], tmp_path: Path, watched: Watched
) -> None:
    app = dashboard(syndicate[0], tmp_path / "cache")
    async with app.run_test() as pilot:
        await settle(pilot, lambda: is_all_read(app.situation) and app.situation.alerts)
        await settle(pilot, lambda: watched.kept and watched.kept[-1] is app.situation)
        assert watched.counted[-1] is app.situation
        # Its alerts have come of it: the facts are those that the rules were asked about.
        assert watched.evaluated[-1].tickets is app.situation.tickets
        evaluated = len(watched.evaluated)
        app.collector.refresh()
        await settle(
            pilot,
            lambda: len(watched.evaluated) > evaluated and watched.evaluated[-1] is app.situation,
        )
        await settle(pilot, lambda: watched.kept[-1] is app.situation)
        assert app.collector.is_writer
    times = watched.times(app._assessor)
    assert len(times) >= 3
    assert set(times.values()) == {1}
    assert {who for who, _rows, _user in watched.assessed} == {app._assessor}


async def test_what_the_person_writes_is_assessed_once(
    syndicate: tuple[Loaded, Snapshot], tmp_path: Path, watched: Watched
) -> None:
    app = dashboard(syndicate[0], tmp_path / "cache")
    async with app.run_test() as pilot:
        await settle(pilot, lambda: watched.kept and watched.kept[-1] is app.situation)
        app.personal.add_note("17300", "Clé chez le gardien")
        await settle(pilot, lambda: app.notes)
        assert [type(note) for note in app.notes.values()] == [Note]
        await settle(pilot, lambda: watched.evaluated[-1] is app.situation)
    assert set(watched.times(app._assessor).values()) == {1}


async def test_in_one_that_follows(
    syndicate: tuple[Loaded, Snapshot], tmp_path: Path, watched: Watched
) -> None:
    loaded = syndicate[0]
    writer = make_collector(loaded, Cache(tmp_path / "cache"), lambda _snapshot: None)
    writing = asyncio.create_task(writer.run())
    try:
        for _try in range(1500):
            await asyncio.sleep(0.02)
            if writer.is_writer:
                break
        app = dashboard(loaded, tmp_path / "cache")
        async with app.run_test() as pilot:
            await settle(pilot, lambda: is_all_read(app.situation) and app.situation.alerts)
            assert not app.collector.is_writer
    finally:
        await writer.close()
        await writing
    times = watched.times(app._assessor)
    assert times
    assert set(times.values()) == {1}
