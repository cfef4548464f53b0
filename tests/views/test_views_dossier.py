"""All about one site, in lines."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.model.states import BackupState, Level
from smic_tui.model.user_state import Note
from smic_tui.records import (
    BackupRun,
    Contact,
    HealthState,
    RunResult,
    Stage,
    Stream,
    TicketStatus,
)
from smic_tui.views.cells import Role
from smic_tui.views.dossier import dossier
from smic_tui.views.fit import width
from tests.views.view_examples import LOOK, ago, backup, entry, health, request, site, texts, ticket


def test_a_site_of_which_little_is_known() -> None:
    found = texts(dossier(site({"line": ""}, since=None), [], LOOK, 80))
    assert found == [
        "Mairie de La Rochelle mairie · 17300 as of 12 min ago",
        "Line –",
        "Health ■ down no source monitors this site",
        "Backups none is planned",
        "Tickets none open",
        "Requests none open",
        "What changed in 7 days nothing",
    ]


def test_everything_about_a_site() -> None:
    contact = Contact(role="Maire", name="Jeanne Exemple", phone="0546000000")
    run = BackupRun(
        key="r", source="restic", job="1", started=ago(hours=30), result=RunResult.FAILED,
        size=1_000_000, message="disk full",
    )  # fmt: skip
    fact = site(
        {
            "member": "Mairie de La Rochelle",
            "population": 1,
            "address": "Place de l'Hôtel de Ville",
            "supplier": "Orange",
            "contacts": (contact,),
            "equipment": ("router", "switch"),
            "applications": ("Paie",),
        },
        health=(health(output="no answer"),),
        backups=(backup(BackupState.FAILED, level=Level.CRITICAL, runs=(run,)),),
        tickets=(
            ticket("1", {"status": TicketStatus.NEW}),
            ticket("2", {"status": TicketStatus.CLOSED, "updated": ago(days=90)}),
        ),
        requests=(request(), request("R2", {"stage": Stage.DONE})),
    )
    note = Note(id="n", site="17300", by="Agent Un", at=ago(days=1), text="The key is next door.")
    lines = dossier(fact, [note], LOOK, 100)
    found = texts(lines)
    for line in (
        "Member 1 inhabitant",
        "Address Place de l'Hôtel de Ville",
        "Line FTTH · Orange",
        "Contacts Maire Jeanne Exemple 0546000000",
        "Equipment router · switch",
        "Software Paie",
        "Health ■ down 3 h",
        "■ router down 3 h no answer",
        "Backups 1",
        "■ Paie failed 9 h 1.0 MB disk full",
        "Tickets 1",
        "○ 1 Imprimante hors d'usage new normal 24 h",
        "Requests 1",
        "○ R1 Gestion des cimetières asked waiting on us 10 d",
        "Note The key is next door. Agent Un, 11-23 10:30",
    ):
        assert line in found
    keys = [line.key for line in lines if line.key]
    assert len(keys) == len(set(keys))
    assert width("".join(cell.text for cell in lines[0].cells)) == 100


def test_what_is_in_the_outbox_is_marked_in_the_margin() -> None:
    known = health()
    fact = site(health=(known,), tickets=(ticket(),))
    lines = dossier(fact, [], LOOK, 80, [entry(ticket().ticket, Verb.RESOLVE)])
    marked = [line for line in lines if line.cells and line.cells[0].text == "↑ "]
    assert [line.key for line in marked] == ["ticket/redmine/51473"]
    assert marked[0].cells[0].role is Role.NOTICE
    assert "Outbox 1" in texts(lines)


def test_what_changed_is_the_newest_first() -> None:
    fact = site(health=(health(),), tickets=(ticket(),))
    lines = dossier(fact, [], LOOK, 80)
    moments = [line.key for line in lines if line.key.startswith("event/")]
    assert len(moments) >= 2
    assert moments == sorted(moments, reverse=True)
    assert all(line.copy for line in lines if line.key.startswith("event/"))


def test_a_downtime_is_seen_before_it_begins() -> None:
    known = health()
    at = LOOK.now
    ordered = entry(
        known, Verb.DOWNTIME, Stream.HEALTH, action={"start": at + timedelta(hours=9, minutes=30)}
    )
    ended = entry(known, Verb.END_DOWNTIME, Stream.HEALTH)
    fact = site(health=(known,))

    def told(*entries: Entry) -> str:
        lines = dossier(fact, [], LOOK, 100, entries)
        return texts([line for line in lines if line.key == f"health/{known.key}"])[0]

    for state in (EntryState.WAITING, EntryState.CONFIRMED):
        waits = replace(ordered, state=state)
        assert "maintenance from 20:00" in told(waits)
    for entries in (
        [replace(ordered, state=EntryState.WITHDRAWN)],
        [ordered, replace(ended, number=9)],
    ):
        assert "maintenance" not in told(*entries)


def test_an_outdated_check_tells_when_it_was_made() -> None:
    old = health(HealthState.UP, checked=ago(hours=6), outdated=True, output="PING OK")
    new = health(HealthState.UP, host="switch", checked=ago(hours=6), output="PING OK")
    found = texts(dossier(site(health=(old, new), past=(old,)), [], LOOK, 100))
    assert sum("was up, 6 h ago" in line for line in found) == 1
    assert any("router" in line and "was up, 6 h ago PING OK" in line for line in found)
