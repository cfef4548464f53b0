"""The log file: shared by several programs of one user, and for nobody else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smic_tui.cli import log


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("name", logging.INFO, "", 0, text, None, None)


@pytest.mark.usefixtures("open_umask")
def test_two_programs_share_it_and_the_full_one_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LIMIT", 500)
    path, old = tmp_path / "a.log", tmp_path / "a.log.1"
    first, second = log.SharedRotatingFile(path), log.SharedRotatingFile(path)
    said: list[str] = []
    try:
        while not old.exists():
            text = f"line {len(said)} \N{SNOWMAN} \udcff"
            (first if len(said) % 2 else second).emit(record(text))
            said.append(text.replace("\udcff", "?"))
        for handler in (second, first):
            said.append(f"after {id(handler)}")
            handler.emit(record(said[-1]))
    finally:
        first.close()
        second.close()
    assert (old.read_text() + path.read_text()).splitlines() == said
    assert len(path.read_text()) < len(old.read_text())
    assert {file.stat().st_mode & 0o777 for file in (path, old)} == {0o600}
