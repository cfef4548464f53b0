"""One size: everything that `bench_scale` prints, measured in this process."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import _scale_data as data
from msgspec import Struct
from textual import events

from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.cache.layout import Cursor
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.collector import Collector
from smic_tui.collecting.coordinator import config_digest
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.head_keeper import HeadKeeper
from smic_tui.insight.alerts import evaluate
from smic_tui.insight.assess import assess
from smic_tui.insight.facts import Situation
from smic_tui.insight.fields import fields_for
from smic_tui.insight.query import parse
from smic_tui.insight.ready import get_ready
from smic_tui.records import Stream
from smic_tui.snapshot import Snapshot, SourceState, SourceStatus
from smic_tui.userstate import UserState
from smic_tui.views.listing import sort_facts
from smic_tui.views.lists.all import LISTINGS
from widgets.row_table import RowTable

PART = 0.01
TYPED = "imprim"
WORD = range(1, len(TYPED) + 1)
DIGEST = "bench"


class NoOptions(Struct, frozen=True, kw_only=True):
    """Nothing to set."""


class Memory(Adapter[NoOptions]):
    """Brings whatever was put into `waiting`, and nothing else changes."""

    kind: ClassVar[str] = "memory"
    config_type: ClassVar[type[Struct]] = NoOptions
    streams: ClassVar[frozenset[Stream]] = frozenset(Stream)
    waiting: ClassVar[dict[str, data.Rows]] = {}

    def offered(self) -> frozenset[Stream]:
        return frozenset(data.STREAMS[self.context.source])

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        rows = self.waiting.get(self.context.source, {}).pop(stream, {})
        yield Batch(upserts=tuple(rows.values()), cursor="here", full=False)

    async def probe(self) -> Probe:
        return Probe()


class Figures(dict[str, float]):
    """What was measured: milliseconds by the clock, and under `NAME cpu` those that this
    program computed meanwhile, which others on the same machine change little.
    """

    def put(self, name: str, times: list[tuple[float, float]]) -> None:
        """The median of several."""
        self[name] = statistics.median(wall for wall, _cpu in times)
        self[f"{name} cpu"] = statistics.median(cpu for _wall, cpu in times)


class Watch:
    """Milliseconds by the clock and of computing, since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        wall, cpu = self._began
        return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def timed(work: Callable[[], object], rounds: int = 3) -> list[tuple[float, float]]:
    """What several rounds take."""
    times = []
    for _round in range(rounds):
        watch = Watch()
        work()
        times.append(watch.read())
    return times


def memory(field: str) -> float:
    """Megabytes of this process: VmRSS or VmHWM."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Heart:
    """Beats every millisecond; the longest pause is how long the loop got no turn, by the
    clock and in what this program computed meanwhile.
    """

    def __init__(self) -> None:
        self.longest = (0.0, 0.0)
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            watch = Watch()
            await asyncio.sleep(0.001)
            wall, cpu = watch.read()
            self.longest = max(self.longest[0], wall - 1), max(self.longest[1], cpu)

    def take(self) -> list[tuple[float, float]]:
        """The longest pauses since the last call."""
        found, self.longest = self.longest, (0.0, 0.0)
        return [found]

    def stop(self) -> None:
        self._task.cancel()


def fill(folder: Path, size: int, communes: Path | None, settings: Settings) -> None:
    """Write the cache as a full reading of the four sources leaves it."""
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
    # As a run of the program before has left it.
    snapshot = cache.snapshot(settings)
    heads = HeadKeeper(DIGEST, folder)
    heads.assessed(assess(snapshot, UserState(), settings, now))
    heads.keep(snapshot)
    cache.close()


def without_screen(folder: Path, settings: Settings, found: Figures) -> None:
    """Cache, insight and filters, as commands use them."""
    watch = Watch()
    cache = Cache(folder)
    snapshot = cache.snapshot(settings)
    found.put("load", [watch.read()])
    user = UserState()
    situation = Situation(now=datetime.now(UTC))

    def look() -> None:
        nonlocal situation
        situation = assess(snapshot, user, settings, datetime.now(UTC))

    found.put("assess_first", timed(look, 1))
    found.put("ready_first", timed(lambda: get_ready(situation), 1))
    # What a step needs is made when a second situation comes.
    look()
    found.put("assess_again", timed(look, 3))
    book = evaluate(situation, {}, settings, situation.now)

    def select(subject: str, text: str) -> object:
        facts = situation.tickets if subject == "tickets" else situation.sites
        return parse(text, fields_for(subject)).select(facts, situation.now)

    found.put("filter_first", timed(lambda: select("tickets", "i"), 1))
    select("sites", "i")
    for subject, field in (("tickets", "priority<3"), ("sites", "state:down")):
        # The slowest letter of a word, each as it is typed.
        select(subject, "zzz")
        letters = [timed(lambda s=subject, n=n: select(s, TYPED[:n]), 1)[0] for n in WORD]
        found.put(f"filter_{subject}_text", [max(letters)])
        found.put(f"filter_{subject}_field", timed(lambda s=subject, f=field: select(s, f), 5))
    listing = LISTINGS["tickets"]
    found.put(
        "sort",
        timed(lambda: sort_facts(listing, situation.tickets, "subject", False), 3),
    )
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(data.STREAMS)
    commits, steps, readies, rules = [], [], [], []
    for round_ in range(3):
        new = {
            name: data.changed(dict(cache.source(name).contents.rows), PART, snapshot.taken, round_)
            for name in data.STREAMS
        }
        watch = Watch()
        for name, rows in new.items():
            file = cache.source(name)
            assert file.commit(rows, {}, {}, file.contents.status)
        commits.append(watch.read())
        snapshot = cache.snapshot(settings)
        steps += timed(look, 1)
        readies += timed(lambda: get_ready(situation), 1)
        watch = Watch()
        book = evaluate(situation, book, settings, situation.now)
        rules.append(watch.read())
    found.put("commit", commits)
    found.put("assess_changed", steps)
    found.put("ready_changed", readies)
    found.put("evaluate", rules)
    cache.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait, without taking the interpreter from threads that work."""
    ends = time.perf_counter() + 120
    while not true():
        assert time.perf_counter() < ends, "it never came"
        await asyncio.sleep(0.002)


