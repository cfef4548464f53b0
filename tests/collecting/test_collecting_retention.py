"""What a large source need not keep is looked for when nobody computes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from smic_tui.collecting import retention
from smic_tui.collecting.retention import Retention
from smic_tui.contract.status import SourceStatus
from smic_tui.model.snapshot import SourceContents
from smic_tui.records import BackupRun, Record, RunResult, Stream
from smic_tui.system.turns import exclusive

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def runs(count: int) -> dict[str, Record]:
    return {
        str(number): BackupRun(
            key=str(number),
            source="plan",
            job="job",
            started=NOW - timedelta(hours=number),
            result=RunResult.OK,
        )
        for number in range(count)
    }


@pytest.mark.parametrize("large", [True, False])
def test_a_large_stream_is_looked_through_while_nobody_computes(
    large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_LOOKED_AT_AT_ONCE", 5)
    monkeypatch.setattr(retention, "LARGE", 10)
    rows = runs(30)
    contents = SourceContents(
        status=SourceStatus(name="plan", kind="csv"), rows={Stream.BACKUP_RUNS: rows}
    )
    kept = Retention()
    assert kept.expired(Stream.BACKUP_RUNS, {}, rows, NOW) == frozenset()
    assert kept.is_due(contents)
    if not large:
        monkeypatch.setattr(retention, "LARGE", 100)
    found: list[frozenset[str]] = []
    looking = threading.Thread(
        target=lambda: found.append(kept.look(contents, NOW)[Stream.BACKUP_RUNS])
    )
    with exclusive():
        looking.start()
        # In rests of some milliseconds, whatever happens; a large one waits for the end of them.
        looking.join(0.2 if large else 60)
        assert bool(found) is not large
    looking.join(60)
    assert found == [frozenset(map(str, range(10, 30)))]
