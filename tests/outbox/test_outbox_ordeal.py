"""Actions against the Redmine of the tests, with kills and cuts; the full run by a variable.

SMIC_TUI_ORDEAL=200 .venv/bin/python -m pytest tests/outbox/test_outbox_ordeal.py -s
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Record, TicketStatus
from tests.fakes.misbehaving import MisbehavingServer, Respond
from tests.fakes.redmine import STATUSES, FakeRedmine
from tests.outbox.outbox_ordeal import BY_COLLEAGUE, endure, wish

ACTIONS = int(os.environ.get("SMIC_TUI_ORDEAL", "12"))


class Desk:
    """The Redmine of the tests from the inside."""

    key = "agent-key"

    def __init__(self, tickets: int) -> None:
        self.redmine = FakeRedmine()
        for _number in range(tickets):
            self.redmine.add()
        self.respond: Respond = self.redmine

    def numbers(self) -> list[int]:
        return sorted(self.redmine.issues)

    def notes(self) -> Counter[tuple[int, str]]:
        return Counter(
            (number, str(journal["notes"]))
            for number, journals in self.redmine.journals.items()
            for journal in journals
        )

    def story(self, number: int) -> list[str]:
        return [str(journal["notes"]) for journal in self.redmine.journals.get(number, [])]

    def statuses(self) -> dict[int, TicketStatus]:
        return {
            number: TicketStatus.CLOSED
            if STATUSES[issue["status"]][1]
            else TicketStatus.RESOLVED
            if STATUSES[issue["status"]][0] == "Résolu"
            else TicketStatus.OPEN
            for number, issue in self.redmine.issues.items()
        }

    def close(self, number: int) -> None:
        with self.redmine._lock:
            self.redmine.set_status(number, 5)
            self.redmine.note(number, "notes", BY_COLLEAGUE)


@pytest.fixture
def desk() -> Desk:
    return Desk(max(12, ACTIONS // 2))


@pytest.fixture
def seen(desk: Desk, tmp_path: Path) -> Iterator[Callable[[int], Record]]:
    """The record of a ticket as a list would show it now, read past the breaking line."""
    with MisbehavingServer(desk.redmine) as straight, asyncio.Runner() as runner:
        options = msgspec.convert({"url": straight.url, "api_key": {"env": "K"}}, RedmineOptions)
        context = Context(
            source="desk", folder=tmp_path, timezone="Europe/Paris", secret=lambda _: desk.key
        )
        adapter = RedmineAdapter(options, context)

        def read(number: int) -> Record:
            standing = runner.run(adapter.inspect(wish(Verb.COMMENT, number, "seen")))
            assert standing.record is not None
            return replace(standing.record, source="desk")

        yield read
        runner.run(adapter.close())


def test_none_lost_none_doubled_every_conflict_shown(
    desk: Desk, seen: Callable[[int], Record], tmp_path: Path
) -> None:
    report = endure(desk, seen, tmp_path / "cache", ACTIONS)
    print(report)
    assert report.lost == []
    assert report.doubled == []
    assert report.conflicts_missed == []
    assert report.unexpected == []
    assert report.overwritten == []
    assert report.surprises > 0
    assert report.conflicts_shown == report.conflicts_made > 0
    assert report.kills > 0
    assert report.cuts > 0
