"""A terminal at the far end of a modelled line: a pty, and time."""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import itertools
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

from tests.terminal.emulators import PyteTerminal

KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "ctrl+l": "\x0c",
    "ctrl+z": "\x1a",
}
_QUESTION = re.compile(
    rb"\x1b\[(?P<fence>5n)|\x1b\[(?P<place>6n)|\x1b\[\?(?P<mode>[0-9]+)\$p|\x1b\[(?P<what>c)"
)
# What comes closer together than this is one burst.
_BURST = 0.004


@dataclass(frozen=True)
class Link:
    """A line: bytes per second, seconds one way, bytes that the sender's buffer takes."""

    rate: float = float("inf")
    delay: float = 0.0
    buffer: int = 2 << 20


class Burst(NamedTuple):
    """Bytes that came together."""

    at: float
    data: bytes


class LinkedTerminal:
    """One program in a terminal at the end of a line; ends it when left.

    `bursts` is what reached the terminal, and when, on a monotonic clock.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 36),
        env: Mapping[str, str] | None = None,
        link: Link | None = None,
        answers: bool = True,
        modes: Mapping[int, int] | None = None,
    ) -> None:
        self.emulator = PyteTerminal(*size)
        self.bursts: list[Burst] = []
        self.received = 0
        self.is_cut = False
        self._link = link or Link()
        self._answers = answers
        self._modes = modes or {}
        self._question_rest = b""
        self._application_keys = False
        self._events: list[tuple[float, int, Callable[[bytes], None], bytes]] = []
        self._order = itertools.count()
        self._free_at = 0.0
        self._in_buffer = 0
        self.status: int | None = None
        self.began = time.monotonic()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child is another program at once
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
            for name in ("COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "TMUX", "DISPLAY"):
                environment.pop(name, None)
            os.execvpe(command[0], list(command), {**environment, **(env or {})})
        self._set_size(*size)

    def __enter__(self) -> LinkedTerminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def _set_size(self, width: int, height: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width: int, height: int) -> None:
        """Another window size."""
        self.emulator.resize(width, height)
        self._set_size(width, height)
        os.kill(self.pid, signal.SIGWINCH)

    # -- the line

    def _later(self, when: float, what: Callable[[bytes], None], data: bytes) -> None:
        heapq.heappush(self._events, (when, next(self._order), what, data))

    def _takes(self, data: bytes) -> None:
        """The near end of the line has taken bytes from the program."""
        now = time.monotonic()
        if self._link.rate == float("inf"):
            self._later(now + self._link.delay, self._arrive, data)
            return
        for start in range(0, len(data), 64):
            piece = data[start : start + 64]
            self._free_at = max(self._free_at, now) + len(piece) / self._link.rate
            self._in_buffer += len(piece)
            self._later(self._free_at, self._left_buffer, piece)
            self._later(self._free_at + self._link.delay, self._arrive, piece)

    def _left_buffer(self, data: bytes) -> None:
        self._in_buffer -= len(data)

    def _arrive(self, data: bytes) -> None:
        now = time.monotonic()
        self.received += len(data)
        if self.bursts and now - self.bursts[-1].at < _BURST:
            self.bursts[-1] = Burst(now, self.bursts[-1].data + data)
        else:
            self.bursts.append(Burst(now, data))
        for mode in re.finditer(rb"\x1b\[\?1([hl])", data):
            self._application_keys = mode[1] == b"h"
        self.emulator.feed(data)
        if self._answers:
            self._answer(data)

    def _answer(self, data: bytes) -> None:
        data = self._question_rest + data
        end = 0
        for question in _QUESTION.finditer(data):
            end = question.end()
            if question["fence"]:
                self.type(b"\x1b[0n")
            elif question["place"]:
                x, y = self.emulator.cursor
                self.type(b"\x1b[%d;%dR" % (y + 1, x + 1))
            elif question["mode"]:
                mode = int(question["mode"])
                self.type(b"\x1b[?%d;%d$y" % (mode, self._modes.get(mode, 0)))
            else:
                self.type(b"\x1b[?62;22c")
        self._question_rest = data[end:][-12:]

    def type(self, data: bytes) -> None:
        """Send bytes from the terminal to the program."""
        self._later(time.monotonic() + self._link.delay, self._deliver, data)

    def _deliver(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._fd, data)

    def cut(self, cut: bool) -> None:
        """Interrupt the line, or mend it: everything under way waits meanwhile."""
        self.is_cut = cut

    # -- time

    def pump(self, seconds: float) -> bool:
        """Let time pass; False once the program has ended."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            while not self.is_cut and self._events and self._events[0][0] <= now:
                _when, _order, what, data = heapq.heappop(self._events)
                what(data)
            now = time.monotonic()
            if now >= end:
                return True
            wait = end - now
            if self._events and not self.is_cut:
                wait = min(wait, max(0.0, self._events[0][0] - now))
            room = self._link.buffer - self._in_buffer
            files = [self._fd] if room > 0 else []
            if not select.select(files, [], [], wait)[0]:
                continue
            try:
                data = os.read(self._fd, min(65536, room))
            except OSError:
                data = b""
            if not data:
                self._reap()
                return False
            self._takes(data)

    def press(self, *keys: str) -> None:
        """Type keys: names such as "down", or the characters themselves."""
        for key in keys:
            data = KEYS.get(key, key)
            if self._application_keys and re.fullmatch(r"\x1b\[[A-DHF]", data):
                data = data.replace("[", "O")
            self.type(data.encode())

    def settle(self, quiet: float = 0.25, limit: float = 60) -> None:
        """Wait until nothing more comes for `quiet` seconds."""
        end = time.monotonic() + limit
        since = time.monotonic()
        while time.monotonic() < end:
            before = self.received
            alive = self.pump(0.01)
            if self.received != before or any(event[2] == self._arrive for event in self._events):
                since = time.monotonic()
            if not alive or time.monotonic() - since >= quiet:
                return

    def cost(self, *keys: str, quiet: float = 0.25) -> tuple[int, int]:
        """How many bytes in how many bursts it takes to answer keys."""
        bytes_before, bursts_before = self.received, len(self.bursts)
        self.press(*keys)
        self.settle(quiet)
        return self.received - bytes_before, len(self.bursts) - bursts_before

    # -- what is seen

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join("".join(cell.text for cell in row) for row in self.emulator.screen())

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

    # -- the end

    def _reap(self) -> None:
        if self.status is None:
            _pid, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)

    def end(self) -> int:
        """End the program if it has not ended; its exit code, negative for a signal."""
        self.is_cut = False
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
                deadline = time.monotonic() + 30
                while time.monotonic() < deadline and self.pump(0.2):
                    pass
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1
        assert self.status is not None
        return self.status
