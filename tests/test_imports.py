"""What commands import: no screen where none is shown, and nothing heavy at the start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CONFIG = """\
[sources.sites]
kind = "csv"
[sources.sites.sites]
path = "sites.csv"
[sources.sites.sites.columns]
code = "code"
name = "name"
[[alerts]]
name = "down"
on = "sites"
where = "state:unknown"
"""

SCRIPT = """\
import sys
from smic_tui.cli.main import run
code = run(sys.argv[1:])
print("MODULES", *sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "config.toml").write_text(CONFIG)
    (home / "sites.csv").write_text("code;name\n17300;Mairie de La Rochelle\n")
    assert "sites" in modules_of(home, "sync")[1]
    return home


def modules_of(home: Path, *arguments: str) -> tuple[set[str], str]:
    """The modules that a command has imported at its end, and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=home,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SMIC_TUI_CONFIG": str(home / "config.toml"),
        },
        stdin=subprocess.DEVNULL,
        check=False,
    )
    said, _marker, modules = done.stderr.rpartition("MODULES")
    assert modules, done.stderr
    return set(modules.split()), said


COMMANDS = [
    "--help",
    "--version",
    "nonsense",
    "status",
    "status --json",
    "list sites",
    "list alerts --json",
    "list backups --csv --where state:late",
    "site 17300",
    "sync",
    "doctor",
    "export -",
    "config check",
    "config show --origin",
    "config schema",
    "config reference",
    "sample here",
    "ack nothing",
    "unack nothing",
    "completion bash",
    "dashboard",  # without a terminal it is refused before it imports anything
]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_screen_no_textual(home: Path, command: str) -> None:
    modules, _said = modules_of(home, *command.split())
    assert modules & {"textual", "rich", "widgets", "smic_tui.app", "smic_tui.screens"} == set()


def test_status_from_the_cache_imports_nothing_heavy(home: Path) -> None:
    modules, said = modules_of(home, "status", "--cached")
    assert said == ""
    heavy = {"httpx", "holidays", "jmespath", "humanize", "schedule", "logging.handlers"}
    assert modules & heavy == set()


def test_a_command_imports_no_other_command(home: Path) -> None:
    modules, _said = modules_of(home, "completion", "bash")
    others = {"smic_tui.cli.status", "smic_tui.cli.doctor", "smic_tui.collecting", "smic_tui.cache"}
    assert modules & others == set()
