"""The numbered screens, through keys and by what stands on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from textual import events

from smic_tui.app import SmicApp
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.subjects import SUBJECTS
from smic_tui.screens.listing import ListScreen
from smic_tui.system.turns import screen_priority
from smic_tui.views.listing import Listing
from smic_tui.views.lists import overview
from smic_tui.views.lists.all import listing_of
from tests.screens.acting_examples import settle
from tests.screens.conftest import NOW, StillCollector, lines_of, opened, text_of

Make = Callable[..., SmicApp]


async def test_overview_says_what_needs_somebody(make_app: Make) -> None:
    app = make_app()
    async with opened(app):
        lines = lines_of(app)
        assert "712 sites" in lines[1]
        assert "down" in lines[1]
        assert "backups" in lines[2]
        assert "open tickets" in lines[3]
        assert "requests" in lines[4]
        assert lines[6].startswith("▌■ critical")
        assert any("sites down" in line for line in lines)
        assert "members" in lines[-2]
        assert "Quit" in lines[-1]


@pytest.mark.parametrize(
    ("key", "sign"),
    [
        ("2", "Backups"),
        ("3", "Application"),
        ("4", "Subject"),
        ("5", "Software"),
        ("6", "Rule"),
        ("7", "Aside"),
    ],
)
async def test_number_keys(make_app: Make, key: str, sign: str) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert sign in lines_of(app)[2]
        await pilot.press("1")
        await pilot.pause()
        assert "What is the matter" in text_of(app)


async def test_what_comes_back_is_drawn_once(
    make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual calls the handlers of base classes itself."""
    drawn: list[str] = []
    draw = ListScreen.show_situation

    def counted(self: ListScreen[Any]) -> None:
        drawn.append(self.tab)
        draw(self)

    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4", "1")
        await pilot.pause()
        monkeypatch.setattr(ListScreen, "show_situation", counted)
        await pilot.press("4")
        await pilot.pause()
        assert drawn == ["tickets"]


async def test_who_computes_lets_a_new_picture_be_drawn_first(
    make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bool] = []
    draw = ListScreen.show_situation

    def watched(self: ListScreen[Any]) -> None:
        begun.append(screen_priority.is_waited_for)
        draw(self)

    app = make_app()
    async with opened(app) as pilot:
        assert not screen_priority.is_waited_for
        monkeypatch.setattr(ListScreen, "show_situation", watched)
        assert isinstance(app.screen, ListScreen)
        app.screen.update()
        await pilot.pause()
        assert begun == [True]
        assert not screen_priority.is_waited_for


async def test_every_row_has_a_cell_for_every_column(make_app: Make) -> None:
    app = make_app()
    async with opened(app):
        listings: tuple[Listing[Any], ...] = (overview.LISTING, *map(listing_of, SUBJECTS))
        for listing in listings:
            facts = listing.facts(app.situation)
            assert facts, listing.subject.name
            for fact in facts[:50]:
                row = listing.row(fact, app.look, listing.columns)
                assert len(row.cells) == len(listing.columns), listing.subject.name


