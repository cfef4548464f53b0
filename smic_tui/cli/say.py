"""Messages to the person, which go beside the data."""

from __future__ import annotations

import contextlib
import sys


def say(text: str) -> None:
    """Prints a message on standard error; a closed standard error is ignored."""
    with contextlib.suppress(OSError):
        print(f"smic-tui: {text}", file=sys.stderr)
