"""How long large readings hold the event loop, and how long intake takes.

    python -m benchmarks.bench_loop      BENCH_QUICK=1: one attempt each

Everything large is decoded, checked and committed in threads, and the loop waits for them
only as long as one of them keeps the interpreter. Printed: the longest such wait, in ms, on
the wall and in processor time of this program (what other programs take does not count in the
latter), the least of three attempts. 50 ms are what a person does not notice.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from adapters.http.options import HttpOptions
from adapters.http.session import HttpSession
from adapters.json_files.adapter import JsonAdapter
from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.collecting.intake import admit
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.adapter import Context
from smic_tui.contract.batch import Batch
from smic_tui.records import Stream
from tests.collecting.collecting_doubles import NOW, Options, Scripted, ticket
from tests.fakes.configured import adapter, context, read
from tests.fakes.misbehaving import MisbehavingServer, json_reply

ATTEMPTS = 1 if os.environ.get("BENCH_QUICK") else 3
BEAT = 0.001


async def longest_wait(work: Awaitable[Any]) -> tuple[float, float]:
    """How long (ms) the loop could not run at worst: on the wall, and in processor time."""
    task = asyncio.ensure_future(work)
    wall = busy = 0.0
    at, used = time.perf_counter(), time.process_time()
    while not task.done():
        await asyncio.sleep(BEAT)
        before, at, used_before, used = at, time.perf_counter(), used, time.process_time()
        wall, busy = max(wall, at - before - BEAT), max(busy, used - used_before)
    await task
    return wall * 1000, busy * 1000


async def show(name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """Print the least of the longest waits of some attempts."""
    gc.collect()
    gc.freeze()
    found = [await longest_wait(work()) for _attempt in range(ATTEMPTS)]
    gc.unfreeze()
    wall, busy = (min(column) for column in zip(*found, strict=True))
    print(f"{name:44} {wall:6.1f} ms on the wall, {busy:6.1f} ms of processor")


async def json_document(folder: Path) -> None:
    """10 MB of rows behind a path and a filter."""
    rows = [
        {"insee": n, "nom": f"Mairie {n}", "texte": "x" * 150, "n": {"a": [1, 2, 3]}}
        for n in range(50_000)
    ]
    (folder / "sites.json").write_bytes(msgspec.json.encode({"a": {"b": rows}}))
    del rows
    columns = {"code": "insee", "name": "nom"}
    table = {"path": "sites.json", "rows": "a.b[?insee > `5`]", "columns": columns}
    source = adapter(JsonAdapter, {"sites": table}, context(folder))
    await show("a JSON document of 10 MB", lambda: read(source, Stream.SITES))


class Rows(msgspec.Struct):
    """What the server of `http_answer` gives."""

    rows: list[dict[str, Any]]


async def http_answer(folder: Path) -> None:
    """10,000 rows of JSON by HTTP."""
    many = {"rows": [{"id": number, "name": "x" * 80} for number in range(10_000)]}
    with MisbehavingServer(lambda request: json_reply(many)) as server:
        known = Context(source="http", folder=folder, timezone="UTC", secret=str)
        http = HttpSession(msgspec.convert({"url": server.url}, HttpOptions), known)
        await http.request("GET")
        await show("an HTTP answer of 10,000 rows", lambda: http.json(Rows, "GET", "/"))
        await http.close()


async def new_rows(folder: Path) -> None:
    """Ten thousand new rows at each reading, and alert rules after each commit."""
    rows = [tuple(ticket(str(n), subject=f"{g} réseau") for n in range(10_000)) for g in range(2)]
    readings = 0

    def answer(_stream: Stream, _cursor: str | None) -> list[Batch]:
        nonlocal readings
        readings += 1
        return [Batch(upserts=rows[readings % 2], full=True)]

    async def two_more() -> None:
        end = readings + 2
        while readings < end:  # noqa: ASYNC110 - it is a count
            await asyncio.sleep(0.002)

    source = Scripted(answer, offers=(Stream.TICKETS,))
    options = Source(name="desk", kind="scripted", options=Options(), refresh="0.2s")
    collector = Collector(
        Settings(sources={"desk": options}),
        folder,
        Cache(folder / "cache"),
        on_change=lambda _snapshot: None,
        secret=str,
        adapter_factory=lambda _source, _context: source,
        after_commit=lambda snapshot: {},
    )
    running = asyncio.create_task(collector.run())
    await two_more()
    await show("10,000 new rows every 0.2 s", two_more)
    await collector.close()
    await running


def intake() -> None:
    """The check of ten thousand rows at the boundary."""
    records = tuple(ticket(str(n), subject="Numéro à l'école", due=NOW) for n in range(10_000))
    times = []
    for _attempt in range(ATTEMPTS):
        began = time.perf_counter()
        admit("desk", Stream.TICKETS, Batch(upserts=records))
        times.append(time.perf_counter() - began)
    print(f"{'intake of 10,000 rows':44} {min(times) * 1000:6.0f} ms")


async def measure(folder: Path) -> None:
    """All of it, one after the other."""
    await json_document(folder)
    await http_answer(folder)
    await new_rows(folder)


def main() -> None:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))
    intake()


if __name__ == "__main__":
    main()
