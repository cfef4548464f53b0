"""Words to the person, beside the data."""

from __future__ import annotations

import contextlib
import sys


def say(text: str) -> None:
    """Say something on standard error; nobody listening is no error."""
    with contextlib.suppress(OSError):
        print(f"smic-tui: {text}", file=sys.stderr)
