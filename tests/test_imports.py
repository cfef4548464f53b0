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
    "act comment desk 1 x",
    "outbox",
    "completion bash",
    "dashboard",  # without a terminal it is refused before it imports anything
]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_screen_no_textual(home: Path, command: str) -> None:
    modules, _said = modules_of(home, *command.split())
    assert modules & {"textual", "rich", "widgets", "smic_tui.app", "smic_tui.screens"} == set()


# What reads sources, and what serves an event loop.
COLLECTING = {"asyncio", "ssl", "httpx", "jmespath", "tinydb", "schedule", "sqlalchemy", "adapters"}
HEAVY = {"holidays", "humanize", "logging.handlers", "wcwidth"}


@pytest.mark.parametrize("command", ["status", "status --json", "status --language fr"])
def test_status_from_what_is_kept_imports_hardly_anything(home: Path, command: str) -> None:
    modules_of(home, "status")  # keeps the counts
    modules, said = modules_of(home, *command.split())
    assert said == ""
    spared = {"smic_tui.cache", "smic_tui.collecting", "smic_tui.config.load", "tomllib"}
    spared |= {"smic_tui.insight.assess", "logging", "zoneinfo", "csv"}
    assert modules & (COLLECTING | HEAVY | spared) == set()


@pytest.mark.parametrize("command", ["list sites", "list backups --json", "site 17300"])
def test_commands_that_read_the_cache_read_no_source(home: Path, command: str) -> None:
    modules_of(home, *command.split())  # finds the configuration good
    modules, said = modules_of(home, *command.split())
    assert said == ""
    assert modules & (COLLECTING | HEAVY) == set()


def test_a_command_imports_no_other_command(home: Path) -> None:
    modules, _said = modules_of(home, "completion", "bash")
    others = {"smic_tui.cli.status", "smic_tui.cli.doctor", "smic_tui.collecting", "smic_tui.cache"}
    assert modules & others == set()
