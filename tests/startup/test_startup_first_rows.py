"""The beginning of the lists is there before the cache is read, and says that it is no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.insight.assess import assess
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.facts import BackupFact, Situation, TicketFact
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.model.states import Level
from smic_tui.model.user_state import UserState
from smic_tui.records import (
    BackupJob,
    BackupRun,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stream,
    Ticket,
    TicketStatus,
)
from smic_tui.startup import first_rows, first_rows_writer
from smic_tui.startup.first_rows_writer import FirstRowsWriter

NOW = datetime.now(UTC)
SETTINGS = Settings()


def country(count: int) -> Snapshot:
    rows: dict[Stream, dict[str, Record]] = {stream: {} for stream in Stream}

    def put(stream: Stream, record: Record) -> None:
        rows[stream][record.key] = record

    for n in range(count):
        code = f"17{n:03}"
        put(
            Stream.SITES,
            Site(key=code, source="all", code=code, name=f"Lieu {n}", supplier=f"F{n % 3}"),
        )
        put(
            Stream.HEALTH,
            Health(
                key=code,
                source="all",
                site=code,
                host=code,
                state=HealthState.DOWN if n % 9 == 0 else HealthState.UP,
                since=NOW - timedelta(minutes=5),
            ),
        )
        put(
            Stream.BACKUP_JOBS,
            BackupJob(key=code, source="all", site=code, application="paie", period=86400),
        )
        put(
            Stream.BACKUP_RUNS,
            BackupRun(
                key=code,
                source="all",
                job=code,
                started=NOW - timedelta(hours=n),
                result=RunResult.OK,
            ),
        )
        put(
            Stream.TICKETS,
            Ticket(
                key=code,
                source="all",
                subject="Imprimante",
                status=TicketStatus.OPEN,
                site="nowhere" if n % 7 == 0 else code,
                created=NOW - timedelta(hours=n),
                updated=NOW,
                due=NOW + timedelta(hours=n - 50),
            ),
        )
    status = SourceStatus(
        name="all",
        kind="csv",
        state=SourceState.OK,
        streams=tuple(Stream),
        last_good=NOW,
        rows=5 * count,
    )
    return Snapshot(taken=NOW, sources=(SourceContents(status=status, rows=rows),))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[FirstRowsWriter, Situation]:
    monkeypatch.setattr(first_rows_writer, "LONG", 100)
    monkeypatch.setattr(first_rows_writer, "LINES", 10)
    (tmp_path / "cache").mkdir(mode=0o700)
    keeper = FirstRowsWriter("this", tmp_path / "cache")
    seen = country(300)
    whole = assess(seen, UserState(), SETTINGS, NOW)
    keeper.keep(seen, whole)
    return keeper, whole


def test_the_first_lines_are_those_of_the_whole(
    kept: tuple[FirstRowsWriter, Situation], tmp_path: Path
) -> None:
    whole = kept[1]
    first = first_rows.load(tmp_path / "cache", "this")
    assert first is not None
    assert first.is_partial
    assert sum(len(rows) for rows in first.sources[0].rows.values()) < 300
    head = assess(first, UserState(), SETTINGS, NOW)
    assert head.is_partial
    assert head.lists
    assert not whole.is_partial
    assert troubles(head)[:10] == troubles(whole)[:10]
    # Of runs that no state rests on, nothing is kept.
    assert [replace(fact, runs=fact.runs[:1]) for fact in head.backups[:10]] == [
        replace(fact, runs=fact.runs[:1]) for fact in whole.backups[:10]
    ]
    assert head.tickets[:10] == whole.tickets[:10]
    first_site = troubles(whole)[3].site
    assert head.sites_by_key[first_site] == whole.sites_by_key[first_site]


@pytest.mark.usefixtures("kept")
def test_what_has_become_stale_meanwhile_is_stale(tmp_path: Path) -> None:
    first = first_rows.load(tmp_path / "cache", "this")
    assert first is not None
    head = assess(first, UserState(), SETTINGS, NOW + timedelta(hours=9))
    assert all(fact.stale for fact in head.sites)


def test_another_configuration_or_a_clock_set_back_are_not_believed(
    kept: tuple[FirstRowsWriter, Situation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    assert first_rows.load(folder, "other") is None
    data = (folder / first_rows.NAME).read_bytes()
    for broken in (data[:-5], b"", b'"\xff"', b"[" * 9999, data.replace(b"1", b'"1"', 1)):
        (folder / first_rows.NAME).write_bytes(broken)
        assert first_rows.load(tmp_path / "cache", "this") is None
    later = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr(kept[0], "_not_before", 0.0)
    kept[0].keep(country(300), replace(kept[1], now=later))
    assert first_rows.load(tmp_path / "cache", "this") is None


def test_with_few_rows_the_first_screen_is_kept_as_far(
    kept: tuple[FirstRowsWriter, Situation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_rows_writer, "LONG", 10_000)
    seen = country(300)
    keeper = FirstRowsWriter("this", tmp_path / "cache")
    keeper.keep(seen, kept[1])
    first = first_rows.load(tmp_path / "cache", "this")
    assert first is not None
    head = assess(first, UserState(), SETTINGS, NOW)
    assert troubles(head)[:10] == troubles(kept[1])[:10]
    assert not head.lists
    # Of a site what is in trouble, and no more.
    facts: list[BackupFact | TicketFact] = [*head.backups, *head.tickets]
    of_sites = [fact for fact in facts if fact.site]
    assert of_sites
    assert all(fact.level >= Level.NOTICE for fact in of_sites)
    assert len(head.tickets) < 20


def test_what_was_kept_before_most_was_read_is_kept_anew_at_once(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    keeper = FirstRowsWriter("this", tmp_path / "cache")

    def first_lines(count: int) -> int:
        seen = country(count)
        keeper.keep(seen, assess(seen, UserState(), SETTINGS, NOW))
        first = first_rows.load(tmp_path / "cache", "this")
        assert first is not None
        return len(troubles(assess(first, UserState(), SETTINGS, NOW)))

    few = first_lines(60)
    assert first_lines(70) == few
    assert first_lines(300) > few
