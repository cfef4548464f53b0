"""What a head office publishes, and what a client makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import platform
import random
import shutil
import stat
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.hub.adapter import HubAdapter
from smic_tui.cache.cache import Cache
from smic_tui.collecting import hub_notices
from smic_tui.collecting.collector import Collector
from smic_tui.collecting.hub_owner import AWAY, OwnedElsewhere
from smic_tui.collecting.hub_publisher import GRACE, HubPublisher
from smic_tui.config.schema import Publish, Settings, Source
from smic_tui.contract.adapter import Context
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.hub import manifest as hub
from smic_tui.hub.packing import Changes, pack, unpack
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import Health, HealthState, Record, Stream
from tests.collecting.collecting_doubles import NOW, run_of, site, ticket

Table = dict[str, Record]
Facts = dict[str, dict[Stream, Table]]


def snapshot(facts: Facts, **status: Any) -> Snapshot:
    """The head office's picture of these sources."""
    values: dict[str, Any] = {"state": SourceState.OK, "last_good": NOW, "stale_after": 900.0}
    values |= status
    return Snapshot(
        taken=datetime.now(UTC),
        sources=tuple(
            SourceContents(status=SourceStatus(name=name, kind="csv", **values), rows=rows)
            for name, rows in facts.items()
        ),
    )


def published(publishing: HubPublisher, facts: Facts) -> hub.Manifest:
    """Publish what has changed."""
    manifest = publishing.publish(snapshot(facts))
    assert manifest is not None
    return manifest


def stamped(source: str, *rows: Record) -> Table:
    return {row.key: msgspec.structs.replace(row, source=source) for row in rows}


class Client:
    """An adapter on the published folder, and what its program would keep."""

    def __init__(self, folder: Path) -> None:
        options = msgspec.convert({"path": str(folder)}, HubAdapter.config_type)
        context = Context(source="hub", folder=folder, timezone="UTC", secret=str)
        self.adapter = HubAdapter(options, context)
        self.cursors: dict[Stream, str | None] = {}
        self.rows: dict[tuple[str, Stream, str], Record] = {}

    async def read(self) -> None:
        for stream in Stream:
            batches = [
                batch async for batch in self.adapter.fetch(stream, self.cursors.get(stream))
            ]
            if all(batch.full for batch in batches):
                self.rows = {at: row for at, row in self.rows.items() if at[1] is not stream}
            for batch in batches:
                for key in batch.deletes:
                    self.rows.pop((batch.origin, stream, key), None)
                for row in batch.upserts:
                    self.rows[batch.origin, stream, row.key] = row
            self.cursors[stream] = batches[-1].cursor


def known(facts: Facts) -> dict[tuple[str, Stream, str], Record]:
    return {
        (name, stream, key): msgspec.structs.replace(row, source="")
        for name, streams in facts.items()
        for stream, rows in streams.items()
        for key, row in rows.items()
    }


_KEYS = st.sampled_from(["1", "2", "3", "é/4", "5\u202e"])
_SITES = st.dictionaries(_KEYS, st.sampled_from(["Saintes", "Rochefort", "Pons", ""]), max_size=5)
_MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))
_TICKETS = st.dictionaries(_KEYS, st.tuples(_MOMENTS, st.none() | _MOMENTS), max_size=4)


@st.composite
def _facts(draw: st.DrawFn) -> Facts:
    found: Facts = {}
    for name in draw(st.sets(st.sampled_from(["a", "b", "a/b"]))):
        sites = {k: site(k, n, source=name) for k, n in draw(_SITES).items()}
        tickets = {
            k: ticket(k, created=created, updated=created, due=due, source=name)
            for k, (created, due) in draw(_TICKETS).items()
        }
        found[name] = {Stream.SITES: dict(sites), Stream.TICKETS: dict(tickets)}
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_facts(), st.sets(st.integers(0, 2)), st.booleans()), max_size=14))
def test_any_history_read_at_any_moments_gives_the_head_offices_records(
    history: list[tuple[Facts, set[int], bool]],
) -> None:
    async def live(folder: Path) -> None:
        publishing = HubPublisher(folder)
        clients = [Client(folder) for _one in range(3)]
        for facts, readers, restarts in history:
            if restarts:
                publishing = HubPublisher(folder)
            publishing.publish(snapshot(facts))
            for number in readers:
                await clients[number].read()
                assert clients[number].rows == known(facts)

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(live(Path(name)))


