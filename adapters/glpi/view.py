"""What bounds the tickets that a GLPI account sees: the entities of its active profile."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from smic_tui.i18n import _

_ROOT = 0


class Scope(Struct, frozen=True):
    """An entity of the active profile; `is_recursive` is 1 where all below it belong to it."""

    id: int
    name: str = ""
    is_recursive: int | str | bool = 0

    @property
    def with_all_below(self) -> bool:
        """Whether the entities below it are seen, too."""
        return str(self.is_recursive) in ("1", "True")

    @property
    def told(self) -> str:
        """The entity, and whether it is seen with those below it."""
        if self.with_all_below:
            return _("{entity} and all below").format(entity=self.name)
        return self.name


def bounds(scopes: Sequence[Scope]) -> tuple[str, ...]:
    """Return what `doctor` says of a view that is not the whole GLPI."""
    if any(scope.id == _ROOT and scope.with_all_below for scope in scopes):
        return ()
    names = ", ".join(scope.told for scope in scopes) or "–"
    return (
        _("The account sees no tickets but those of these entities: {entities}.").format(
            entities=names
        ),
    )
