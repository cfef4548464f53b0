"""The numbered screens: the Overview, then one for each subject."""

from __future__ import annotations

from smic_tui.model.subjects import SUBJECTS, Subject
from smic_tui.views.lists.overview import OVERVIEW

TABS: tuple[Subject[object], ...] = (OVERVIEW, *SUBJECTS)
# The number key of each, in order; the screens are called as what they list.
NUMBER_KEYS = tuple(str(number) for number in range(1, len(TABS) + 1))
NAMES = tuple(tab.name for tab in TABS)
