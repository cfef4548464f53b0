"""Measures how long it takes until something is seen, beside the least possible time.

    python -m benchmarks.bench_start [--runs N]

It writes the sample and reads it, in a temporary home. Then it runs whole processes in
turn, those with a screen in a pseudo-terminal of 120x36, until their end or until their
output shows this:

    python -c pass          nothing at all
    smic-tui --version      its end
    smic-tui status         its end; the kept status counts still hold
    status from the facts   its end, without kept status counts
    smic-tui list sites     its end
    a bare Textual app      the text of its only widget
    dashboard, painted      the kept screen of last time
    dashboard, live         its first frame for a person without a kept screen, with facts
                            and working keys

`cpu` is all processor time until then. Ratios are those of medians in one run: unlike
times, they hardly depend on the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
PATIENCE = 30.0
BARE = """\
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("here-it-is")
Bare().run()
"""
PROGRAM = ["-m", "smic_tui"]
# The cursor's place in the list; the length of the list is known a moment later.
PLACE = rb"[^0-9]1/(\xe2|[0-9])"
# The questions to a terminal at the start, and the answers of xterm.
ANSWERS = {b"\x1b[c": b"\x1b[?64;22c", b"\x1b[6n": b"\x1b[1;1R", b"\x1b[?2026$p": b"\x1b[?2026;2$y"}

Times = tuple[float, float]


def ended(arguments: list[str], env: dict[str, str]) -> Times:
    """Returns the seconds, and the processor seconds, of a process from start to end."""
    began = time.perf_counter()
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    used = os.wait4(process, 0)[2]
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def shown(arguments: list[str], env: dict[str, str], mark: bytes, then: float = 0.0) -> Times:
    """Returns the same until the pattern `mark` is in the output of the process.

    The process may go on for `then` seconds more before it is told to end.
    """
    began = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, *arguments], env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    seen, unanswered = b"", b""
    try:
        while not re.search(mark, seen):
            if not select.select([terminal], [], [], PATIENCE)[0]:
                raise SystemExit(f"{mark!r} is never shown: {seen[-300:]!r}")
            data = os.read(terminal, 65536)
            seen += data
            unanswered += data
            for question, answer in ANSWERS.items():
                if question in unanswered:
                    os.write(terminal, answer)
                    unanswered = unanswered.replace(question, b"")
        taken = time.perf_counter() - began
        used = _processor_time(process)
        time.sleep(then)
    finally:
        os.kill(process, signal.SIGTERM)
        _read_out(terminal)
        os.waitpid(process, 0)
        os.close(terminal)
    return taken, used


def _processor_time(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read_out(terminal: int) -> None:
    """Reads on until the process has ended, so that it can still write."""
    with contextlib.suppress(OSError):
        while select.select([terminal], [], [], 10)[0] and os.read(terminal, 65536):
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    quick = bool(os.environ.get("BENCH_QUICK"))
    parser.add_argument("--runs", type=int, default=3 if quick else 15)
    runs = parser.parse_args().runs
    with TemporaryDirectory() as home:
        env = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        caches = Path(home) / ".cache" / "smic-tui"
        ended([*PROGRAM, "sync"], env)
        sites = b"712 site"

        def from_the_facts() -> Times:
            (caches / "default" / "tally.json").unlink(missing_ok=True)
            return ended([*PROGRAM, "status", "--cached"], env)

        def without_a_kept_screen(mark: bytes) -> Times:
            kept, aside = caches / "screens", caches / "aside"
            kept.rename(aside)
            taken = shown(PROGRAM, env, mark)
            shutil.rmtree(kept, ignore_errors=True)
            aside.rename(kept)
            return taken

        turns: dict[str, Callable[[], Times]] = {
            "python -c pass": lambda: ended(["-c", "pass"], env),
            "smic-tui --version": lambda: ended([*PROGRAM, "--version"], env),
            "status from the facts": from_the_facts,
            "smic-tui status": lambda: ended([*PROGRAM, "status", "--cached"], env),
            "smic-tui list sites": lambda: ended([*PROGRAM, "list", "sites", "--cached"], env),
            "a bare Textual app": lambda: shown(["-c", BARE], env, b"here-it-is"),
            "dashboard, live": lambda: without_a_kept_screen(PLACE),
            "dashboard, painted": lambda: shown(PROGRAM, env, sites),
        }
        turns["smic-tui list sites"]()
        shown(PROGRAM, env, sites, then=3.0)
        times: dict[str, list[Times]] = {name: [] for name in turns}
        for _turn in range(runs):
            for name, run in turns.items():
                times[name].append(run())
    wall = {name: statistics.median(one[0] for one in taken) for name, taken in times.items()}
    cpu = {name: statistics.median(one[1] for one in taken) for name, taken in times.items()}
    least, bare = "python -c pass", "a bare Textual app"
    print(f"{'':24} {'wall':>8} {'cpu':>8}   {'x pass':>6} {'- pass':>8} {'x bare':>6}")
    for name in turns:
        print(
            f"{name:24} {wall[name] * 1000:6.0f}ms {cpu[name] * 1000:6.0f}ms"
            f"   {wall[name] / wall[least]:6.2f} {(wall[name] - wall[least]) * 1000:6.0f}ms"
            f" {wall[name] / wall[bare]:6.2f}"
        )


if __name__ == "__main__":
    main()
