"""A csv source of sites in a file called sites.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.csv_files.adapter import CsvAdapter
from smic_tui.records import Stream
from tests.fakes.configured import Outcome, adapter, context, read

SITE = {"code": "Code INSEE", "name": "Nom"}


def sites(folder: Path, columns: dict[str, Any] | None = None, **table: Any) -> CsvAdapter:
    table = {"path": "sites.csv", "columns": columns or SITE, **table}
    return adapter(CsvAdapter, {"sites": table}, context(folder))  # type: ignore[no-any-return]


async def read_sites(
    folder: Path, content: bytes | str, columns: dict[str, Any] | None = None, **table: Any
) -> Outcome:
    data = content.encode() if isinstance(content, str) else content
    (folder / "sites.csv").write_bytes(data)
    return await read(sites(folder, columns, **table), Stream.SITES)
