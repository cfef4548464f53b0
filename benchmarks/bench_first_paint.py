"""Measures how soon the kept screen is seen, beside `python -c pass`, in one run.

Both start in turns on a pty of 120x36. The time runs from the start of the process until
the last byte of the kept screen, and until `python -c pass` has ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

QUICK = bool(os.environ.get("BENCH_QUICK"))
ROUNDS = 10 if QUICK else 40
WIDTH, HEIGHT = 120, 36


def start(command: list[str], env: dict[str, str]) -> tuple[int, int, float]:
    """Starts a process on a terminal of its own; returns its id, the terminal, its beginning."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        os.execve(command[0], command, env)
    return pid, terminal, began


def until_ended(command: list[str], env: dict[str, str]) -> float:
    """Returns the seconds until the process has ended."""
    pid, terminal, began = start(command, env)
    os.waitpid(pid, 0)
    took = time.perf_counter() - began
    os.close(terminal)
    return took


def until_painted(command: list[str], env: dict[str, str], last: bytes) -> float:
    """Returns the seconds until the last words of the screen have come."""
    pid, terminal, began = start(command, env)
    got = b""
    while last not in got:
        got += os.read(terminal, 65536)
    took = time.perf_counter() - began
    end(pid, terminal)
    return took


def end(pid: int, terminal: int) -> None:
    """Ends a process that was started."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)


def keep_a_screen(command: list[str], env: dict[str, str], home: Path) -> None:
    """Runs the program once, until it has kept its screen."""
    pid, terminal, began = start(command, env)
    os.set_blocking(terminal, False)
    while not list(home.glob("cache/smic-tui/screens/*.picture")):
        if time.perf_counter() - began > 120:
            raise SystemExit("no screen was kept")
        with contextlib.suppress(BlockingIOError):
            if b"\x1b[5n" in os.read(terminal, 65536):
                os.write(terminal, b"\x1b[0n")
        time.sleep(0.01)
    end(pid, terminal)


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        python = [sys.executable, "-m", "smic_tui"]
        subprocess.run([*python, "sample", str(home / "sample")], check=True, capture_output=True)
        env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        env |= {"XDG_CACHE_HOME": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")}
        for each in ("COLUMNS", "LINES", "NO_COLOR"):
            env.pop(each, None)
        command = [*python, "--language", "en", "--config", str(home / "sample" / "config.toml")]
        keep_a_screen(command, env, home)
        nothing, painted = [], []
        for _round in range(ROUNDS):
            nothing.append(until_ended([sys.executable, "-c", "pass"], env))
            painted.append(until_painted(command, env, b"opening"))
        middle = statistics.median(nothing), statistics.median(painted)
        print(f"python -c pass     {middle[0] * 1000:6.1f} ms")
        print(f"kept screen shown  {middle[1] * 1000:6.1f} ms")
        print(f"ratio {middle[1] / middle[0]:.2f} (bound 2)")


if __name__ == "__main__":
    main()
