"""Cursors as an adapter kept them: JSON of a type of its own."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec


class OfSetup(Protocol):
    """A cursor that knows which settings it was read with (`setup_of`)."""

    @property
    def setup(self) -> str:
        """Their digest."""


C = TypeVar("C")
S = TypeVar("S", bound=OfSetup)


def decoded(cursor: str | None, type_: type[C]) -> C | None:
    """The cursor; one that another version wrote is None and leads to a full reading."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(cursor, type=type_)
    except msgspec.DecodeError:
        return None


def decoded_of(setup: str, cursor: str | None, type_: type[S]) -> S | None:
    """The same; one of other settings leads to a full reading too."""
    found = decoded(cursor, type_)
    return found if found is not None and found.setup == setup else None


def setup_of(settings: Any) -> str:
    """A digest of the settings; secrets are in them by name only."""
    import hashlib

    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:16]
