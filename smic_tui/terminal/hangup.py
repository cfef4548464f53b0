"""Notices that the terminal is gone, even when no signal tells so.

A program that is not the leader of its session gets no SIGHUP when the other end of its
terminal is closed; every read then returns nothing.
"""

from __future__ import annotations

import os
import select
import sys


class Hangup:
    """Watches the terminal that is standard input, if it is one."""

    def __init__(self) -> None:
        self._poll: select.poll | None = None
        stdin = sys.__stdin__
        if stdin is not None and os.isatty(stdin.fileno()):
            self._poll = select.poll()
            self._poll.register(stdin.fileno(), select.POLLHUP | select.POLLERR)

    def happened(self) -> bool:
        """Whether the other end of the terminal is gone. Never waits."""
        return self._poll is not None and bool(self._poll.poll(0))
