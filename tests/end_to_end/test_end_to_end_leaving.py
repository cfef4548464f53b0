"""However the terminal goes, the program goes too, and leaves the lock to others."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal

PROGRAM = [sys.executable, "-m", "smic_tui"]


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "sites.csv").write_text("code;name\n1;Mairie\n")
    config = tmp_path / "config.toml"
    config.write_text(
        '[display]\nlanguage = "en"\n[sources.m]\nkind = "csv"\n[sources.m.sites]\n'
        'path = "sites.csv"\ncolumns = { code = "code", name = "name" }\n'
    )
    return [*PROGRAM, "--config", str(config), "--cache", str(tmp_path / "cache")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals(command: list[str], number: signal.Signals) -> None:
    with Terminal(command) as terminal:
        terminal.wait_for("1 site")
        os.kill(terminal.pid, number)
        end = time.monotonic() + 60
        while terminal.pump(0.1) and time.monotonic() < end:
            pass
        assert terminal.status == 0
        # The terminal is as it was: the alternate screen is left, the cursor shown.
        assert b"\x1b[?1049l" in terminal.raw
        assert b"\x1b[?25h" in terminal.raw[terminal.raw.rindex(b"\x1b[?1049l") :]


def test_a_terminal_that_vanishes_without_a_signal(command: list[str]) -> None:
    ours, theirs = pty.openpty()
    program = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"site" not in shown and select.select([ours], [], [], 60)[0]:
        shown += os.read(ours, 65536)
    os.close(ours)
    try:
        # 129 when only reading tells; 0 when the kernel sends a signal all the same.
        assert program.wait(60) in (0, 129)
    finally:
        program.kill()
        program.wait()
