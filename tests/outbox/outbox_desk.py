"""A ticket system in memory, and a sender on an outbox of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.collecting.sender import OutboxSender
from smic_tui.config.schema import Source
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Verb
from smic_tui.contract.adapter import Probe
from smic_tui.contract.redaction import Redactor
from smic_tui.model.outbox_entry import Entry, RecordRef
from smic_tui.outbox import box
from smic_tui.records import Record, Stream, Ticket, TicketStatus
from tests.collecting.collecting_doubles import Options, Scripted, always

NOW = datetime.now(UTC).replace(microsecond=0)


def ticket(key: str = "1", **fields: Any) -> Ticket:
    values: dict[str, Any] = {
        "key": key,
        "subject": "Imprimante muette",
        "status": TicketStatus.NEW,
        "created": NOW - timedelta(days=2),
        "updated": NOW - timedelta(days=1),
    }
    return Ticket(**(values | fields))


def action(verb: Verb = Verb.COMMENT, key: str = "1", **fields: Any) -> Action:
    action.count += 1  # type: ignore[attr-defined]
    values: dict[str, Any] = {
        "id": f"a{action.count}",  # type: ignore[attr-defined]
        "source": "desk",
        "stream": Stream.TICKETS,
        "key": key,
        "verb": verb,
        "by": "Agent Un",
        "at": NOW,
    }
    if verb is Verb.COMMENT:
        values["text"] = "Toner remplacé"
    return Action(**(values | fields))


action.count = 0  # type: ignore[attr-defined]


class Desk(Scripted):
    """Tickets with comments. What fails, and when, is told by the tests.

    `on_look` and `before` and `after` are called around the write, `on_probe` by a probe; they
    may raise.
    `quiet` makes writes answered and not done, `blind` hides effects that are there.
    """

    def __init__(self, *tickets: Ticket) -> None:
        super().__init__(always(), options=Options())
        self.tickets = {one.key: one for one in tickets}
        self.comments: list[tuple[str, str]] = []
        self.versions: dict[str, int] = {}
        self.looks = 0
        self.writes = 0
        self.quiet = self.blind = False
        self.conditional = True
        self.at_once = False
        self.on_look: Callable[[], None] = lambda: None
        self.on_probe: Callable[[], None] = lambda: None
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        return {Stream.TICKETS: frozenset({Verb.COMMENT, Verb.ASSIGN, Verb.RESOLVE})}

    def touch(self, key: str, **fields: Any) -> None:
        """Somebody changes a ticket."""
        at = self.tickets[key].updated + timedelta(seconds=1)
        self.tickets[key] = replace(self.tickets[key], updated=at, **fields)
        self.versions[key] = self.versions.get(key, 0) + 1

    async def probe(self) -> Probe:
        self.on_probe()
        return Probe()

    async def inspect(self, action: Action) -> RecordSnapshot:
        self.looks += 1
        self.on_look()
        await asyncio.sleep(0)
        found = self.tickets.get(action.key)
        if found is None:
            return RecordSnapshot(record=None)
        mine = [number for number, (key, _text) in enumerate(self.comments) if key == action.key]
        known = int(action.baseline or len(self.comments))
        done = {
            Verb.COMMENT: any(
                number >= known and self.comments[number][1] == action.text for number in mine
            ),
            Verb.ASSIGN: found.owner == action.value,
            Verb.RESOLVE: found.status is TicketStatus.RESOLVED,
        }[action.verb]
        return RecordSnapshot(
            record=found,
            version=str(self.versions.get(action.key, 0)),
            done=done and not self.blind,
            baseline=str(len(self.comments)),
            at_once=self.at_once,
        )

    async def apply(self, action: Action, standing: RecordSnapshot) -> None:
        self.before()
        await asyncio.sleep(0)
        if self.conditional and standing.version != str(self.versions.get(action.key, 0)):
            raise ChangedMeanwhile("another version")
        self.writes += 1
        if self.quiet:
            return
        if action.verb is Verb.COMMENT:
            self.comments.append((action.key, action.text))
            self.touch(action.key)
        elif action.verb is Verb.ASSIGN:
            self.touch(action.key, owner=action.value)
        else:
            self.touch(action.key, status=TicketStatus.RESOLVED)
        self.after()


class Office:
    """An outbox in `folder`, and a sender for the desk. Another one is another program."""

    def __init__(self, folder: Path, desk: Desk, **source: Any) -> None:
        self.cache = Cache(folder)
        self.cache.lock.try_acquire()
        self.cache.open(["desk"])
        self.cache.user.load()
        self.desk = desk
        self.source = Source(name="desk", kind="scripted", **source)
        self.off = OffLoop()
        self.shown: list[tuple[RecordRef, Record | None]] = []
        self.placed: dict[str, Record | None] = {}
        self.sender = OutboxSender(
            self,
            self.cache.user,
            show=self._show,
            may_send=lambda: self.cache.lock.held,
            changed=lambda: None,
            redact=Redactor(),
            off=self.off,
        )

    @asynccontextmanager
    async def adapter(self) -> AsyncIterator[Any]:
        yield self.desk

    async def put_record(self, stream: Stream, key: str, record: Record | None) -> None:
        self.placed[key] = record

    async def _show(self, ref: RecordRef, record: Record | None) -> None:
        self.shown.append((ref, record))

    def want(self, wanted: Action, seen: Record | None = None, shown: str = "desk") -> Action:
        record = seen or replace(self.desk.tickets[wanted.key], source=shown)
        assert self.cache.user.change_outbox(box.add(wanted, shown, record))
        return wanted

    def entry(self, wanted: Action) -> Entry:
        return self.cache.user.load().outbox[wanted.id]

    def do(self, change: box.Change) -> None:
        assert self.cache.user.change_outbox(change)

    def close(self) -> None:
        self.cache.close()
        self.off.close()
