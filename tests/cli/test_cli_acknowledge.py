"""smic-tui ack and unack."""

from __future__ import annotations

import pytest

from tests.cli.program import Program


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A sample of its own: these tests change it."""
    program = Program(tmp_path_factory.mktemp("acting"))
    assert program("sync").returncode == 0
    return program


def firing(program: Program) -> int:
    return int(program.json("status", "--json", "--cached")["alerts"]["firing"])


def test_an_acknowledged_alert_fires_no_longer_until_it_is_taken_back(acting: Program) -> None:
    before = firing(acting)
    alert = acting.json("list", "alerts", "--where", "state:firing", "--json", "--limit", "1")[0]
    fingerprint = alert["key"]
    done = acting("ack", fingerprint, "--until", "4h", "--comment", "seen", "--by", "Op")
    assert done.returncode == 0, done.stderr
    assert "until" in done.stderr
    assert firing(acting) == before - 1
    (told,) = acting.json("list", "alerts", "--where", "state:acknowledged", "--json")
    assert told["key"] == fingerprint
    back = acting("unack", fingerprint)
    assert back.returncode == 0
    assert back.stderr != done.stderr
    assert "removed" in back.stderr
    assert firing(acting) == before
    assert acting("ack", fingerprint).returncode == 0
    assert firing(acting) == before - 1
    assert acting("unack", fingerprint).returncode == 0


@pytest.mark.parametrize(
    "arguments", [("down/no/such",), ("FIRST", "--until", "tomorrowish"), ("FIRST", "--until", "")]
)
def test_what_is_refused(acting: Program, arguments: tuple[str, ...]) -> None:
    before = firing(acting)
    first = acting.json("list", "alerts", "--json", "--limit", "1")[0]["key"]
    done = acting("ack", *(first if word == "FIRST" else word for word in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert firing(acting) == before


def test_a_cache_that_cannot_be_written(acting: Program) -> None:
    before = firing(acting)
    first = acting.json("list", "alerts", "--json", "--limit", "1")[0]["key"]
    cache = acting.home / ".cache/smic-tui/default"
    lock = cache / "user.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    try:
        done = acting("ack", first)
        assert done.returncode == 4
        assert str(cache) in done.stderr
    finally:
        lock.rmdir()
    assert firing(acting) == before
