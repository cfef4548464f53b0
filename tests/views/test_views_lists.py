"""What stands in the columns of each list, in full and on a slow line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from smic_tui.contract.status import SourceState
from smic_tui.insight.trouble import site_line
from smic_tui.model.facts import UnmatchedRef
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.model.subjects import ALERTS, BACKUPS, REQUESTS, SITES, SOURCES, TICKETS
from smic_tui.records import Actor, BackupRun, HealthState, RunResult, Stage, Stream, TicketStatus
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists import overview
from smic_tui.views.lists.all import listing_of
from tests.views.view_examples import (
    LOOK,
    ago,
    alert,
    backup,
    health,
    request,
    site,
    source,
    ticket,
)

F = TypeVar("F")


def cells(columns: Iterable[Column[F]], fact: F) -> dict[str, Cell]:
    """The cells of a fact by the ids of their columns."""
    return {column.id: column.cell(fact, LOOK) for column in columns}


def full(listing: Listing[F], fact: F) -> dict[str, str]:
    return {id: cell.text for id, cell in cells(listing.columns, fact).items()}


def lean(listing: Listing[F], fact: F) -> dict[str, str]:
    return {id: cell.text for id, cell in cells(listing.lean, fact).items()}


def test_sites() -> None:
    listing = listing_of(SITES)
    closed = ticket("2", {"status": TicketStatus.CLOSED})
    fact = site(
        tickets=(ticket(level=Level.WARNING), closed),
        backups=(backup(BackupState.FAILED, level=Level.CRITICAL), backup()),
        acknowledged=True,
    )
    assert full(listing, fact) == {
        "state": "■ down (ack)",
        "name": "Mairie de La Rochelle",
        "code": "17300",
        "kind": "mairie",
        "since": "3 h",
        "line": "FTTH",
        "backups": "1/2 failed",
        "tickets": "1",
        "requests": "",
        "age": "12 min",
    }
    assert cells(listing.columns, fact)["tickets"].role is Role.WARNING
    assert lean(listing, fact) == {
        "state": "■ down",
        "name": "La Rochelle",
        "since": "3 h",
        "line": "FTTH",
        "backups": "1/2 failed",
        "tickets": "1",
        "requests": "",
        "marks": "(ack)",
        "age": "",
    }


def test_backups_that_are_as_they_should_be_go_without_saying() -> None:
    listing = listing_of(SITES)
    for backups, told in (((backup(), backup()), "2/2"), ((), "–")):
        fact = site(backups=backups, downtime=True, since=None)
        assert full(listing, fact)["backups"] == told
        assert full(listing, fact)["since"] == "–"
        assert lean(listing, fact)["backups"] == ""
        assert lean(listing, fact)["marks"] == "(downtime)"
        assert lean(listing, fact)["since"] == ""


def test_backups() -> None:
    listing = listing_of(BACKUPS)
    run = BackupRun(
        key="r", source="restic", job="1", started=ago(hours=9), result=RunResult.OK,
        size=1_200_000_000, message="12 files",
    )  # fmt: skip
    fact = backup(BackupState.LATE, level=Level.WARNING, runs=(run,), due=ago(hours=1))
    assert full(listing, fact) == {
        "state": "▲ late",
        "site": "Mairie de La Rochelle",
        "application": "Paie",
        "protocol": "",
        "success": "9 h",
        "due": "09:30",
        "size": "1.2 GB",
        "message": "12 files",
        "age": "12 min",
    }
    assert cells(listing.columns, fact)["due"].role is Role.WARNING
    assert lean(listing, fact)["due"] == "09:30"
    assert lean(listing, fact)["message"] == "12 files"
    assert full(listing, backup())["size"] == "–"
    assert full(listing, backup())["message"] == ""


def test_tickets() -> None:
    listing = listing_of(TICKETS)
    fact = ticket(
        record={"priority": 1, "waiting_on": Actor.SUPPLIER, "due": ago(days=1)},
        overdue=True,
        mine=True,
    )
    assert full(listing, fact) == {
        "status": "○ in progress",
        "key": "51473",
        "subject": "Imprimante hors d'usage",
        "site": "Mairie de La Rochelle",
        "priority": "urgent",
        "owner": "Agent Un",
        "waiting": "supplier",
        "updated": "24 h",
        "due": "11-23 10:30",
        "age": "12 min",
    }
    roles = {id: cell.role for id, cell in cells(listing.columns, fact).items()}
    assert roles["key"] is roles["owner"] is Role.KEY
    assert roles["priority"] is roles["due"] is Role.WARNING
    assert lean(listing, fact) == {
        "level": "○",
        "site": "La Rochelle",
        "subject": "Imprimante hors d'usage",
        "key": "51473",
        "due": "11-23",
        "owner": "AU",
        "status": "supplier",
        "priority": "urgent",
        "age": "",
    }


def test_a_lean_ticket_says_its_status_where_nobody_is_waited_for() -> None:
    listing = listing_of(TICKETS)
    nobody = ticket(record={"waiting_on": Actor.NOBODY})
    new = ticket(record={"status": TicketStatus.NEW, "waiting_on": Actor.MEMBER})
    assert lean(listing, nobody)["status"] == "in progress"
    assert lean(listing, new)["status"] == "new"
    assert lean(listing, nobody)["priority"] == ""


def test_a_site_of_no_register_is_told_as_the_source_wrote_it() -> None:
    listing = listing_of(TICKETS)
    fact = ticket(site="", site_name="", site_ref="17999")
    assert cells(listing.columns, fact)["site"] == Cell("? 17999", Role.MUTED)
    assert cells(listing.lean, fact)["site"] == Cell("? 17999", Role.MUTED)
    nowhere = ticket(site="", site_name="", site_ref="")
    assert full(listing, nowhere)["site"] == ""


def test_requests() -> None:
    listing = listing_of(REQUESTS)
    fact = request(record={"stage": Stage.ORDERED, "waiting_on": Actor.SUPPLIER})
    assert full(listing, fact) == {
        "stage": "○ ordered",
        "key": "R1",
        "software": "Gestion des cimetières",
        "site": "Mairie de La Rochelle",
        "requester": "",
        "created": "20 d",
        "owner": "",
        "waiting": "supplier",
        "updated": "10 d",
        "due": "–",
        "age": "12 min",
    }
    assert lean(listing, fact)["waiting"] == "supplier"
    member = request(
        record={"member": "Mairie de Matha", "waiting_on": Actor.WORKING_GROUP},
        site="",
        site_name="",
        site_ref="",
    )
    assert full(listing, member)["site"] == "Mairie de Matha"
    assert lean(listing, member)["site"] == "Matha"
    # Who is waited for is what the stage says.
    assert full(listing, member)["waiting"] == "working group"
    assert lean(listing, member)["waiting"] == ""


def test_alerts() -> None:
    listing = listing_of(ALERTS)
    firing = alert()
    assert full(listing, firing) == {
        "life": "■ firing",
        "rule": "down",
        "site": "Mairie de La Rochelle",
        "summary": "router is down",
        "since": "3 h",
        "seen": "3 h",
        "until": "",
    }
    assert lean(listing, firing)["life"] == ""
    known = alert(
        AlertStatus.ACKNOWLEDGED, acknowledged_by="Agent Un", acknowledged_until=ago(hours=-4)
    )
    assert full(listing, known)["life"] == "○ acknowledged"
    assert full(listing, known)["until"] == lean(listing, known)["until"] == "Agent Un until 14:30"
    assert lean(listing, known)["life"] == "acknowledged"
    for_ever = alert(AlertStatus.ACKNOWLEDGED, acknowledged_by="Agent Un", blind=True)
    assert full(listing, for_ever)["until"] == "Agent Un"
    assert full(listing, alert(blind=True))["until"] == "source is stale"
    assert full(listing, alert(AlertStatus.CLEARED))["life"] == "· cleared"
    row = listing.row(alert(blind=True), LOOK, ())
    assert (row.key, row.stale) == ("down/members/17300", True)


def test_sources() -> None:
    listing = listing_of(SOURCES)
    missing = UnmatchedRef(source="members", stream=Stream.TICKETS, site_ref="17999", count=3)
    fact = source({"rejected_count": 2, "error": "no route"}, unmatched=(missing,))
    assert full(listing, fact) == {
        "state": "· read",
        "name": "members",
        "kind": "csv",
        "rows": "7",
        "rejected": "2",
        "unmatched": "3",
        "age": "12 min",
        "next": "–",
        "error": "no route",
    }
    assert full(listing, source(stale=True))["state"] == "· stale"
    never = source({"state": SourceState.NEVER, "last_good": None}, stale=True, age=None)
    assert full(listing, never)["state"] == "· not read yet"
    assert full(listing, never)["age"] == "never"
    assert full(listing, source())["rejected"] == full(listing, source())["unmatched"] == ""


def test_the_overview() -> None:
    overdue = ticket(level=Level.WARNING, overdue=True)
    line = site_line(site(health=(health(),), tickets=(overdue,)))
    assert line is not None
    found = full(overview.LISTING, line)
    assert found["level"] == "■ critical"
    assert found["site"] == "Mairie de La Rochelle"
    assert found["since"] == "3 h"
    assert " · " in found["trouble"]
    short = lean(overview.LISTING, line)
    assert (short["level"], short["site"]) == ("■", "La Rochelle")
    assert short["trouble"] == found["trouble"]
    nowhere = replace(line, site="", title="17999")
    assert cells(overview.LISTING.columns, nowhere)["site"] == Cell("17999", Role.TITLE)


def test_a_site_whose_check_is_outdated_is_marked_and_tells_its_age() -> None:
    listing = listing_of(SITES)
    old = health(HealthState.UP, checked=ago(hours=6), outdated=True)
    new = health(HealthState.UP, host="switch", checked=ago(minutes=1))
    fact = site(
        state=SiteState.UNKNOWN, level=Level.UNKNOWN, last_state=SiteState.UP,
        health=(old, new), past=(old,),
    )  # fmt: skip
    assert full(listing, fact)["state"] == "? was up"
    assert full(listing, fact)["age"] == "6 h"
    assert cells(listing.columns, fact)["age"].role is Role.WARNING
    found = lean(listing, fact)
    assert (found["marks"], found["age"]) == ("(old)", "6 h")
    # The marks of a row that is as new as it may be cost nothing.
    current = site(health=(new,))
    assert (lean(listing, current)["marks"], lean(listing, current)["age"]) == ("", "")
