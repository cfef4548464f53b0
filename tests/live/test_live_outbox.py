"""The outbox through kills, cut lines and edits of others, with a real Redmine behind it.

How many actions is told by SMIC_TUI_ORDEAL, 200 by default; what came of it is printed.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Record, TicketStatus
from tests.fakes.misbehaving import forward_to
from tests.live.rig_redmine import RedmineRig
from tests.outbox.outbox_ordeal import BY_COLLEAGUE, endure, wish

pytestmark = pytest.mark.live

ACTIONS = int(os.environ.get("SMIC_TUI_ORDEAL", "200"))


class RealDesk:
    """Redmine past its API, by its own database."""

    def __init__(self, rig: RedmineRig, tickets: int) -> None:
        self.rig = rig
        self.key = rig.keys["agent1"]
        self.respond = forward_to(rig.url)
        code = f"""
            project, tracker = Project.find("assistance"), Tracker.first
            made = {tickets}.times.map do |number|
              Issue.create!(project: project, tracker: tracker, subject: "Épreuve #{{number}}",
                            author: User.find_by_login("agent2"), status: IssueStatus.first,
                            priority: IssuePriority.first).id
            end
            puts made.to_json
        """
        self._numbers: list[int] = json.loads(rig.script(code).splitlines()[-1])

    def numbers(self) -> list[int]:
        return self._numbers

    def notes(self) -> Counter[tuple[int, str]]:
        rows = self._ask("Journal.where(journalized_type: 'Issue').pluck(:journalized_id, :notes)")
        return Counter((number, text or "") for number, text in rows)

    def story(self, number: int) -> list[str]:
        query = f"Journal.where(journalized_id: {number}).order(:id).pluck(:id, :notes)"
        return [str(text or "") for _id, text in self._ask(query)]

    def statuses(self) -> dict[int, TicketStatus]:
        rows = self._ask("Issue.joins(:status).pluck(:id, 'issue_statuses.name', 'is_closed')")
        return {
            number: TicketStatus.CLOSED
            if closed in (1, True)
            else TicketStatus.RESOLVED
            if name == "Résolu"
            else TicketStatus.OPEN
            for number, name, closed in rows
        }

    def close(self, number: int) -> None:
        self.rig.update(number, status_id=self.rig.status_id("Fermé"), notes=BY_COLLEAGUE)

    def _ask(self, query: str) -> list[list[Any]]:
        found: list[list[Any]] = json.loads(
            self.rig.script(f"puts {query}.to_json").splitlines()[-1]
        )
        return found


@pytest.fixture
def seen(redmine: RedmineRig, tmp_path: Path) -> Iterator[Callable[[int], Record]]:
    """The record of a ticket as a list would show it now, read past the breaking line."""
    with asyncio.Runner() as runner:
        options = msgspec.convert({"url": redmine.url, "api_key": {"env": "K"}}, RedmineOptions)
        context = Context(
            source="desk",
            folder=tmp_path,
            timezone="Europe/Paris",
            secret=lambda _: redmine.keys["agent1"],
        )
        adapter = RedmineAdapter(options, context)

        def read(number: int) -> Record:
            standing = runner.run(adapter.inspect(wish(Verb.COMMENT, number, "seen")))
            assert standing.record is not None
            return replace(standing.record, source="desk")

        yield read
        runner.run(adapter.close())


@pytest.mark.timeout(1800)
def test_none_lost_none_doubled_every_conflict_shown(
    redmine: RedmineRig, seen: Callable[[int], Record], tmp_path: Path
) -> None:
    desk = RealDesk(redmine, max(12, ACTIONS // 2))
    report = endure(desk, seen, tmp_path / "cache", ACTIONS, limit=1500)
    print(report)
    assert report.lost == []
    assert report.doubled == []
    assert report.conflicts_missed == []
    assert report.unexpected == []
    assert report.overwritten == []
    assert report.surprises > 0
    assert report.conflicts_shown == report.conflicts_made > 0
    assert report.kills > 0
    assert report.cut_before + report.cut_after + report.late > 0
