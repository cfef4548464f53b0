"""Ctrl+Z where no shell waits: in a test or on a web page, nothing is stopped."""

from __future__ import annotations

from collections.abc import Callable

from smic_tui.app import SmicApp
from tests.screens.conftest import lines_of, opened

Make = Callable[..., SmicApp]


async def test_a_screen_that_is_no_terminal_goes_on(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        before = lines_of(app)
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert lines_of(app) == before
        await pilot.press("4", "ctrl+z", "slash", "ctrl+z", "x")
        await pilot.pause()
        assert any("open tickets" in line for line in lines_of(app))
        assert any("/x" in line.replace(" ", "") for line in lines_of(app))
