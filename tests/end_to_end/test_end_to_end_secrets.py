"""No secret stands in anything that the program writes or prints, whatever its kind."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

from tests.cli.program import Program

FROM_ENV, FROM_FILE, FROM_COMMAND = "pl4nted-env/é+1", "pl4nted-file/é+2", "pl4nted-command/é+3"
SECRETS = (FROM_ENV, FROM_FILE, FROM_COMMAND)
CONFIG = """
[display]
language = "en"
[sources.redmine]
kind = "redmine"
url = "http://127.0.0.1:9"
api_key = { env = "SMIC_TUI_REDMINE_KEY" }
[sources.hub]
kind = "hub"
url = "http://127.0.0.1:9"
token = { file = "secret" }
[sources.zabbix]
kind = "zabbix"
url = "http://127.0.0.1:9"
token = { command = ["sh", "./print.sh"] }
"""


def forms(secret: str) -> set[bytes]:
    raw = secret.encode()
    return {raw, quote(raw).encode(), quote(raw, safe="").encode(), base64.b64encode(raw)}


def test_no_secret_is_written_or_printed(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.env["SMIC_TUI_REDMINE_KEY"] = FROM_ENV
    (tmp_path / "secret").write_text(FROM_FILE + "\n")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "print.sh").write_text(f"echo '{FROM_COMMAND}'\n")
    config = tmp_path / "c.toml"
    config.write_text(CONFIG)
    own = {tmp_path / "secret", tmp_path / "print.sh"}
    commands = (
        ("sync", "--verbose"),
        ("doctor", "--json"),
        ("doctor",),
        ("config", "check"),
        ("config", "show", "--origin"),
        ("status", "--json"),
        ("list", "sources", "--json"),
        ("export", tmp_path / "all.json"),
        ("export", tmp_path / "folder", "--csv"),
    )
    written = []
    for command in commands:
        done = program("--config", config, *command)
        assert done.returncode in (0, 1, 3), done.stderr
        written.append((str(command), (done.stdout + done.stderr).encode()))
    written += [
        (str(path), path.read_bytes())
        for path in tmp_path.rglob("*")
        if path.is_file() and path not in own
    ]
    assert any("sources/redmine.json" in name for name, _data in written)
    for name, data in written:
        for secret in SECRETS:
            assert not any(form in data for form in forms(secret)), name
