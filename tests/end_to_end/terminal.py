"""A terminal on a pty: runs the real program, keeps every byte, shows the screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

# Questions a program asks its terminal, and what an xterm answers.
_ANSWERS = (
    (re.compile(rb"\x1b\[c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[>0?c"), b"\x1b[>41;379;0c"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
)
_KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "pagedown": "\x1b[6~",
    "end": "\x1b[F",
    "home": "\x1b[H",
}


def set_size(fd: int, columns: int, rows: int) -> None:
    """Give a terminal its size."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """One program in one terminal; ends it when left."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 36,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.raw = bytearray()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._answered = 0
        self.status: int | None = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child is another program at once
            # Before the program asks, and not beside it.
            set_size(0, columns, rows)
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "", **(env or {})}
            for name in ("NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY"):
                if not env or name not in env:
                    environment.pop(name, None)
            os.execvpe(command[0], list(command), environment)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def resize(self, columns: int, rows: int) -> None:
        """Another window size, as when a person drags the corner."""
        set_size(self._fd, columns, rows)
        self.screen.resize(rows, columns)
        os.kill(self.pid, signal.SIGWINCH)

    def pump(self, seconds: float) -> bool:
        """Take what comes within `seconds`; False once the program has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self._fd], [], [], left)
            if not ready:
                break
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                data = b""
            if not data:
                self._reap()
                return False
            self.raw += data
            self._stream.feed(data)
            self._answer()
        return True

    def _answer(self) -> None:
        fresh = bytes(self.raw[self._answered :])
        self._answered = len(self.raw)
        for question, answer in _ANSWERS:
            for _found in question.finditer(fresh):
                os.write(self._fd, answer)

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.screen.display)

    def wait_for(self, wanted: str | Callable[[str], bool], seconds: float = 120) -> str:
        """Wait until a text, or what a function looks for, stands on the screen."""
        found = wanted if callable(wanted) else lambda text: wanted in text
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.pump(0.05)
            if found(self.text()):
                return self.text()
            if not alive:
                break
        raise AssertionError(f"{wanted!r} never came. The screen:\n{self.text()}")

    def settle(self, quiet: float = 0.3, limit: float = 60) -> str:
        """Wait until nothing more comes for `quiet` seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            before = len(self.raw)
            if not self.pump(quiet) or len(self.raw) == before:
                break
        return self.text()

    def press(self, *keys: str) -> None:
        """Type keys: names such as "down", or the characters themselves."""
        for key in keys:
            os.write(self._fd, _KEYS.get(key, key).encode())
            self.pump(0.03)

    def _reap(self) -> None:
        if self.status is None:
            _pid, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)

    def end(self) -> int:
        """End the program if it has not ended; its exit code, negative for a signal."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and self.pump(0.2):
                pass
            if self.status is None:
                os.kill(self.pid, signal.SIGKILL)
                self._reap()
        with contextlib.suppress(OSError):
            os.close(self._fd)
        assert self.status is not None
        return self.status