async def at_rest(app: SmicApp) -> None:
    """Until no message waits anywhere and every widget is drawn."""
    calm = 0
    while calm < 8:
        await asyncio.sleep(0)
        nodes = (app, app.screen, *app.screen.walk_children())
        quiet = all(node._message_queue.empty() for node in nodes)
        calm = calm + 1 if quiet and not app.screen._dirty_widgets else 0


async def press(app: SmicApp, *keys: str, rounds: int = 9) -> list[tuple[float, float]]:
    """From a key to the last widget drawn again. The pilot's own `press` sleeps longer
    than all of that takes.
    """
    times = []
    for key in keys * rounds:
        watch = Watch()
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        await at_rest(app)
        times.append(watch.read())
        await asyncio.sleep(0.02)
    return times


async def on_screen(folder: Path, settings: Settings, found: Figures) -> None:
    """The real screens over the real collector, without a terminal."""
    cache = Cache(folder)
    heads = HeadKeeper(DIGEST, folder)

    def make(source: Source, context: Context) -> Adapter[Any]:
        return Memory(NoOptions(), context)

    def collector_of(on_change: Callable[[Snapshot], None]) -> Collector:
        def after_commit(snapshot: Snapshot) -> Any:
            now = datetime.now(UTC)
            situation = assess(snapshot, cache.user.load(), settings, now)
            heads.assessed(situation)
            return evaluate(situation, snapshot.alerts, settings, now)

        return Collector(
            settings,
            folder,
            cache,
            on_change=on_change,
            after_commit=after_commit,
            keep=lambda snapshot, _seen: heads.keep(snapshot),
            first=heads.load,
            secret=lambda _secret: "",
            adapter_factory=make,
        )

    watch = Watch()
    app = SmicApp(settings, cache, collector_of, person="agent 1")
    async with app.run_test(size=(120, 36)) as pilot:
        heart = Heart()
        await until(lambda: app.situation.sites != () and len(app.screen.table._keys) > 0)
        found.put("paint", [watch.read()])
        await until(lambda: not app.situation.partial)
        await at_rest(app)
        found.put("all", [watch.read()])
        await until(lambda: app.collector.is_writer)
        await asyncio.sleep(5)
        await pilot.pause()
        found.put("block_start", heart.take())
        for number, name in (("1", "overview"), ("2", "sites"), ("3", "backups"), ("4", "tickets")):
            await pilot.press(number)
            await until(lambda: len(app.screen.table._keys) > 0)
            await pilot.pause()
            await pilot.press("down")
            if name == "overview":
                heart.take()
            found.put(f"key_{name}", await press(app, "down", "pagedown", "up"))
        screen = app.screen
        await pilot.press("slash")
        times = []
        for at, key in enumerate(TYPED):
            watch = Watch()
            app.post_message(events.Key(key, key))
            await until(
                lambda a=at: (
                    screen.query_text == TYPED[: a + 1]
                    and not any(work.group == "select" and work.is_running for work in app.workers)
                )
            )
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
            Memory.waiting = {
                name: data.changed(
                    dict(cache.source(name).contents.rows), PART, datetime.now(UTC), 100 + round_
                )
                for name in data.STREAMS
            }
            wanted = next(iter(Memory.waiting["desk"][Stream.TICKETS].values()))
            gc.collect()
            await asyncio.sleep(0.05)
            heart.take()
            watch = Watch()
            app.collector.refresh()
            await until(lambda w=wanted: shows(app.situation, w))
            await at_rest(app)
            times.append(watch.read())
            blocks += heart.take()
            # The alerts come after, and the housekeeping.
            await asyncio.sleep(4)
            blocks += heart.take()
        found.put("refresh", times)
        found.put("block_refresh", [max(blocks)])
        heart.stop()
        found["rss_mb"] = memory("VmRSS")
        await app.action_quit()


def shows(situation: Situation, wanted: Any) -> bool:
    """Whether the situation has this very version of a ticket, cheaply."""
    site = situation.sites_by_key.get(f"register/{wanted.site}")
    return site is not None and any(
        fact.ticket.key == wanted.key and fact.ticket.updated == wanted.updated
        for fact in site.tickets
    )


def show(table: RowTable, facts: Any, look: Any) -> None:
    listing = LISTINGS["tickets"]
    table.show(
        listing.columns,
        [listing.key(fact) for fact in facts],
        lambda index: listing.row(facts[index], look),
    )


def measure(step: str, folder: Path, size: int, communes: Path | None) -> dict[str, float]:
    """The figures of one step, in this process."""
    settings = data.settings()
    found = Figures()
    if step == "fill":
        fill(folder, size, communes, settings)
    elif step == "core":
        without_screen(folder, settings, found)
    else:
        asyncio.run(on_screen(folder, settings, found))
        found["peak_mb"] = memory("VmHWM")
        files = [path for path in folder.rglob("*") if path.is_file()]
        found["files_mb"] = sum(path.stat().st_size for path in files) / 1e6
    return found