async def test_brackets_go_round(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        for name in ("sites", "backups", "tickets", "requests", "alerts", "sources", "overview"):
            await pilot.press("]")
            await pilot.pause()
            assert app.current_mode == name
        await pilot.press("[")
        await pilot.pause()
        assert app.current_mode == "sources"


async def test_filter_as_you_type(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2")
        await pilot.pause()
        await pilot.press("slash", *"aulnay state:down")
        await pilot.pause()
        assert "1/1 (1 of 712)" in lines_of(app)[1]
        assert "Aulnay" in lines_of(app)[3]
        await pilot.press("enter")
        await pilot.pause()
        assert "Sort" in lines_of(app)[-1]
        await pilot.press("enter")
        await pilot.pause()
        assert lines_of(app)[1].startswith("▌Mairie d'Aulnay")
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert "1 of 712" not in text_of(app)


async def test_an_error_points_at_its_column(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2", "slash", *"aulnay sate:down")
        await pilot.pause()
        prompt, pointer = lines_of(app)[-2:]
        assert pointer.index("↑") == prompt.index("sate")
        assert "state" in pointer
        # What was understood last is still shown.
        assert "of 712" in lines_of(app)[1]
        await pilot.press("escape")
        await pilot.pause()
        assert "/aulnay" not in lines_of(app)[1]


async def test_sorting_keeps_the_selection(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4", "down", "down", "down")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ListScreen)
        key = screen.table.cursor_key
        await pilot.press("s", "s")
        await pilot.pause()
        assert "No.↑" in lines_of(app)[2]
        assert screen.table.cursor_key == key
        assert key.partition("/")[2] in next(line for line in lines_of(app) if line[0] == "▌")
        await pilot.press("S")
        await pilot.pause()
        assert "No.↓" in lines_of(app)[2]
        assert screen.table.cursor_key == key


async def test_refresh_asks_the_rows_source_and_all(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4", "r", "R")
        await pilot.pause()
        assert isinstance(app.collector, StillCollector)
        assert app.collector.asked == ["tickets", None]
        assert "Reading all sources" in lines_of(app)[-1]


async def test_copy_and_open(make_app: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(SmicApp, "copy_to_clipboard", lambda _app, text: copied.append(text))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4", "y")
        await pilot.pause()
        assert copied[0].split()[0].isdigit()
        await pilot.press("o")
        await pilot.pause()
        assert "page of its own" in lines_of(app)[-1] or "Address copied" in lines_of(app)[-1]


async def test_cursor_stays_when_new_facts_come(
    make_app: Make, syndicate: tuple[object, Snapshot]
) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("4", *["down"] * 40)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ListScreen)
        key, at = screen.table.cursor_key, [line[0] for line in lines_of(app)].index("▌")
        snapshot = syndicate[1]
        tickets = next(one for one in snapshot.sources if one.status.name == "tickets")
        fewer = {
            stream: dict(list(rows.items())[: len(rows) // 2] + list(rows.items())[-900:])
            for stream, rows in tickets.rows.items()
        }
        assert isinstance(app.collector, StillCollector)
        app.collector.say(
            replace(
                snapshot,
                sources=tuple(
                    replace(one, rows=fewer) if one is tickets else one for one in snapshot.sources
                ),
            )
        )
        for _try in range(3000):
            await pilot.pause(0.02)
            if len(app.situation.tickets) < 2000:
                break
        await pilot.pause()
        assert screen.table.cursor_key == key
        assert [line[0] for line in lines_of(app)].index("▌") == at


def aged(snapshot: Snapshot) -> Snapshot:
    """The monitoring was last read two hours ago."""
    return replace(
        snapshot,
        sources=tuple(
            replace(one, status=replace(one.status, last_good=NOW - timedelta(hours=2)))
            if one.status.name == "monitoring"
            else one
            for one in snapshot.sources
        ),
    )


async def test_a_stale_source_is_never_green(make_app: Make) -> None:
    app = make_app(change=aged)
    async with opened(app) as pilot:
        assert "? 712 unknown" in lines_of(app)[1]
        assert "monitoring 2 h" in lines_of(app)[-2]
        await pilot.press("2")
        await pilot.pause()
        rows = lines_of(app)[3:-1]
        # The last known state, as the past; what was never monitored is unknown.
        assert all("? was " in row or "? unknown" in row for row in rows)
        assert any("? was up" in row for row in rows) or any("? was down" in row for row in rows)
        assert not any("· up" in row for row in rows)


async def test_sources_tell_what_would_fix_them(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("7")
        await pilot.pause()
        text = text_of(app)
        assert "line 92" in text
        assert "[matching.aliases]" in text
        await pilot.press("tab", "down", "y")
        await pilot.pause()
        assert "Copied" in lines_of(app)[-1]
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.collector, StillCollector)
        assert app.collector.asked == ["members"]


async def test_named_filters_follow_each_other(make_app: Make) -> None:
    app = make_app(filters={"Aulnay": "aulnay", "Saintes": "saintes"})
    async with opened(app) as pilot:
        await pilot.press("2", "f")
        await pilot.pause()
        assert "/aulnay" in lines_of(app)[1]
        await pilot.press("f")
        await pilot.pause()
        assert "/saintes" in lines_of(app)[1]
        await pilot.press("f")
        await pilot.pause()
        assert "/" not in lines_of(app)[1].replace("1/712", "")


async def test_a_filter_is_kept_under_a_name_and_forgotten(make_app: Make) -> None:
    app = make_app(filters={})
    async with opened(app) as pilot:
        await pilot.press("2", "slash", *"line:rtc", "enter", "F", *"RTC", "enter")
        await pilot.pause(0.2)
        assert app.cache.user.load().filters == {"RTC": "line:rtc"}
        await pilot.press("escape", "f")
        await pilot.pause()
        assert "/line:rtc" in lines_of(app)[1]
        await pilot.press("F", "home", "minus", "enter")
        await pilot.pause(0.2)
        assert app.cache.user.load().filters == {}


async def test_the_outage_line_leads_to_its_sites(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("slash", *"members>10", "enter", "enter")
        await pilot.pause(0.1)
        assert app.current_mode == "sites"
        assert "of 712" in lines_of(app)[1]
        assert all("down" in line for line in lines_of(app)[3:30])


async def test_without_unicode(make_app: Make) -> None:
    from smic_tui.config.schema import Display

    app = make_app(display=Display(language="en", ascii=True))
    async with opened(app):
        assert lines_of(app)[6].startswith(">")
        for line in lines_of(app)[:6]:
            assert line.isascii(), line


@pytest.mark.parametrize(("end", "filtered"), [("enter", True), ("escape", False)])
async def test_keys_typed_ahead_are_not_taken_for_text(
    make_app: Make, end: str, filtered: bool
) -> None:
    """On a slow line Enter and the keys after it arrive together."""
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2", "slash", *"aulnay")
        await pilot.pause()
        for key, character in ((end, "\r"), ("4", "4"), ("down", None), ("down", None)):
            app.post_message(events.Key(key, character))
        await settle(
            pilot,
            lambda: app.current_mode == "tickets" and "\n▌" in text_of(app).partition("3/")[2],
        )
        await pilot.press("2")
        await pilot.pause()
        assert ("/aulnay" in lines_of(app)[1]) is filtered


async def test_keys_after_a_filter_that_is_not_understood_stay_text(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2", "slash", *"state:dow")
        await pilot.pause()
        for key, character in (("enter", "\r"), ("n", "n"), ("enter", "\r")):
            app.post_message(events.Key(key, character))
        await settle(pilot, lambda: "/state:down" in lines_of(app)[1])


async def test_keys_that_come_at_the_very_end_reach_nobody(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2")
        app.exit()
        for key in ("down", "x", "enter", "slash"):
            app.post_message(events.Key(key, None))
        await pilot.pause(0.1)
    assert app.return_code == 0