def test_a_long_history_costs_few_objects(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    many = [site(str(number), os.urandom(200).hex()) for number in range(300)]
    for number in range(101):
        changed = [site(f"{number}/{each}", os.urandom(20).hex()) for each in range(3)]
        many += changed
        manifest = published(publishing, {"a": {Stream.SITES: stamped("a", *many)}})
    assert manifest.latest == 101
    assert len(manifest.segments) == 6  # 1, 3, 9, 27, 81, and all
    for number in range(1, 101):
        way = manifest.way(number)
        assert way is not None
        assert len(way) <= 4
        assert way[0].after <= number
        assert way[-1].to == 101
        told = sum(
            len(rows)
            for one in way
            for rows in unpack((tmp_path / one.path).read_bytes()).rows.values()
        )
        # Three times as many publications as it lacks, and as much of a tail as is borne.
        assert told <= 3 * 1.2 * 3 * (101 - number)


def test_after_a_restart_little_is_told_anew(tmp_path: Path) -> None:
    many = [site(str(number), os.urandom(200).hex()) for number in range(200)]

    def publish(publishing: HubPublisher, number: int) -> hub.Manifest:
        many[number] = site(str(number), f"changed {number}")
        manifest = published(publishing, {"a": {Stream.SITES: stamped("a", *many)}})
        assert manifest is not None
        return manifest

    before = HubPublisher(tmp_path)
    for number in range(30):
        publish(before, number)
    manifest = publish(HubPublisher(tmp_path), 30)
    assert manifest.latest == 31
    for segment in manifest.segments:
        told = unpack((tmp_path / segment.path).read_bytes()).rows["a", Stream.SITES]
        assert len(told) <= 2 * (segment.to - segment.after)


def test_what_could_not_be_written_is_published_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = HubPublisher(tmp_path)
    publishing.publish(snapshot({"a": {Stream.SITES: stamped("a", site("1"), site("2"))}}))
    client = Client(tmp_path)
    asyncio.run(client.read())
    changed: Facts = {"a": {Stream.SITES: stamped("a", site("2", "changed"), site("3"))}}
    sync = os.fsync
    for written in range(2):  # the object; then the object, its folder, the manifest not
        left = [2 * written]

        def full(descriptor: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            publishing.publish(snapshot(changed))
        monkeypatch.setattr(os, "fsync", sync)
    assert published(publishing, changed).latest == 2
    asyncio.run(client.read())
    assert client.rows == known(changed)


def test_what_changes_again_and_again_is_told_once(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    # Texts that do not compress; how well they do decides when a new base comes.
    chance = random.Random(1)
    texts = [chance.randbytes(200).hex() for _each in range(40)]
    for number in range(43):
        sites = [
            site(str(each), text if number // 2 % 2 else text[::-1])
            for each, text in enumerate(texts)
        ]
        manifest = published(
            publishing, {"a": {Stream.SITES: stamped("a", *sites, site("one", str(number)))}}
        )
    assert len(manifest.segments) > 2
    assert all(one.size < 1.3 * manifest.base.size for one in manifest.segments)
    way = manifest.way(manifest.segments[-1].after)
    assert way is not None
    assert sum(one.size for one in way) < 1.6 * manifest.base.size


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    picture = snapshot({"a": {Stream.SITES: stamped("a", site("1"))}})
    publishing.publish(picture)
    before = (tmp_path / hub.NAME).stat()
    publishing.publish(picture)
    assert (tmp_path / hub.NAME).stat() == before


def test_files_are_for_the_group_and_hold_no_rows_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "www"
    umask = os.umask(0)
    try:
        HubPublisher(folder).publish(snapshot({"a": {Stream.SITES: stamped("a", site("1"))}}))
    finally:
        os.umask(umask)
    for path in folder.rglob("*"):
        wanted = 0o750 if path.is_dir() else 0o640
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    (status,) = hub.decode((folder / hub.NAME).read_bytes()).sources
    assert status.rejected == ()


def test_old_objects_go_after_the_grace_period(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)

    def publish(number: int) -> set[str]:
        facts = {"a": {Stream.SITES: stamped("a", site("1", str(number)))}}
        manifest = published(publishing, facts)
        return {Path(one.path).name for one in (manifest.base, *manifest.segments)}

    for number in range(6):
        named = publish(number)
    objects = tmp_path / hub.OBJECTS
    assert {path.name for path in objects.iterdir()} > named
    (objects / "a note").write_text("of the administrator")
    long_ago = time.time() - GRACE - 60
    for path in objects.iterdir():
        os.utime(path, (long_ago, long_ago))
    named = publish(7)
    left = {path.name for path in objects.iterdir()}
    assert named <= left
    # What this publication replaced stays for those who have the last manifest.
    assert len(left) < 9
    assert "a note" in left
    for path in objects.iterdir():
        os.utime(path, (long_ago, long_ago))
    publishing.publish(snapshot({}, error="x"))


def test_a_damaged_folder_begins_a_new_history(tmp_path: Path) -> None:
    facts: Facts = {"a": {Stream.SITES: stamped("a", site("1"))}}
    first = published(HubPublisher(tmp_path), facts)
    path = tmp_path / first.base.path
    path.write_bytes(path.read_bytes()[:-9])
    second = published(HubPublisher(tmp_path), facts)
    assert second.hub != first.hub
    client = Client(tmp_path)
    asyncio.run(client.read())
    assert client.rows == known(facts)


def test_checks_and_output_of_what_is_well_are_no_news(tmp_path: Path) -> None:
    def health(state: HealthState, output: str, minute: int) -> Facts:
        row = Health(
            key="h", site="1", host="h", state=state, output=output,
            checked=NOW + timedelta(minutes=minute),
        )  # fmt: skip
        return {"m": {Stream.HEALTH: stamped("m", row)}}

    publishing = HubPublisher(tmp_path)
    numbers = [
        published(publishing, health(*facts)).latest
        for facts in (
            (HealthState.UP, "RTA 5 ms", 1),
            (HealthState.UP, "RTA 9 ms", 2),
            (HealthState.DOWN, "lost 100 %", 3),
            (HealthState.DOWN, "lost 80 %", 4),
            (HealthState.UP, "RTA 7 ms", 5),
        )
    ]
    assert numbers == [1, 1, 2, 3, 4]
    client = Client(tmp_path)
    asyncio.run(client.read())
    (row,) = client.rows.values()
    assert isinstance(row, Health)
    assert (row.output, row.checked) == ("RTA 7 ms", None)


def _collector(folder: Path, cache: Cache, config: Settings) -> Collector:
    return Collector(config, folder, cache, on_change=lambda _s: None, secret=str)


def _client_settings(folder: Path) -> Settings:
    options = msgspec.convert({"path": str(folder)}, HubAdapter.config_type)
    return Settings(sources={"hq": Source(name="hq", kind="hub", refresh="5m", options=options)})


async def _synced(tmp_path: Path, www: Path) -> dict[str, SourceContents]:
    cache = Cache(tmp_path / "cache")
    collector = _collector(tmp_path, cache, _client_settings(www))
    try:
        found = await collector.sync_once()
    finally:
        await collector.close()
    # What a reader of the files sees is the same.
    read = Cache(tmp_path / "cache").snapshot(_client_settings(www))
    assert [one.rows for one in read.sources] == [one.rows for one in found.sources]
    return {one.status.name: one for one in found.sources}


async def test_ages_and_staleness_are_the_head_offices(tmp_path: Path) -> None:
    www = tmp_path / "www"
    facts: Facts = {
        "fresh": {Stream.SITES: stamped("fresh", site("1"))},
        "old": {Stream.SITES: stamped("old", site("1", "other"))},
    }
    now = datetime.now(UTC)
    picture = snapshot(facts)
    fresh, old = picture.sources
    late = now - timedelta(seconds=1000)
    picture = msgspec.structs.replace(
        picture,
        sources=(
            msgspec.structs.replace(
                fresh, status=msgspec.structs.replace(fresh.status, last_good=now)
            ),
            msgspec.structs.replace(
                old,
                status=msgspec.structs.replace(
                    old.status, last_good=late, state=SourceState.UNAVAILABLE, error="gone\x1b[31m"
                ),
            ),
        ),
    )
    HubPublisher(www).publish(picture)
    seen = await _synced(tmp_path, www)
    assert list(seen) == ["hq", "hq/fresh", "hq/old"]
    assert not seen["hq"].status.is_stale(datetime.now(UTC))
    assert not seen["hq/fresh"].status.is_stale(datetime.now(UTC))
    stale = seen["hq/old"].status
    assert stale.is_stale(datetime.now(UTC))
    assert stale.last_good == late.replace(microsecond=0)
    assert stale.state is SourceState.UNAVAILABLE
    assert "\x1b" not in stale.error
    # One key in two sources stays two rows, each of its own source.
    assert [seen[f"hq/{name}"].of(Stream.SITES)["1"].source for name in ("fresh", "old")] == [
        "hq/fresh",
        "hq/old",
    ]
    # Nobody asks again: the fresh one is stale when the next reading should have come.
    assert seen["hq/fresh"].status.is_stale(now + timedelta(seconds=950))


async def test_a_dead_hub_lets_the_facts_age(tmp_path: Path) -> None:
    www = tmp_path / "www"
    facts: Facts = {"a": {Stream.SITES: stamped("a", site("1"))}}
    then = datetime.now(UTC) - timedelta(seconds=890)
    HubPublisher(www).publish(snapshot(facts, last_good=then))
    before = await _synced(tmp_path, www)
    assert not before["hq/a"].status.is_stale(datetime.now(UTC))
    (www / hub.NAME).unlink()
    after = await _synced(tmp_path, www)
    assert after["hq"].status.state is SourceState.UNAVAILABLE
    assert after["hq/a"].status.last_good == before["hq/a"].status.last_good
    assert after["hq/a"].status.stale_from() == before["hq/a"].status.stale_from()
    assert list(after["hq/a"].of(Stream.SITES)) == ["1"]


async def test_runs_of_two_sources_are_kept_apart(tmp_path: Path) -> None:
    www = tmp_path / "www"
    facts: Facts = {
        name: {
            Stream.BACKUP_RUNS: stamped(name, *(run_of(str(n), n) for n in range(10))),
        }
        for name in ("a", "b")
    }
    HubPublisher(www).publish(snapshot(facts))
    seen = await _synced(tmp_path, www)
    assert [len(seen[f"hq/{name}"].of(Stream.BACKUP_RUNS)) for name in ("a", "b")] == [10, 10]


async def test_runs_that_new_ones_push_out_are_not_told_and_go(tmp_path: Path) -> None:
    www = tmp_path / "www"
    publishing = HubPublisher(www)

    def facts(first: int) -> Facts:
        runs = [run_of(str(n), 100 - n) for n in range(first, first + 10)]
        return {"a": {Stream.BACKUP_RUNS: stamped("a", *runs)}}

    publishing.publish(snapshot(facts(0)))
    await _synced(tmp_path, www)
    for first in (1, 4):
        manifest = published(publishing, facts(first))
        told = unpack((www / manifest.segments[-1].path).read_bytes())
        assert not any(told.gone.values())
        seen = await _synced(tmp_path, www)
        assert (
            seen["hq/a"].of(Stream.BACKUP_RUNS).keys()
            == facts(first)["a"][Stream.BACKUP_RUNS].keys()
        )
        publishing = HubPublisher(www)


async def test_the_collecting_program_publishes(tmp_path: Path) -> None:
    head = tmp_path / "head"
    head.mkdir()
    HubPublisher(head / "in").publish(snapshot({"a": {Stream.SITES: stamped("a", site("1"))}}))
    config = msgspec.structs.replace(
        _client_settings(head / "in"), publish=Publish(folder="out", every="1s")
    )
    collector = _collector(head, Cache(head / "cache"), config)
    running = asyncio.create_task(collector.run())
    try:
        async with asyncio.timeout(60):
            while True:
                await asyncio.sleep(0.05)
                if (head / "out" / hub.NAME).exists():
                    found = hub.decode((head / "out" / hub.NAME).read_bytes())
                    if [one.name for one in found.sources] == ["hq", "hq/a"]:
                        break
    finally:
        await collector.close()
        await running


_HOSTILE = st.binary(max_size=60) | st.just(pack(Changes())).map(lambda data: data * 2)


@given(_HOSTILE)
def test_bytes_that_are_no_object_or_manifest_are_refused(data: bytes) -> None:
    with pytest.raises(hub.Malformed):
        unpack(data)
    with pytest.raises(hub.Malformed):
        hub.decode(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_object_is_refused_or_the_same(data: st.DataObject) -> None:
    changes = Changes({("a", Stream.SITES): {"1": site("1"), "2": site("2", "é")}}, {})
    packed = pack(changes)
    at = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(hub.Malformed):
        unpack(packed[:at])
    torn = bytearray(packed)
    torn[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(hub.Malformed):
        assert unpack(bytes(torn)).rows == changes.rows


def test_nothing_is_published_before_anything_was_read(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    unread = snapshot({"a": {}}, last_good=None, state=SourceState.NEVER)
    assert publishing.publish(unread) is None
    assert not (tmp_path / hub.NAME).exists()
    assert publishing.publish(snapshot({"a": {Stream.SITES: stamped("a", site("1"))}}))
    assert (tmp_path / hub.NAME).exists()


async def test_a_head_office_that_lost_its_cache_takes_nothing_from_its_clients(
    tmp_path: Path,
) -> None:
    facts: Facts = {
        "a": {Stream.SITES: stamped("a", site("1"), site("2"))},
        "b": {Stream.TICKETS: stamped("b", ticket("7"))},
    }
    HubPublisher(tmp_path).publish(snapshot(facts))
    client = Client(tmp_path)
    await client.read()
    assert len(client.rows) == 3
    # Begun anew: one source has been read again, the other not yet.
    again = snapshot({"a": {Stream.SITES: stamped("a", site("1"))}})
    unread = snapshot({"b": {}}, last_good=None, state=SourceState.NEVER)
    both = msgspec.structs.replace(again, sources=(*again.sources, *unread.sources))
    HubPublisher(tmp_path).publish(both)
    await client.read()
    assert {(origin, key) for origin, _stream, key in client.rows} == {("a", "1"), ("b", "7")}
    relayed = {status.name: status for status in client.adapter.relayed()}
    assert relayed["b"].last_good == NOW


_CHANCE = random.Random(4711)
# So much that nobody takes the base where changes would do.
_BALLAST = stamped("a", *(site(f"b{n}", f"{_CHANCE.getrandbits(1600):x}") for n in range(200)))


def _numbered(*numbers: int) -> Facts:
    rows = stamped("a", *(site(str(n), f"n{n}") for n in numbers))
    return {"a": {Stream.SITES: _BALLAST | rows}}


@pytest.mark.parametrize("restart", [True, False])
async def test_a_restored_folder_does_not_fork_the_history(tmp_path: Path, restart: bool) -> None:
    www, kept = tmp_path / "www", tmp_path / "kept"
    publishing = HubPublisher(www)
    for count in range(1, 18):
        published(publishing, _numbered(*range(count)))
    early, late = Client(www), Client(www)
    await early.read()
    shutil.copytree(www, kept)
    for count in range(18, 21):
        published(publishing, _numbered(*range(100, 100 + count)))
    await late.read()
    shutil.rmtree(www)
    shutil.copytree(kept, www)
    if restart:
        publishing = HubPublisher(www)
    for count in range(18, 23):
        manifest = published(publishing, _numbered(0, *range(200, 200 + count)))
        if count == 22:
            # For its number alone the way would be known.
            assert manifest.way(20) is not None
        await early.read()
        assert early.rows == known(_numbered(0, *range(200, 200 + count)))
    # The numbers count on, and the one that was at 20 is not taken along from there.
    assert manifest.latest == 22
    await late.read()
    assert late.rows == known(_numbered(0, *range(200, 222)))
    # Whoever was there before the fork still needs the changes only.
    assert manifest.way(17) is not None


async def test_a_program_that_starts_anew_costs_its_clients_nothing(tmp_path: Path) -> None:
    client = Client(tmp_path)
    published(HubPublisher(tmp_path), _numbered(*range(20)))
    await client.read()
    cursor = client.cursors[Stream.SITES]
    manifest = published(HubPublisher(tmp_path), _numbered(*range(21)))
    batches = [batch async for batch in client.adapter.fetch(Stream.SITES, cursor)]
    assert [row.key for batch in batches for row in batch.upserts] == ["20"]
    assert [one.after for one in manifest.epochs] == [0, 1]


def test_epochs_are_bounded(tmp_path: Path) -> None:
    for count in range(1, 3 * hub.MOST_EPOCHS):
        manifest = published(HubPublisher(tmp_path), _numbered(*range(count)))
    assert len(manifest.epochs) <= hub.MOST_EPOCHS
    hub.decode((tmp_path / hub.NAME).read_bytes())


def test_two_head_offices_do_not_mix_in_one_folder(tmp_path: Path) -> None:
    www = tmp_path / "www"
    first = HubPublisher(www, tmp_path / "cache of one")
    second = HubPublisher(www, tmp_path / "cache of two")
    before = published(first, _numbered(1))
    with pytest.raises(OwnedElsewhere) as refused:
        second.publish(snapshot(_numbered(2)))
    assert refused.value.host == platform.node()
    assert hub.decode((www / hub.NAME).read_bytes()) == before
    # The first one starts anew, and is still the owner.
    published(HubPublisher(www, tmp_path / "cache of one"), _numbered(1, 3))
    # Its machine is gone: another one takes its place, and it must not come back.
    gone = time.time() - AWAY - 60
    os.utime(www / "owner.json", (gone, gone))
    published(second, _numbered(2))
    with pytest.raises(OwnedElsewhere):
        first.publish(snapshot(_numbered(1)))


def test_a_head_office_at_work_shows_a_sign_of_life(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    published(publishing, _numbered(1))
    quiet = time.time() - AWAY / 2
    os.utime(tmp_path / "owner.json", (quiet, quiet))
    published(publishing, _numbered(1))
    assert (tmp_path / "owner.json").stat().st_mtime > quiet + AWAY / 3


def test_the_first_publication_waits_for_every_source(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    read = snapshot(_numbered(1))
    unread = snapshot({"b": {}}, last_good=None, state=SourceState.NEVER)
    failed = snapshot({"b": {}}, last_good=None, state=SourceState.UNAVAILABLE)

    def both(other: Snapshot) -> Snapshot:
        return msgspec.structs.replace(read, sources=(*read.sources, *other.sources))

    assert publishing.publish(both(unread)) is None
    assert not (tmp_path / hub.NAME).exists()
    assert publishing.publish(both(failed))
    # Later ones wait for nobody.
    assert publishing.publish(both(unread))


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes its user: needs root")


@needs_root
@pytest.mark.parametrize("umask", [0o022, 0o027])
def test_a_web_server_of_the_folders_group_can_read_everything(tmp_path: Path, umask: int) -> None:
    """The folder is as documented: -g www-data -m 2750, and the account is not in that group."""
    www = tmp_path / "www"
    www.mkdir()
    os.chown(www, 65534, 33)
    www.chmod(0o2750)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o011)
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.umask(umask)
            publishing = HubPublisher(www)
            published(publishing, _numbered(1))
            published(publishing, _numbered(1, 2))
            code = 0 if publishing.unreadable() is None else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for path in www.rglob("*"):
        status = path.stat()
        assert status.st_gid == 33, path
        assert status.st_mode & stat.S_IRGRP, path
    assert (www / hub.OBJECTS).stat().st_mode & stat.S_ISGID


def test_what_the_group_cannot_read_is_told(tmp_path: Path) -> None:
    publishing = HubPublisher(tmp_path)
    tmp_path.chmod(0o750)
    manifest = published(publishing, _numbered(1))
    assert publishing.unreadable() is None
    (tmp_path / manifest.base.path).chmod(0o600)
    assert publishing.unreadable() == tmp_path / manifest.base.path
    (tmp_path / hub.OBJECTS).chmod(0o700)
    assert publishing.unreadable() == tmp_path / hub.OBJECTS
    notice = hub_notices.of_unreadable(tmp_path, publishing.unreadable())
    assert str(tmp_path / hub.OBJECTS) in notice
    assert "chmod -R g+rX" in notice
    # A folder for one account alone is no mistake.
    tmp_path.chmod(0o700)
    assert publishing.unreadable() is None
