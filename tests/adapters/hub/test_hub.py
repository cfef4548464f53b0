"""The hub kind: the contract's tests, and a line that breaks, lies and saves bytes."""

from __future__ import annotations

import asyncio
import lzma
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.hub import link as hub_link
from adapters.hub.adapter import HubAdapter
from adapters.hub.options import HubOptions
from smic_tui.collecting.hub_publisher import HubPublisher
from smic_tui.contract.adapter import Context
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.hub import manifest as hub
from smic_tui.hub.manifest import digest_of
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import (
    Actor,
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Contact,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stage,
    Stream,
    Ticket,
    TicketStatus,
)
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import MisbehavingServer, Mode, Reply, Request, wait_until

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRET = "s3cret-of-the-hub"


def facts(count: int = 300) -> dict[Stream, list[Record]]:
    """Rows of every stream, with every kind of value."""
    numbers = range(count)
    return {
        Stream.SITES: [
            Site(
                key=f"{n}", code=f"{n}", name=f"Mairie d'Écoyeux {n}", latitude=45.8, population=n,
                contacts=(Contact(name="Accueil", phone="05"),), equipment=("NAS",),
            )
            for n in numbers
        ],
        Stream.HEALTH: [
            Health(key=f"h{n}", site=f"{n}", host=f"h{n}", state=HealthState.DOWN, since=NOON)
            for n in numbers
        ],
        Stream.BACKUP_JOBS: [
            BackupJob(key=f"j{n}", site=f"{n}", application="paie", period=86400, closed=(5, 6))
            for n in numbers
        ],
        Stream.BACKUP_RUNS: [
            BackupRun(
                key=f"r{n}", job=f"j{n}", started=NOON, result=RunResult.OK, size=n,
                ended=NOON.replace(microsecond=n) if n % 2 else None,
            )
            for n in numbers
        ],
        Stream.TICKETS: [
            Ticket(key=f"t{n}", subject=f"Sujet\x1b {n}", status=TicketStatus.NEW, created=NOON,
                   updated=NOON, waiting_on=Actor.MEMBER)
            for n in numbers
        ],
        Stream.REQUESTS: [
            CatalogueRequest(key=f"c{n}", subject="Logiciel", stage=Stage.ASKED, created=NOON,
                             updated=NOON)
            for n in numbers
        ],
    }  # fmt: skip


def publish(folder: Path, rows: dict[Stream, list[Record]], to: HubPublisher | None = None) -> None:
    status = SourceStatus(name="all", kind="csv", state=SourceState.OK, last_good=NOON)
    contents = SourceContents(
        status=status,
        rows={stream: {row.key: row for row in of} for stream, of in rows.items()},
    )
    (to or HubPublisher(folder)).publish(Snapshot(taken=datetime.now(UTC), sources=(contents,)))


