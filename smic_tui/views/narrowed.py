"""Tells that the account of a source sees less than before."""

from __future__ import annotations

from smic_tui.contract.view import Narrowed, Sight
from smic_tui.i18n import _, ngettext

# More parts than these are counted, not named.
_NAMED = 5


def narrowed_text(narrowed: Narrowed) -> str:
    """Return what the account does not see any more, as one sentence."""
    said = []
    if narrowed.lost:
        said.append(_("not seen any more: {parts}").format(parts=_listed(narrowed.lost)))
    if narrowed.less:
        parts = tuple(map(_part, narrowed.less))
        said.append(_("less is seen of: {parts}").format(parts=_listed(parts)))
    if narrowed.kept:
        said.append(
            ngettext(
                "{n} open row of {known} is missing, and kept as it was",
                "{n} open rows of {known} are missing, and kept as they were",
                narrowed.kept,
            ).format(n=narrowed.kept, known=narrowed.known)
        )
    return _("the account sees less than before: {what}").format(what="; ".join(said))


def narrowed_hint(source: str) -> str:
    """Return what a person can do about it."""
    return _(
        "Give the account its rights back; or, if that is right: smic-tui sync --accept-fewer "
        "{source}"
    ).format(source=source)


def _part(sight: Sight) -> str:
    return f"{sight.part} ({sight.told})" if sight.told else sight.part


def _listed(parts: tuple[str, ...]) -> str:
    text = ", ".join(parts[:_NAMED])
    more = len(parts) - _NAMED
    if more > 0:
        text += ngettext(" and {n} more", " and {n} more", more).format(n=more)
    return text
