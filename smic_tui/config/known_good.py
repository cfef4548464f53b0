"""Which configurations were found good: they need not be examined again.

To examine one, the adapters of all its sources are imported for the types of their
settings, and all filters are read. That is most of the time of a short command.
"""

from __future__ import annotations

import re
from pathlib import Path

from smic_tui.config import folders
from smic_tui.system import private_file as own_file

# Of one user: a few configurations, several editions of each.
KEPT = 64
_LARGEST = 65 * 256
_DIGEST = re.compile(r"[0-9a-f]{64}")


def file() -> Path:
    """Where this user's are kept: one digest (`config.digest`) in a line, the newest first."""
    return folders.user_cache() / "checked" / "configurations"


def is_known_good(digest: str) -> bool:
    """Whether the configuration with that digest has been found good."""
    return digest in _known()


def remember(digest: str) -> None:
    """The configuration with that digest is good."""
    known = [digest, *(other for other in _known() if other != digest)]
    own_file.write(file(), "".join(f"{one}\n" for one in known[:KEPT]).encode())


def _known() -> list[str]:
    data = own_file.read(file(), _LARGEST)
    if data is None:
        return []
    lines = data.decode("ascii", "replace").splitlines()
    return lines if all(map(_DIGEST.fullmatch, lines)) else []
