"""The outbox in the whole collecting side: rights, hubs, sending, the screen's snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import FileOps, Signature
from smic_tui.collecting import leader
from smic_tui.collecting.collector import Collector
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.actions import Verb
from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import Unavailable
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.outbox_entry import EntryState
from smic_tui.model.snapshot import Snapshot
from smic_tui.outbox import box
from smic_tui.outbox.rights import Rights, rights
from smic_tui.records import Record, Stream, Ticket
from tests.collecting.collecting_doubles import Options, until
from tests.outbox.outbox_desk import NOW, Desk, action, ticket


class ReadDesk(Desk):
    """A desk whose tickets are also read."""

    def __init__(self, *tickets: Ticket) -> None:
        super().__init__(*tickets)
        self.offers = frozenset({Stream.TICKETS})
        self.probed = 0

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        self.asked.append((stream, cursor))
        yield Batch(upserts=tuple(self.tickets.values()), full=True)

    async def probe(self) -> Any:
        self.probed += 1
        return await super().probe()


class Relay(ReadDesk):
    """Passes on a desk of the head office, whose account may do anything there."""

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        return {}

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        yield Batch(upserts=tuple(self.tickets.values()), full=True, origin="desk")

    def relayed(self) -> tuple[SourceStatus, ...]:
        return (
            SourceStatus(
                name="desk",
                kind="redmine",
                state=SourceState.OK,
                last_good=NOW,
                actions={Stream.TICKETS: (Verb.RESOLVE,)},
            ),
        )


class WatchedOps(FileOps):
    """The disk, with a list of what was looked at."""

    def __init__(self) -> None:
        self.looks: list[Path] = []

    def read(self, path: Path) -> tuple[bytes, Signature]:
        self.looks.append(path)
        return super().read(path)

    def signature(self, path: Path) -> Signature | None:
        self.looks.append(path)
        return super().signature(path)

    def names(self, folder: Path) -> list[str]:
        self.looks.append(folder)
        return super().names(folder)

    async def rest(self) -> None:
        """Wait until nobody looks any more."""
        count = -1
        while count != len(self.looks):
            count = len(self.looks)
            await asyncio.sleep(0.4)


class Office:
    """A collector on a cache, with its last snapshot."""

    def __init__(
        self,
        folder: Path,
        adapters: dict[str, Adapter[Any]],
        *,
        ops: FileOps | None = None,
        **sources: Any,
    ) -> None:
        self.settings = Settings(
            sources={
                name: Source(**({"name": name, "kind": "scripted", "options": Options()} | fields))
                for name, fields in sources.items()
            }
        )

        def make(source: Source, context: Context) -> Adapter[Any]:
            adapters[source.name].context = context
            return adapters[source.name]

        self.cache = Cache(folder, ops=ops)
        self.snapshots: list[Snapshot] = []
        self.collector = Collector(
            self.settings,
            folder.parent,
            self.cache,
            on_change=self.snapshots.append,
            secret=lambda _secret: "",
            adapter_factory=make,
        )
        self.task = asyncio.create_task(self.collector.run())

    @property
    def statuses(self) -> dict[str, SourceStatus]:
        last = self.snapshots[-1].sources if self.snapshots else ()
        return {one.status.name: one.status for one in last}

    def rights(self, shown: str) -> Rights:
        return rights(self.settings, self.statuses, shown)

    def row(self, shown: str, key: str = "1") -> Record | None:
        for one in self.snapshots[-1].sources if self.snapshots else ():
            if one.status.name == shown:
                return one.of(Stream.TICKETS).get(key)
        return None

    def want(self, shown: str, **fields: Any) -> str:
        seen = self.row(shown)
        assert seen is not None
        wanted = action(source=self.rights(shown).source, **fields)
        assert self.cache.user.change_outbox(box.add(wanted, shown, seen))
        return wanted.id

    def state(self, id: str) -> EntryState:
        return self.cache.user.load().outbox[id].state

    async def close(self) -> None:
        await self.collector.close()
        await self.task


Open = Callable[..., Office]


@pytest.fixture
async def open_office(tmp_path: Path) -> AsyncIterator[Open]:
    made: list[Office] = []

    def make(adapters: dict[str, Adapter[Any]], **more: Any) -> Office:
        made.append(Office(tmp_path / f"cache{len(made)}", adapters, **more))
        return made[-1]

    yield make
    for office in made:
        await office.close()


async def test_sent_by_the_program_that_collects_and_shown_at_once(open_office: Open) -> None:
    desk = ReadDesk(ticket("1"))
    office = open_office({"desk": desk}, desk={"refresh": "1h"})
    await until(lambda: office.row("desk"))
    assert office.rights("desk").may(Stream.TICKETS, Verb.ASSIGN)
    readings = len(desk.asked)
    wanted = office.want("desk", verb=Verb.ASSIGN, value="agent1")
    await until(lambda: office.state(wanted) is EntryState.CONFIRMED)
    await until(lambda: getattr(office.row("desk"), "owner", "") == "agent1")
    assert len(desk.asked) == readings  # the record came by itself, not with a reading
    assert desk.writes == 1


async def test_an_order_reaches_the_source_without_a_look_at_the_disk(
    open_office: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader, "_LOOK", 3600.0)  # nobody looks at files by himself
    desk, disk = ReadDesk(ticket("1")), WatchedOps()
    office = open_office({"desk": desk}, ops=disk, desk={"refresh": "1h"})
    await until(lambda: office.row("desk"))
    await disk.rest()
    looked_at: list[list[Path]] = []
    wanted = office.want("desk", verb=Verb.ASSIGN, value="agent1")
    written = len(disk.looks)
    desk.on_look = lambda: looked_at.append(disk.looks[written:])
    await until(lambda: looked_at)
    assert looked_at[0] == []
    await until(lambda: office.state(wanted) is EntryState.CONFIRMED)
    assert desk.writes == 1


async def test_what_another_program_orders_is_found_in_the_file(open_office: Open) -> None:
    desk = ReadDesk(ticket("1"))
    office = open_office({"desk": desk}, desk={"refresh": "1h"})
    await until(lambda: office.row("desk"))
    seen = office.row("desk")
    assert seen is not None
    wanted = action(verb=Verb.ASSIGN, value="agent1")
    other = Cache(office.cache.folder)
    assert other.user.change_outbox(box.add(wanted, "desk", seen))
    await until(lambda: desk.tickets["1"].owner == "agent1")
    await until(lambda: other.user.load().outbox[wanted.id].state is EntryState.CONFIRMED)
    assert desk.writes == 1


async def test_what_another_program_orders_is_sent_whoever_reads_the_file_first(
    open_office: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ReadDesk(ticket("1"))
    office = open_office({"desk": desk}, desk={"refresh": "1h"})
    await until(lambda: office.row("desk"))
    seen = office.row("desk")
    assert seen is not None
    # A screen has read the file, so that the leader finds nothing new in it.
    monkeypatch.setattr(office.cache.user, "changed", lambda: False)
    wanted = action(verb=Verb.ASSIGN, value="agent1")
    assert Cache(office.cache.folder).user.change_outbox(box.add(wanted, "desk", seen))
    office.cache.user.load()
    await until(lambda: office.state(wanted.id) is EntryState.CONFIRMED)


async def waiting_for_the_line(open_office: Open) -> tuple[Office, str]:
    """An office whose source was away when an action was wanted, and is back; the action."""
    desk = ReadDesk(ticket("1"))
    office = open_office({"desk": desk}, desk={"refresh": "1h"})
    await until(lambda: office.row("desk"))

    def no_line() -> None:
        raise Unavailable("no line", retry_after=600)

    desk.on_look = no_line
    wanted = office.want("desk")
    await until(lambda: office.cache.user.load().outbox[wanted].error)
    desk.on_look = lambda: None
    return office, wanted


async def test_what_waits_for_the_line_goes_when_the_source_answers_again(
    open_office: Open,
) -> None:
    office, wanted = await waiting_for_the_line(open_office)
    assert office.state(wanted) is EntryState.WAITING
    office.collector.refresh("desk")
    await until(lambda: office.state(wanted) is EntryState.CONFIRMED)


async def test_through_a_hub_one_acts_with_an_account_of_ones_own(open_office: Open) -> None:
    at_office = ticket("1")
    relay, own = Relay(at_office), ReadDesk(at_office)
    office = open_office(
        {"siege": relay, "own": own},
        siege={"refresh": "1h"},
        own={"refresh": "1h", "actions_for": "siege/desk"},
    )
    await until(lambda: office.row("siege/desk"))
    await until(lambda: own.probed)
    await until(lambda: office.statuses["own"].state is SourceState.OK)
    assert own.asked == []  # its records come through the hub
    assert office.statuses["siege/desk"].actions == {}  # the rights there are not ours
    assert office.rights("siege/desk").source == "own"
    wanted = office.want("siege/desk", verb=Verb.ASSIGN, value="agent1")
    await until(lambda: office.state(wanted) is EntryState.CONFIRMED)
    await until(lambda: getattr(office.row("siege/desk"), "owner", "") == "agent1")
    assert own.tickets["1"].owner == "agent1"
    assert office.row("own") is None


async def test_the_name_at_the_head_office_suffices(open_office: Open) -> None:
    office = open_office(
        {"siege": Relay(ticket("1")), "own": ReadDesk(ticket("1"))},
        siege={},
        own={"actions_for": "desk"},
    )
    await until(lambda: "own" in office.statuses and office.statuses["own"].last_good)
    await until(lambda: office.row("siege/desk"))
    assert office.rights("siege/desk").source == "own"


async def test_without_an_account_of_ones_own_nothing_is_offered(open_office: Open) -> None:
    office = open_office({"siege": Relay(ticket("1"))}, siege={})
    await until(lambda: office.row("siege/desk"))
    assert office.rights("siege/desk").verbs == {}
    assert "actions_for" in office.rights("siege/desk").why


@pytest.mark.parametrize("everywhere", [True, False])
async def test_read_only(open_office: Open, everywhere: bool) -> None:
    desk = ReadDesk(ticket("1"))
    office = open_office({"desk": desk}, desk={"read_only": not everywhere})
    await until(lambda: office.row("desk"))
    office.settings = replace(office.settings, read_only=everywhere)
    assert office.rights("desk").verbs == {}
    assert "read_only" in office.rights("desk").why
    assert (office.statuses["desk"].actions == {}) is not everywhere


async def test_a_source_that_never_answered_offers_nothing() -> None:
    settings = Settings(sources={"desk": Source(name="desk", kind="scripted")})
    assert "not answered" in rights(settings, {}, "desk").why
    off = Settings(sources={"desk": Source(name="desk", kind="scripted", enabled=False)})
    assert "not enabled" in rights(off, {}, "desk").why


async def test_sent_once_for_a_command(tmp_path: Path) -> None:
    desk = ReadDesk(ticket("1"))
    office = Office(tmp_path / "cache", {"desk": desk}, desk={})
    await until(lambda: office.row("desk"))
    await office.close()
    again = Collector(
        office.settings,
        tmp_path,
        office.cache,
        on_change=lambda _snapshot: None,
        secret=lambda _secret: "",
        adapter_factory=lambda _source, _context: desk,
    )
    wanted = office.want("desk")
    assert await again.send_once(5)
    assert office.state(wanted) is EntryState.CONFIRMED
    holder = Cache(tmp_path / "cache")
    holder.lock.try_acquire()
    assert not await again.send_once(5)  # whoever collects sends
    holder.close()
    await again.close()


async def test_sending_from_a_command_ends_the_pause_of_the_program_that_collects(
    open_office: Open,
) -> None:
    office, wanted = await waiting_for_the_line(open_office)
    command = Collector(
        office.settings,
        office.cache.folder.parent,
        Cache(office.cache.folder),
        on_change=lambda _snapshot: None,
        secret=lambda _secret: "",
    )
    assert not await command.send_once(5)
    await command.close()
    await until(lambda: office.state(wanted) is EntryState.CONFIRMED)
