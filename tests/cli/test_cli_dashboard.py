"""smic-tui without a command, in a terminal: it opens from the cache and q leaves it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from tests.cli.program import Program


@pytest.mark.parametrize(
    ("language", "encoding"), [("en", ""), ("fr", ""), ("fr", "ascii"), ("fr", "iso8859-15")]
)
def test_it_opens_and_q_leaves(sampled: Program, language: str, encoding: str) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        sampled.command("--language", language),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        # An empty NO_COLOR is no wish.
        env={
            **sampled.env,
            "TERM": "xterm-256color",
            "PYTHONIOENCODING": encoding,
            # It tells kept screens of one encoding from those of another, as a locale does.
            "LC_MESSAGES": f"fr_FR.{encoding}",
            "NO_COLOR": "",
        },
        cwd=sampled.home,
        start_new_session=True,
    )
    shown = b""

    def wait_for(text: str) -> None:
        nonlocal shown
        give_up = time.monotonic() + 60
        while text.encode() not in shown:
            assert time.monotonic() < give_up, shown[-2000:]
            if select.select([ours], [], [], 0.5)[0]:
                shown += os.read(ours, 65536)

    try:
        wait_for("712 sites")
        give_up = time.monotonic() + 60
        # A pane whose time has passed may lie on top: d dismisses it, q leaves what is left.
        while process.poll() is None:
            assert time.monotonic() < give_up, "q does not leave"
            os.write(ours, b"d")
            time.sleep(0.5)
            os.write(ours, b"q")
            time.sleep(1)
            while select.select([ours], [], [], 0)[0]:
                try:
                    shown += os.read(ours, 65536)
                except OSError:
                    break
        assert process.returncode == 0
        assert b"Traceback" not in shown
        assert re.search(rb"\x1b\[[0-9;]*3[1-6]", shown)  # colours
        if encoding == "ascii":
            assert shown.isascii()
            assert b"46 en panne" in shown
        elif encoding:
            assert "dégrad".encode(encoding) in shown
            assert "■".encode() not in shown
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
