"""The exit codes, which docs/exit-codes.md documents."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of commands."""

    FINE = 0
    ATTENTION = 1
    USAGE = 2
    SOURCE = 3
    OUTPUT = 4
    FAULT = 70
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on; the message is for the person who typed it."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
