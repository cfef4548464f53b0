"""Measures what a thin client costs the line: all bytes of its TCP connections.

A head office publishes the sample syndicate every ten minutes, the player changes it for a
night, and a client reads it through a proxy that counts. Headers count too. The player
runs at a quarter of its pace, and that night is still busier than a real one: it has as
many changes of tickets as a fortnight of work.

    python -m benchmarks.bench_hub            BENCH_QUICK=1: a night of two hours
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable, Set
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import msgspec

from adapters.hub.adapter import HubAdapter
from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.collecting.hub_publisher import HubPublisher
from smic_tui.collecting.retention import expired
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.secret import Secret
from smic_tui.hub import manifest as hub
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import Stream
from smic_tui.sample.folder import locked
from smic_tui.sample.player import Player
from smic_tui.sample.syndicate import compose
from smic_tui.sample.writer import SEED, write_locked
from smic_tui.wiring import load_settings, make_collector

QUICK = bool(os.environ.get("BENCH_QUICK"))
EVENING = datetime.now(UTC).replace(hour=17, minute=30, second=0, microsecond=0) - timedelta(days=1)
NIGHT = timedelta(hours=2 if QUICK else 14)


class _Web(SimpleHTTPRequestHandler):
    """Answers as nginx does, header by header: validators, 304, one range."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        status, data = path.stat(), path.read_bytes()
        etag = f'"{int(status.st_mtime):x}-{status.st_size:x}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self._validators(status, etag)
            self.end_headers()
            return
        told = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, end = (int(told[1]), int(told[2])) if told else (0, len(data) - 1)
        self.send_response(206 if told else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(end - start + 1))
        self._validators(status, etag)
        self.send_header("Connection", "keep-alive")
        if told:
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
        else:
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        self.wfile.write(data[start : end + 1])

    def version_string(self) -> str:
        return "nginx/1.22.1"

    def _validators(self, status: os.stat_result, etag: str) -> None:
        self.send_header("Last-Modified", self.date_time_string(int(status.st_mtime)))
        self.send_header("ETag", etag)


class Counting:
    """A proxy of TCP connections that counts the bytes in both directions."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.bytes = 0
        self.port = 0

    async def __aenter__(self) -> Counting:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        await asyncio.sleep(0.2)  # the connections end one after the other

    async def _connected(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._pass(near, forth), self._pass(far, back))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.bytes += len(data)
            writer.write(data)
            await writer.drain()
        writer.close()


def read_sample(folder: Path, cache: Path) -> Snapshot:
    """Returns the snapshot of the head office after a reading of all sources."""
    loaded = load_settings(folder / "config.toml", write_sample=False)

    async def once() -> Snapshot:
        collector = make_collector(loaded, Cache(cache), lambda _snapshot: None)
        try:
            return await collector.sync_once()
        finally:
            await collector.close()

    return asyncio.run(once())


def play_night(
    folder: Path, speed: float, each_time: Callable[[datetime], None]
) -> tuple[int, datetime]:
    """Lets the night pass; returns how many changes it brought, and when it ended."""
    made = compose(SEED, EVENING)
    with locked(folder):
        write_locked(folder, made)
    each_time(EVENING)
    player = Player(made, folder, SEED)
    now, told, count = EVENING, EVENING, 0
    while now < EVENING + NIGHT:
        now += timedelta(seconds=player.pause(speed))
        player.step(now)
        count += 1
        if now - told > timedelta(minutes=10):
            told = now
            each_time(now)
    return count, now


class Client:
    """The program of a laptop, with a cache of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        options = {
            "url": f"http://127.0.0.1:{port}/hub",
            "user": "laptop",
            "password": {"env": "HUB"},
        }
        config = msgspec.convert(options, HubAdapter.config_type)
        source = Source(name="hq", kind="hub", options=config)
        self._settings = Settings(sources={"hq": source})
        self._folder = folder

    async def read(self) -> Snapshot:
        def secret(_secret: Secret) -> str:
            return "correct horse battery"

        collector = Collector(
            self._settings,
            self._folder,
            Cache(self._folder / "cache"),
            on_change=lambda _snapshot: None,
            secret=secret,
        )
        try:
            return await collector.sync_once()
        finally:
            await collector.close()


