"""A planted secret is nowhere: not in output, cache, log, dump or traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.program import Program

PLANTED = "Pl4nted/S3cret+Value"


class Echo(BaseHTTPRequestHandler):
    """A server that tells everybody what it was told, with whatever status is set."""

    status = 500
    asked: list[str]

    def do_GET(self) -> None:
        told = dict(self.headers.items())
        self.server.asked.append(str(told))  # type: ignore[attr-defined]
        body = json.dumps({"error": f"no: {told}", "rows": [told], "path": self.path}).encode()
        self.send_response(Echo.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.asked = []  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


CONFIG = """\
[sources.tickets]
kind = "redmine"
url = "http://127.0.0.1:{port}"
{redmine}
[sources.health]
kind = "icinga2"
url = "http://127.0.0.1:{port}"
user = "reader"
password = {{ file = "password" }}
[sources.sites]
kind = "json"
[sources.sites.sites]
url = "http://127.0.0.1:{port}/sites"
token = {{ command = ["printf", "%s", "{planted}"] }}
rows = "rows"
[sources.sites.sites.columns]
code = "Host"
name = "Host"
"""


@pytest.mark.parametrize("status", [500, 401, 200])
def test_a_planted_secret_is_nowhere(
    program: Program, echo: ThreadingHTTPServer, status: int
) -> None:
    Echo.status = status
    home = program.home
    config = home / "config.toml"
    config.write_text(
        CONFIG.format(
            port=echo.server_port, planted=PLANTED, redmine='api_key = { env = "REDMINE_KEY" }'
        )
    )
    secret_file = home / "password"
    secret_file.write_text(PLANTED + "\n")
    secret_file.chmod(0o600)
    program.env |= {"REDMINE_KEY": PLANTED, "SMIC_TUI_CONFIG": str(config)}
    said = ""
    for arguments in (
        ("config", "check"),
        ("config", "show", "--origin"),
        ("sync", "-v"),
        ("status", "--sync"),
        ("status", "--json"),
        ("doctor", "-v"),
        ("doctor", "--json"),
        ("list", "sources", "--json"),
        ("export", "-"),
    ):
        done = program(*arguments)
        said += done.stdout + done.stderr
    assert len(echo.asked) >= 3  # type: ignore[attr-defined]
    assert any(PLANTED in asked for asked in echo.asked)  # type: ignore[attr-defined]
    assert "command" in said  # the reference is shown, not the value
    said = said.replace(f'command = ["printf", "%s", "{PLANTED}"]', "")
    assert PLANTED not in said
    for path in home.rglob("*"):
        if path.is_file() and path not in (secret_file, config):
            assert PLANTED.encode() not in path.read_bytes(), path


def test_a_secret_file_that_others_can_read_is_refused(program: Program) -> None:
    config = program.home / "config.toml"
    config.write_text(
        '[sources.health]\nkind = "icinga2"\nurl = "http://127.0.0.1:9"\nuser = "reader"\n'
        'password = { file = "password" }\n'
    )
    secret_file = Path(program.home / "password")
    secret_file.write_text(PLANTED)
    secret_file.chmod(0o644)
    done = program("--config", config, "sync")
    assert done.returncode == 3
    assert f"chmod 600 {secret_file}" in done.stderr
    assert PLANTED not in done.stderr
