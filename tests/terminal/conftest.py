"""The dashboard that stands still, prepared once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.linked_terminal import LinkedTerminal

PROGRAM = str(Path(__file__).parent / "still_dashboard.py")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample syndicate and a cache of it."""
    folder = tmp_path_factory.mktemp("still")
    subprocess.run([sys.executable, PROGRAM, "prepare", str(folder)], check=True)
    return folder


@pytest.fixture
def dashboard(prepared: Path) -> Iterator[Callable[..., LinkedTerminal]]:
    """Open the dashboard in a terminal, and wait until it shows what is known."""
    with ExitStack() as stack:

        def open_(*, seconds: float = 120, shows: str = "down", **options: Any) -> LinkedTerminal:
            command = [sys.executable, PROGRAM, str(prepared)]
            terminal = stack.enter_context(LinkedTerminal(command, **options))
            terminal.wait_for(shows, seconds)
            return terminal

        yield open_
