"""Actions through kills, cut lines and edits of others, and the account of it afterwards.

The same ordeal for the Redmine of the tests and for a real one: only the ways to look
into the server's own store differ (`Server`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from smic_tui.cache.cache import Cache
from smic_tui.contract.actions import Action, Verb
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.outbox import box
from smic_tui.records import Record, Stream, Ticket, TicketStatus
from tests.fakes.misbehaving import MisbehavingServer, Reply, Request, Respond

PROGRAM = Path(__file__).with_name("outbox_program.py")
SETTLE = 1.5
# A server that goes on with a write after the line was cut is done within this time.
LATE = 0.4
BY_COLLEAGUE = "fermé par un collègue"


class Server(Protocol):
    """The ticket system past its API, and as a colleague who edits in the browser."""

    key: str
    respond: Respond

    def numbers(self) -> list[int]:
        """The tickets to act on."""

    def notes(self) -> Counter[tuple[int, str]]:
        """How often each note stands at each ticket, in the server's own store."""

    def story(self, number: int) -> list[str]:
        """The notes of a ticket in the order in which they came."""

    def statuses(self) -> dict[int, TicketStatus]:
        """The status of each ticket, in the server's own store."""

    def close(self, number: int) -> None:
        """A colleague closes the ticket, with the note `BY_COLLEAGUE`."""


@dataclass
class Report:
    """What happened."""

    actions: int
    seconds: float = 0.0
    kills: int = 0
    cut_before: int = 0
    cut_after: int = 0
    late: int = 0
    refused_lines: int = 0
    writes: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    conflicts_made: int = 0
    conflicts_shown: int = 0
    conflicts_missed: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    surprises: int = 0
    surprised: int = 0
    overwritten: list[str] = field(default_factory=list)

    @property
    def cuts(self) -> int:
        """How many writes were cut, before or after they were done."""
        return self.cut_before + self.cut_after + self.late

    def __str__(self) -> str:
        return json.dumps(self.__dict__, ensure_ascii=False)


class Line:
    """What lies between program and server, and breaks at random."""

    def __init__(self, respond: Respond, report: Report, chance: random.Random) -> None:
        self.respond = respond
        self.report = report
        self.chance = chance
        self.breaks = True
        self.asked = 0
        self._late: list[threading.Thread] = []
        # Tickets that a write reached after its line was cut: nobody can hold it back then.
        self.late_at: set[int] = set()

    def __call__(self, request: Request) -> Reply:
        writes = request.method == "PUT"
        self.asked += 1
        if self.breaks:
            dice = self.chance.random()
            if writes and not self.report.cuts:
                # A short ordeal has a cut too.
                dice *= 0.3
            if writes and dice < 0.10:
                self.report.cut_before += 1
                raise ConnectionResetError
            if writes and dice < 0.25:
                self.report.cut_after += 1
                self._forward(request)
                raise ConnectionResetError
            if writes and dice < 0.30:
                self.report.late += 1
                self.late_at.add(int(request.path.rpartition("/")[2].removesuffix(".json")))
                thread = threading.Thread(target=self._later, args=(request,))
                thread.start()
                self._late.append(thread)
                raise ConnectionResetError
            if dice < 0.03:
                self.report.refused_lines += 1
                return Reply(503)
        return self._forward(request)

    def settle(self) -> None:
        self.breaks = False
        for thread in self._late:
            thread.join()

    def _later(self, request: Request) -> None:
        time.sleep(LATE)
        self._forward(request)

    def _forward(self, request: Request) -> Reply:
        if request.method == "PUT":
            self.report.writes += 1
        return self.respond(request)


