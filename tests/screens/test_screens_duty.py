"""The dossier, acknowledgements, notes and scheduled panes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from msgspec.structs import replace
from textual.pilot import Pilot

from smic_tui.app import SmicApp
from smic_tui.config.schema import Pane
from smic_tui.contract.status import SourceState
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.states import AlertStatus
from smic_tui.screens import duty_panes
from tests.screens.conftest import NOW, StillCollector, lines_of, opened, text_of

Make = Callable[..., SmicApp]


async def wait_for(pilot: Pilot[None], condition: Callable[[], object], what: str) -> None:
    for _try in range(3000):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{what}\n{text_of(pilot.app)}")  # type: ignore[arg-type]


async def test_a_site_on_one_small_screen(make_app: Make) -> None:
    app = make_app()
    async with opened(app, (80, 24)) as pilot:
        await pilot.press("2", "slash", *"name:aulnay name:mairie", "enter", "enter")
        await pilot.pause()
        text = text_of(app)
        assert lines_of(app)[1].startswith("▌Mairie d'Aulnay")
        for word in ("Line", "Contacts", "Equipment", "Health", "Backups", "What changed"):
            assert word in text
        assert "example.org" in text
        await pilot.press("escape")
        await pilot.pause()
        assert "of 712" in lines_of(app)[1]


async def test_a_number_leaves_the_dossier(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2", "enter")
        await pilot.pause()
        await pilot.press("4")
        await pilot.pause(0.1)
        assert "Subject" in lines_of(app)[2]
        await pilot.press("2")
        await pilot.pause(0.1)
        assert "Backups" in lines_of(app)[2]


async def test_a_note_is_kept_and_shown(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("2", "enter", "n", *"clé chez le voisin", "enter")
        await wait_for(pilot, lambda: "clé chez le voisin" in text_of(app), "the note")
        assert "Agent Exemple" in text_of(app)
        (note,) = app.cache.user.load().notes.values()
        assert note.text == "clé chez le voisin"
        assert note.at - NOW < timedelta(minutes=1)
        await pilot.press("n", "escape")
        await pilot.pause()
        assert len(app.cache.user.load().notes) == 1
        while "clé chez le voisin" not in next(x for x in lines_of(app) if x[0] == "▌"):
            await pilot.press("down")
        await pilot.press("x")
        await wait_for(pilot, lambda: not app.cache.user.load().notes, "no note")


async def test_acknowledge_and_take_back(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("6")
        await pilot.pause()
        alert = app.situation.alerts[0]
        assert alert.status is AlertStatus.FIRING
        await pilot.press("a", *"Orange prévenu", "enter")
        await wait_for(
            pilot,
            lambda: alert.fingerprint in app.cache.user.load().acknowledgements,
            "the acknowledgement",
        )
        kept = app.cache.user.load().acknowledgements[alert.fingerprint]
        assert kept.comment == "Orange prévenu"
        assert kept.by == "Agent Exemple"
        assert kept.until is not None
        assert timedelta(hours=3.9) < kept.until - NOW < timedelta(hours=4.1)
        await wait_for(pilot, lambda: "1 acknowledged" in lines_of(app)[1], "its state")
        # The cursor stays where it was, on the next alert.
        assert lines_of(app)[3].startswith("▌■ firing")
        assert app.situation.alerts[0].fingerprint != alert.fingerprint
        await pilot.press("slash", *"state:acknowledged", "enter", "u")
        await wait_for(
            pilot, lambda: not app.cache.user.load().acknowledgements, "nothing acknowledged"
        )


async def test_an_end_that_is_none_is_told(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        await pilot.press("6", "a", *["backspace"] * 3, *"demain", "enter")
        await pilot.pause()
        assert "“demain” is no end" in lines_of(app)[-1]
        await pilot.press("escape")
        await pilot.pause()
        assert not app.cache.user.load().acknowledgements


MORNING = Pane(
    name="morning", title="Morning round", on="tickets", where="is:overdue", at=("07:30",)
)


async def test_a_pane_opens_at_its_time_and_waits(
    make_app: Make, clock: time_machine.Traveller
) -> None:
    app = make_app(panes=(MORNING,))
    async with opened(app) as pilot:
        await pilot.pause(0.2)
        assert "Morning round" not in text_of(app)
        clock.move_to(datetime(2026, 11, 24, 6, 30, 1, tzinfo=UTC))
        await wait_for(pilot, lambda: "Morning round" in text_of(app), "the pane")
        assert "07:30" in lines_of(app)[1]
        assert "while you were away" not in lines_of(app)[1]
        # Twenty minutes without a reading: an empty list would prove nothing.
        await wait_for(pilot, lambda: "stale: " in lines_of(app)[1], "the warning")
        await pilot.press("4")
        await pilot.pause()
        assert "Dismiss this pane first" in lines_of(app)[-1]
        await pilot.press("d")
        await wait_for(pilot, lambda: app.cache.user.load().panes, "that it was seen")
        seen = app.cache.user.load().panes["morning"]
        assert seen.due == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
        assert len(seen.listed) >= 40
        assert "Morning round" not in text_of(app)


async def test_a_missed_pane_comes_first_with_its_time(
    make_app: Make, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 8, 15, tzinfo=UTC))
    app = make_app(panes=(MORNING,))
    async with opened(app) as pilot:
        await wait_for(pilot, lambda: "Morning round" in text_of(app), "the pane")
        assert "07:30" in lines_of(app)[1]
        assert "due while you were away" in lines_of(app)[1]
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.cache.user.load().panes, "that it was seen")
    again = make_app(panes=(MORNING,))
    async with opened(again) as pilot:
        await pilot.pause(1.5)
        assert "Morning round" not in text_of(again)


async def test_a_missed_pane_waits_for_the_first_answer_of_every_source(
    make_app: Make, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert duty_panes.FIRST_ANSWERS_SECONDS == 60
    # No machine is that slow.
    monkeypatch.setattr(duty_panes, "FIRST_ANSWERS_SECONDS", 3600.0)
    clock.move_to(datetime(2026, 11, 24, 8, 15, tzinfo=UTC))
    whole: list[Snapshot] = []

    def one_never_asked(snapshot: Snapshot) -> Snapshot:
        whole.append(snapshot)
        first, *others = snapshot.sources
        never = replace(first.status, state=SourceState.NEVER, last_good=None, rows=0)
        return replace(snapshot, sources=(replace(first, status=never, rows={}), *others))

    app = make_app(panes=(MORNING,), change=one_never_asked)
    async with opened(app) as pilot:
        await pilot.pause(1.5)
        assert "Morning round" not in text_of(app)
        assert isinstance(app.collector, StillCollector)
        app.collector.say(whole[0])
        await wait_for(pilot, lambda: "Morning round" in text_of(app), "the pane")

    monkeypatch.setattr(duty_panes, "FIRST_ANSWERS_SECONDS", 0.5)
    app = make_app(panes=(MORNING,), change=one_never_asked)
    async with opened(app) as pilot:
        await wait_for(pilot, lambda: "Morning round" in text_of(app), "the pane, at last")


async def test_the_next_pane_does_not_cover_what_is_read_in_the_one_before(
    make_app: Make, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 8, 15, tzinfo=UTC))
    later = replace(MORNING, name="later", title="Second round", at=("08:00",))
    app = make_app(panes=(MORNING, later))
    async with opened(app) as pilot:
        await wait_for(pilot, lambda: "Morning round" in text_of(app), "the pane")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Contacts" in text_of(app), "the dossier")
        await pilot.pause(1.5)
        assert "Contacts" in text_of(app)
        await pilot.press("escape", "d")
        await wait_for(pilot, lambda: "Second round" in text_of(app), "the next pane")


async def test_nobody_is_interrupted_while_typing(
    make_app: Make, clock: time_machine.Traveller
) -> None:
    app = make_app(panes=(MORNING,))
    async with opened(app) as pilot:
        await pilot.press("2", "slash", *"aul")
        clock.move_to(datetime(2026, 11, 24, 6, 30, 1, tzinfo=UTC))
        await pilot.pause(1.5)
        assert "Morning round" not in text_of(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Morning round" in text_of(app), "the pane")


async def test_help_is_made_from_the_bindings(make_app: Make) -> None:
    app = make_app()
    async with opened(app, (100, 60)) as pilot:
        await pilot.press("6", "question_mark")
        await pilot.pause()
        text = text_of(app)
        for word in ("Acknowledge", "Filter", "Sort", "Reverse order", "Quit", "severity"):
            assert word in text
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Rule" in lines_of(app)[2]


async def test_a_failing_disk_is_told_and_nothing_is_lost(make_app: Make) -> None:
    app = make_app()
    # A file where the folder should be: nothing can be written, by root neither.
    app.cache.folder.parent.mkdir(exist_ok=True)
    app.cache.folder.write_text("in the way")
    async with opened(app) as pilot:
        await pilot.press("2", "enter", "n", *"gardée", "enter")
        await wait_for(pilot, lambda: "memory only" in lines_of(app)[-1], "the warning")
        await wait_for(pilot, lambda: "gardée" in text_of(app), "the note")
