"""How soon keys are obeyed over a real `ssh -C` on a line of 1,000 bytes a second, 400 ms.

    python -m benchmarks.bench_ssh_slow      BENCH_QUICK=1: one list

The program itself, over the sample syndicate, behind a real sshd; a proxy on the loopback
interface lets 1,000 bytes a second through in each direction, 200 ms late. It is started
without a kept screen of last time, and again with one. It needs ssh and sshd (Debian:
openssh-client, openssh-server). SMIC_TUI_SSH=plain leaves compression out.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from threading import Event, Thread

from benchmarks.bench_ssh import ROOT, SSHD, ssh, sshd_of
from tests.terminal.linked_terminal import LinkedTerminal

QUICK = bool(os.environ.get("BENCH_QUICK"))
LISTS = os.environ.get("SMIC_TUI_LISTS", "4" if QUICK else "23456")
OPTIONS = () if os.environ.get("SMIC_TUI_SSH") == "plain" else ("-C",)
RATE, DELAY, SIZE = 1000.0, 0.2, (120, 36)
# Seconds: sixty keys after the last one, a list after its key.
KEYS_WITHIN, LIST_WITHIN = 4.0, 5.0
# A heading of each list in either of its forms, and how the headings of the full one go.
SIGNS = {
    "2": ("Since", r"State +Code"),
    "3": ("Application", r"Expected"),
    "4": ("Subject", r"Status +No\."),
    "5": ("Software", r"Stage +No\."),
    "6": ("State", r"State .*Since"),
}


class SlowProxy:
    """Passes one TCP connection on, at a rate and with a delay in each direction."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._front = socket.create_server(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]
        self._over = Event()
        self._sockets: list[socket.socket] = []
        self._thread = Thread(target=self._run)

    def __enter__(self) -> SlowProxy:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._front.close()
        for each in self._sockets:
            with_shutdown(each)
        self._thread.join()

    def _run(self) -> None:
        near, _address = self._front.accept()
        far = socket.create_connection(self._to)
        self._sockets = [near, far]
        for end in self._sockets:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = [Thread(target=self._way, args=pair) for pair in ((near, far), (far, near))]
        for way in ways:
            way.start()
        for way in ways:
            way.join()

    def _way(self, source: socket.socket, target: socket.socket) -> None:
        line: deque[tuple[float, bytes]] = deque()
        free_at = 0.0
        source.settimeout(0.002)
        while not self._over.is_set():
            try:
                data = source.recv(1 << 16)
                if not data:
                    break
                # A line delivers packet by packet, not all at the end.
                for start in range(0, len(data), 100):
                    part = data[start : start + 100]
                    free_at = max(free_at, time.monotonic()) + len(part) / RATE
                    line.append((free_at + DELAY, part))
            except TimeoutError:
                pass
            except OSError:
                break
            while line and line[0][0] <= time.monotonic():
                try:
                    target.sendall(line.popleft()[1])
                except OSError:
                    return
        with_shutdown(target)


def with_shutdown(end: socket.socket) -> None:
    """Close a connection that may be gone."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def prepare(folder: Path) -> list[str]:
    """Make the sample syndicate without panes, read it, and return the command."""
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(folder / "xdg"),
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "en",
    }
    program = [sys.executable, "-m", "smic_tui"]
    sample = folder / "sample"
    subprocess.run([*program, "sample", str(sample)], env=environment, check=True, cwd=ROOT)
    config = sample / "config.toml"
    config.write_text(re.sub(r"(?ms)^\[\[panes\]\].*?(?=^\[|\Z)", "", config.read_text()))
    options = ["--config", str(config), "--cache", str(folder / "cache")]
    subprocess.run(
        [*program, *options, "sync"], env=environment, check=True, cwd=ROOT, capture_output=True
    )
    variables = [f"{name}={environment[name]}" for name in ("XDG_CACHE_HOME", "LC_ALL", "LANGUAGE")]
    return ["env", "-C", str(ROOT), *variables, *program, *options]


class Session:
    """The program at the far end of the line."""

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        line = [*ssh(folder, port, *OPTIONS), shlex.join(command)]
        self.terminal = LinkedTerminal(line, size=SIZE)
        self.terminal.wait_for("7 Sources", 90)
        self.terminal.settle(2.5, 60)

    def open_list(self, key: str) -> tuple[float, bool]:
        """Seconds until the list is whole, and whether it is the lean one."""
        began = time.monotonic()
        self.terminal.press(key)
        self.terminal.wait_for(SIGNS[key][0], 60)
        self.terminal.settle(2.0, 60)
        took = self.terminal.bursts[-1].at - began
        headings = self.terminal.text().splitlines()[2]
        return took, re.search(SIGNS[key][1], headings) is None

    def sixty_keys(self) -> float:
        """Seconds from the last of sixty keys, at thirty a second, until all is whole."""
        for _key in range(60):
            self.terminal.press("down")
            self.terminal.pump(1 / 30)
        last = time.monotonic()
        self.terminal.settle(2.0, 60)
        took = self.terminal.bursts[-1].at - last
        seen = self.terminal.emulator.screen()
        self.terminal.press("ctrl+l")
        self.terminal.settle(3.0, 60)
        rows = zip(seen, self.terminal.emulator.screen(), strict=True)
        for y, (before, after) in enumerate(rows):
            # The clock and the age of what is shown stand at the top.
            if y > 2 and before != after:
                print(f"  row {y + 1} was not right: {before}")
        return took

    def leave(self) -> None:
        """Leave the program in order, so that it keeps its screen."""
        self.terminal.press("q")
        self.terminal.settle(2.0, 30)
        self.terminal.end()


def main() -> None:
    """Print all of it."""
    if SSHD is None or shutil.which("ssh") is None:
        print("skipped: ssh or sshd is not installed (Debian: openssh-client, openssh-server)")
        return
    with tempfile.TemporaryDirectory(prefix="slow-ssh-") as name:
        folder = Path(name)
        command = prepare(folder)
        for kept in ("without a kept screen", "with one"):
            for key in LISTS:
                if kept == "without a kept screen":
                    shutil.rmtree(folder / "xdg" / "smic-tui" / "screens", ignore_errors=True)
                with sshd_of(folder) as port, SlowProxy(port) as proxy:
                    session = Session(command, folder, proxy.port)
                    opened, lean = session.open_list(key)
                    moved = session.sixty_keys()
                    session.terminal.press("1")
                    session.terminal.settle(2.0, 60)
                    session.leave()
                print(
                    f"{kept}, list {key}: {'lean' if lean else 'FULL'}, whole after {opened:.2f} s "
                    f"of {LIST_WITHIN:.0f}; 60 keys {moved:.2f} s of {KEYS_WITHIN:.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
