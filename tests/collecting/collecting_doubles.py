"""A scripted source, and what is needed to let a coordinator or collector read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.coordinator import Coordinator
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.secret import Secret
from smic_tui.records import BackupRun, RunResult, Site, Stream, Ticket, TicketStatus

# Near the real clock: ages and retention are counted from it.
NOW = datetime.now(UTC).replace(microsecond=0)


def site(key: str, name: str = "Mairie", **fields: Any) -> Site:
    return Site(**({"key": key, "code": key, "name": name} | fields))


def ticket(key: str, **fields: Any) -> Ticket:
    values: dict[str, Any] = {
        "key": key,
        "subject": "Imprimante",
        "status": TicketStatus.OPEN,
        "created": NOW - timedelta(days=100),
        "updated": NOW - timedelta(hours=1),
    }
    return Ticket(**(values | fields))


def run_of(
    key: str, age_hours: float, result: RunResult = RunResult.OK, **fields: Any
) -> BackupRun:
    values: dict[str, Any] = {"key": key, "job": "j", "started": NOW - timedelta(hours=age_hours)}
    return BackupRun(**(values | {"result": result} | fields))


class Options(Struct, frozen=True, kw_only=True):
    """Settings of the scripted source."""

    url: str = "https://desk.example"
    password: Secret | None = None


Answer = Iterable[Batch | BaseException]


class Scripted(Adapter[Options]):
    """Answers by a function of stream and cursor: batches, and exceptions to raise."""

    kind: ClassVar[str] = "scripted"
    config_type: ClassVar[type[Struct]] = Options
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.SITES})

    def __init__(
        self,
        answer: Callable[[Stream, str | None], Answer],
        *,
        offers: Iterable[Stream] = (Stream.SITES,),
        takes: float = 0.0,
        options: Options | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(
            options or Options(),
            context
            or Context(source="desk", folder=Path(), timezone="UTC", secret=lambda _secret: ""),
        )
        self.answer = answer
        self.offers = frozenset(offers)
        self.takes = takes
        self.asked: list[tuple[Stream, str | None]] = []
        self.running = 0
        self.most_running = 0
        self.finished = 0
        self.abandoned = 0
        self.closed = 0

    def offered(self) -> frozenset[Stream]:
        return self.offers

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        self.asked.append((stream, cursor))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            await asyncio.sleep(self.takes)
            for part in self.answer(stream, cursor):
                if isinstance(part, BaseException):
                    raise part
                yield part
            self.finished += 1
        except (asyncio.CancelledError, GeneratorExit):
            self.abandoned += 1
            raise
        finally:
            self.running -= 1

    async def probe(self) -> Probe:
        return Probe()

    async def close(self) -> None:
        self.closed += 1


def full(*records: Any, cursor: str | None = None) -> list[Batch]:
    return [Batch(upserts=records, full=True, cursor=cursor)]


def always(*answer: Batch | BaseException) -> Callable[[Stream, str | None], Answer]:
    return lambda _stream, _cursor: answer


class Bench:
    """A coordinator on a cache of its own; `adapters` is what it was given, in turn."""

    def __init__(self, folder: Path, make: Callable[[], Adapter[Any]], **settings: Any) -> None:
        self.folder = folder
        values: dict[str, Any] = {"name": "desk", "kind": "scripted", "options": Options()}
        self.source = Source(**values | settings)
        self.cache = Cache(folder / "cache")
        assert self.cache.lock.try_acquire() is Outcome.HELD
        self.cache.open(["desk"])
        self.off = OffLoop()
        self.redact = Redactor()
        self.commits = 0
        self.coordinator = Coordinator(
            self.source,
            folder,
            self.cache.source("desk"),
            make,
            committed=self._committed,
            redact=self.redact,
            off=self.off,
            agreements=self.cache.requests,
        )

    def _committed(self) -> None:
        self.commits += 1

    def kept(self, stream: Stream = Stream.SITES) -> set[str]:
        return set(self.cache.source("desk").contents.of(stream))

    def cursor(self, stream: Stream = Stream.SITES) -> str | None:
        return self.cache.source("desk").cursors[stream].value

    async def close(self) -> None:
        await self.coordinator.close()
        self.cache.close()
        self.off.close()


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until the condition holds; fails when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds
            await asyncio.sleep(0.005)
