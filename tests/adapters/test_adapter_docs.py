"""What docs/adapters.md shows is what the adapters understand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smic_tui.collecting import registry

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adapters.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
OF_THE_SOURCE = ("kind", "refresh", "deadline")


def sources() -> list[dict[str, Any]]:
    """The sources of all examples."""
    tables = [tomllib.loads(text) for language, text in BLOCKS if language == "toml"]
    return [source for table in tables for source in table.get("sources", {}).values()]


@pytest.mark.parametrize("source", sources(), ids=lambda source: source["kind"])
def test_examples_are_valid(source: dict[str, Any]) -> None:
    options = {key: value for key, value in source.items() if key not in OF_THE_SOURCE}
    table = options.get("sites")
    if table is not None:
        assert set(table["columns"]) >= {"code", "name"}
    msgspec.convert(options, registry.find(source["kind"]).config_type)


def test_every_example_of_a_kind_is_there() -> None:
    assert [source["kind"] for source in sources()] == ["csv", "restic"]


def test_the_third_party_s_code_is_shown_as_it_is() -> None:
    package = ROOT / "tests" / "thirdparty"
    code = (package / "smic_tui_dumps" / "adapter.py").read_text("utf-8")
    code += (package / "test_dumps.py").read_text("utf-8")
    code += (package / "pyproject.toml").read_text("utf-8")
    flat = re.sub(r'^ *""".*?"""\n', "", code, flags=re.DOTALL | re.MULTILINE)
    flat = re.sub(r"\n+", "\n", flat)
    shown = [text for language, text in BLOCKS if language == "python" or "entry-points" in text]
    assert len(shown) == 3
    for text in shown:
        for part in re.split(r"\n{2,}", text.strip()):
            assert part in flat, part
