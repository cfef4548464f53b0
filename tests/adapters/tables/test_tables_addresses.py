"""Tables behind an address: versions, cut-off answers, credentials."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from adapters.csv_files.adapter import CsvAdapter
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.records import Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.adapters.tables.csv_sites import SITE
from tests.fakes.configured import Outcome, adapter, context, read
from tests.fakes.misbehaving import MisbehavingServer, Mode, Reply, Request


class Shelf:
    """A file on a web server, with its own version and what else it answers."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.headers: dict[str, str] = {}

    def __call__(self, request: Request) -> Reply:
        asked = request.headers.get("if-none-match")
        if asked and asked == self.headers.get("ETag"):
            return Reply(304, headers=self.headers)
        return Reply(200, self.content.encode("cp1252"), "text/csv", self.headers)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("Code INSEE;Nom\n1;École\n2;\n")


@pytest.fixture
def server(shelf: Shelf) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(shelf) as running:
        yield running


def web(server: MisbehavingServer, folder: Path, **table: Any) -> CsvAdapter:
    table = {"url": f"{server.url}/sites.csv", "columns": SITE, "connect_timeout": "2s", **table}
    at = context(folder, lambda secret: f"{secret.env} word")
    return adapter(CsvAdapter, {"sites": table}, at)  # type: ignore[no-any-return]


async def read_web(source: CsvAdapter, cursor: str | None = None) -> Outcome:
    try:
        return await read(source, Stream.SITES, cursor)
    finally:
        await source.close()


async def test_an_address_is_read_like_a_file(
    server: MisbehavingServer, shelf: Shelf, tmp_path: Path
) -> None:
    found = await read_web(web(server, tmp_path))
    assert found.rows["1"].name == "École"
    assert list(found.reasons) == [f"{server.url}/sites.csv, line 3"]
    assert found.full


async def test_an_unchanged_answer_is_not_sent_again(
    server: MisbehavingServer, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.headers = {"ETag": '"v1"'}
    first = await read_web(web(server, tmp_path))
    again = await read_web(web(server, tmp_path), first.cursor)
    assert server.requests[-1].headers["if-none-match"] == '"v1"'
    assert (again.full, again.rows, again.cursor) == (False, {}, first.cursor)
    assert again.rejected == first.rejected
    shelf.headers, shelf.content = {"ETag": '"v2"'}, "Code INSEE;Nom\n3;C\n"
    changed = await read_web(web(server, tmp_path), again.cursor)
    assert (changed.full, list(changed.rows)) == (True, ["3"])


async def test_without_validators_the_same_content_is_known_by_its_digest(
    server: MisbehavingServer, shelf: Shelf, tmp_path: Path
) -> None:
    first = await read_web(web(server, tmp_path))
    again = await read_web(web(server, tmp_path), first.cursor)
    assert (again.full, again.batches[0].upserts) == (False, ())
    shelf.content += "3;C\n"
    assert "3" in (await read_web(web(server, tmp_path), first.cursor)).rows


async def test_an_answer_whose_end_is_not_announced_deletes_nothing(
    server: MisbehavingServer, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.content = "Code INSEE;Nom\n" + "".join(f"{n};site {n}\n" for n in range(100))
    whole = await read_web(web(server, tmp_path))
    server.mode = Mode.TRUNCATED
    half = await read_web(web(server, tmp_path))
    assert whole.full
    assert 0 < len(half.rows) < len(whole.rows)
    assert not half.full
    source = web(server, tmp_path)
    assert "does not announce" in " ".join((await source.probe()).remarks)
    await source.close()


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.STOPPED, Unavailable),
        (Mode.STATUS500, Unavailable),
        (Mode.HTML, BadAnswer),
        (Mode.CUT, Unavailable),
        (Mode.FROZEN, Unavailable),
        (Mode.DRIP, Unavailable),
    ],
)
async def test_a_misbehaving_server(
    server: MisbehavingServer, tmp_path: Path, mode: Mode, error: type[Exception]
) -> None:
    server.mode = mode
    with pytest.raises(error):
        await read_web(web(server, tmp_path, request_timeout="1s"))


async def test_credentials_travel_and_stay_hidden(
    server: MisbehavingServer, tmp_path: Path
) -> None:
    await read_web(web(server, tmp_path, token={"env": "TOKEN"}))
    assert server.requests[-1].headers["authorization"] == "Bearer TOKEN word"
    source = web(server, tmp_path, user="jo", password={"env": "PASS"})
    await read_web(source)
    given = b64decode(server.requests[-1].headers["authorization"].removeprefix("Basic "))
    assert given == b"jo:PASS word"
    assert "PASS word" not in repr(vars(source))


async def test_an_address_may_have_a_query_which_is_not_shown(
    server: MisbehavingServer, tmp_path: Path
) -> None:
    found = await read_web(web(server, tmp_path, url=f"{server.url}/get?format=csv&key=hush"))
    assert server.requests[-1].query == {"format": "csv", "key": "hush"}
    assert "hush" not in repr(found)


class TestKitOnTheWeb(AdapterConformance):
    secrets = ("TOKEN word",)

    @pytest.fixture(autouse=True)
    def _served(self) -> Iterator[None]:
        shelf = Shelf("Code INSEE;Nom\n" + "".join(f"{n};Mairie {n}\n" for n in range(3000)))
        shelf.headers = {"ETag": '"1"'}
        with MisbehavingServer(shelf) as server, MisbehavingServer(shelf) as stopped:
            stopped.mode = Mode.STOPPED
            type(self).server, type(self).stopped = server, stopped
            yield

    server: ClassVar[MisbehavingServer]
    stopped: ClassVar[MisbehavingServer]

    @classmethod
    def make(cls, tmp_path: Path) -> Adapter[Any]:
        return web(cls.server, tmp_path, token={"env": "TOKEN"})

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> Adapter[Any]:
        return web(cls.stopped, tmp_path, token={"env": "TOKEN"})
