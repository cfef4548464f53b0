"""The collecting side as a whole, inside one program."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting import asking
from smic_tui.collecting import follower as following
from smic_tui.collecting import leader as writing
from smic_tui.collecting import snapshot_feed as publisher
from smic_tui.collecting.collector import Collector
from smic_tui.collecting.intake import admit
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.adapter import Context
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.contract.status import SourceState
from smic_tui.model.alert_store import AlertEntry, AlertStore
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import Acknowledgement
from smic_tui.records import Stream
from tests.collecting.collecting_doubles import (
    NOW,
    Options,
    Scripted,
    always,
    full,
    site,
    ticket,
    until,
)


def settings_of(*names: str, **fields: Any) -> Settings:
    values: dict[str, Any] = {"kind": "scripted", "options": Options()} | fields
    return Settings(sources={name: Source(name=name, **values) for name in names})


class Program:
    """A collector with its listener, as the screen or `sync --watch` have one."""

    def __init__(
        self, settings: Settings, folder: Path, adapters: dict[str, Scripted], **more: Any
    ) -> None:
        self.snapshots: list[Snapshot] = []
        self.threads: set[threading.Thread] = set()
        self.when: list[float] = []
        self.cache = Cache(folder)
        self.contexts: dict[str, Context] = {}
        self.adapters = adapters
        self.collector = Collector(
            settings,
            folder.parent,
            self.cache,
            on_change=self._changed,
            secret=lambda secret: f"value of {secret.env}",
            adapter_factory=self._make,
            **more,
        )
        self.task: asyncio.Task[None] | None = None

    def start(self, **run: Any) -> Program:
        self.task = asyncio.create_task(self.collector.run(**run))
        return self

    async def stop(self) -> None:
        await self.collector.close()
        if self.task is not None:
            await self.task

    @property
    def last(self) -> Snapshot:
        return self.snapshots[-1]

    def rows(self, source: int = 0) -> set[str]:
        return set(self.last.sources[source].of(Stream.SITES)) if self.snapshots else set()

    def state(self, source: int = 0) -> SourceState | None:
        return self.last.sources[source].status.state if self.snapshots else None

    def _make(self, source: Source, context: Context) -> Scripted:
        self.contexts[source.name] = context
        adapter = self.adapters[source.name]
        adapter.context = context
        return adapter

    def _changed(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        self.threads.add(threading.current_thread())
        self.when.append(time.monotonic())


Begin = Callable[..., Program]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    programs: list[Program] = []

    def start(
        settings: Settings, adapters: dict[str, Scripted], folder: Path | None = None, **more: Any
    ) -> Program:
        program = Program(settings, folder or tmp_path / "cache", adapters, **more)
        programs.append(program)
        return program

    yield start
    for program in programs:
        await program.stop()


def desk(*answer: Batch | BaseException, **more: Any) -> dict[str, Scripted]:
    return {"desk": Scripted(always(*(answer or full(site("1")))), **more)}


DESK = settings_of("desk", refresh="0.1s")


async def test_the_first_picture_comes_from_the_cache(begin: Begin) -> None:
    first = begin(DESK, desk())
    await first.collector.sync_once()
    adapters = desk(takes=60)
    second = begin(settings_of("desk", refresh="0.1s"), adapters).start()
    await until(lambda: second.snapshots)
    assert second.rows() == {"1"}
    assert second.state() is SourceState.OK
    assert second.last.writer == ""


async def test_it_collects_and_hands_out_on_the_loops_thread(begin: Begin) -> None:
    adapters = desk()
    program = begin(DESK, adapters).start()
    await until(lambda: len(adapters["desk"].asked) >= 5)
    await until(lambda: program.rows() == {"1"})
    assert program.collector.is_writer
    assert program.collector.writer == ""
    assert program.threads == {threading.current_thread()}


async def test_pictures_are_few_however_many_commits(begin: Begin) -> None:
    names = [f"s{number}" for number in range(8)]
    adapters = {name: Scripted(always(*full(site("1")))) for name in names}
    program = begin(settings_of(*names, refresh="0.02s"), adapters).start()
    await until(lambda: sum(len(adapter.asked) for adapter in adapters.values()) > 200)
    span = program.when[-1] - program.when[0]
    assert len(program.snapshots) <= 4 * span + 3
    assert len(program.last.sources) == 8


async def test_a_source_that_hangs_or_fails_holds_no_other_up(begin: Begin) -> None:
    adapters = {
        "hangs": Scripted(always(), takes=60),
        "fails": Scripted(always(RuntimeError("x"))),
        "good": Scripted(always(*full(site("1")))),
    }
    program = begin(settings_of("hangs", "fails", "good", refresh="0.1s"), adapters).start()
    await until(lambda: len(adapters["good"].asked) >= 5)
    await until(lambda: program.state(1) is SourceState.BUG)
    assert program.state(0) is SourceState.NEVER
    assert program.state(2) is SourceState.OK


async def test_only_so_many_sources_are_read_at_once(begin: Begin) -> None:
    running: list[int] = []
    names = [f"s{number}" for number in range(9)]

    def answer(_stream: Stream, _cursor: str | None) -> Iterable[Batch]:
        running.append(sum(adapter.running for adapter in adapters.values()))
        return full(site("1"))

    adapters = {name: Scripted(answer, takes=0.02) for name in names}
    settings = msgspec.structs.replace(settings_of(*names), sources_at_once=3)
    snapshot = await begin(settings, adapters).collector.sync_once()
    assert [source.status.state for source in snapshot.sources] == [SourceState.OK] * 9
    assert len(running) == 9
    assert max(running) == 3


async def test_an_adapter_that_cannot_be_made_fails_its_source_only(begin: Begin) -> None:
    program = begin(settings_of("desk", "missing", refresh="0.1s"), desk()).start()
    await until(lambda: program.state(1) is SourceState.BUG)
    await until(lambda: program.state(0) is SourceState.OK)


async def test_sources_follow_the_configuration(begin: Begin) -> None:
    both = settings_of("desk", "old", refresh="0.1s")
    adapters = {**desk(), "old": Scripted(always(*full(site("2"))))}
    await begin(both, adapters).collector.sync_once()
    off = Source(name="off", kind="scripted", enabled=False)
    settings = Settings(sources={**DESK.sources, "off": off})
    program = begin(settings, desk()).start()
    await until(lambda: program.snapshots)
    assert [source.status.name for source in program.last.sources] == ["desk"]
    assert program.cache.source("old").load().status.rows == 1


async def test_one_collects_the_other_follows_and_takes_over(begin: Begin) -> None:
    ours, theirs = desk(*full(site("1"))), desk(*full(site("2")))
    first = begin(DESK, ours).start()
    await until(lambda: first.rows() == {"1"})
    second = begin(DESK, theirs).start()
    await until(lambda: second.rows() == {"1"})
    assert second.collector.writer.endswith(f"pid {os.getpid()}")
    assert not second.collector.is_writer
    ours["desk"].answer = always(*full(site("3")))
    await until(lambda: second.rows() == {"3"})
    assert theirs["desk"].asked == []

    await first.stop()
    await until(lambda: second.rows() == {"2"})
    assert second.collector.is_writer
    asked = len(ours["desk"].asked)
    await asyncio.sleep(0.2)
    assert len(ours["desk"].asked) == asked


async def test_a_program_that_was_closed_before_it_began_does_nothing(begin: Begin) -> None:
    adapters = desk()
    program = begin(DESK, adapters)
    await program.collector.close()
    await program.collector.run()
    assert program.snapshots == []
    assert adapters["desk"].asked == []


async def test_an_adapter_that_does_not_let_go_does_not_keep_the_program_from_ending(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_ENDING", 0.1)
    released = asyncio.Event()

    class Clinging(Scripted):
        async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
            self.asked.append((stream, cursor))
            try:
                await asyncio.sleep(60)
            finally:
                await released.wait()
            yield Batch()

    adapters = {"desk": Clinging(always())}
    program = begin(DESK, adapters).start()
    await until(lambda: adapters["desk"].asked)
    async with asyncio.timeout(30):
        await program.stop()
    assert Cache(program.cache.folder).lock.holder() is None
    released.set()
    await asyncio.sleep(0.05)


async def test_being_cancelled_frees_the_lock(begin: Begin) -> None:
    program = begin(DESK, desk()).start()
    await until(lambda: program.rows() == {"1"})
    assert program.task is not None
    program.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await program.task
    program.task = None
    other = Cache(program.cache.folder)
    assert other.lock.try_acquire() is Outcome.HELD
    assert other.source("desk").load().status.rows == 1
    other.close()


async def test_the_lock_is_held_until_the_last_write_is_over(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = begin(DESK, desk())
    replaced = threading.Event()
    free_during_write: list[bool] = []
    commit = program.cache.source("desk").commit

    def slow(*arguments: Any) -> bool:
        replaced.set()
        time.sleep(0.3)
        free_during_write.append(Cache(program.cache.folder).lock.holder() is None)
        return commit(*arguments)

    monkeypatch.setattr(program.cache.source("desk"), "commit", slow)
    program.start()
    await until(replaced.is_set)
    assert program.task is not None
    program.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await program.task
    program.task = None
    assert free_during_write == [False]


# Refreshing


async def test_the_writer_refreshes_one_or_all(begin: Begin) -> None:
    adapters = {name: Scripted(always(*full(site("1")))) for name in ("a", "b")}
    program = begin(settings_of("a", "b", refresh="1h"), adapters).start()
    await until(lambda: all(len(adapter.asked) == 1 for adapter in adapters.values()))
    await asyncio.sleep(0.1)
    program.collector.refresh("a")
    await until(lambda: len(adapters["a"].asked) == 2)
    assert len(adapters["b"].asked) == 1
    await asyncio.sleep(0.1)
    program.collector.refresh()
    await until(lambda: [len(adapter.asked) for adapter in adapters.values()] == [3, 2])
    program.collector.refresh("no such source")


async def test_a_reader_has_the_writer_refresh(begin: Begin) -> None:
    adapters = {name: Scripted(always(*full(site("1")))) for name in ("a", "b")}
    settings = settings_of("a", "b", refresh="1h")
    writer = begin(settings, adapters).start()
    await until(lambda: all(adapter.finished == 1 for adapter in adapters.values()))
    reader = begin(settings, {}).start()
    await until(lambda: reader.snapshots and not reader.collector.is_writer)
    adapters["b"].answer = always(*full(site("2")))
    reader.collector.refresh("b")
    await until(lambda: reader.rows(1) == {"2"})
    assert len(adapters["a"].asked) == 1
    reader.collector.refresh()
    await until(lambda: [len(adapter.asked) for adapter in adapters.values()] == [2, 3])
    assert writer.collector.is_writer


# sync


async def test_sync_reads_each_source_once_and_waits(begin: Begin) -> None:
    adapters = {
        "a": Scripted(always(*full(site("1"))), takes=0.1),
        "b": Scripted(always(Unavailable("weg"))),
        "c": Scripted(always(*full(site("3")))),
    }
    program = begin(settings_of("a", "b", "c"), adapters)
    snapshot = await program.collector.sync_once()
    assert [source.status.state for source in snapshot.sources] == [
        SourceState.OK,
        SourceState.UNAVAILABLE,
        SourceState.OK,
    ]
    snapshot = await program.collector.sync_once(["c", "unknown"])
    assert [len(adapter.asked) for adapter in adapters.values()] == [1, 1, 2]
    assert [adapter.closed for adapter in adapters.values()] == [1, 1, 2]
    assert Cache(program.cache.folder).lock.holder() is None
    assert Cache(program.cache.folder).snapshot(settings_of("c")).sources[0].status.rows == 1


async def test_sync_beside_a_writer_asks_it(begin: Begin) -> None:
    adapters = desk()
    settings = settings_of("desk", refresh="1h")
    begin(settings, adapters).start()
    await until(lambda: adapters["desk"].finished == 1)
    adapters["desk"].answer = always(*full(site("2")))
    other = begin(settings, {})
    snapshot = await other.collector.sync_once()
    assert set(snapshot.sources[0].of(Stream.SITES)) == {"2"}
    assert "pid" in snapshot.writer
    assert len(adapters["desk"].asked) == 2


async def test_sync_beside_a_writer_waits_for_facts_from_after_the_question(begin: Begin) -> None:
    adapters = desk(takes=1.0)
    settings = settings_of("desk", refresh="1h")
    writer = begin(settings, adapters).start()
    await until(lambda: adapters["desk"].running)
    sync = asyncio.create_task(begin(settings, {}).collector.sync_once())
    await until(lambda: writer.rows() == {"1"})
    adapters["desk"].answer = always(*full(site("2")))
    assert set((await sync).sources[0].of(Stream.SITES)) == {"2"}
    assert len(adapters["desk"].asked) == 2


async def test_sync_takes_over_when_the_writer_dies_meanwhile(begin: Begin) -> None:
    dying = Cache((begin(DESK, {})).cache.folder)
    assert dying.lock.try_acquire() is Outcome.HELD
    adapters = desk()
    program = begin(DESK, adapters)
    task = asyncio.create_task(program.collector.sync_once())
    await asyncio.sleep(0.4)
    assert adapters["desk"].asked == []
    dying.close()
    snapshot = await task
    assert set(snapshot.sources[0].of(Stream.SITES)) == {"1"}


async def test_sync_beside_a_writer_that_does_not_react_says_so(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_MARGIN", 0.2)
    program = begin(settings_of("desk", deadline="0.1s"), desk())
    frozen = Cache(program.cache.folder)
    assert frozen.lock.try_acquire() is Outcome.HELD
    snapshot = await program.collector.sync_once()
    assert any("did not answer" in notice for notice in snapshot.notices)
    assert program.adapters["desk"].asked == []
    frozen.close()


async def test_sync_inside_a_writing_program_uses_its_coordinators(begin: Begin) -> None:
    adapters = desk()
    program = begin(settings_of("desk", refresh="1h"), adapters).start()
    await until(lambda: adapters["desk"].finished == 1)
    adapters["desk"].answer = always(*full(site("2")))
    snapshot = await program.collector.sync_once()
    assert set(snapshot.sources[0].of(Stream.SITES)) == {"2"}
    assert program.collector.is_writer


# Alerts


def entry(name: str) -> AlertEntry:
    return AlertEntry(
        fingerprint=name, rule="r", subject="sites", source="desk", key=name, since=NOW
    )


async def test_the_writer_evaluates_alerts_off_the_loop_and_stores_them(begin: Begin) -> None:
    threads: set[threading.Thread] = set()

    def evaluate(snapshot: Snapshot) -> AlertStore:
        threads.add(threading.current_thread())
        rows = snapshot.sources[0].of(Stream.SITES)
        return {**snapshot.alerts, **{key: entry(key) for key in rows}}

    adapters = desk(*full(site("1")))
    program = begin(DESK, adapters, after_commit=evaluate).start()
    await until(lambda: program.snapshots and program.last.alerts.keys() == {"1"})
    adapters["desk"].answer = always(*full(site("2")))
    await until(lambda: program.last.alerts.keys() == {"1", "2"})
    assert threading.current_thread() not in threads
    assert Cache(program.cache.folder).alerts.load().keys() == {"1", "2"}

    calls: list[Snapshot] = []
    reader = begin(DESK, {}, after_commit=calls.append).start()
    await until(lambda: reader.snapshots and reader.last.alerts.keys() == {"1", "2"})
    assert calls == []


async def test_no_new_book_keeps_the_old_one(begin: Begin) -> None:
    books: Iterator[AlertStore | None] = iter([{"a": entry("a")}])
    program = begin(DESK, desk(), after_commit=lambda _snapshot: next(books, None)).start()
    await until(lambda: len(program.snapshots) > 4)
    assert program.last.alerts.keys() == {"a"}


async def test_rules_that_fail_are_told_and_stop_nothing(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def evaluate(_snapshot: Snapshot) -> None:
        if broken:
            raise ZeroDivisionError

    adapters = desk()
    program = begin(DESK, adapters, after_commit=evaluate).start()
    await until(lambda: program.snapshots and len(program.last.notices) == 1)
    assert "ZeroDivisionError" in program.last.notices[0]
    await until(lambda: len(adapters["desk"].asked) > 5)
    assert caplog.text.count("Traceback") == 1
    broken = False
    await until(lambda: program.last.notices == ())


async def test_a_book_that_cannot_be_written_is_no_end(begin: Begin) -> None:
    adapters = desk()
    program = begin(DESK, adapters, after_commit=lambda _snapshot: {"\ud800": entry("a")}).start()
    await until(lambda: program.snapshots and program.last.notices)
    await until(lambda: len(adapters["desk"].asked) > 5)
    assert program.last.alerts == {}


async def test_a_listener_that_raises_stops_nothing(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = desk()
    program = begin(DESK, adapters)

    def fail(_snapshot: Snapshot) -> None:
        raise RuntimeError

    monkeypatch.setattr(program.collector._feed, "_on_change", fail)
    program.start()
    await until(lambda: len(adapters["desk"].asked) > 5)


@pytest.mark.parametrize("writes", [True, False])
async def test_what_another_program_decides_is_told(begin: Begin, writes: bool) -> None:
    settings = settings_of("desk", refresh="1h")
    program = begin(settings, desk()).start()
    await until(lambda: program.rows() == {"1"})
    if not writes:
        program = begin(settings, desk()).start()
        await until(lambda: program.rows() == {"1"})
        await asyncio.sleep(1.2)
    count = len(program.snapshots)
    other = Cache(program.cache.folder).user
    assert other.acknowledge(Acknowledgement(fingerprint="f", by="duty", at=NOW))
    await until(lambda: len(program.snapshots) > count)
    assert program.cache.user.load().acknowledgements.keys() == {"f"}


async def test_alerts_are_evaluated_each_minute_without_any_commit(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert writing._EVALUATE == 60
    monkeypatch.setattr(writing, "_EVALUATE", 0.3)
    calls: list[Snapshot] = []
    program = begin(settings_of("desk", refresh="1h"), desk(), after_commit=calls.append).start()
    await until(lambda: program.rows() == {"1"})
    count = len(calls)
    await until(lambda: len(calls) >= count + 3)


# Trouble


async def test_a_writer_that_shows_no_sign_of_life_is_named(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_FROZEN", 0.3)
    monkeypatch.setattr(following, "_LOOK", 0.05)
    program = begin(DESK, desk())
    frozen = Cache(program.cache.folder)
    assert frozen.lock.try_acquire() is Outcome.HELD
    program.start()
    await until(lambda: program.snapshots and program.last.notices)
    (notice,) = program.last.notices
    assert f"pid {os.getpid()}" in notice
    frozen.lock.beat()
    await until(lambda: program.last.notices == ())
    frozen.close()
    await until(lambda: program.rows() == {"1"})


async def test_a_deleted_cache_folder_is_made_again(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BEAT", 0.1)
    program = begin(DESK, desk()).start()
    await until(lambda: program.rows() == {"1"})
    shutil.rmtree(program.cache.folder)
    await until(lambda: (program.cache.folder / "sources" / "desk.json").exists())
    await until(lambda: Cache(program.cache.folder).lock.holder() is not None)
    assert program.rows() == {"1"}


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(mount)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


async def test_on_a_read_only_disk_it_collects_into_memory_and_comes_back(
    begin: Begin, read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BEAT", 0.2)
    folder = read_only / "cache"
    program = begin(DESK, desk(), folder=folder).start()
    await until(lambda: program.rows() == {"1"})
    assert program.collector.is_writer
    assert any(str(folder) in notice for notice in program.last.notices)
    fingerprint = Acknowledgement(fingerprint="f", by="duty", at=NOW)
    assert not await asyncio.to_thread(program.cache.user.acknowledge, fingerprint)

    remount = ["mount", "-o", "remount,rw", str(read_only)]
    await asyncio.to_thread(subprocess.run, remount, check=True)
    await until(lambda: program.last.notices == ())
    await until(lambda: (folder / "sources" / "desk.json").exists())
    found = Cache(folder)
    assert found.user.load().acknowledgements.keys() == {"f"}
    assert found.lock.holder() is not None


async def test_a_full_disk_is_told_and_gets_better(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BEAT", 0.1)
    adapters = desk()
    program = begin(settings_of("desk", refresh="0.1s"), adapters).start()
    await until(lambda: program.rows() == {"1"})
    full_disk = True

    def write(descriptor: int, data: bytes) -> None:
        if full_disk:
            raise OSError(28, "No space left on device")
        type(program.cache._folder.ops).write(program.cache._folder.ops, descriptor, data)

    monkeypatch.setattr(program.cache._folder.ops, "write", write)
    adapters["desk"].answer = always(*full(site("2")))
    await until(lambda: program.rows() == {"2"} and program.last.notices)
    assert "no room" in program.last.notices[0]
    full_disk = False
    await until(lambda: program.last.notices == ())
    assert Cache(program.cache.folder).source("desk").load().rows[Stream.SITES].keys() == {"2"}


async def test_a_fault_of_a_coordinator_itself_does_not_end_its_source(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_AFTER_FAULT", 0.05)
    adapters = desk()
    program = begin(DESK, adapters)
    faults = iter([True])
    real = program.cache.source("desk").commit

    def commit(*arguments: Any) -> bool:
        if next(faults, False):
            program.cache.source("desk").commit = real  # type: ignore[method-assign]
            raise ZeroDivisionError
        return real(*arguments)

    monkeypatch.setattr(program.cache.source("desk"), "commit", commit)
    program.start()
    await until(lambda: program.state() is SourceState.OK)


async def test_what_a_secret_is_does_not_get_into_messages(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    class Leaky(Scripted):
        async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
            value = self.context.secret(Secret(env="KEY"))
            raise RuntimeError(f"cannot log in with {value}")
            yield Batch()

    program = begin(DESK, {"desk": Leaky(always())})
    snapshot = await program.collector.sync_once()
    status = snapshot.sources[0].status
    assert status.error == "RuntimeError: cannot log in with [hidden]"
    assert "value of KEY" not in caplog.text
    for path in program.cache.folder.rglob("*.json"):
        assert "value of KEY" not in path.read_text()


async def test_a_large_reading_is_taken_in_off_the_loop(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long the loop is held for all that is measured by `benchmarks/bench_loop.py`."""
    threads: dict[str, threading.Thread] = {}

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            threads[name] = threading.current_thread()
            return work(*arguments)

        return called

    rows = tuple(ticket(str(number)) for number in range(10_000))
    adapter = Scripted(always(*full(*rows)), offers=(Stream.TICKETS,))
    program = begin(
        settings_of("desk", refresh="0.2s"),
        {"desk": adapter},
        after_commit=noted("rules", lambda snapshot: {"1": entry("1")}),
    )
    file = program.cache.source("desk")
    monkeypatch.setattr("smic_tui.collecting.reading.admit", noted("intake", admit))
    monkeypatch.setattr(file, "commit", noted("commit", file.commit))
    program.start()
    await until(lambda: threads.keys() == {"intake", "commit", "rules"})
    assert threading.current_thread() not in threads.values()


def test_at_most_four_pictures_a_second() -> None:
    assert publisher.PAUSE >= 0.25


async def test_nothing_is_read_before_the_first_picture_is_shown(begin: Begin) -> None:
    shown = asyncio.Event()

    async def first_shown() -> None:
        await shown.wait()

    program = begin(DESK, desk())
    program.start(first_shown=first_shown)
    await until(lambda: program.snapshots)
    await asyncio.sleep(0.1)
    assert not program.contexts
    assert not program.collector.is_writer
    shown.set()
    await until(lambda: program.rows() == {"1"})


async def test_who_leaves_before_the_first_picture_waits_for_nothing(begin: Begin) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    program = begin(DESK, desk())
    program.start(first_shown=never)
    await until(lambda: program.snapshots)
    async with asyncio.timeout(30):
        await program.stop()
    assert not program.contexts


async def test_nobody_waits_long_for_the_interpreter_while_a_program_collects(
    begin: Begin,
) -> None:
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        begin(DESK, desk()).start()
        await until(lambda: sys.getswitchinterval() <= 0.001)
    finally:
        sys.setswitchinterval(before)