class Web:
    """A web server over a folder, as nginx and Caddy are; `ranges` may be off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ranges = True
        self.spoil: Callable[[Path, bytes], bytes] = lambda path, data: data
        self.wanted = ""
        self.closed = ""

    def __call__(self, request: Request) -> Reply:
        if self.wanted and request.headers.get("authorization") != self.wanted:
            return Reply(401)
        if self.closed and self.closed in request.path:
            return Reply(403)
        path = self.folder / request.path.lstrip("/")
        if not path.is_file():
            return Reply(404)
        data = path.read_bytes()
        etag = f'"{digest_of(data)[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag}, content_type="")
        data = self.spoil(path, data)
        told = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if told and self.ranges:
            start, end = int(told[1]), min(int(told[2]), len(data) - 1)
            place = {"Content-Range": f"bytes {start}-{end}/{len(data)}", "ETag": etag}
            return Reply(206, data[start : end + 1], "application/octet-stream", place)
        return Reply(200, data, "application/octet-stream", {"ETag": etag})


def adapter(folder: Path, **options: Any) -> HubAdapter:
    context = Context(source="hub", folder=folder, timezone="UTC", secret=lambda _: SECRET)
    return HubAdapter(msgspec.convert(options, HubOptions), context)


async def read(source: HubAdapter, cursor: str | None = None) -> tuple[int, str | None]:
    """Read all streams; how many rows came, and the last cursor."""
    batches: list[Batch] = []
    for stream in Stream:
        batches += [batch async for batch in source.fetch(stream, cursor)]
    return sum(len(batch.upserts) for batch in batches), batches[-1].cursor


@pytest.fixture(scope="module")
def www(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("www")
    publish(folder, facts())
    return folder


@pytest.fixture
def web(www: Path) -> Iterator[tuple[MisbehavingServer, Web]]:
    site = Web(www)
    with MisbehavingServer(site) as server:
        yield server, site


class TestFolder(AdapterConformance):
    @pytest.fixture(autouse=True)
    def _www(self, www: Path) -> None:
        type(self).www = www

    www: ClassVar[Path]

    @classmethod
    def make(cls, tmp_path: Path) -> HubAdapter:
        return adapter(tmp_path, path=str(cls.www))

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> HubAdapter:
        return adapter(tmp_path, path="no such folder")


class TestHttp(AdapterConformance):
    secrets: ClassVar = (SECRET,)
    server: ClassVar[MisbehavingServer]

    @pytest.fixture(autouse=True)
    def _server(self, web: tuple[MisbehavingServer, Web]) -> None:
        type(self).server = web[0]

    @classmethod
    def make(cls, tmp_path: Path) -> HubAdapter:
        return adapter(
            tmp_path, url=cls.server.url, user="laptop", password={"env": "HUB_PASSWORD"}
        )

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> HubAdapter:
        return adapter(tmp_path, url="http://127.0.0.1:9", token={"env": "HUB_TOKEN"})


async def test_nothing_changed_is_one_conditional_request(
    web: tuple[MisbehavingServer, Web], tmp_path: Path
) -> None:
    server, _site = web
    source = adapter(tmp_path, url=server.url)
    _rows, cursor = await read(source)
    before = len(server.requests)
    assert await read(source, cursor) == (0, cursor)
    (request,) = server.requests[before:]
    assert request.path == "/hub.json.gz"
    assert "if-none-match" in request.headers
    await source.close()


@pytest.mark.parametrize("ranges", [True, False])
async def test_an_interrupted_transfer_goes_on_where_it_stopped(
    web: tuple[MisbehavingServer, Web],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ranges: bool,
) -> None:
    server, site = web
    site.ranges = ranges
    monkeypatch.setattr(hub_link, "PIECE", 200)
    source = adapter(tmp_path, url=server.url)

    def cut_at_600(path: Path, data: bytes) -> bytes:
        asked = server.requests[-1].headers.get("range", "")
        if path.parent.name == "objects" and asked.startswith("bytes=600-"):
            server.mode = Mode.STOPPED
        return data

    site.spoil = cut_at_600
    if ranges:
        with pytest.raises(Unavailable):
            await read(source)
        site.spoil = lambda path, data: data
        server.mode = Mode.OK
        server.requests.clear()
    rows, _cursor = await read(source)
    assert rows == 1800
    ranged = [request.headers.get("range", "") for request in server.requests]
    assert ranged[1] == ("bytes=600-799" if ranges else "bytes=0-199")
    assert len(ranged) > 2 if ranges else len(ranged) == 2
    await source.close()


async def test_a_small_rest_comes_with_the_last_piece(
    web: tuple[MisbehavingServer, Web], tmp_path: Path, www: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _site = web
    (base,) = (www / "objects").iterdir()
    size = base.stat().st_size
    for piece, count in ((size - size // 4, 1), (size // 2 - 10, 2), (size // 2 + 10, 2)):
        monkeypatch.setattr(hub_link, "PIECE", piece)
        server.requests.clear()
        source = adapter(tmp_path, url=server.url)
        assert (await read(source))[0] == 1800
        assert len(server.requests) == 1 + count
        await source.close()


async def test_cancelled_by_its_deadline_it_goes_on(
    web: tuple[MisbehavingServer, Web], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _site = web
    monkeypatch.setattr(hub_link, "PIECE", 100)
    source = adapter(tmp_path, url=server.url)
    first = asyncio.create_task(read(source))
    await asyncio.to_thread(wait_until, lambda: len(server.requests) >= 5)
    first.cancel()
    await asyncio.wait([first])
    server.requests.clear()
    assert (await read(source))[0] == 1800
    starts = [request.headers.get("range", "") for request in server.requests[1:]]
    assert "bytes=0-99" not in starts
    await source.close()


def _swapped(path: Path, data: bytes) -> bytes:
    return lzma.compress(b"[]") if path.parent.name == "objects" else data


def _flipped(path: Path, data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:] if path.parent.name else data


def _torn(path: Path, data: bytes) -> bytes:
    return data[:-7]


def _longer(path: Path, data: bytes) -> bytes:
    return data + b"x"


def _other_schema(path: Path, data: bytes) -> bytes:
    return b'{"schema":99}' if path.name == hub.NAME else data


def _bomb(path: Path, data: bytes) -> bytes:
    import gzip

    return gzip.compress(b" " * (hub.LARGEST_MANIFEST + 1)) if path.name == hub.NAME else data


@pytest.mark.parametrize(
    "spoil", [_swapped, _flipped, _torn, _longer, _other_schema, _bomb], ids=lambda f: f.__name__
)
async def test_what_is_not_what_the_head_office_wrote_is_refused(
    web: tuple[MisbehavingServer, Web], tmp_path: Path, spoil: Any
) -> None:
    server, site = web
    site.spoil = spoil
    source = adapter(tmp_path, url=server.url)
    for _time in range(2):
        with pytest.raises(BadAnswer):
            await read(source)
    # Nothing of it stays.
    site.spoil = lambda path, data: data
    assert (await read(source))[0] == 1800
    await source.close()


async def test_a_hostile_path_cannot_be_named(tmp_path: Path) -> None:
    manifest = (
        '{"schema":1,"hub":"x","written":"2026-11-24T12:00:00Z",'
        '"base":[0,1,5,"../../../../../../etc/passwd000000000000000"]}'
    )
    (tmp_path / hub.NAME).write_bytes(manifest.encode())
    with pytest.raises(BadAnswer):
        await read(adapter(tmp_path, path=str(tmp_path)))


async def test_the_account_is_sent_and_its_refusal_told(
    web: tuple[MisbehavingServer, Web], tmp_path: Path
) -> None:
    server, site = web
    site.wanted = f"Bearer {SECRET}"
    source = adapter(tmp_path, url=server.url, token={"env": "HUB_TOKEN"})
    assert (await read(source))[0] == 1800
    await source.close()
    other = adapter(tmp_path, url=server.url, user="u", password={"env": "HUB_PASSWORD"})
    with pytest.raises(AuthFailed):
        await read(other)
    await other.close()


async def test_rsync_that_has_not_brought_all_yet_is_waited_for(tmp_path: Path) -> None:
    publish(tmp_path, facts(3))
    (base,) = (tmp_path / "objects").iterdir()
    hidden = base.rename(tmp_path / "later")
    source = adapter(tmp_path, path=str(tmp_path))
    with pytest.raises(Unavailable):
        await read(source)
    hidden.rename(base)
    assert (await read(source))[0] == 18


async def test_who_is_too_far_behind_gets_the_base(tmp_path: Path) -> None:
    rows = facts(3)
    publish(tmp_path, rows)
    source = adapter(tmp_path, path=str(tmp_path))
    _count, cursor = await read(source)
    (tmp_path / hub.NAME).unlink()  # another history begins
    publish(tmp_path, rows)
    other = adapter(tmp_path, path=str(tmp_path))
    batches = [batch async for batch in other.fetch(Stream.SITES, cursor)]
    assert all(batch.full for batch in batches)
    assert sum(len(batch.upserts) for batch in batches) == 3


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"url": "http://hub", "path": "hub"},
        {"url": "http://hub", "user": "u"},
        {"url": "http://hub", "token": {"env": "T"}, "user": "u", "password": {"env": "P"}},
    ],
)
def test_settings_that_contradict_each_other(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, HubOptions)


async def test_doctor_finds_objects_that_the_web_server_may_not_read(
    web: tuple[MisbehavingServer, Web],
) -> None:
    server, site = web
    source = adapter(Path(), url=server.url)
    try:
        await source.probe()
        site.closed = "objects/"
        with pytest.raises(
            AuthFailed, match=r"hub\.json\.gz can be read, but not objects/"
        ) as told:
            await source.probe()
        assert "group" in told.value.hint
    finally:
        await source.close()


async def test_doctor_finds_objects_that_rsync_did_not_bring(tmp_path: Path) -> None:
    publish(tmp_path, facts(2))
    for path in (tmp_path / hub.OBJECTS).iterdir():
        path.unlink()
    source = adapter(tmp_path, path=str(tmp_path))
    with pytest.raises(Unavailable, match="is not there yet"):
        await source.probe()
