"""The standard streams: open, and able to take every text.

Every start imports this first, so it imports nothing that takes time.
"""

from __future__ import annotations

import os
import sys

from smic_tui.system.charset import PLAIN

_NAMES = ("stdin", "stdout", "stderr")


def prepare() -> None:
    """Make printing never fail for a character, nor for a stream that was closed.

    A stream that the caller closed (`>&-`) is opened on nothing, also so that no file which
    the program opens takes its number, and with it what is printed.
    """
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            _open_on_nothing(number, name)
    for stream in (sys.stdout, sys.stderr):
        _take_every_character(stream)


def use_ascii() -> None:
    """Make all that is printed as text from now on ASCII only."""
    for stream in (sys.stdout, sys.stderr):
        _take_every_character(stream, encoding="ascii")


def print_data() -> None:
    """Make standard output UTF-8, as JSON, CSV and TOML are, unless a person reads it.

    A terminal keeps its own encoding; it gets plain forms of what that lacks.
    """
    if not sys.stdout.isatty():
        _take_every_character(sys.stdout, encoding="utf-8")


def silence_stdout() -> None:
    """Point standard output to nowhere, so that the last flush does not fail again."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        pass


def _open_on_nothing(number: int, name: str) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
    # Programs that are started get it too.
    os.set_inheritable(number, True)
    stream = os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False)
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)


def _take_every_character(stream: object, **settings: str) -> None:
    # What replaces a stream, as test programs do, may not know how.
    reconfigure = getattr(stream, "reconfigure", None)
    try:
        if reconfigure is not None:
            reconfigure(errors=PLAIN, **settings)
    except (ValueError, OSError):
        pass
