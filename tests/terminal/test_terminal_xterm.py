"""A real xterm in a virtual X server: what the shell had written is there afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("xterm") is None or shutil.which("Xvfb") is None,
        reason="needs xterm and Xvfb (Debian: xterm, xvfb)",
    ),
]
ROOT = Path(__file__).parents[2]
# What xterm prints of a screen: its text, with marks of its own for the character set.
SCRIPT = """\
#!/bin/sh
tty > "$FOLDER/tty"
seq 3
cd {root}
{python} -m smic_tui < "$(cat "$FOLDER/tty")" &
echo $! > "$FOLDER/pid"
wait $!
echo END
printf '\\033[i'
sleep 1
"""


def wait_for(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def test_the_shells_text_survives_a_smaller_window(display: str, tmp_path: Path) -> None:
    script = tmp_path / "run"
    script.write_text(SCRIPT.format(root=ROOT, python=sys.executable))
    script.chmod(0o755)
    printed = tmp_path / "printed"
    resources = ["XTerm*allowWindowOps: true", f"XTerm*printerCommand: cat > {printed}"]
    options = [word for one in resources for word in ("-xrm", one)]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "FOLDER": str(tmp_path),
        "DISPLAY": display,
        "LC_ALL": "C.UTF-8",
    }
    terminal = subprocess.Popen(
        ["xterm", "-geometry", "100x36", *options, "-e", str(script)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for((tmp_path / "pid").exists)
        time.sleep(5)  # until it has drawn itself
        tty = (tmp_path / "tty").read_text().strip()
        for rows in (20, 36):
            Path(tty).write_text(f"\x1b[8;{rows};100t")
            time.sleep(1.5)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
        wait_for(lambda: printed.exists() and "END" in printed.read_text())
    finally:
        terminal.terminate()
        terminal.wait()
    text = printed.read_text().replace("\x1b#5", "").replace("\x1b[0m", "")
    assert [line.strip() for line in text.split()] == ["1", "2", "3", "END"]
