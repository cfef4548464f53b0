"""The look, as pictures: small and large, in colour and without, in both languages.

`pytest tests/screens/test_screens_look.py --snapshot-update` makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from textual.pilot import Pilot

from smic_tui.app import SmicApp
from smic_tui.screens import wire
from smic_tui.screens.terminal_app import TerminalApp
from smic_tui.terminal.costs import COSTS
from tests.screens.conftest import NOW
from widgets import row_table

Make = Callable[..., SmicApp]

SMALL, LARGE = (80, 24), (120, 36)
SCREENS = {
    "overview": [],
    "sites": ["2"],
    "backups": ["3"],
    "tickets": ["4"],
    "requests": ["5"],
    "alerts": ["6"],
    "sources": ["7"],
    "dossier": ["2", "slash", *"name:mairie name:matha", "enter", "enter"],
    "filter": ["4", "slash", *"(imprimante or copieur) sate:open"],
    "help": ["4", "question_mark"],
}


@pytest.fixture
def picture(
    snap_compare: Any, make_app: Make, clock: time_machine.Traveller
) -> Callable[..., bool]:
    # However long it takes to draw, the ages are the same.
    clock.move_to(NOW, tick=False)

    def compare(name: str, size: tuple[int, int], language: str) -> bool:
        app = make_app(language, panes=())

        async def until_shown(pilot: Pilot[None]) -> None:
            for _try in range(3000):
                if app.situation.sites:
                    break
                await pilot.pause(0.02)
            await pilot.pause()
            for key in SCREENS[name]:
                await pilot.press(key)
            await pilot.pause(0.1)

        return bool(snap_compare(app, terminal_size=size, run_before=until_shown))

    return compare


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("name", SCREENS)
def test_in_colour(picture: Callable[..., bool], name: str, size: tuple[int, int]) -> None:
    assert picture(name, size, "fr")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("name", ["overview", "sites", "backups", "tickets", "requests", "alerts"])
def test_on_a_slow_line(
    picture: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    size: tuple[int, int],
) -> None:
    """Whole, as it stands when the cursor has rested."""
    monkeypatch.setattr(TerminalApp, "line_is_slow", property(lambda app: True))
    monkeypatch.setattr(row_table, "REST_SECONDS", 0.01)
    monkeypatch.setattr(wire, "COSTS", COSTS._replace(rest=1 << 20))
    assert picture(name, size, "fr")


@pytest.mark.parametrize("name", ["overview", "dossier", "alerts"])
def test_without_colour(
    picture: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(name, SMALL, "fr")


@pytest.mark.parametrize("name", ["overview", "tickets", "dossier"])
def test_in_english(picture: Callable[..., bool], name: str) -> None:
    assert picture(name, SMALL, "en")
