"""The page about tests names tests that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "testing.md"


def named(text: str) -> Iterator[tuple[Path, str]]:
    """Each file that the table names, with the test in it; `…` stands for the file before."""
    file = TESTS
    for found in re.finditer(r"`([^`\s]*\.py|…)(?:::(\w+))?`", text):
        place = found[1]
        if place.startswith("…") and place != "…":
            (file,) = TESTS.glob(f"**/*{place[1:]}")
        elif place != "…":
            file = TESTS / place
        yield file, found[2] or ""


def test_the_table_of_the_field_names_tests() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## What the field taught")[2]
    rows = table.partition("### ")[0].partition("|---|")[2]
    found = list(named(rows))
    assert len(found) > 60
    for file, name in found:
        assert file.is_file(), file
        assert not name or f"def {name}(" in file.read_text(encoding="utf-8"), (file, name)
