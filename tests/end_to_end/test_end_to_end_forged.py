"""What one person types or writes into a shared cache never controls another's terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program
from tests.end_to_end.terminal import Terminal
from tests.end_to_end.test_end_to_end_hostile import BRAND, check_bytes, titles_as_text

EVIL = (
    f"\x1b[{BRAND}m\x1b]52;c;NjY2MQ==\x07\x1b]0;{BRAND}\x07\x9b{BRAND}m\x9d52;c;Njg=\x9c"
    "\u202etxt.exe\u2066\x7f\x08\r\x1bc"
)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Parts of a cache file that are no text for people: they must stay what they are.
_KEPT = {"file", "cursors", "key", "site", "code", "job", "source", "fingerprint", "kind", "name"}


def forged(value: Any, spoil: Callable[[str], str], name: str = "") -> Any:
    """The value with every text for people spoilt that has no fixed form."""
    if name in _KEPT or isinstance(value, bool):
        return value
    if isinstance(value, str):
        plain = re.fullmatch(r"[a-z0-9_ /-]*|\d{4}-\d\d-\d\dT.*|http.*|P.*|[\d:., -]*", value)
        return value if plain else spoil(value)
    if isinstance(value, list):
        return [forged(item, spoil, name) for item in value]
    if isinstance(value, dict):
        return {key: forged(item, spoil, key) for key, item in value.items()}
    return value


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A sample whose cache somebody has written hostile texts into."""
    program = Program(tmp_path_factory.mktemp("forged"))
    assert program("sync").returncode == 0
    first = program.json("list", "alerts", "--where", "state:firing", "--json", "--limit", "2")
    done = program("ack", first[0]["key"], "--by", EVIL[:-3], "--comment", EVIL)
    assert done.returncode == 0, done.stderr
    assert CONTROL.search(done.stdout + done.stderr) is None
    cache = program.home / ".cache/smic-tui/default"
    mine = json.loads((cache / "user.json").read_text())
    assert CONTROL.search(json.dumps(mine, ensure_ascii=False)) is None
    site = program.json("list", "sites", "--json", "--limit", "1")[0]["code"]
    now = "2026-11-24T08:00:00Z"
    mine["notes"] = {"n1": {"id": "n1", "site": site, "by": EVIL, "at": now, "text": EVIL}}
    (ack,) = mine["acknowledgements"].values()
    ack["by"] = ack["comment"] = EVIL
    mine["filters"] = {EVIL: {"where": EVIL}}
    mine["outbox"] = {"e1": _entry(now)}
    (cache / "user.json").write_text(json.dumps(mine))
    for path in [*(cache / "sources").glob("*.json"), cache / "alerts.json"]:
        # Escaped in one file, as bytes in the other.
        text = json.dumps(
            forged(json.loads(path.read_text()), lambda text: text + EVIL),
            ensure_ascii=path.stem < "c",
        )
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    for name in ("tally.json", "head.json"):
        path = cache / name
        if path.exists():
            path.write_text(json.dumps(forged(json.loads(path.read_text()), lambda t: t + EVIL)))
    return program


def _entry(now: str) -> dict[str, Any]:
    ticket = {
        "key": "1",
        "source": "tickets",
        "subject": EVIL,
        "status": "open",
        "created": now,
        "updated": now,
    }
    return {
        "number": 1,
        "action": {
            "id": "e1",
            "source": "tickets",
            "stream": "tickets",
            "key": "1",
            "verb": "comment",
            "text": EVIL,
            "by": EVIL,
            "at": now,
        },
        "shown": "tickets",
        "state": "conflict",
        "changed": now,
        "error": EVIL,
        "hint": EVIL,
        "seen": ticket,
        "now": ticket,
    }


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("status", "--json"),
        ("list", "sites"),
        ("list", "tickets", "--csv"),
        ("list", "alerts"),
        ("list", "alerts", "--json"),
        ("list", "backups"),
        ("list", "requests"),
        ("list", "sources"),
        ("outbox",),
        ("outbox", "show"),
        ("outbox", "--json"),
        ("export", "-"),
        ("site", "@"),
        ("site", "@", "--json"),
    ],
    ids=" ".join,
)
def test_no_output_holds_a_control_character(shared: Program, command: tuple[str, ...]) -> None:
    site = shared.json("list", "sites", "--json", "--limit", "1", "--cached")[0]["code"]
    arguments = [site if word == "@" else word for word in command]
    if command[0] in ("list", "site", "export", "status"):
        arguments.append("--cached")
    done = shared(*arguments)
    wrong = CONTROL.search(done.stdout + done.stderr)
    assert wrong is None, ascii((done.stdout + done.stderr)[max(0, wrong.start() - 80) :][:160])
    assert done.stdout


def test_the_dashboard_shows_marks_and_sends_no_command(shared: Program) -> None:
    env = {**shared.env, "SMIC_TUI_DRIVER": "lean"}
    command = [sys.executable, "-m", "smic_tui", "--language", "en"]
    with Terminal(command, columns=120, rows=36, env=env) as terminal:
        terminal.wait_for("sites")
        for key in "1234567O":
            terminal.press(key)
            terminal.settle(0.5)
        terminal.press("esc", "2", "enter")
        terminal.settle(0.5)
        # The program rings for a new alert.
        check_bytes(re.sub(rb"(?<!default)\x07", b"", titles_as_text(bytes(terminal.raw))))
        assert "�" in "".join(terminal.screen.display)


def test_a_key_of_the_configuration(tmp_path: Path) -> None:
    program = Program(tmp_path)
    config: Path = program.home / "c.toml"
    config.write_text(
        '[sources."a\\u001b[6661m\\u009b6661m\\u202e"]\nkind = "csv\\u001b]0;6661\\u0007"\n'
        '["x\\u001b[6661m"]\n'
    )
    for command in ("check", "show"):
        done = program("config", command, "--config", config)
        assert done.returncode == 2
        assert CONTROL.search(done.stdout + done.stderr) is None
        assert "6661" in done.stderr
