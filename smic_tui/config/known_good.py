"""Remembers the configurations that were found good, so that none is examined twice.

Examining one means importing the adapters of all its sources, for the types of their
settings, and parsing all filters. That is most of the time of a short command.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from smic_tui.config import folders
from smic_tui.system import private_file as own_file

# How many are remembered: a user has a few configurations, and several editions of each.
KEPT = 64
_LARGEST = 65 * 256
_DIGEST = re.compile(r"[0-9a-f]{64}")


def file() -> Path:
    """Returns the file of this user: a digest (`config.digest`) per line, newest first."""
    return folders.user_cache() / "checked" / "configurations"


def is_known_good(digest: str) -> bool:
    """Whether the configuration with that digest has been found good."""
    return digest in _known()


def remember(digest: str) -> None:
    """Notes that the configuration with that digest is good; a failure to write is ignored."""
    known = [digest, *(other for other in _known() if other != digest)]
    with contextlib.suppress(OSError):  # no home folder
        own_file.write(file(), "".join(f"{one}\n" for one in known[:KEPT]).encode())


def _known() -> list[str]:
    try:
        data = own_file.read(file(), _LARGEST)
    except OSError:  # no home folder
        return []
    if data is None:
        return []
    lines = data.decode("ascii", "replace").splitlines()
    return lines if all(map(_DIGEST.fullmatch, lines)) else []
