"""Sources that may be changed, and an outbox with something in it, for the screens."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from textual.pilot import Pilot

from smic_tui.app import SmicApp
from smic_tui.contract.actions import Action, Verb
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.model.snapshot import Snapshot
from smic_tui.outbox import box
from smic_tui.records import Stream, TicketStatus
from smic_tui.screens.confirm import ConfirmScreen
from smic_tui.screens.outbox import OutboxScreen
from tests.screens.conftest import NOW, text_of

RIGHTS = {
    "tickets": (
        Stream.TICKETS,
        (Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE),
    ),
    "requests": (Stream.REQUESTS, (Verb.COMMENT, Verb.SET_STAGE)),
    "monitoring": (
        Stream.HEALTH,
        (Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.DOWNTIME, Verb.END_DOWNTIME),
    ),
}


def allowing(snapshot: Snapshot) -> Snapshot:
    """As if the sample's sources could be changed by our account."""
    return replace(
        snapshot,
        sources=tuple(
            replace(one, status=replace(one.status, actions=dict([RIGHTS[one.status.name]])))
            if one.status.name in RIGHTS
            else one
            for one in snapshot.sources
        ),
    )


def outbox(app: SmicApp) -> list[Entry]:
    return box.in_order(app.cache.user.load().outbox.values())


async def settle(pilot: Pilot[None], done: Callable[[], object]) -> None:
    """Wait until something has come about."""
    for _try in range(3000):
        await pilot.pause(0.02)
        if done():
            return
    raise AssertionError(text_of(pilot.app))  # type: ignore[arg-type]


async def typed(pilot: Pilot[None], text: str) -> None:
    """Type into the prompt; blanks and dots have names of their own."""
    names = {" ": "space", ".": "full_stop", ":": "colon", "é": "é"}
    await pilot.press(*(names.get(char, char) for char in text), "enter")
    await pilot.pause()


async def confirmed(pilot: Pilot[None], app: SmicApp) -> None:
    await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen))
    before = len(outbox(app))
    await pilot.press("y")
    await settle(pilot, lambda: len(outbox(app)) > before)


def queued(app: SmicApp, state: EntryState = EntryState.WAITING) -> Entry:
    """An entry about the first ticket, and what the source has of it now."""
    fact = app.situation.tickets[0]
    action = Action(
        id="x1",
        source="tickets",
        stream=Stream.TICKETS,
        key=fact.ticket.key,
        verb=Verb.RESOLVE,
        text="Toner",
        by="Agent Un",
        at=NOW,
    )
    user = app.cache.user
    assert user.change_outbox(box.add(action, "tickets", fact.ticket))
    entry = user.load().outbox["x1"]
    now = replace(fact.ticket, status=TicketStatus.CLOSED, owner="Agent Deux")
    if state is not EntryState.WAITING:
        why = "Permission Denied" if state is EntryState.REFUSED else ""
        assert user.change_outbox(box.finish(entry, state, now, why))
    return user.load().outbox["x1"]


async def shown_outbox(pilot: Pilot[None], app: SmicApp) -> None:
    app._live.user_changed()
    await settle(pilot, lambda: "x1" in app.outbox)
    await pilot.press("O")
    await settle(pilot, lambda: isinstance(app.screen, OutboxScreen) and "Toner" in text_of(app))
