"""The reader's language, whatever that of the program that collected."""

from __future__ import annotations

import pytest

from tests.cli.program import Program

# A job that failed, a target that refuses, a source that cannot be read, a row set aside.
CONFIG = """
[sources.members]
kind = "csv"
sites = { path = "sites.csv", columns = { key = "code", code = "code", name = "nom" } }

[sources.drop]
kind = "journal"
path = "jobs.jsonl"
plans = [{ site = "17300", application = "Paie", period = "1d" }]

[sources.gone]
kind = "csv"
sites = { path = "nowhere.csv", columns = { key = "code", code = "code", name = "nom" } }

[sources.ping]
kind = "ping"
targets = [{ site = "17300", address = "127.0.0.1", port = 9 }]

[[alerts]]
name = "failed"
on = "backups"
where = "state:failed"
"""


@pytest.mark.parametrize(("collector", "reader"), [("C.UTF-8", "fr"), ("fr_FR.UTF-8", "en")])
def test_what_is_stored_is_told_in_the_readers_language(
    program: Program, collector: str, reader: str
) -> None:
    home = program.home
    (home / "sites.csv").write_text("code;nom\n17300;La Rochelle\n;Rien\n")
    (home / "jobs.jsonl").write_text(
        '{"job": "x", "site": "17300", "application": "Paie", "result": "failed",'
        ' "started": "2026-01-01T00:00:00Z"}\n{"no": 1}\n'
    )
    (home / "c.toml").write_text(CONFIG)
    program("--config", "c.toml", "sync", LANG=collector)
    said = {
        language: "\n".join(
            program("--config", "c.toml", "--language", language, *command).stdout
            for command in (
                ("list", "alerts", "--cached"),
                ("list", "sources", "--cached"),
                ("list", "alerts", "--cached", "--json"),
                ("site", "17300", "--cached"),
                ("status", "--cached"),
                ("doctor", "drop"),
            )
        )
        for language in ("en", "fr")
    }
    assert "failed" in said["en"]
    assert "sauvegarde" not in said["en"], reader
    assert "échec" in said["fr"]
    assert "backup of" not in said["fr"], reader
    assert not any(0xFDD0 <= ord(char) <= 0xFDEF for text in said.values() for char in text)
