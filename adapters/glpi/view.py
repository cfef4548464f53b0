"""What bounds the tickets that a GLPI account sees: the entities of its active profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from smic_tui.contract.view import Sight

_ROOT = 0
# How much is seen: all of GLPI, an entity with those below it, an entity alone.
_ALL, _BRANCH, _ALONE = 1_000_000, 1000, 1


class Scope(Struct, frozen=True):
    """An entity of the active profile, with all below it or alone."""

    id: int
    name: str
    with_all_below: bool


def scopes_of(entities: Any, text: Callable[[str], str]) -> tuple[Scope, ...]:
    """Return the entities of a profile; nothing of what is not understood.

    PHP makes an object of a list from which something was taken away. `text` reads what may be
    escaped.
    """
    listed = list(entities.values()) if isinstance(entities, dict) else entities
    return tuple(
        Scope(
            each["id"],
            text(str(each.get("name", ""))),
            str(each.get("is_recursive")) in ("1", "True"),
        )
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and type(each.get("id")) is int
    )


def sights_of(scopes: Sequence[Scope]) -> tuple[Sight, ...]:
    """Return what is seen as one part of which more or less may be seen.

    GLPI names entities without those above them: that one lies within another is not known here,
    so that to go from an entity to the root would look like a loss if they were parts.
    """
    if not scopes:
        return ()
    whole = any(scope.id == _ROOT and scope.with_all_below for scope in scopes)
    extent = sum(_BRANCH if scope.with_all_below else _ALONE for scope in scopes)
    told = ", ".join(
        f"{scope.name} ({'recursive' if scope.with_all_below else 'not recursive'})"
        for scope in scopes
    )
    return (Sight("entities", _ALL if whole else extent, told),)
