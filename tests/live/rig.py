"""A real source system as a child of the test session."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path


def free_port() -> int:
    """Return a port on loopback that nobody listens on just now.

    It lies below the range from which the kernel serves everybody else: some
    systems need half a minute until they bind it.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Daemon:
    """A process group of our own that can be stopped, frozen and started again."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        ready: Callable[[], bool],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = 120,
    ) -> None:
        self._command = command
        self._log = log
        self._ready = ready
        self._cwd = cwd
        self._env = {**os.environ, **(env or {})}
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._cwd,
                env=self._env,
                start_new_session=True,
            )
        deadline = time.monotonic() + self._seconds
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self._command[0]} did not start:\n{self.tail()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it with all its children."""
        process, self._process = self._process, None
        if process is None:
            return
        self._signal(process, signal.SIGCONT)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        self._signal(process, signal.SIGKILL)
        process.wait()

    def freeze(self) -> None:
        """Stop it in its tracks: it accepts connections and never answers."""
        assert self._process is not None
        self._signal(self._process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._signal(self._process, signal.SIGCONT)

    def tail(self) -> str:
        """Return the end of what it printed."""
        return self._log.read_text(errors="replace")[-3000:]

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
