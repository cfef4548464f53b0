"""Writing to the terminal without ever waiting for it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import struct
import termios
import time
from collections.abc import Callable

_CHUNK = 1 << 14


class Outlet:
    """Bytes to a terminal: what it does not take at once waits here, and nowhere else.

    An own open file of the terminal is made non-blocking; the one that was handed
    over is shared with the shell and must stay as it is. `on_drained` is called when
    everything that waited has gone. A terminal that is gone takes everything silently.
    """

    def __init__(
        self, file: int, loop: asyncio.AbstractEventLoop, on_drained: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._on_drained = on_drained
        self._waiting = bytearray()
        self._watched = False
        self.is_dead = False
        try:
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
            self._file = os.open(os.ttyname(file), flags)
            self._own = True
        except OSError:
            # A terminal that cannot be opened again, after `su` for one. Small pieces
            # are written when select says that there is room.
            self._file = file
            self._own = False

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def queued(self) -> int:
        """Bytes that a serial line has still to send; 0 where that cannot be told."""
        try:
            answer = fcntl.ioctl(self._file, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        return int(struct.unpack("i", answer)[0])

    def send(self, data: bytes) -> None:
        """Write as much as is taken now; the rest goes by itself."""
        if self.is_dead:
            return
        self._waiting += data
        if not self._watched:
            self._write()
            self._watch()

    def _write(self) -> None:
        while self._waiting and not self.is_dead:
            try:
                if self._own:
                    count = os.write(self._file, self._waiting[:_CHUNK])
                else:
                    if not select.select([], [self._file], [], 0)[1]:
                        return
                    count = os.write(self._file, self._waiting[:256])
            except BlockingIOError:
                return
            except InterruptedError:
                continue
            except OSError as error:
                if error.errno == errno.EAGAIN:
                    return
                self.is_dead = True
                self._waiting.clear()
                return
            del self._waiting[:count]

    def _watch(self) -> None:
        if self._waiting and not self._watched:
            self._loop.add_writer(self._file, self._ready)
            self._watched = True
        elif not self._waiting and self._watched:
            self._loop.remove_writer(self._file)
            self._watched = False

    def _ready(self) -> None:
        self._write()
        self._watch()
        if not self._waiting:
            self._on_drained()

    def drain(self, seconds: float) -> None:
        """Wait until everything has gone, but not longer than that. For the very end only."""
        end = time.monotonic() + seconds
        self._write()
        while self._waiting and (left := end - time.monotonic()) > 0:
            select.select([], [self._file], [], left)
            self._write()

    def close(self) -> None:
        """Give the terminal back; what still waits is dropped."""
        self._waiting.clear()
        self._watch()
        if self._own:
            with contextlib.suppress(OSError):
                os.close(self._file)