def same_facts(head: Snapshot, client: Snapshot) -> bool:
    """Whether the client has every row of the head office that is worth keeping.

    A ticket that has just been closed for thirty days may be gone from one and not the other.
    """
    ours = {one.status.name: one for one in client.sources}

    def kept(one: SourceContents, stream: Stream) -> Set[str]:
        return one.of(stream).keys() - expired(stream, one.of(stream), client.taken)

    return all(
        kept(ours[f"hq/{one.status.name}"], stream) == kept(one, stream)
        for one in head.sources
        for stream in Stream
    )


async def measure(folder: Path, speed: float) -> None:
    www = folder / "www" / "hub"
    publishing = HubPublisher(www)
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *args: _Web(*args, directory=str(folder / "www"))
    )
    Thread(target=server.serve_forever, daemon=True).start()
    found: list[Snapshot] = []

    def publish(_now: datetime) -> None:
        found.append(read_sample(folder / "sample", folder / "cache"))
        publishing.publish(found[-1])

    async with Counting(server.server_address[1]) as line:

        async def cost(what: str, client: Client, limit: int | None = None) -> None:
            before = line.bytes
            snapshot = await client.read()
            assert same_facts(found[-1], snapshot), what
            spent = line.bytes - before
            ratio = "" if limit is None else f"   {spent / limit:.2f} of {limit} B"
            print(f"  {what:44} {spent:9,} B{ratio}")

        client = Client(folder / "laptop", line.port)
        evening = asyncio.Event()
        loop = asyncio.get_running_loop()

        def each_time(now: datetime) -> None:
            publish(now)
            if now == EVENING:
                first = cost("first reading, everything", client)
                asyncio.run_coroutine_threadsafe(first, loop).result()
                loop.call_soon_threadsafe(evening.set)

        count, _end = await asyncio.to_thread(play_night, folder / "sample", speed, each_time)
        await asyncio.to_thread(publish, EVENING + NIGHT)
        last = publishing.publish(found[-1])
        assert last is not None
        print(f"  ({count:,} things happened, {last.latest} publications)")
        await cost("first delta after the night", client, 30_000)
        await one_program(line, client, www, publishing, found[-1])
    server.shutdown()
    server.server_close()


async def one_program(
    line: Counting, client: Client, www: Path, publishing: HubPublisher, last: Snapshot
) -> None:
    """Measures a program that goes on reading, on a connection that it keeps."""
    options = client._settings.sources["hq"].options
    from smic_tui.contract.adapter import Context

    context = Context(source="hq", folder=www, timezone="UTC", secret=lambda _s: "correct horse")
    adapter = HubAdapter(options, context)
    cursors: dict[Stream, str | None] = {}

    async def read() -> int:
        before = line.bytes
        for stream in Stream:
            async for batch in adapter.fetch(stream, cursors.get(stream)):
                cursors[stream] = batch.cursor or cursors.get(stream)
        return line.bytes - before

    await read()
    spent = await read()
    print(f"  {'nothing changed':44} {spent:9,} B   {spent / 500:.2f} of 500 B")
    random = Random(SEED)
    for what, share in (("only the sources' times moved", 0), ("five tickets changed", 5)):
        last = _later(last, share, random)
        publishing.publish(last)
        print(f"  {what:44} {await read():9,} B")
    size = (www / hub.NAME).stat().st_size
    print(f"  {'(of it the manifest)':44} {size:9,} B")
    await adapter.close()


def _later(last: Snapshot, share: int, random: Random) -> Snapshot:
    sources = []
    for one in last.sources:
        good = (one.status.last_good or last.taken) + timedelta(seconds=61)
        rows = dict(one.rows)
        if Stream.TICKETS in rows:
            tickets: dict[str, Any] = dict(rows[Stream.TICKETS])
            for key in random.sample(sorted(tickets), share):
                tickets[key] = msgspec.structs.replace(tickets[key], subject=f"{key} changed")
            rows[Stream.TICKETS] = tickets
        status = msgspec.structs.replace(one.status, last_good=good)
        sources.append(msgspec.structs.replace(one, status=status, rows=rows))
    return msgspec.structs.replace(last, sources=tuple(sources))


def main() -> None:
    """Measures one night."""
    with tempfile.TemporaryDirectory() as name:
        print(f"the sample's night: {NIGHT.total_seconds() / 3600:.0f} h, 712 sites")
        asyncio.run(measure(Path(name), 0.25))


if __name__ == "__main__":
    main()
