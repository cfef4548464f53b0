"""Lists as they are shown on a line that counts every byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from smic_tui.app import SmicApp
from smic_tui.config.load import Loaded
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.subjects import SOURCES, SUBJECTS
from smic_tui.screens.listing import ListScreen
from smic_tui.screens.terminal_app import TerminalApp
from smic_tui.views.fit import fit_columns
from smic_tui.views.listing import Listing
from smic_tui.views.lists import overview
from smic_tui.views.lists.all import listing_of
from tests.screens.conftest import NOW, StillCollector, lines_of, opened, text_of

Make = Callable[..., SmicApp]
NUMBER = re.compile(r" [0-9]{5} ")
LISTS: tuple[Listing[Any], ...] = (overview.LISTING, *map(listing_of, SUBJECTS))


class Line:
    """The line to the terminal, as the program finds it."""

    is_slow = True


@pytest.fixture(autouse=True)
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    line = Line()
    monkeypatch.setattr(TerminalApp, "line_is_slow", property(lambda app: line.is_slow))
    return line


async def until(pilot: Pilot[None], happened: Callable[[], bool]) -> None:
    for _try in range(3000):
        if happened():
            return
        await pilot.pause(0.05)
    raise AssertionError("it never came")


async def test_every_lean_row_has_a_cell_for_every_column(make_app: Make) -> None:
    app = make_app()
    async with opened(app):
        for listing in LISTS:
            if not listing.lean:
                assert listing.subject is SOURCES
                continue
            names = [column.id for column in listing.lean]
            assert not listing.marked or listing.marked in names
            for fact in listing.facts(app.situation)[:200]:
                row = listing.row(fact, app.look, listing.lean)
                full = listing.row(fact, app.look, listing.columns)
                assert len(row.cells) == len(names), listing.subject.name
                same = "key", "site", "url", "copy", "stale"
                assert all(getattr(row, name) == getattr(full, name) for name in same)


async def test_lean_columns_fit_into_the_smallest_terminal(make_app: Make) -> None:
    for listing in LISTS:
        if listing.lean:
            columns = listing.lean
            fitted = fit_columns(columns, 79)
            assert sum(width for _index, width in fitted) + len(fitted) - 1 <= 79
            at_once = [i for i, column in enumerate(columns) if column.at_once != 0]
            # What comes at once stands together at the left, and is never left out.
            assert at_once == list(range(len(at_once)))
            assert [index for index, _width in fitted][: len(at_once)] == at_once


async def test_the_rest_of_a_line_follows(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4")
        await pilot.pause()
        assert "Plus d'internet" in text_of(app)
        assert not any(NUMBER.search(line) for line in lines_of(app))
        await until(pilot, lambda: all(map(NUMBER.search, lines_of(app)[3:-1])))
        assert "51522  11-19" in lines_of(app)[3]


async def test_the_age_is_said_once_but_for_what_is_stale(
    make_app: Make, syndicate: tuple[Loaded, Snapshot]
) -> None:
    _loaded, snapshot = syndicate
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: all(map(NUMBER.search, lines_of(app)[3:-1])))
        assert lines_of(app)[2].rstrip().endswith("<1 min")
        assert all("min" not in text.split()[-2:] for text in lines_of(app)[3:5])

        def old(part: Any) -> Any:
            last = NOW - timedelta(days=3)
            return replace(part, status=replace(part.status, last_good=last))

        collector: Any = app.collector
        assert isinstance(collector, StillCollector)
        collector.say(replace(snapshot, sources=tuple(map(old, snapshot.sources))))
        await until(pilot, lambda: lines_of(app)[3].rstrip().endswith("3 d"))
        assert lines_of(app)[2].rstrip().endswith("Age")


async def test_another_form_comes_with_another_screen_only(make_app: Make, line: Line) -> None:
    line.is_slow = False
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2")
        await pilot.pause()
        assert "Mairie d'Aulnay" in text_of(app)
        screen = app.screen
        assert isinstance(screen, ListScreen)
        assert screen.is_as_opened
        # What is measured meanwhile moves nothing.
        line.is_slow = True
        screen.update()
        await pilot.press("down")
        await pilot.pause()
        assert "Mairie d'Aulnay" in text_of(app)
        await pilot.press("3", "2")
        await pilot.pause()
        assert "Mairie d'Aulnay" not in text_of(app)
        assert "Aulnay" in text_of(app)
        # The next start, which knows nothing of the line, begins in the other form.
        assert not screen.is_as_opened


async def test_sorting_and_filters_are_as_ever(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("3", "slash", *"application:paie", "enter", "s", "s")
        await pilot.pause()
        assert "Site↑" in lines_of(app)[2]
        assert "Paie" in lines_of(app)[3]
