"""What tells one configuration, read by one edition of the program, from any other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from smic_tui import __version__, sha256
from smic_tui.config.errors import KeyPath

# In a checkout the code changes without the version.
_CODE = ("", "config", "contract", "insight", "cache", "views", "../adapters")
# It changes words, and nothing that is counted or checked.
_LANGUAGE = ("display", "language")


def settings_digest(text: str, overrides: Mapping[KeyPath, tuple[Any, str]]) -> str:
    """Of a configuration's text and of what the command line replaces in it."""
    replaced = sorted(
        (path, value) for path, (value, _by) in overrides.items() if path != _LANGUAGE
    )
    parts = (__version__, _code(), repr(replaced), text)
    return sha256.hexdigest("\0".join(parts).encode("utf-8", "surrogatepass"))


@lru_cache(1)
def _code() -> str:
    """Changes when a file of the program does."""
    package = Path(__file__).parent.parent
    found = []
    for name in _CODE:
        try:
            with os.scandir(package / name) as entries:
                for entry in entries:
                    if entry.name.endswith(".py"):
                        status = entry.stat()
                        found.append(f"{entry.name}:{status.st_mtime_ns}:{status.st_size}")
        except OSError:
            continue
    found.sort()
    return ",".join(found)
