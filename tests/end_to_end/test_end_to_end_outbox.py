"""A ticket is closed in a town hall without a line, and is closed that evening."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smic_tui import i18n
from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.collecting import leader
from smic_tui.model.outbox_entry import EntryState
from smic_tui.screens.confirm import ConfirmScreen
from smic_tui.screens.listing import ListScreen
from smic_tui.screens.outbox import OutboxScreen
from smic_tui.wiring import load_settings, make_collector
from tests.fakes.misbehaving import MisbehavingServer, Mode
from tests.fakes.redmine import FakeRedmine

CONFIG = """
[display]
language = "en"

[me]
names = ["Agent Un"]

[sources.desk]
kind = "redmine"
url = "{url}"
api_key = {{ env = "DESK_KEY" }}
request_timeout = "5s"
connect_timeout = "2s"
"""


@pytest.fixture
def redmine() -> FakeRedmine:
    fake = FakeRedmine()
    fake.add(subject="Imprimante de Marans")
    return fake


@pytest.fixture
def server(redmine: FakeRedmine) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(redmine) as server:
        yield server


@pytest.fixture
def open_app(
    server: MisbehavingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], SmicApp]:
    (tmp_path / "config.toml").write_text(CONFIG.format(url=server.url))
    monkeypatch.setenv("DESK_KEY", "agent-key")

    def make() -> SmicApp:
        loaded = load_settings(tmp_path / "config.toml")
        i18n.use("en")
        cache = Cache(tmp_path / "cache")
        return SmicApp(
            loaded.settings,
            cache,
            partial(make_collector, loaded, cache),
            person="Agent Un",
        )

    return make


@asynccontextmanager
async def running(app: SmicApp) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.situation.tickets)
        yield pilot
        await app.collector.close()


async def until(pilot: Pilot[None], done: Callable[[], object]) -> None:
    for _try in range(1500):
        if done():
            return
        await pilot.pause(0.02)
    raise AssertionError("it did not come about")


def states(app: SmicApp) -> list[EntryState]:
    return [entry.state for entry in app.outbox.values()]


async def test_a_key_reaches_the_source_though_nobody_looks_at_the_file(
    open_app: Callable[[], SmicApp], redmine: FakeRedmine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader, "_LOOK", 3600.0)
    app = open_app()
    async with running(app) as pilot:
        await until(pilot, lambda: app.rights("desk").verbs)
        await pilot.press("4")
        await until(
            pilot, lambda: isinstance(app.screen, ListScreen) and app.screen.tab == "tickets"
        )
        await pilot.press("c", *"toner", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: states(app) == [EntryState.CONFIRMED])
    assert [row["notes"] for row in redmine.journals[1]] == ["toner"]


async def test_closed_without_a_line_and_sent_in_the_evening(
    open_app: Callable[[], SmicApp], server: MisbehavingServer, redmine: FakeRedmine
) -> None:
    app = open_app()
    async with running(app) as pilot:
        await until(pilot, lambda: app.rights("desk").verbs)
        server.mode = Mode.STOPPED
        await pilot.press("4")
        await until(
            pilot, lambda: isinstance(app.screen, ListScreen) and app.screen.tab == "tickets"
        )
        await pilot.press("e", *"toner", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: any(entry.error for entry in app.outbox.values()))
        assert states(app) == [EntryState.WAITING]
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OutboxScreen))
    assert redmine.issues[1]["status"] == 1
    server.mode = Mode.OK
    app = open_app()
    async with running(app) as pilot:
        await until(pilot, lambda: states(app) == [EntryState.CONFIRMED])
        await until(pilot, lambda: not app.situation.tickets[0].ticket.status.is_open)
    assert redmine.issues[1]["status"] == 3
    assert [row["notes"] for row in redmine.journals[1]] == ["toner"]