class Office:
    """The sending program, killed and started again until it is told to stop.

    A kill comes after a random number of requests to the server: after a time, a busy machine
    would only ever start it.
    """

    def __init__(
        self, folder: Path, url: str, key: str, line: Line, report: Report, chance: random.Random
    ) -> None:
        self._command = [sys.executable, str(PROGRAM), str(folder), url, str(SETTLE)]
        self._env = {**os.environ, "REDMINE_KEY": key}
        self._line = line
        self._report = report
        self._chance = chance
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._share = 0.0

    def start(self) -> None:
        self._asked, self._share = self._line.asked, self._chance.random()
        self._process = subprocess.Popen(
            self._command, env=self._env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def live(self, every: int) -> bool:
        """Kill it if it has asked often enough, on average `every` times.

        Returns whether it was killed, and is to be started again.
        """
        assert self._process is not None
        assert self._process.poll() is None, "it ended by itself"
        if self._line.asked - self._asked <= self._share * 2 * every:
            return False
        self.end()
        self._report.kills += 1
        return True

    def end(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def wish(verb: Verb, number: int, name: str, text: str = "") -> Action:
    return Action(
        id=name,
        source="desk",
        stream=Stream.TICKETS,
        key=str(number),
        verb=verb,
        text=text,
        by="Agent Un",
        at=datetime.now(UTC),
    )


def endure(
    server: Server,
    seen: Callable[[int], Record],
    folder: Path,
    actions: int,
    *,
    seed: int = 17,
    kill_every: int = 8,
    limit: float = 600,
) -> Report:
    """Queue `actions` actions, a part of them on records that a colleague closed meanwhile.

    `seen` reads a record as the person saw it.
    """
    chance = random.Random(seed)
    report = Report(actions)
    began = time.monotonic()
    user = Cache(folder).user
    numbers = server.numbers()
    line = Line(server.respond, report, chance)
    overtaken = chance.sample(numbers, max(1, actions // 10))
    # Closed by a colleague at any moment, whatever is queued or under way.
    surprised = [n for n in numbers if n not in overtaken][: max(1, actions // 20)]
    conflicting: dict[str, int] = {}
    open_to_surprise: set[str] = set()
    with MisbehavingServer(line) as way:
        office = Office(folder, way.url, server.key, line, report, chance)

        def queue(action: Action, record: Record) -> None:
            assert user.change_outbox(box.add(action, "desk", record))

        old = {number: seen(number) for number in overtaken}
        first = {number: seen(number) for number in surprised}
        calm = [number for number in numbers if number not in (*overtaken, *surprised)]
        colleague = threading.Thread(
            target=_surprise, args=(server, list(surprised), random.Random(seed), report)
        )
        resolved: set[int] = set()
        try:
            office.start()
            colleague.start()
            for step in range(actions):
                name = f"a{step:04}"
                if step % 10 == 9 and overtaken:
                    number = overtaken.pop()
                    server.close(number)
                    queue(wish(Verb.RESOLVE, number, name, f"{name} réglé"), old[number])
                    conflicting[name] = number
                elif step % 10 == 4 and (free := [n for n in calm if n not in resolved]):
                    number = chance.choice(free)
                    resolved.add(number)
                    queue(wish(Verb.RESOLVE, number, name, f"{name} réglé"), seen(number))
                elif step % 10 == 7:
                    # Seen open; whether it still is when it is sent, nobody knows.
                    number = chance.choice(surprised)
                    verb = chance.choice((Verb.COMMENT, Verb.RESOLVE))
                    queue(wish(verb, number, name, f"{name} note"), first[number])
                    open_to_surprise.add(name)
                else:
                    number = chance.choice([n for n in calm if n not in resolved] or calm)
                    queue(wish(Verb.COMMENT, number, name, f"{name} note"), seen(number))
                time.sleep(chance.uniform(0, 0.03))
                if office.live(kill_every):
                    office.start()
            while _busy(list(user.load().outbox.values())) and time.monotonic() - began < limit:
                time.sleep(0.05)
                # The last few are left in peace: it must come to an end.
                if office.live(kill_every if line.breaks else 10 * kill_every):
                    if _done(user.load().outbox.values()) > 0.8 * actions:
                        line.settle()
                    office.start()
            line.settle()
        finally:
            line.settle()
            office.end()
            colleague.join()
    report.seconds = round(time.monotonic() - began, 1)
    _account(
        report, server, user.load().outbox.values(), conflicting, open_to_surprise, line.late_at
    )
    return report


def _surprise(server: Server, numbers: list[int], chance: random.Random, report: Report) -> None:
    while numbers:
        time.sleep(chance.uniform(0, 0.8))
        server.close(numbers.pop(chance.randrange(len(numbers))))
        report.surprises += 1


def _busy(entries: Collection[Entry]) -> bool:
    """Whether something is under way, and not merely held by a question on its record."""
    under_way = (EntryState.WAITING, EntryState.SENDING, EntryState.SENT)
    held = {entry.ref for entry in entries if entry.state is EntryState.CONFLICT}
    return any(entry.state in under_way and entry.ref not in held for entry in entries)


def _done(entries: Iterable[Entry]) -> int:
    return sum(entry.state is EntryState.CONFIRMED for entry in entries)


def _account(
    report: Report,
    server: Server,
    entries: Iterable[Entry],
    conflicting: Mapping[str, int],
    open_to_surprise: Collection[str],
    late_at: Collection[int],
) -> None:
    notes, statuses = server.notes(), server.statuses()
    report.conflicts_made = len(conflicting)
    found = {entry.id: entry for entry in entries}
    assert len(found) == report.actions
    for name, entry in found.items():
        number, text = int(entry.action.key), entry.action.text
        count = notes[number, text]
        if count > 1:
            report.doubled.append(f"{name} ×{count}")
        if name in conflicting:
            if entry.state is not EntryState.CONFLICT or count:
                report.conflicts_missed.append(f"{name}: {entry.state}, {entry.error}")
            else:
                both = entry.seen_record, entry.now_record
                assert all(isinstance(version, Ticket) for version in both)
                report.conflicts_shown += 1
            continue
        if name in open_to_surprise:
            _surprised(report, server.story(number), entry, late=number in late_at)
            continue
        if entry.state is EntryState.CONFLICT and not count:
            # Nobody else touched it: the person would be asked for nothing.
            report.unexpected.append(f"{name}: {entry.action.verb} {entry.state}")
        elif entry.state is not EntryState.CONFIRMED or count != 1:
            report.lost.append(f"{name}: {entry.state} ×{count} {entry.error}")
        elif entry.action.verb is Verb.RESOLVE and statuses[number].is_open:
            report.lost.append(f"{name}: open")


def _surprised(report: Report, story: list[str], entry: Entry, *, late: bool) -> None:
    """Either it came before the colleague, or the person is asked, or waits behind that."""
    name, count = entry.id, story.count(entry.action.text)
    if entry.state is EntryState.CONFIRMED and count == 1:
        if (
            not late
            and BY_COLLEAGUE in story
            and story.index(BY_COLLEAGUE) < story.index(entry.action.text)
        ):
            report.overwritten.append(f"{name}: {entry.action.verb}")
    elif entry.state in (EntryState.CONFLICT, EntryState.WAITING) and not count:
        report.surprised += 1
    else:
        report.lost.append(f"{name}: {entry.state} ×{count} {entry.error}")
