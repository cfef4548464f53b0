"""The numbered screens, each made when it is first wanted."""

from __future__ import annotations

from smic_tui.model.subjects import ALERTS, SOURCES, subject_named
from smic_tui.screens.frame import FrameScreen
from smic_tui.screens.listing import ListScreen
from smic_tui.views.lists.all import listing_of
from smic_tui.views.lists.overview import OVERVIEW


def numbered_screen(name: str, *, ascii_only: bool) -> FrameScreen:
    """The screen of one of `tabs.NAMES`; one that can more than list is read here first.

    Raises `KeyError` for another name.
    """
    if name == OVERVIEW.name:
        from smic_tui.screens.overview import OverviewScreen

        return OverviewScreen(ascii_only=ascii_only)
    if name == SOURCES.name:
        from smic_tui.screens.sources import SourcesScreen

        return SourcesScreen(ascii_only=ascii_only)
    if name == ALERTS.name:
        from smic_tui.screens.alerts import AlertsScreen

        return AlertsScreen(listing_of(ALERTS), ascii_only=ascii_only)
    return ListScreen(listing_of(subject_named(name)), ascii_only=ascii_only)
