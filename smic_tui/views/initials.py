"""Who somebody is, in few cells."""

from __future__ import annotations

import re

from smic_tui.views.fit import cut

INITIALS_CELLS = 5
_WORD = re.compile(r"[^\W_]+")


def initials(name: str) -> str:
    """The initials of a name, with the numbers in it; of one word as much as fits."""
    words = _WORD.findall(name)
    if len(words) < 2:
        return cut(name, INITIALS_CELLS)
    # In "Centre d'appels" and "Jean de La Fontaine" the small words tell nothing.
    telling = [word for word in words if not word[0].islower()] or words
    return cut("".join(w if w.isdecimal() else w[0] for w in telling), INITIALS_CELLS)
