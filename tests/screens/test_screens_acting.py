"""Keys that change records at their source, the question before it, and the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from smic_tui.app import SmicApp
from smic_tui.contract.actions import Verb
from smic_tui.model.outbox_entry import EntryState
from smic_tui.outbox import box
from smic_tui.records import Stage, Stream, TicketStatus
from smic_tui.screens.confirm import ConfirmScreen
from smic_tui.screens.outbox import OutboxScreen
from tests.screens.acting_examples import (
    allowing,
    confirmed,
    outbox,
    queued,
    settle,
    shown_outbox,
    typed,
)
from tests.screens.conftest import NOW, StillCollector, lines_of, opened, text_of

Make = Callable[..., SmicApp]


async def test_a_source_that_can_only_be_read_has_no_keys(make_app: Make) -> None:
    app = make_app()
    async with opened(app) as pilot:
        for screen in ("2", "4", "5", "6"):
            await pilot.press(screen)
            await pilot.pause()
            assert "Comment" not in lines_of(app)[-1]
            assert "Downtime" not in lines_of(app)[-1]
            for key in "cmMteAUDE":
                await pilot.press(key)
            await pilot.pause()
            assert not app.screen.prompt.is_open  # type: ignore[attr-defined]
            assert not isinstance(app.screen, ConfirmScreen)


@pytest.mark.parametrize("where", ["whole", "source"])
async def test_read_only_takes_the_keys_away(make_app: Make, where: str) -> None:
    app = make_app(change=allowing)
    if where == "whole":
        app.settings = replace(app.settings, read_only=True)
    else:
        sources = {n: replace(s, read_only=True) for n, s in app.settings.sources.items()}
        app.settings = replace(app.settings, sources=sources)
    async with opened(app) as pilot:
        await pilot.press("4", "c")
        await pilot.pause()
        assert not app.screen.prompt.is_open  # type: ignore[attr-defined]


async def test_a_comment_is_asked_for_confirmed_and_queued(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app, (80, 24)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        assert "c Comment" in lines_of(app)[-1]
        ticket = app.situation.tickets[0].ticket
        await pilot.press("c")
        await typed(pilot, "Toner remplacé")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        shown = text_of(app)
        for word in ("tickets", ticket.key, "comment: Toner remplacé", "Agent Exemple"):
            assert word in shown
        await pilot.press("enter")  # typed once too often: no yes
        await pilot.pause()
        assert outbox(app) == []
        await pilot.press("y")
        await settle(pilot, lambda: outbox(app))
        (entry,) = outbox(app)
        action = entry.action
        assert (action.verb, action.text) == (Verb.COMMENT, "Toner remplacé")
        assert (action.source, action.stream, action.key) == (
            "tickets",
            Stream.TICKETS,
            ticket.key,
        )
        assert action.by == "Agent Exemple"
        assert entry.seen_record == ticket
        await settle(pilot, lambda: "↑ " in lines_of(app)[3])
        assert "↑1" in lines_of(app)[0]


async def test_no_is_no(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("4", "m")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "the source's own account" in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert outbox(app) == []
        assert not isinstance(app.screen, ConfirmScreen)
        await pilot.press("c", "x", "escape")
        await pilot.pause(0.1)
        assert outbox(app) == []
        assert not app.screen.prompt.is_open  # type: ignore[attr-defined]


async def test_tickets(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("4")
        for keys, text, verb, value, words in (
            ("m", None, Verb.ASSIGN, "", ""),
            ("M", "Agent Deux", Verb.ASSIGN, "Agent Deux", ""),
            ("t", "waiting for it", Verb.SET_STATUS, TicketStatus.WAITING.value, "for it"),
            ("t", "in progress", Verb.SET_STATUS, TicketStatus.OPEN.value, ""),
            ("t", "clos", Verb.SET_STATUS, TicketStatus.CLOSED.value, ""),
            ("e", "", Verb.RESOLVE, "", ""),
            ("e", "new toner", Verb.RESOLVE, "", "new toner"),
        ):
            await pilot.press(keys)
            if text is not None:
                await typed(pilot, text)
            await confirmed(pilot, app)
            action = outbox(app)[-1].action
            assert (action.verb, action.value, action.text) == (verb, value, words)


async def test_what_is_not_understood_is_asked_again(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("4", "t")
        await typed(pilot, "merry")
        await settle(pilot, lambda: "One of: new, in progress" in lines_of(app)[-1])
        assert app.screen.prompt.is_open  # type: ignore[attr-defined]
        assert not isinstance(app.screen, ConfirmScreen)


async def test_the_next_stage_is_proposed(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("5", "slash", *"stage:analysed", "enter", "t")
        await pilot.pause()
        await typed(pilot, "agreed on monday")
        await confirmed(pilot, app)
        action = outbox(app)[0].action
        assert (action.verb, action.value) == (Verb.SET_STAGE, Stage.WORKING_GROUP.value)
        assert action.text == "agreed on monday"


async def test_a_site_is_acknowledged_and_gets_a_downtime(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("2", "slash", *"state:down", "enter")
        await pilot.pause()
        site = app.screen.fact  # type: ignore[attr-defined]
        await pilot.press("A")
        await typed(pilot, "seen")
        await confirmed(pilot, app)
        entries = outbox(app)
        assert entries
        assert {entry.action.verb for entry in entries} == {Verb.ACKNOWLEDGE}
        keys = {health.key for health in site.health}
        assert {entry.action.key for entry in entries} <= keys
        await pilot.press("D")
        await pilot.pause()
        await typed(pilot, "works")  # after "2h "
        await confirmed(pilot, app)
        last = outbox(app)[-1].action
        assert (last.verb, last.text) == (Verb.DOWNTIME, "works")
        assert last.until is not None
        assert timedelta(minutes=110) < last.until - NOW < timedelta(minutes=130)


async def test_an_alert_leads_to_the_records_beneath_it(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("6")
        await pilot.pause()
        screen: Any = app.screen
        alerts = [alert for alert in app.situation.alerts if alert.subject == "sites"]
        site = next(
            app.situation.sites_by_key[alert.site]
            for alert in alerts
            if alert.site and app.situation.sites_by_key[alert.site].health
        )
        alert = next(one for one in alerts if one.site == site.key)
        screen.table.go_to(alert.fingerprint)
        await pilot.pause()
        assert screen.fact == alert
        await pilot.press("A")
        await typed(pilot, "seen")
        await confirmed(pilot, app)
        assert {entry.ref[0] for entry in outbox(app)} == {"monitoring"}
        assert {entry.action.key for entry in outbox(app)} <= {one.key for one in site.health}
        assert not app.cache.user.load().acknowledgements  # the alert itself is another matter


async def test_the_local_acknowledgement_of_an_alert_stays_what_it_was(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("6")
        await pilot.pause()
        await pilot.press("a", "enter")
        await settle(pilot, lambda: app.cache.user.load().acknowledgements)
        assert outbox(app) == []


async def test_the_dossier_acts_on_the_line_and_shows_what_is_on_its_way(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        await pilot.press("4", "enter")
        await pilot.pause()
        lines: Any = app.screen.lines  # type: ignore[attr-defined]
        key = next(
            lines.key_of(i) for i in range(lines.line_count()) if "ticket/" in lines.key_of(i)
        )
        lines.go_to(key)
        await pilot.press("c")
        await typed(pilot, "on site")
        await confirmed(pilot, app)
        assert f"ticket/tickets/{outbox(app)[0].action.key}" == key
        await settle(pilot, lambda: "Outbox 1" in text_of(app))
        assert "comment: on site" in text_of(app)
        number = outbox(app)[0].action.key
        (line,) = [line for line in lines_of(app) if f" {number} " in line and "↑" in line]
        assert line[1:3] == "↑ "


async def test_withdrawn_while_it_waits(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app, (80, 24)) as pilot:
        queued(app)
        await shown_outbox(pilot, app)
        assert "waits to be sent" in text_of(app)
        assert "Withdraw" in lines_of(app)[-1]
        assert "Dismiss" not in lines_of(app)[-1]
        await pilot.press("u")
        await settle(pilot, lambda: outbox(app)[0].state is EntryState.WITHDRAWN)
        await settle(pilot, lambda: "withdrawn" in text_of(app))
        await pilot.press("d")
        await settle(pilot, lambda: not outbox(app))
        await settle(pilot, lambda: "Nothing waits to be sent" in text_of(app))
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, OutboxScreen)


@pytest.mark.parametrize(("key", "state"), [("s", EntryState.WAITING), ("u", EntryState.WITHDRAWN)])
async def test_a_conflict_with_both_versions(make_app: Make, key: str, state: EntryState) -> None:
    app = make_app(change=allowing)
    async with opened(app, (80, 24)) as pilot:
        queued(app, EntryState.CONFLICT)
        await shown_outbox(pilot, app)
        shown = lines_of(app)
        assert "!1 " in shown[0]
        head = next(line for line in shown if "when you saw it" in line)
        assert "at the source now" in head
        row = next(line for line in shown if line.lstrip().startswith("Owner"))
        assert "Agent Deux" in row
        await pilot.press(key)
        await settle(pilot, lambda: outbox(app)[0].state is state)


async def test_a_refusal_says_why_and_is_dismissed(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app, (80, 24)) as pilot:
        queued(app, EntryState.REFUSED)
        await shown_outbox(pilot, app)
        assert "Permission Denied" in text_of(app)
        await pilot.press("d")
        await settle(pilot, lambda: not outbox(app))


async def test_what_became_of_it_is_told(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        entry = queued(app)
        app._live.user_changed()
        await settle(pilot, lambda: app.pending)
        ticket = entry.seen_record
        change = box.finish(entry, EntryState.REFUSED, ticket, "Permission Denied")
        assert app.cache.user.change_outbox(change)
        app._live.user_changed()
        await settle(pilot, lambda: "refused by the source" in lines_of(app)[-1])
        assert "Permission Denied" in lines_of(app)[-1]
        assert "!1" in lines_of(app)[0]


async def test_try_now_asks_the_source(make_app: Make) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        queued(app)
        await shown_outbox(pilot, app)
        await pilot.press("r")
        await pilot.pause()
        collector = app.collector
        assert isinstance(collector, StillCollector)
        assert collector.asked == ["tickets"]


async def test_an_outbox_that_cannot_be_kept_is_told(
    make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(change=allowing)
    async with opened(app) as pilot:
        monkeypatch.setattr(app.cache.user, "change_outbox", lambda _change: False)
        await pilot.press("4", "m")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await settle(pilot, lambda: "disk refuses" in text_of(app))
