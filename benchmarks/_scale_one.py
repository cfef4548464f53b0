"""Measures one size, in this process, for `bench_scale`."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from textual import events

from benchmarks import _scale_data as data
from benchmarks._scale_app import DIGEST, PART, Memory, change_a_part, make_app
from benchmarks._scale_figures import Figures, Heart, Watch, memory, timed
from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.cache.layout import Cursor
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.coordinator import config_digest
from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.duty.alert_rules import AlertRules
from smic_tui.insight.assess import assess
from smic_tui.insight.assessor import Assessor
from smic_tui.model.facts import Situation
from smic_tui.model.subjects import TICKETS
from smic_tui.model.user_state import UserState
from smic_tui.query.parser import parse
from smic_tui.query.subjects.all import fields_for
from smic_tui.records import Stream
from smic_tui.screens.listing import ListScreen
from smic_tui.startup.first_rows_writer import FirstRowsWriter
from smic_tui.views.listing import sort_facts
from smic_tui.views.lists.all import listing_of
from smic_tui.views.look import Look
from widgets.row_table import RowTable

TYPED = "imprim"
WORD = range(1, len(TYPED) + 1)


def fill(folder: Path, size: int, communes: Path | None, settings: Settings) -> None:
    """Writes the cache as a full reading of the four sources leaves it."""
    now = datetime.now(UTC)
    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(data.STREAMS)
    for name, rows in data.country(size, now, communes).items():
        status = SourceStatus(
            name=name,
            kind="memory",
            state=SourceState.OK,
            streams=data.STREAMS[name],
            last_good=now,
            last_try=now,
        )
        cursors = {
            stream: Cursor(value="here", full_at=now, config=config_digest(settings.sources[name]))
            for stream in data.STREAMS[name]
        }
        assert cache.source(name).commit(rows, {}, cursors, status)
    # The state that an earlier run of the program leaves.
    snapshot = cache.snapshot(settings)
    heads = FirstRowsWriter(DIGEST, folder)
    heads.keep(snapshot, assess(snapshot, UserState(), settings, now))
    cache.close()


def without_screen(folder: Path, settings: Settings, found: Figures) -> None:
    """Measures cache, insight and filters, as commands use them."""
    watch = Watch()
    cache = Cache(folder)
    snapshot = cache.snapshot(settings)
    found.put("load", [watch.read()])
    user = UserState()
    situation = Situation(now=datetime.now(UTC))
    assessor, alert_rules = Assessor(settings), AlertRules(settings)

    def look() -> None:
        nonlocal situation
        situation = assessor.assess(snapshot, user, datetime.now(UTC))

    found.put("assess_first", timed(look, 1))
    # What a step needs is made when a second situation comes.
    look()
    found.put("assess_again", timed(look, 3))
    book = alert_rules.evaluate(situation, {}, situation.now)

    def select(subject: str, text: str) -> object:
        facts = situation.tickets if subject == "tickets" else situation.sites
        return parse(text, fields_for(subject)).select(facts, situation.now, situation.freshness)

    found.put("filter_first", timed(lambda: select("tickets", "i"), 1))
    select("sites", "i")
    for subject, field in (("tickets", "priority<3"), ("sites", "state:down")):
        # The slowest letter of a word that is typed letter by letter.
        select(subject, "zzz")
        letters = [timed(partial(select, subject, TYPED[:n]), 1)[0] for n in WORD]
        found.put(f"filter_{subject}_text", [max(letters)])
        found.put(f"filter_{subject}_field", timed(partial(select, subject, field), 5))
    listing = listing_of(TICKETS)
    reader = Look(now=situation.now, zone=ZoneInfo("UTC"))
    found.put(
        "sort",
        timed(lambda: sort_facts(listing, situation.tickets, "subject", False, reader), 3),
    )
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(data.STREAMS)
    commits, steps, rules = [], [], []
    for round_ in range(3):
        new = {
            name: data.changed(cache.source(name).contents.rows, PART, snapshot.taken, round_)
            for name in data.STREAMS
        }
        watch = Watch()
        for name, rows in new.items():
            file = cache.source(name)
            assert file.commit(rows, {}, {}, file.contents.status)
        commits.append(watch.read())
        snapshot = cache.snapshot(settings)
        steps += timed(look, 1)
        watch = Watch()
        book = alert_rules.evaluate(situation, book, situation.now)
        rules.append(watch.read())
    found.put("commit", commits)
    found.put("assess_changed", steps)
    found.put("evaluate", rules)
    cache.close()


async def until(true: Callable[[], bool]) -> None:
    """Waits, without taking the interpreter from threads that work."""
    ends = time.perf_counter() + 120
    while not true():
        assert time.perf_counter() < ends, "it never came"
        await asyncio.sleep(0.002)


async def at_rest(app: SmicApp) -> None:
    """Waits until no message is queued anywhere and every widget is drawn."""
    calm = 0
    while calm < 8:
        await asyncio.sleep(0)
        nodes = (app, app.screen, *app.screen.walk_children())
        quiet = all(node._message_queue.empty() for node in nodes)
        calm = calm + 1 if quiet and not app.screen._dirty_widgets else 0


async def press(app: SmicApp, *keys: str, rounds: int = 9) -> list[tuple[float, float]]:
    """Presses a key, and returns when the last widget is drawn again.

    The pilot's own `press` sleeps longer than all of that takes.
    """
    times = []
    for key in keys * rounds:
        watch = Watch()
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        await at_rest(app)
        times.append(watch.read())
        await asyncio.sleep(0.02)
    return times


def table_of(app: SmicApp) -> RowTable:
    """The list of the screen in front."""
    return app.screen.query_one(RowTable)


def is_filtered(screen: ListScreen[Any], text: str) -> bool:
    """Whether the list is what is left by this filter."""
    workers = screen.app.workers
    return screen.query_text == text and not any(
        work.group == "select" and work.is_running for work in workers
    )


async def on_screen(folder: Path, settings: Settings, found: Figures) -> None:
    """Measures the real screens over the real collector, without a terminal."""
    # The program starts without garbage collection too, and begins it after the first screen.
    gc.disable()
    watch = Watch()
    app = make_app(folder, settings)
    async with app.run_test(size=(120, 36)) as pilot:
        heart = Heart()
        await until(lambda: app.situation.sites != () and len(table_of(app)._keys) > 0)
        found.put("paint", [watch.read()])
        await until(lambda: not app.situation.is_partial)
        await at_rest(app)
        found.put("all", [watch.read()])
        await until(lambda: app.collector.is_writer)
        await asyncio.sleep(5)
        await pilot.pause()
        found.put("block_start", heart.take())
        for number, name in (("1", "overview"), ("2", "sites"), ("3", "backups"), ("4", "tickets")):
            await pilot.press(number)
            await until(lambda: len(table_of(app)._keys) > 0)
            await pilot.pause()
            await pilot.press("down")
            if name == "overview":
                heart.take()
            found.put(f"key_{name}", await press(app, "down", "pagedown", "up"))
        screen = app.screen
        assert isinstance(screen, ListScreen)
        await pilot.press("slash")
        times = []
        for at, key in enumerate(TYPED):
            watch = Watch()
            app.post_message(events.Key(key, key))
            await until(partial(is_filtered, screen, TYPED[: at + 1]))
            times.append(watch.read())
        found.put("screen_filter", times)
        await pilot.press("escape", "escape")
        await pilot.pause()
        await pilot.press("2")
        await pilot.pause()
        found.put("dossier", await press(app, "enter", rounds=1))
        assert type(app.screen).__name__ == "DossierScreen"
        await pilot.press("escape")
        await pilot.press("4")
        await pilot.pause()
        facts = app.situation.tickets
        found.put("block_keys", heart.take())
        found.put("show", timed(lambda: show(screen.table, facts, app.look)))
        await pilot.pause()
        heart.take()
        times, blocks = [], []
        for round_ in range(3):
            change_a_part(app.cache, 100 + round_)
            wanted = next(iter(Memory.waiting["desk"][Stream.TICKETS].values()))
            gc.collect()
            await asyncio.sleep(0.05)
            heart.take()
            watch = Watch()
            app.collector.refresh()
            await until(partial(shows, app, wanted))
            await at_rest(app)
            times.append(watch.read())
            blocks += heart.take()
            # Alerts and housekeeping follow.
            await asyncio.sleep(4)
            blocks += heart.take()
        found.put("refresh", times)
        found.put("block_refresh", [max(blocks)])
        heart.stop()
        found["rss_mb"] = memory("VmRSS")
        await app.action_quit()


def shows(app: SmicApp, wanted: Any) -> bool:
    """Whether the dashboard has this very version of a ticket, found cheaply."""
    site = app.situation.sites_by_key.get(f"register/{wanted.site}")
    return site is not None and any(
        fact.ticket.key == wanted.key and fact.ticket.updated == wanted.updated
        for fact in site.tickets
    )


def show(table: RowTable, facts: Any, look: Any) -> None:
    listing = listing_of(TICKETS)
    table.show(
        listing.columns,
        [listing.key(fact) for fact in facts],
        lambda index: listing.row(facts[index], look, listing.columns),
    )


def measure(step: str, folder: Path, size: int, communes: Path | None) -> dict[str, float]:
    """Returns the figures of one step, measured in this process."""
    settings = data.settings()
    found = Figures()
    if step == "fill":
        fill(folder, size, communes, settings)
    elif step == "core":
        without_screen(folder, settings, found)
    elif step == "frames":
        from benchmarks._scale_frames import frames

        frames(folder, found)
    else:
        asyncio.run(on_screen(folder, settings, found))
        found["peak_mb"] = memory("VmHWM")
        files = [path for path in folder.rglob("*") if path.is_file()]
        found["files_mb"] = sum(path.stat().st_size for path in files) / 1e6
    return found
