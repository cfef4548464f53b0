"""How acting looks at 80x24: the question, the sign of what is on its way, both versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from smic_tui.app import SmicApp
from smic_tui.model.outbox_entry import EntryState
from tests.screens.acting_examples import allowing, queued, settle
from tests.screens.conftest import text_of

KEYS: dict[str, list[str]] = {
    "question": ["4", "e", *"toner", "enter"],
    "tickets": ["4"],
    "outbox": ["O"],
}
# What is seen when the keys have been obeyed.
SEEN = {"question": "Envoyer ceci", "tickets": "Objet", "outbox": "Fiche"}


@pytest.mark.parametrize("name", KEYS)
def test_acting(snap_compare: Any, make_app: Callable[..., SmicApp], name: str) -> None:
    app = make_app("fr", change=allowing, panes=())

    async def prepare(pilot: Pilot[None]) -> None:
        await settle(pilot, lambda: app.situation.sites)
        if name != "question":
            queued(app, EntryState.CONFLICT)
            app._live.user_changed()
            await settle(pilot, lambda: app.pending)
        for key in KEYS[name]:
            await pilot.press(key)
        await settle(pilot, lambda: SEEN[name] in text_of(app))
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=(80, 24), run_before=prepare)
