"""Reads the cursors of adapters, which are JSON of a type of their own. Public."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec


class OfSetup(Protocol):
    """A cursor that knows the settings of its reading (`setup_of`)."""

    @property
    def setup(self) -> str:
        """Their digest."""


C = TypeVar("C")
S = TypeVar("S", bound=OfSetup)


def decoded(cursor: str | None, type_: type[C]) -> C | None:
    """Return the cursor; None, which leads to a full reading, if another version wrote it."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(cursor, type=type_)
    except msgspec.DecodeError:
        return None


def decoded_of(setup: str, cursor: str | None, type_: type[S]) -> S | None:
    """Return the cursor; None also for one of other settings."""
    found = decoded(cursor, type_)
    return found if found is not None and found.setup == setup else None


def setup_of(settings: Any) -> str:
    """Return a digest of the settings, which hold only the names of secrets."""
    import hashlib

    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:16]
