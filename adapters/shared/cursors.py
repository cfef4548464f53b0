"""Reads the cursors of adapters, which are JSON of a type of their own. Public."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec


class OfSetup(Protocol):
    """A cursor that knows the settings of its reading (`setup_of`)."""

    @property
    def setup(self) -> str:
        """Their digest."""


class Since(Protocol):
    """A cursor that stands at a moment of the server's clock."""

    @property
    def since(self) -> datetime:
        """The moment (UTC)."""


C = TypeVar("C")
M = TypeVar("M", bound=Since)
# Clocks are read in whole seconds, and an answer takes a while.
_AHEAD = timedelta(seconds=5)
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


def usable(cursor: M | None, clock: datetime | None) -> M | None:
    """Return the cursor; None for one ahead of the server's clock, which would hide changes.

    `clock` is the `Date` of an answer of this reading; without it ours counts. A server whose
    clock was set back, or a change time in the future that was believed, leads to a full reading.
    """
    if cursor is None or cursor.since > (clock or datetime.now(UTC)) + _AHEAD:
        return None
    return cursor


def newest_until(
    clock: datetime | None, newest: datetime | None, changed: datetime
) -> datetime | None:
    """Return the newest of the change times that are not ahead of the server's clock, in UTC.

    `newest` is the newest so far. Without the server's clock ours counts.
    """
    changed = changed.astimezone(UTC)
    if changed > (clock or datetime.now(UTC)) + _AHEAD:
        return newest
    return changed if newest is None else max(newest, changed)


def setup_of(settings: Any) -> str:
    """Return a digest of the settings, which hold only the names of secrets."""
    import hashlib

    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:16]
