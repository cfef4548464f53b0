"""The digest of a configuration as one edition of the program reads it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from smic_tui import __version__
from smic_tui.config.errors import KeyPath
from smic_tui.config.login import login_name

# The language does not count: it changes words, and nothing that is counted or checked.
_LANGUAGE = ("display", "language")


def settings_digest(text: str, overrides: Mapping[KeyPath, tuple[Any, str]]) -> str:
    """Returns the SHA-256, in hex, of a configuration's text and of the `overrides`.

    It changes with the text, with the keys that the command line replaces, and with the
    code or the version of the program, and with the login where the text names logins.
    """
    replaced = sorted(
        (path, value) for path, (value, _by) in overrides.items() if path != _LANGUAGE
    )
    login = login_name() if "logins" in text else ""
    parts = (__version__, _code(), repr(replaced), login, text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(1)
def _code() -> str:
    """Returns a text that changes with any code file of a checkout; "" if installed.

    In a checkout the code changes without the version; in an installed program it does not.
    """
    root = Path(__file__).parent.parent.parent
    if not (root / "pyproject.toml").is_file():
        return ""
    found = [state for package in ("smic_tui", "adapters") for state in _files(root / package)]
    return ",".join(sorted(found))


def _files(folder: Path) -> Iterator[str]:
    """Yields path, time and size of every code file in a folder and the folders below."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    yield f"{entry.path}:{status.st_mtime_ns}:{status.st_size}"
                elif entry.is_dir() and entry.name != "__pycache__":
                    yield from _files(Path(entry.path))
    except OSError:
        return
