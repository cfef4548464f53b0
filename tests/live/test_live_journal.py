"""The journal kind on what real shells write, and over a real rotation."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.journal.adapter import JournalAdapter
from smic_tui.records import Stream
from tests.fakes.configured import adapter, context, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_journal import SITES, JournalRig

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> JournalRig:
    return JournalRig(tmp_path_factory.mktemp("journal"))


class TestJournal(LiveSuite):
    rig_fixture = "journal"


@pytest.mark.skipif(not Path("/usr/sbin/logrotate").exists(), reason="no logrotate")
async def test_a_rotation_by_logrotate_loses_no_line(journal: JournalRig) -> None:
    table = {"path": str(journal.journal)}
    made = adapter(JournalAdapter, table, context(Path()))
    first = await read(made, Stream.BACKUP_RUNS)
    before = journal.expected(Stream.BACKUP_RUNS)
    assert set(first.rows) == before
    # One line before the rotation, one after it, and nobody reads in between.
    await asyncio.to_thread(journal.change_one)
    await asyncio.to_thread(journal.rotate)
    await asyncio.to_thread(journal.change_one)
    second = await read(made, Stream.BACKUP_RUNS, first.cursor)
    assert len(second.rows) == 2
    assert {*first.rows, *second.rows} == journal.expected(Stream.BACKUP_RUNS)
    assert len((await read(made, Stream.BACKUP_JOBS)).rows) >= SITES - 1
