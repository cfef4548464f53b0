"""A source whose account suddenly sees less, and records that left what a source reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.collecting.twins import settle_with_twins
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import Unavailable
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.contract.view import Sight, narrower
from smic_tui.insight.source_level import source_level
from smic_tui.model.snapshot import SourceContents
from smic_tui.model.states import Level
from smic_tui.records import CatalogueRequest, Stage, Stream, Ticket, TicketStatus
from smic_tui.views.narrowed import narrowed_hint, narrowed_text
from tests.collecting.collecting_doubles import (
    NOW,
    Bench,
    Options,
    Scripted,
    always,
    full,
    site,
    ticket,
)

MANY = [ticket(str(number)) for number in range(30)]


class Desk(Scripted):
    """A desk that knows what its account sees and can be asked what left."""

    def __init__(self, *records: Ticket) -> None:
        super().__init__(self._answer, offers=[Stream.TICKETS])
        self.records = {record.key: record for record in records}
        self.sights: tuple[Sight, ...] = (Sight("Assistance", 3, "all"),)
        self.missed: list[int] = []
        self.fails: Exception | None = None

    def _answer(self, _stream: Stream, cursor: str | None) -> Iterable[Batch | BaseException]:
        if self.fails is not None:
            return [self.fails]
        if cursor is None:
            return full(*self.records.values(), cursor="1")
        return [Batch(cursor="1")]

    async def exits(self, stream: Stream, keys: Collection[str]) -> Collection[str]:
        self.missed.append(len(keys))
        return [*(key for key in keys if key not in self.records), "never heard of"]

    def view(self) -> tuple[Sight, ...]:
        return self.sights

    def hide(self, *keys: str) -> None:
        for key in keys:
            del self.records[key]


@pytest.fixture
async def desk() -> Desk:
    return Desk(*MANY)


@pytest.fixture
async def bench(tmp_path: Path, desk: Desk) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, lambda: desk)
    yield bench
    await bench.close()


def kept(bench: Bench) -> int:
    return len(bench.kept(Stream.TICKETS))


async def read_whole(bench: Bench) -> SourceStatus:
    """As when `full_every` has passed."""
    bench.coordinator._full_every = 0.0
    try:
        return await bench.coordinator.read()
    finally:
        bench.coordinator._full_every = 21_600.0


async def test_what_left_is_gone_at_the_next_ordinary_reading(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    desk.hide("3", "4")
    status = await bench.coordinator.read()
    assert kept(bench) == 28
    assert status.narrowed is None
    assert desk.missed == [30], "a full reading needs no question"


async def test_closed_tickets_are_not_missed(bench: Bench, desk: Desk) -> None:
    desk.records["0"] = ticket("0", status=TicketStatus.CLOSED)
    await bench.coordinator.read()
    desk.hide("0")
    await bench.coordinator.read()
    assert "0" in bench.kept(Stream.TICKETS)


@pytest.mark.parametrize("whole", [True, False])
async def test_more_than_half_missing_at_once_are_kept(
    bench: Bench, desk: Desk, whole: bool
) -> None:
    await bench.coordinator.read()
    desk.hide(*map(str, range(16)))
    status = await (read_whole(bench) if whole else bench.coordinator.read())
    assert kept(bench) == 30
    assert status.state is SourceState.OK
    assert status.narrowed is not None
    assert (status.narrowed.kept, status.narrowed.known) == (16, 30)
    assert source_level(status, stale=False, unmatched=False) is Level.WARNING
    since = status.narrowed.since
    again = await bench.coordinator.read()
    assert again.narrowed is not None
    assert again.narrowed.since == since


async def test_all_gone_are_kept_until_somebody_agrees(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    desk.hide(*list(desk.records))
    assert (await read_whole(bench)).narrowed is not None
    assert kept(bench) == 30
    bench.cache.requests.agree("desk")
    status = await bench.coordinator.read()
    assert (status.narrowed, kept(bench)) == (None, 0)
    assert desk.asked[-1] == (Stream.TICKETS, None), "what is agreed to shows in a full reading"
    assert not bench.cache.requests.has_agreed("desk")


async def test_an_agreement_outlives_a_reading_that_fails(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    desk.hide(*list(desk.records))
    await read_whole(bench)
    bench.cache.requests.agree("desk")
    desk.fails = Unavailable("away")
    await bench.coordinator.read()
    assert kept(bench) == 30
    desk.fails = None
    await bench.coordinator.read()
    assert kept(bench) == 0


async def test_an_agreement_is_for_one_source_and_one_reading(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    bench.cache.requests.agree("another")
    desk.hide(*list(desk.records))
    assert (await read_whole(bench)).narrowed is not None
    assert None not in bench.cache.requests.take()
    assert bench.cache.requests.has_agreed("another"), "no request to read takes it away"


async def test_what_comes_back_ends_it(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    hidden = dict(desk.records)
    desk.hide(*map(str, range(20)))
    assert (await bench.coordinator.read()).narrowed is not None
    desk.records = hidden
    assert (await bench.coordinator.read()).narrowed is None
    assert kept(bench) == 30


async def test_less_of_a_project_is_noticed_before_anything_goes(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    desk.sights = (Sight("Assistance", 1, "own"),)
    desk.hide("3")
    status = await bench.coordinator.read()
    assert status.narrowed is not None
    assert status.narrowed.less == (Sight("Assistance", 1, "own"),)
    assert kept(bench) == 30, "one row is no half; the right that changed keeps it"
    assert status.view == (Sight("Assistance", 3, "all"),)
    desk.sights = (Sight("Assistance", 3, "all"),)
    status = await bench.coordinator.read()
    assert (status.narrowed, kept(bench)) == (None, 29)


async def test_a_lost_part_is_named(bench: Bench, desk: Desk) -> None:
    desk.sights = (Sight("Assistance"), Sight("Catalogue"))
    await bench.coordinator.read()
    desk.sights = (Sight("Assistance"),)
    status = await bench.coordinator.read()
    assert status.narrowed is not None
    assert status.narrowed.lost == ("Catalogue",)
    assert "Catalogue" in narrowed_text(status.narrowed)
    assert "--accept-fewer desk" in narrowed_hint("desk")
    bench.cache.requests.agree("desk")
    status = await bench.coordinator.read()
    assert (status.narrowed, status.view) == (None, (Sight("Assistance"),))


async def test_the_only_part_may_be_lost(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    desk.sights = ()
    status = await bench.coordinator.read()
    assert status.narrowed is not None
    assert status.narrowed.lost == ("Assistance",)


async def test_other_settings_may_show_less(bench: Bench, desk: Desk) -> None:
    await bench.coordinator.read()
    bench.coordinator._config = "other settings"
    desk.hide(*list(desk.records))
    desk.sights = (Sight("Catalogue"),)
    status = await bench.coordinator.read()
    assert (status.narrowed, kept(bench)) == (None, 0)
    assert status.view == (Sight("Catalogue"),)


async def test_what_a_head_office_drops_is_dropped(tmp_path: Path) -> None:
    class Relay(Desk):
        def relayed(self) -> tuple[SourceStatus, ...]:
            return ()

    relay = Relay(*MANY)
    bench = Bench(tmp_path, lambda: relay)
    await bench.coordinator.read()
    relay.hide(*list(relay.records))
    status = await bench.coordinator.read()
    assert (status.narrowed, kept(bench)) == (None, 0)
    await bench.close()


async def test_few_tickets_may_all_be_done(bench: Bench, desk: Desk) -> None:
    desk.records = {str(number): ticket(str(number)) for number in range(5)}
    await bench.coordinator.read()
    desk.hide(*list(desk.records))
    await bench.coordinator.read()
    assert kept(bench) == 0


async def test_sites_are_not_guarded(tmp_path: Path) -> None:

    adapter = Scripted(always(*full(*(site(str(number)) for number in range(20)))))
    bench = Bench(tmp_path, lambda: adapter)
    await bench.coordinator.read()
    adapter.answer = always(*full(site("1")))
    assert (await bench.coordinator.read()).narrowed is None
    assert bench.kept() == {"1"}
    await bench.close()


def test_what_is_narrower() -> None:
    before = (Sight("a", 3), Sight("b", 2), Sight("c", 1))
    assert narrower(before, before) == ((), ())
    assert narrower(before, (Sight("a", 1), Sight("b", 3))) == (("c",), (Sight("a", 1),))
    # A project that gets another name is the same one.
    assert narrower((Sight("a", 3, "", "1"),), (Sight("b", 3, "", "1"),)) == ((), ())


URL = "https://desk.example/issues/7"


def contents(*records: Any) -> SourceContents:
    rows: dict[Stream, dict[str, Any]] = {}
    for record in records:
        stream = Stream.TICKETS if isinstance(record, Ticket) else Stream.REQUESTS
        rows.setdefault(stream, {})[record.key] = record
    return SourceContents(status=SourceStatus(name="twin", kind="scripted"), rows=rows)


def request(key: str, **fields: Any) -> CatalogueRequest:
    values: dict[str, Any] = {
        "key": key,
        "subject": "Logiciel",
        "software": "x",
        "stage": Stage.ASKED,
        "created": NOW,
        "updated": NOW,
        "url": URL,
    }
    return CatalogueRequest(**(values | fields))


def test_of_two_sources_the_newer_record_stays() -> None:
    old = ticket("7", url=URL)
    upserts: dict[Stream, dict[str, Any]] = {Stream.REQUESTS: {"7": request("7")}}
    deletes: dict[Stream, set[str]] = {}
    assert settle_with_twins(contents(old), upserts, deletes) == {Stream.TICKETS: {"7"}}
    assert (set(upserts[Stream.REQUESTS]), deletes) == ({"7"}, {})


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=1)])
def test_what_is_not_newer_does_not_come(ahead: timedelta) -> None:
    newer = ticket("7", url=URL, updated=NOW + ahead)
    upserts: dict[Stream, dict[str, Any]] = {Stream.REQUESTS: {"7": request("7")}}
    deletes: dict[Stream, set[str]] = {}
    assert settle_with_twins(contents(newer), upserts, deletes) == {}
    assert (upserts[Stream.REQUESTS], deletes) == ({}, {Stream.REQUESTS: {"7"}})


def test_records_without_an_address_or_closed_ones_may_be_in_both() -> None:
    for twin, ours in (
        (ticket("7"), request("7", url="")),
        (ticket("7", url=URL, status=TicketStatus.CLOSED), request("7", stage=Stage.DONE)),
    ):
        upserts: dict[Stream, dict[str, Any]] = {Stream.REQUESTS: {"7": ours}}
        assert settle_with_twins(contents(twin), upserts, {}) == {}
        assert set(upserts[Stream.REQUESTS]) == {"7"}


class Half(Scripted):
    """One of two sources of one system: `rows` is what it reads now."""

    def __init__(self, stream: Stream, *rows: Any) -> None:
        super().__init__(self._answer, offers=[stream])
        self.rows = rows

    def _answer(self, _stream: Stream, cursor: str | None) -> Iterable[Batch | BaseException]:
        return [Batch(upserts=self.rows, full=cursor is None, cursor="1")]


@pytest.mark.parametrize("read", [["tickets", "requests"], ["requests"]])
async def test_a_moved_ticket_is_open_in_one_source_only(tmp_path: Path, read: list[str]) -> None:
    """Though the other source is not even asked."""
    halves = {
        "tickets": Half(Stream.TICKETS, ticket("7", url=URL)),
        "requests": Half(Stream.REQUESTS),
    }
    collector, cache = collector_of(tmp_path, halves)
    await collector.sync_once()
    assert set(cache.source("tickets").load().of(Stream.TICKETS)) == {"7"}
    halves["tickets"].rows = ()
    halves["requests"].rows = (request("7"),)
    await collector.sync_once(read)
    assert set(cache.source("requests").load().of(Stream.REQUESTS)) == {"7"}
    assert set(cache.source("tickets").load().of(Stream.TICKETS)) == set()
    await collector.close()


async def test_sources_of_two_systems_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    halves = {
        "tickets": Half(Stream.TICKETS, ticket("7", url=URL)),
        "requests": Half(Stream.REQUESTS, request("7")),
    }
    collector, cache = collector_of(tmp_path, halves, requests="https://other.example")
    await collector.sync_once()
    assert set(cache.source("tickets").load().of(Stream.TICKETS)) == {"7"}
    assert set(cache.source("requests").load().of(Stream.REQUESTS)) == {"7"}
    await collector.close()


def collector_of(folder: Path, halves: dict[str, Half], **urls: str) -> tuple[Collector, Cache]:
    sources = {
        name: Source(
            name=name,
            kind="scripted",
            options=Options(url=urls.get(name, Options().url)),
        )
        for name in halves
    }
    cache = Cache(folder / "cache")
    collector = Collector(
        Settings(sources=sources),
        folder,
        cache,
        on_change=lambda _snapshot: None,
        secret=lambda _secret: "",
        adapter_factory=lambda source, _context: halves[source.name],
    )
    return collector, cache
