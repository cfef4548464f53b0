"""A home without anything, and one with a sample that has been read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program in an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program in a home whose cache holds the sample; tests only read it."""
    program = Program(tmp_path_factory.mktemp("sampled"))
    done = program("sync")
    assert done.returncode == 0, done.stderr
    return program
