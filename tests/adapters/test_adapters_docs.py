"""What docs/adapters.md shows is the code of the third-party package."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adapters.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_third_party_s_code_is_shown_as_it_is() -> None:
    package = ROOT / "tests" / "thirdparty"
    code = (package / "smic_tui_dumps" / "adapter.py").read_text("utf-8")
    code += (package / "test_dumps.py").read_text("utf-8")
    code += (package / "pyproject.toml").read_text("utf-8")
    flat = re.sub(r'^ *""".*?"""\n', "", code, flags=re.DOTALL | re.MULTILINE)
    flat = re.sub(r"\n+", "\n", flat)
    shown = [text for language, text in BLOCKS if language == "python" or "entry-points" in text]
    assert len(shown) == 4
    for text in shown:
        for part in re.split(r"\n{2,}", text.strip()):
            assert part in flat, part


def test_the_helpers_that_are_called_public_are_there() -> None:
    section = PAGE.partition("## Helpers that you may use")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    modules = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    assert len(modules) > 20
    for name in modules:
        importlib.import_module(f"adapters.{name}")
