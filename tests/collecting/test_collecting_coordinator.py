"""One source, read under every kind of weather."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine

from smic_tui.collecting import backoff
from smic_tui.collecting.broken import broken
from smic_tui.collecting.coordinator import config_digest
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.i18n import phrase
from smic_tui.records import RunResult, Stream, TicketStatus
from tests.collecting.collecting_doubles import (
    NOW,
    Bench,
    Options,
    Scripted,
    always,
    full,
    run_of,
    site,
    ticket,
    until,
)

Start = Callable[..., Bench]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a coordinator on an adapter, or on one made anew each time."""
    benches: list[Bench] = []

    def begin(adapter: Any, **settings: Any) -> Bench:
        make = adapter if not isinstance(adapter, Adapter) else lambda: adapter
        bench = Bench(tmp_path / str(len(benches)), make, **settings)
        benches.append(bench)
        return bench

    yield begin
    for bench in benches:
        await bench.close()


@contextlib.asynccontextmanager
async def running(bench: Bench, tick: float | None = None) -> AsyncIterator[None]:
    """The coordinator runs; a tick says that it is due, at once and at this interval."""

    async def ticking() -> None:
        while tick is not None:
            bench.coordinator.due()
            await asyncio.sleep(tick)

    tasks = [asyncio.create_task(bench.coordinator.run()), asyncio.create_task(ticking())]
    if tick is None:
        bench.coordinator.due()
    try:
        yield
        assert not tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off in milliseconds, always the longest that the jitter allows."""
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)
    monkeypatch.setattr(random, "uniform", lambda _low, high: min(high, 0.05))


# What a reading does


async def test_rows_cursor_and_status_are_committed_together(start: Start) -> None:
    bench = start(Scripted(always(*full(site("1"), site("2"), cursor="c1"))))
    status = await bench.coordinator.read()
    assert bench.kept() == {"1", "2"}
    assert bench.cursor() == "c1"
    assert status.state is SourceState.OK
    assert status.rows == 2
    assert status.streams == (Stream.SITES,)
    assert status.last_good == status.last_try
    assert status.next_try is not None
    assert status.last_try is not None
    assert status.next_try > status.last_try
    assert bench.commits == 1
    assert all(
        row.source == "desk"
        for row in bench.cache.source("desk").contents.of(Stream.SITES).values()
    )


async def test_a_full_reading_deletes_what_it_did_not_bring(start: Start) -> None:
    answers = iter([full(site("1"), site("2")), full(site("2"), site("3"))])
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    await bench.coordinator.read()
    await bench.coordinator.read()
    assert bench.kept() == {"2", "3"}


async def test_a_full_reading_says_nothing_of_the_parts_that_it_could_not_see(
    start: Start,
) -> None:
    first = full(site("a"), site("a/1"), site("a/2"), site("ab/1"), site("b/1"), site("b/x/1"))
    second = [
        Batch(upserts=(site("b/2"),), full=True),
        Batch(full=True, unseen=("a", "b/x", "none")),
    ]
    answers = iter([first, second, full(site("b/2"))])
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    await bench.coordinator.read()
    await bench.coordinator.read()
    assert bench.kept() == {"a", "a/1", "a/2", "b/2", "b/x/1"}
    await bench.coordinator.read()
    assert bench.kept() == {"b/2"}


async def test_an_empty_full_reading_empties_the_source(start: Start) -> None:
    answers = iter([full(site("1")), full()])
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    await bench.coordinator.read()
    await bench.coordinator.read()
    assert bench.kept() == set()


@pytest.mark.parametrize(
    "second",
    [
        [],
        [Batch(upserts=(site("2"),))],
        [*full(site("2")), Batch(upserts=(site("3"),))],
        [*full(site("2")), Unavailable("gone")],
        [*full(site("2")), RuntimeError("bug")],
    ],
    ids=["no batch", "partial", "mixed", "unavailable", "bug"],
)
async def test_only_a_full_reading_that_ended_deletes(start: Start, second: list[Any]) -> None:
    answers: Iterator[Any] = iter([full(site("1")), second])
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    await bench.coordinator.read()
    await bench.coordinator.read()
    assert "1" in bench.kept()
    # What did come is newer than what was known.
    assert len(bench.kept()) == 1 + sum(
        len(part.upserts) for part in second if isinstance(part, Batch)
    )


async def test_what_a_source_offers_is_known_though_it_never_answered(start: Start) -> None:
    bench = start(Scripted(lambda _stream, _cursor: [Unavailable("weg")]))
    status = await bench.coordinator.read()
    assert status.state is SourceState.UNAVAILABLE
    assert status.last_good is None
    assert status.streams == (Stream.SITES,)


async def test_a_failure_keeps_rows_cursor_and_the_time_of_the_last_good_answer(
    start: Start,
) -> None:
    answers: Iterator[Any] = iter(
        [
            full(site("1"), cursor="c1"),
            [Batch(upserts=(site("2"),), cursor="c2"), Unavailable("weg", hint="call them")],
        ]
    )
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    good = await bench.coordinator.read()
    bad = await bench.coordinator.read()
    assert bench.kept() == {"1", "2"}
    assert bench.cursor() == "c1", "what came before a failure is asked for again"
    assert bad.last_good == good.last_good
    assert bad.state is SourceState.UNAVAILABLE
    assert (bad.error, bad.hint, bad.failures) == ("weg", "call them", 1)
    assert bad.lost_since == bad.last_try


async def test_streams_that_ended_are_kept_though_a_later_one_fails(start: Start) -> None:
    def answer(stream: Stream, _cursor: str | None) -> Any:
        return full(site("1"), cursor="s") if stream is Stream.SITES else [Unavailable("no")]

    bench = start(Scripted(answer, offers=(Stream.TICKETS, Stream.SITES)))
    status = await bench.coordinator.read()
    assert bench.kept() == {"1"}
    assert bench.cursor(Stream.SITES) == "s"
    assert status.state is SourceState.UNAVAILABLE
    assert status.last_good is None


async def test_the_last_word_about_a_key_counts(start: Start) -> None:
    bench = start(
        Scripted(
            always(
                Batch(upserts=(site("1", "old"), site("2"))),
                Batch(deletes=("2",), upserts=(site("1", "new"), site("3"))),
                Batch(deletes=("3", "never there")),
                Batch(upserts=(site("2", "again"),)),
            )
        )
    )
    await bench.coordinator.read()
    rows = bench.cache.source("desk").contents.of(Stream.SITES)
    assert {key: getattr(row, "name", None) for key, row in rows.items()} == {
        "1": "new",
        "2": "again",
    }


async def test_the_cursor_is_given_back_and_the_last_one_counts(start: Start) -> None:
    adapter = Scripted(
        lambda _stream, cursor: [
            Batch(cursor=f"{cursor}a"),
            Batch(upserts=(site("1"),), cursor=f"{cursor}b"),
            Batch(),
        ]
    )
    bench = start(adapter)
    await bench.coordinator.read()
    await bench.coordinator.read()
    await bench.coordinator.read()
    assert [cursor for _stream, cursor in adapter.asked] == [None, "Noneb", "Nonebb"]


async def test_an_incremental_reading_without_a_cursor_keeps_the_old_one(start: Start) -> None:
    adapter = Scripted(lambda _stream, cursor: full(cursor="c") if cursor is None else [Batch()])
    bench = start(adapter)
    for _count in range(3):
        await bench.coordinator.read()
    assert [cursor for _stream, cursor in adapter.asked] == [None, "c", "c"]


async def test_a_full_reading_is_due_again_after_full_every(start: Start) -> None:
    adapter = Scripted(always(*full(site("1"), cursor="c")))
    bench = start(adapter, full_every="1h")
    await bench.coordinator.read()
    await bench.coordinator.read()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        await bench.coordinator.read()
    assert [cursor for _stream, cursor in adapter.asked] == [None, "c", None]


async def test_other_settings_mean_reading_from_the_start(tmp_path: Path) -> None:
    adapter = Scripted(always(*full(site("1"), cursor="c")))
    for url in ("https://a", "https://a", "https://b"):
        bench = Bench(tmp_path, lambda: adapter, options=Options(url=url))
        await bench.coordinator.read()
        await bench.close()
    assert [cursor for _stream, cursor in adapter.asked] == [None, "c", None]


def test_the_digest_of_settings_names_no_secret() -> None:
    one = Source(name="a", kind="k", options=Options(password=Secret(env="A")))
    other = Source(name="a", kind="k", options=Options(password=Secret(env="B")))
    assert config_digest(one) != config_digest(other)
    assert config_digest(one) == config_digest(one)
    assert config_digest(Source(name="a", kind="k", options=object()))


async def test_a_stream_that_is_no_longer_offered_is_dropped_after_a_good_reading(
    start: Start,
) -> None:
    adapter = Scripted(
        lambda stream, _cursor: full(site("1") if stream is Stream.SITES else ticket("1")),
        offers=(Stream.SITES, Stream.TICKETS),
    )
    bench = start(adapter)
    await bench.coordinator.read()
    adapter.offers = frozenset({Stream.TICKETS})
    adapter.answer = always(Unavailable("weg"))
    await bench.coordinator.read()
    assert bench.kept() == {"1"}
    adapter.answer = always(*full(ticket("1")))
    await bench.coordinator.read()
    assert bench.kept() == set()
    assert bench.kept(Stream.TICKETS) == {"1"}


# What is rejected, what is dropped


async def test_a_rejected_row_is_not_taken_for_deleted(start: Start) -> None:
    answers = iter([full(site("1"), site("2")), full(site("1"), site("2", latitude=1000.0))])
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    await bench.coordinator.read()
    status = await bench.coordinator.read()
    assert bench.kept() == {"1", "2"}
    assert status.state is SourceState.OK
    assert status.rejected_count == 1
    assert "1000" in status.rejected[0].reason


async def test_a_full_reading_replaces_the_rejected_a_partial_one_adds(start: Start) -> None:
    def row(number: int) -> Rejected:
        return Rejected(where=f"line {number}", reason="no date")

    answers = iter(
        [
            [Batch(full=True, cursor="c", rejected=(row(1), row(2)))],
            [Batch(rejected=(row(2), row(3)))],
            [Batch()],
            [Batch(full=True, rejected=(row(9),))],
        ]
    )
    bench = start(Scripted(lambda _stream, _cursor: next(answers)))
    counts = [(await bench.coordinator.read()).rejected_count for _count in range(4)]
    assert counts == [2, 3, 3, 1]


async def test_rejected_rows_are_remembered_over_a_restart(tmp_path: Path) -> None:
    rejected = tuple(Rejected(where=f"line {number}", reason="no date") for number in range(200))
    bench = Bench(
        tmp_path,
        lambda: Scripted(always(Batch(full=True, cursor="c", rejected=rejected))),
    )
    status = await bench.coordinator.read()
    assert status.rejected_count == 200
    assert len(status.rejected) == 50
    await bench.close()
    bench = Bench(tmp_path, lambda: Scripted(always(Batch(rejected=rejected[:10]))))
    assert (await bench.coordinator.read()).rejected_count == 200
    await bench.close()


async def test_old_runs_and_closed_tickets_are_dropped(start: Start) -> None:
    runs = [run_of(f"r{age}", age) for age in range(25)]
    closed = ticket("closed", status=TicketStatus.CLOSED, updated=NOW - timedelta(days=31))

    def answer(stream: Stream, _cursor: str | None) -> Any:
        return full(*(runs if stream is Stream.BACKUP_RUNS else [ticket("open"), closed]))

    bench = start(Scripted(answer, offers=(Stream.BACKUP_RUNS, Stream.TICKETS)))
    for _count in range(2):
        status = await bench.coordinator.read()
        assert bench.kept(Stream.BACKUP_RUNS) == {f"r{age}" for age in range(10)}
        assert bench.kept(Stream.TICKETS) == {"open"}
        assert status.rows == 11


# When it is read


async def test_a_source_that_is_being_read_is_neither_asked_nor_interrupted(start: Start) -> None:
    adapter = Scripted(always(*full(site("1"))), takes=0.15)
    bench = start(adapter, refresh="0.01s")
    async with running(bench, tick=0.01):
        await until(lambda: adapter.finished >= 2)
        bench.coordinator.ask()
        await until(lambda: adapter.finished >= 3)
    assert adapter.most_running == 1
    assert len(adapter.asked) - adapter.finished <= 1


async def test_asking_while_it_is_read_adds_no_reading(start: Start) -> None:
    adapter = Scripted(always(*full(site("1"))), takes=0.1)
    bench = start(adapter)
    async with running(bench):
        await until(lambda: adapter.running)
        for _count in range(10):
            bench.coordinator.ask()
            await asyncio.sleep(0.002)
        await until(lambda: bench.commits == 1)
        await asyncio.sleep(0.2)
    assert len(adapter.asked) == 1


async def test_the_deadline_is_around_the_whole_reading(start: Start) -> None:
    async def drip(stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        adapter.asked.append((stream, cursor))
        try:
            for number in range(1000):
                yield Batch(upserts=(site(str(number)),), full=True)
                await asyncio.sleep(0.02)
        finally:
            adapter.closed += 1

    adapter = Scripted(always())
    adapter.fetch = drip  # type: ignore[method-assign]
    bench = start(adapter, deadline="0.2s")
    status = await bench.coordinator.read()
    assert status.state is SourceState.UNAVAILABLE
    assert "0.2 s" in phrase(status.error)
    assert "deadline" in status.hint
    assert status.took >= 0.15
    assert adapter.closed == 1
    assert 1 <= len(bench.kept()) < 1000


async def test_a_timeout_of_the_adapters_own_is_a_bug(start: Start) -> None:
    status = await start(Scripted(always(TimeoutError("mine")))).coordinator.read()
    assert status.state is SourceState.BUG


@pytest.mark.usefixtures("hasty")
async def test_a_lost_source_is_found_again_by_itself(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    adapter = Scripted(always(Unavailable("weg")))
    bench = start(adapter)
    async with running(bench):
        await until(lambda: len(adapter.asked) > 5)
        adapter.answer = always(*full(site("1")))
        await until(lambda: bench.kept() and not bench.coordinator.busy)
    status = bench.cache.source("desk").contents.status
    assert status.state is SourceState.OK
    assert (status.failures, status.error, status.lost_since) == (0, "", None)
    about = [record.getMessage() for record in caplog.records if "desk" in record.getMessage()]
    assert len(about) == 2, about
    assert "lost" in about[0]
    assert "found" in about[1]


async def test_ticks_do_not_shorten_the_pause(start: Start) -> None:
    adapter = Scripted(always(Unavailable("weg", retry_after=3600)))
    bench = start(adapter)
    async with running(bench, tick=0.01):
        await asyncio.sleep(0.3)
    assert len(adapter.asked) == 1
    status = bench.cache.source("desk").contents.status
    assert status.next_try is not None
    assert status.last_try is not None
    assert (status.next_try - status.last_try).total_seconds() > 3500


async def test_a_person_shortens_the_pause(start: Start) -> None:
    adapter = Scripted(always(Unavailable("weg", retry_after=3600)))
    bench = start(adapter)
    async with running(bench, tick=0.01):
        await until(lambda: bench.commits == 1)
        bench.coordinator.ask()
        await until(lambda: bench.commits == 2)
    assert len(adapter.asked) == 2


async def test_waking_up_after_sleep_shortens_the_pause(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, _high: low)
    adapter = Scripted(always(Unavailable("weg", retry_after=3600)))
    bench = start(adapter)
    async with running(bench):
        await until(lambda: bench.commits == 1)
        bench.coordinator.resume()
        await until(lambda: bench.commits == 2)


async def test_refused_credentials_are_not_tried_again(start: Start) -> None:
    adapter = Scripted(always(AuthFailed("401", hint="renew the key")))
    bench = start(adapter)
    async with running(bench, tick=0.01):
        await until(lambda: bench.commits == 1)
        bench.coordinator.resume()
        await asyncio.sleep(0.3)
        status = bench.cache.source("desk").contents.status
        assert status.state is SourceState.AUTH_FAILED
        assert (status.error, status.hint) == ("401", "renew the key")
        assert len(adapter.asked) == 1
        bench.coordinator.ask()
        await until(lambda: bench.commits == 2)
    assert len(adapter.asked) == 2


async def test_refused_credentials_are_tried_rarely_without_a_key_press(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backoff.PARKED == 1800
    monkeypatch.setattr(backoff, "PARKED", 1.5)
    adapter = Scripted(always(AuthFailed("401")))
    bench = start(adapter)
    async with running(bench, tick=0.01):
        await until(lambda: bench.commits == 1)
        adapter.answer = always(*full(site("1")))
        await asyncio.sleep(0.1)
        assert bench.commits == 1
        await until(lambda: bench.kept() == {"1"})


async def test_another_secret_in_the_file_is_noticed(start: Start, tmp_path: Path) -> None:
    adapter = Scripted(always(AuthFailed("401")))
    bench = start(adapter, options=Options(password=Secret(file="key")))
    bench.folder.joinpath("key").write_text("wrong")
    async with running(bench, tick=0.01):
        await until(lambda: bench.commits == 1)
        await asyncio.sleep(0.1)
        assert bench.commits == 1
        adapter.answer = always(*full(site("1")))
        bench.folder.joinpath("key").write_text("right")
        await until(lambda: bench.kept() == {"1"})
    assert len(adapter.asked) == 2


# Errors


class Wicked(Exception):
    def __str__(self) -> str:
        return "line one\n\x1b[31mline two \u202e"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unavailable("x"), SourceState.UNAVAILABLE),
        (AuthFailed("x"), SourceState.AUTH_FAILED),
        (BadAnswer("x"), SourceState.BAD_ANSWER),
        (SourceError("x"), SourceState.UNAVAILABLE),
        (ExceptionGroup("two", [Unavailable("x"), Unavailable("y")]), SourceState.UNAVAILABLE),
        (ExceptionGroup("two", [Unavailable("x"), KeyError("y")]), SourceState.BUG),
        (ExceptionGroup("deep", [ExceptionGroup("x", [AuthFailed("y")])]), SourceState.AUTH_FAILED),
        (KeyError("x"), SourceState.BUG),
        (RecursionError(), SourceState.BUG),
        (MemoryError(), SourceState.BUG),
        (asyncio.CancelledError(), SourceState.BUG),
        (SystemExit(3), SourceState.BUG),
        (StopAsyncIteration(), SourceState.BUG),
        (Wicked(), SourceState.BUG),
    ],
    ids=repr,
)
async def test_no_error_gets_out(start: Start, error: BaseException, state: SourceState) -> None:
    adapter = Scripted(always(*full(site("1"))))
    bench = start(lambda: adapter)
    await bench.coordinator.read()
    adapter.answer = always(error)
    status = await bench.coordinator.read()
    assert status.state is state
    assert status.error.isprintable()
    assert bench.kept() == {"1"}


@pytest.mark.parametrize(
    "fetch",
    [
        lambda _stream, _cursor: None,
        lambda _stream, _cursor: [Batch()],
        lambda _stream, _cursor: 1 / 0,
    ],
)
async def test_an_adapter_that_breaks_the_contract_is_a_bug(start: Start, fetch: Any) -> None:
    adapter = Scripted(always())
    adapter.fetch = fetch  # type: ignore[method-assign]
    assert (await start(adapter).coordinator.read()).state is SourceState.BUG


async def test_something_else_than_a_batch_is_a_bug(start: Start) -> None:
    adapter = Scripted(lambda _stream, _cursor: ["not a batch"])  # type: ignore[list-item]
    status = await start(adapter).coordinator.read()
    assert status.state is SourceState.BUG
    assert "str instead of a Batch" in status.error


async def test_a_bug_is_logged_with_its_traceback_once_and_the_adapter_replaced(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[Scripted] = []

    def make() -> Scripted:
        adapter = Scripted(always(RuntimeError("token=s3cr3t and swordfish \x1b]52;")))
        made.append(adapter)
        return adapter

    bench = start(make)
    bench.redact.remember("swordfish")
    for _count in range(3):
        status = await bench.coordinator.read()
    assert len(made) == 3
    assert [adapter.closed for adapter in made] == [1, 1, 1]
    (record,) = caplog.records
    text = record.getMessage()
    assert "Traceback" in text
    assert "RuntimeError" in text
    for secret in ("swordfish", "s3cr3t", "\x1b"):
        assert secret not in text
        assert secret not in status.error
    assert "log" in status.hint


async def test_a_bad_answer_is_logged_redacted(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    answer = b'<html>\x1b[2J{"api_key": "abcdef123456"} swordfish \xff'
    bench = start(Scripted(always(BadAnswer("HTML instead of JSON", excerpt=answer))))
    bench.redact.remember("swordfish")
    status = await bench.coordinator.read()
    assert status.error == "HTML instead of JSON"
    (record,) = caplog.records
    text = record.getMessage()
    assert "<html>" in text
    for secret in ("swordfish", "abcdef123456", "\x1b"):
        assert secret not in text


async def test_a_source_that_words_its_failure_anew_each_time_is_logged_once(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    count = iter(range(100))
    bench = start(
        Scripted(
            lambda _stream, _cursor: [
                BadAnswer(f"request {next(count)} failed", excerpt=b"%d" % next(count))
            ]
        )
    )
    for _count in range(4):
        status = await bench.coordinator.read()
    assert status.error == "request 6 failed"
    assert len(caplog.records) == 1


async def test_an_adapter_that_cannot_be_made_fails_its_source_only(start: Start) -> None:
    def make() -> Scripted:
        raise AuthFailed("the environment variable KEY is not set", hint="export KEY")

    status = await start(make).coordinator.read()
    assert status.state is SourceState.AUTH_FAILED
    assert status.hint == "export KEY"


async def test_a_broken_adapter_says_so_and_is_parked(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    context = Context(source="desk", folder=Path(), timezone="UTC", secret=lambda _secret: "")
    adapter = broken("x", "cannot be imported", "install it again")
    bench = start(lambda: adapter(adapter.config_type(), context))
    status = await bench.coordinator.read()
    assert status.state is SourceState.BUG
    assert (status.error, status.hint) == ("cannot be imported", "install it again")
    assert status.next_try is not None
    assert status.last_try is not None
    assert status.next_try - status.last_try > timedelta(minutes=20)
    assert "Traceback" not in caplog.text


async def test_an_adapter_that_does_not_close_keeps_nobody_waiting(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smic_tui.collecting.coordinator._CLOSING", 0.05)

    class Stuck(Scripted):
        async def close(self) -> None:
            await asyncio.sleep(60)

    bench = start(Stuck(always(*full(site("1")))))
    await bench.coordinator.read()
    async with asyncio.timeout(30):
        await bench.coordinator.close()


async def test_being_cancelled_ends_the_reading_and_leaves_the_rows(start: Start) -> None:
    adapter = Scripted(always(*full(site("1"))))
    bench = start(adapter)
    await bench.coordinator.read()
    adapter.takes = 60
    task = asyncio.create_task(bench.coordinator.read())
    await until(lambda: adapter.running)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert adapter.abandoned == 1
    assert bench.kept() == {"1"}
    assert bench.cache.source("desk").contents.status.state is SourceState.OK


# The first reading of a program


@pytest.mark.parametrize(
    ("changes", "options", "waits"),
    [
        ({}, Options(), True),
        ({"state": SourceState.UNAVAILABLE}, Options(), False),
        ({"state": SourceState.AUTH_FAILED}, Options(), False),
        ({"last_try": NOW + timedelta(days=1)}, Options(), False),
        ({"last_try": NOW - timedelta(days=1)}, Options(), False),
        ({"last_try": None}, Options(), False),
        ({}, Options(url="https://other"), False),
    ],
)
async def test_a_fresh_cache_is_not_read_again_at_once(
    tmp_path: Path, changes: dict[str, Any], options: Options, waits: bool
) -> None:
    bench = Bench(tmp_path, lambda: Scripted(always(*full(site("1")))), refresh="1h")
    status = await bench.coordinator.read()
    assert status.last_try is not None
    now = status.last_try + timedelta(seconds=30)
    bench.cache.source("desk").commit({}, {}, {}, msgspec.structs.replace(status, **changes))
    await bench.close()
    bench = Bench(tmp_path, lambda: Scripted(always()), refresh="1h", options=options)
    first = bench.coordinator.first_due(now)
    assert first == 3570 if waits else first == 0.0
    await bench.close()


# Back-off


def test_pauses_grow_to_a_limit_with_full_jitter() -> None:
    for failures in range(1, 60):
        pauses = [backoff.delay(failures, refresh=300) for _count in range(200)]
        assert all(backoff.SHORTEST <= pause <= 300 for pause in pauses)
        limit = min(300, 5 * 2**failures)
        assert max(pauses) > limit * 0.8
        assert min(pauses) < limit * 0.2 + backoff.SHORTEST


def test_a_fast_source_is_not_left_alone_for_long() -> None:
    assert max(backoff.delay(50, refresh=2) for _count in range(500)) <= 30
    assert max(backoff.delay(1, refresh=2) for _count in range(500)) <= 4


def test_a_pause_that_the_source_asks_for_is_kept() -> None:
    assert backoff.delay(1, 300, retry_after=1200) >= 1200
    assert backoff.delay(1, 300, retry_after=10**9) <= 3600
    assert backoff.delay(1, 300, retry_after=-5) <= 10


def test_failed_runs_do_not_push_the_last_success_out() -> None:
    from smic_tui.collecting.retention import expired

    runs = {f"r{age}": run_of(f"r{age}", age, RunResult.FAILED) for age in range(30)}
    runs["ok"] = run_of("ok", 100)
    runs["older"] = run_of("older", 200)
    runs["other"] = run_of("other", 500, job="", site="17300", application="mail")
    assert runs.keys() - expired(Stream.BACKUP_RUNS, runs, NOW) == {
        *(f"r{age}" for age in range(10)),
        "ok",
        "other",
    }


def test_of_many_rows_the_old_ones_are_looked_for_once_and_when_many_are_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from smic_tui.collecting import retention
    from smic_tui.model.snapshot import SourceContents

    monkeypatch.setattr(retention, "LARGE", 5)
    runs = {f"r{age}": run_of(f"r{age}", age) for age in range(30)}
    kept = retention.Retention()
    contents = SourceContents(
        status=SourceStatus(name="plan", kind="csv"), rows={Stream.BACKUP_RUNS: runs}
    )
    assert not kept.is_due(contents)
    new = {"new": run_of("new", 0)}
    assert kept.expired(Stream.BACKUP_RUNS, runs, new, NOW) == frozenset()
    assert kept.is_due(contents)
    assert kept.look(contents, NOW) == {
        Stream.BACKUP_RUNS: frozenset(f"r{age}" for age in range(10, 30))
    }
    assert not kept.is_due(contents)
    kept.expired(Stream.BACKUP_RUNS, runs, new, NOW)
    assert not kept.is_due(contents)
    kept.expired(Stream.BACKUP_RUNS, runs, {**new, "newer": run_of("newer", 0)}, NOW)
    assert kept.is_due(contents)
