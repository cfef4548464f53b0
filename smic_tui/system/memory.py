"""Gives memory that is not used any more back to the system."""

from __future__ import annotations

import contextlib


def give_back() -> None:
    """Gives free memory back, where the C library can (glibc).

    After reading a large file this is tens of megabytes.
    """
    import ctypes  # Imported here: no start needs it.

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
