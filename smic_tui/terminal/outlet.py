"""Writes to the terminal without ever waiting for it."""

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
    """Sends bytes to a terminal, and keeps those that the terminal does not take at once.

    It opens the terminal once more, non-blocking: the file that it is given is shared with
    the shell and must stay as it is. It calls `on_drained` when all that waited has gone.
    Bytes for a terminal that is gone are dropped silently.
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
            # The terminal cannot be opened again, for example after `su`. Small pieces are
            # written to the given file whenever select says that there is room.
            self._file = file
            self._own = False

    @property
    def is_clear(self) -> bool:
        """Whether no bytes wait."""
        return not self._waiting

    def queued(self) -> int:
        """Returns how many bytes the system has still to send; 0 where it does not tell."""
        try:
            answer = fcntl.ioctl(self._file, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        return int(struct.unpack("i", answer)[0])

    def send(self, data: bytes) -> None:
        """Writes as much as the terminal takes now; the event loop writes the rest."""
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
        """Waits until all bytes have gone, at most `seconds`. Blocks: only for the end."""
        end = time.monotonic() + seconds
        self._write()
        while self._waiting and (left := end - time.monotonic()) > 0:
            select.select([], [self._file], [], left)
            self._write()

    def close(self) -> None:
        """Closes the outlet's own file; bytes that still wait are dropped."""
        self._waiting.clear()
        self._watch()
        if self._own:
            with contextlib.suppress(OSError):
                os.close(self._file)
