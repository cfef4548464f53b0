"""Cursors as an adapter kept them: JSON of a type of its own."""

from __future__ import annotations

from typing import TypeVar

import msgspec

C = TypeVar("C")


def decoded(cursor: str | None, type_: type[C]) -> C | None:
    """The cursor; one that another version wrote is None and leads to a full reading."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(cursor, type=type_)
    except msgspec.DecodeError:
        return None
