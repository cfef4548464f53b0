"""Every file of the sample is what it says it is, and the real adapters read it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smic_tui.config.load import SAMPLE
from smic_tui.config.shipped import shipped_config
from smic_tui.records import BackupJob, BackupRun, Site, Stream, Ticket
from smic_tui.sample.spellings import ALIASES, UNKNOWN
from smic_tui.sample.tables import BAD_ROWS
from smic_tui.sample.writer import Summary, write
from tests.sample.sample_reading import load_config, read_sample, read_source

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def summary(folder: Path) -> Summary:
    return write(folder, now=NOW)


def test_register_is_windows_1252_with_decimal_commas(folder: Path, summary: Summary) -> None:
    data = (folder / "sites.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    text = data.decode("cp1252")
    assert "Code adhérent;Adhérent;" in text.splitlines()[0]
    row = next(line for line in text.splitlines() if line.startswith("17300;"))
    assert re.search(r";79\u00a0851;46,\d+;-1,\d+;", row)
    assert "\r\n" in text


def test_plan_has_a_byte_order_mark(folder: Path, summary: Summary) -> None:
    assert (folder / "backup_plan.csv").read_bytes().startswith(b"\xef\xbb\xbfR\xc3\xa9f;")


def test_tickets_are_plain_utf8_in_local_time(folder: Path, summary: Summary) -> None:
    data = (folder / "tickets.csv").read_bytes()
    assert data.startswith("N°;Objet;État;".encode())


def test_journal_has_one_object_a_line_oldest_first(folder: Path, summary: Summary) -> None:
    lines = (folder / "backup_journal.jsonl").read_text(encoding="utf-8").splitlines()
    starts = [json.loads(line)["debut"] for line in lines]
    assert len(lines) == summary.backup_runs
    assert starts == sorted(starts)


async def test_only_the_planted_rows_are_set_aside(folder: Path, summary: Summary) -> None:
    _settings, snapshot = await read_sample(folder, NOW)
    rejected = {one.status.name: one.status.rejected_count for one in snapshot.sources}
    assert rejected == {
        "members": BAD_ROWS,
        "monitoring": 0,
        "backup_plan": 0,
        "backup_journal": 0,
        "tickets": 0,
        "requests": 0,
    }
    rows = {
        stream: len(found) for source in snapshot.sources for stream, found in source.rows.items()
    }
    assert rows == {
        Stream.SITES: summary.sites,
        Stream.HEALTH: rows[Stream.HEALTH],
        Stream.BACKUP_JOBS: summary.backup_jobs,
        Stream.BACKUP_RUNS: summary.backup_runs,
        Stream.TICKETS: summary.tickets,
        Stream.REQUESTS: summary.requests,
    }
    assert rows[Stream.HEALTH] > 3 * summary.monitored_sites


async def test_set_aside_rows_say_where_and_why(folder: Path, summary: Summary) -> None:
    settings = load_config(folder / "config.toml").settings
    _rows, rejected = await read_source(settings, "members", folder)
    assert [row.where for row in rejected] == [
        f"{folder}/sites.csv, line {number}" for number in (92, 263, 405, 406, 407, 720, 721)
    ]
    assert all(row.reason and row.sample for row in rejected)


async def test_every_field_arrives(folder: Path, summary: Summary) -> None:
    _settings, snapshot = await read_sample(folder, NOW)
    by_stream = {
        stream: rows for source in snapshot.sources for stream, rows in source.rows.items()
    }
    site = by_stream[Stream.SITES]["17300"]
    assert isinstance(site, Site)
    assert site.name == "Mairie de La Rochelle"
    assert (site.kind, site.member, site.population) == ("mairie", "Commune de La Rochelle", 79851)
    assert site.latitude == pytest.approx(46.16, abs=0.02)
    assert site.longitude == pytest.approx(-1.15, abs=0.02)
    assert site.supplier == "Aunis Accès Exemple"
    assert site.contacts[0].phone.startswith("05 36 49 ")
    assert "Serveur" in site.equipment
    assert "Gestion financière" in site.applications
    unplaced = by_stream[Stream.SITES]["17003"]
    assert isinstance(unplaced, Site)
    assert unplaced.latitude is None

    jobs = [job for job in by_stream[Stream.BACKUP_JOBS].values() if isinstance(job, BackupJob)]
    assert all(bool(job.period) != bool(job.calendar) and job.grace >= 6 * 3600 for job in jobs)
    assert any(job.closed == (2,) for job in jobs)
    assert any(job.holidays for job in jobs)
    assert len({job.protocol for job in jobs}) == 7

    runs = [run for run in by_stream[Stream.BACKUP_RUNS].values() if isinstance(run, BackupRun)]
    keys = {job.key for job in jobs}
    assert all(run.job in keys or (not run.job and run.site and run.application) for run in runs)
    assert any(not run.job for run in runs)

    tickets = [one for one in by_stream[Stream.TICKETS].values() if isinstance(one, Ticket)]
    assert {one.queue for one in tickets} == {
        "Assistance niveau 1",
        "Métier",
        "Réseau",
        "Sauvegardes",
    }
    assert all(one.url.endswith(one.key) for one in tickets)


async def test_no_time_lies_ahead(folder: Path, summary: Summary) -> None:
    _settings, snapshot = await read_sample(folder, NOW)
    for source in snapshot.sources:
        for rows in source.rows.values():
            for record in rows.values():
                for field in ("since", "checked", "started", "ended", "created", "updated"):
                    moment = getattr(record, field, None)
                    assert moment is None or moment <= NOW, record
                created, updated = (
                    getattr(record, "created", None),
                    getattr(record, "updated", None),
                )
                assert created is None or created <= updated, record
                started, ended = getattr(record, "started", None), getattr(record, "ended", None)
                assert ended is None or started < ended, record


async def test_every_source_has_a_site_of_another_spelling_and_some_have_none(
    folder: Path, summary: Summary
) -> None:
    from smic_tui.insight.assess import assess
    from smic_tui.model.user_state import UserState

    settings, snapshot = await read_sample(folder, NOW)
    situation = assess(snapshot, UserState(), settings, NOW)
    unmatched = {one.site_ref for source in situation.sources for one in source.unmatched}
    assert unmatched == set(UNKNOWN)
    codes = {site.site.code for site in situation.sites}
    names = {site.site.name for site in situation.sites}
    for facts in (situation.backups, situation.tickets):
        refs = {fact.site_ref for fact in facts}
        assert refs & names
        assert refs - names - codes - set(ALIASES) - set(UNKNOWN)
    assert {fact.site_ref for fact in situation.tickets} >= set(ALIASES)


def test_configuration_knows_the_aliases() -> None:
    aliases = load_config(shipped_config()).settings.matching.aliases
    assert aliases == ALIASES


def test_copy_of_the_configuration_reads_the_files_beside_it(
    folder: Path, summary: Summary
) -> None:
    text = (folder / "config.toml").read_text(encoding="utf-8")
    assert SAMPLE not in text
    assert load_config(folder / "config.toml").sample is None
    shipped = load_config(shipped_config())
    assert shipped.sample is not None
    assert text == shipped.text.replace(SAMPLE, str(folder))


def _keys(table: dict[str, Any]) -> set[str]:
    """Every key of the program's own: not the fields, words and names that the user maps."""
    keys: set[str] = set()
    for key, value in table.items():
        keys.add(key)
        if key in ("columns", "values", "aliases", "filters"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                keys |= _keys(one)
    return keys


def test_every_key_of_the_shipped_configuration_is_explained() -> None:
    text = shipped_config().read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    named = {*raw, *raw["sources"], *Stream, "columns", "values", "aliases"}
    comments = "\n".join(line.partition("#")[2] for line in text.splitlines() if "#" in line)
    for key in _keys(raw) - named:
        beside = re.search(rf"^{key} = .*#", text, re.MULTILINE)
        assert beside or re.search(rf"\b{key}\b", comments), key
