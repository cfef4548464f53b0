"""The package's own tests: the kit, in one line, and one that reads a stream."""

from __future__ import annotations

import asyncio
from pathlib import Path

from smic_tui_dumps.adapter import DumpsAdapter, DumpsConfig

from smic_tui.contract.adapter import Context
from smic_tui.records import Stream
from smic_tui.testing import AdapterConformance, read


def adapter(tmp_path: Path, folder: str) -> DumpsAdapter:
    context = Context(source="dumps", folder=tmp_path, timezone="UTC", secret=lambda secret: "")
    return DumpsAdapter(DumpsConfig(folder=folder), context)


def good(tmp_path: Path) -> DumpsAdapter:
    dumps = tmp_path / "dumps"
    if not dumps.exists():
        dumps.mkdir()
        (dumps / "17300-etat-civil-2026-11-23.sql.gz").write_bytes(b"dump")
        (dumps / "notes.sql.gz").write_bytes(b"")
    return adapter(tmp_path, "dumps")


def gone(tmp_path: Path) -> DumpsAdapter:
    return adapter(tmp_path, "no such folder")


class TestDumps(AdapterConformance):
    make, make_unreachable = staticmethod(good), staticmethod(gone)


def test_a_file_is_a_run(tmp_path: Path) -> None:
    found = asyncio.run(read(good(tmp_path), Stream.BACKUP_RUNS))
    assert [run.key for run in found.records] == ["17300-etat-civil-2026-11-23.sql.gz"]
    assert list(found.reasons) == ["notes.sql.gz"]
