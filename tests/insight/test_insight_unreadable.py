"""A backup whose repository cannot be read is not fresh: nobody can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from smic_tui.config.schema import Backups, Calendar
from smic_tui.insight.backup_state import Verdict, state_of, trust_of
from smic_tui.model.states import BackupState
from smic_tui.records import BackupJob, BackupRun, RunResult

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
JOB = BackupJob(key="j", site="17300", application="compta", period=86400, grace=7200)


def run(hours_ago: float, result: RunResult, message: str = "") -> BackupRun:
    started = NOW - timedelta(hours=hours_ago)
    return BackupRun(key=f"{hours_ago}", job="j", started=started, result=result, message=message)


def verdict(*newest_first: BackupRun) -> Verdict:
    zone, trust = ZoneInfo("Europe/Paris"), trust_of(Backups())
    return state_of(JOB, newest_first, NOW, zone, Calendar(), trust=trust)


def test_unknown_for_as_long_as_it_cannot_be_read() -> None:
    success = run(9, RunResult.OK)
    assert verdict(success).state is BackupState.FRESH
    found = verdict(run(1, RunResult.UNKNOWN, "wrong password"), success)
    assert found.state is BackupState.UNKNOWN
    assert found.note == "wrong password"
    assert found.last_success == success.started


def test_unknown_even_where_nothing_ever_ran_or_the_last_run_failed() -> None:
    assert verdict(run(1, RunResult.UNKNOWN)).state is BackupState.UNKNOWN
    failed = verdict(run(1, RunResult.UNKNOWN), run(9, RunResult.FAILED))
    assert failed.state is BackupState.UNKNOWN


def test_what_came_after_it_counts() -> None:
    unknown = run(9, RunResult.UNKNOWN)
    assert verdict(run(1, RunResult.OK), unknown).state is BackupState.FRESH
    assert verdict(run(1, RunResult.FAILED), unknown).state is BackupState.FAILED
