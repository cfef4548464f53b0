"""What the pages on backups and SQL show is what these kinds understand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smic_tui.collecting import registry
from smic_tui.config.load import COMMON_KEYS

PAGES = Path(__file__).parents[2] / "docs" / "sources"
KINDS = ("backuppc", "bacula", "journal", "proxmox-backup", "sql")
BLOCKS = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS)
def test_examples_are_valid(kind: str) -> None:
    text = (PAGES / f"{kind}.md").read_text("utf-8")
    sources: list[dict[str, Any]] = [
        table
        for block in BLOCKS.findall(text)
        for table in tomllib.loads(block)["sources"].values()
    ]
    assert sources
    for table in sources:
        assert table["kind"] == kind
        options = {key: value for key, value in table.items() if key not in COMMON_KEYS}
        msgspec.convert(options, registry.find(kind).config_type)


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_of_sources_leads_to_the_page(kind: str) -> None:
    assert f"(sources/{kind}.md)" in (PAGES.parent / "sources.md").read_text("utf-8")
