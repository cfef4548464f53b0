"""SHA-256 without OpenSSL, whose library takes as long to load as a configuration to read.

Python has an implementation of its own under a name that changes; `hashlib` where it is
left out.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

# As in the standard library itself, whose `random` does the same.
_PLACES = ("_sha2", "_sha256", "hashlib")


def hexdigest(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal digits."""
    found: str = _implementation()(data).hexdigest()
    return found


def _implementation() -> Callable[[bytes], Any]:
    for place in _PLACES:
        try:
            made: Callable[[bytes], Any] = importlib.import_module(place).sha256
        except (ImportError, AttributeError):
            continue
        return made
    raise ImportError("no SHA-256 in this Python")
