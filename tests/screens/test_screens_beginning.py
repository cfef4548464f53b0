"""What is shown while only the first lines are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from msgspec.structs import replace
from textual import events

from smic_tui.app import SmicApp
from smic_tui.config.load import Loaded
from smic_tui.contract.status import SourceState
from smic_tui.insight.assess import assess
from smic_tui.insight.status_counts import count
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import UserState
from smic_tui.startup import first_rows, first_rows_writer
from smic_tui.startup.first_rows_writer import FirstRowsWriter
from tests.screens.acting_examples import settle
from tests.screens.conftest import NOW, StillCollector, lines_of, opened, text_of

MakeApp = Callable[..., SmicApp]


@pytest.fixture
def beginning(syndicate: tuple[Loaded, Snapshot], tmp_path: Path) -> Snapshot:
    """The first lines of the sample, as the program that collects keeps them."""
    return kept(syndicate, tmp_path)


@pytest.fixture
def long_beginning(
    syndicate: tuple[Loaded, Snapshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Snapshot:
    """The same where reading the rest takes long: all lists begin."""
    monkeypatch.setattr(first_rows_writer, "LONG", 1000)
    return kept(syndicate, tmp_path)


def kept(syndicate: tuple[Loaded, Snapshot], tmp_path: Path) -> Snapshot:
    loaded, snapshot = syndicate
    (tmp_path / "kept").mkdir(mode=0o700)
    keeper = FirstRowsWriter(loaded.digest, tmp_path / "kept")
    keeper.keep(snapshot, assess(snapshot, UserState(), loaded.settings, NOW))
    first = first_rows.load(tmp_path / "kept", loaded.digest)
    assert first is not None
    return first


async def test_what_is_known_to_count_looks_like_all_of_it(
    make_app: MakeApp,
    syndicate: tuple[Loaded, Snapshot],
    beginning: Snapshot,
    clock: time_machine.Traveller,
) -> None:
    # However long the two take to open, the ages on them are the same.
    clock.move_to(NOW, tick=False)
    loaded, snapshot = syndicate
    counts = count(assess(snapshot, UserState(), loaded.settings, NOW))
    whole = make_app()
    async with opened(whole):
        expected = lines_of(whole)
    app = make_app(change=lambda _all: beginning, counts_at=lambda _now: counts)
    async with opened(app) as pilot:
        assert app.situation.is_partial
        assert len(app.situation.sites) < 150
        first = lines_of(app)
        differing = [number for number, line in enumerate(first) if line != expected[number]]
        # Only how long the list is has to be found out yet.
        assert len(differing) == 1, (first[0], expected[0])
        assert " 1/…" in first[differing[0]]
        await pilot.press("down")
        assert " 2/…" in text_of(app)
        assert isinstance(app.collector, StillCollector)
        app.collector.say(snapshot)
        await settle(pilot, lambda: not app.situation.is_partial and " 2/…" not in text_of(app))


async def test_sums_that_are_not_known_are_not_made_up(
    make_app: MakeApp, long_beginning: Snapshot
) -> None:
    app = make_app(change=lambda _all: long_beginning)
    async with opened(app) as pilot:
        assert text_of(app).count("first rows shown, loading the rest") == 1
        assert "712 sites" not in text_of(app)
        assert "…" in lines_of(app)[0]
        for key in "2345":
            await pilot.press(key)
            assert "first rows shown, loading the rest" in text_of(app)


async def test_keys_for_a_list_that_is_still_read_wait_for_it(
    make_app: MakeApp, syndicate: tuple[Loaded, Snapshot], long_beginning: Snapshot
) -> None:
    app = make_app(change=lambda _all: long_beginning)
    async with opened(app) as pilot:
        for key in ("3", "4", "down", "down"):
            app.post_message(events.Key(key, key if key.isdecimal() else None))
        await settle(pilot, lambda: app.current_mode == "tickets")
        await pilot.pause(0.2)
        assert isinstance(app.collector, StillCollector)
        app.collector.say(syndicate[1])
        await settle(pilot, lambda: " 3/" in text_of(app))


@pytest.mark.parametrize(("key", "there"), [("2", " 2 Sites "), ("enter", "Health")])
async def test_where_the_rest_is_there_in_a_moment_the_way_to_it_waits(
    make_app: MakeApp,
    syndicate: tuple[Loaded, Snapshot],
    beginning: Snapshot,
    key: str,
    there: str,
) -> None:
    app = make_app(change=lambda _all: beginning)
    async with opened(app) as pilot:
        await pilot.press("down", "down")
        assert " 3/…" in text_of(app)
        before = app.screen
        app.post_message(events.Key(key, key if key.isdecimal() else "\r"))
        await pilot.pause(0.2)
        assert app.screen is before
        assert isinstance(app.collector, StillCollector)
        app.collector.say(syndicate[1])
        await settle(pilot, lambda: app.screen is not before)
        await settle(pilot, lambda: there.strip() in text_of(app))
        assert not app.situation.is_partial


async def test_what_was_never_read_is_not_said_to_be_nothing(make_app: MakeApp) -> None:
    def before_the_first_answers(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            sources=tuple(
                one
                if one.status.name in ("members", "requests")
                else replace(
                    one,
                    status=replace(one.status, state=SourceState.NEVER, streams=(), last_good=None),
                    rows={},
                )
                for one in snapshot.sources
            ),
        )

    app = make_app(change=before_the_first_answers)
    async with opened(app):
        lines = lines_of(app)
        assert lines[1].startswith("712 sites")
        assert lines[2].startswith("backups: nothing read yet")
        assert lines[3].startswith("tickets: nothing read yet")
        assert " requests" in lines[4]
