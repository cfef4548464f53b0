"""Which records a line stands for."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.insight.trouble import site_line
from smic_tui.model.facts import SiteFact, Situation
from smic_tui.model.outbox_entry import EntryState
from smic_tui.records import HealthState, Stream
from smic_tui.views.cells import Cell, Role, Row
from smic_tui.views.targets import marked, pending_of, places, targets
from tests.views.view_examples import LOOK, NOW, alert, entry, health, request, site, ticket

DOWN = health()
SLOW = health(HealthState.WARNING, service="ping")
KNOWN = health(host="printer", acknowledged=True, downtime=True)
UP = health(HealthState.UP, host="server")


def of(fact: SiteFact) -> Situation:
    return Situation(now=NOW, sites=(fact,), sites_by_key={fact.key: fact})


def keys(fact: object, verb: Verb, situation: Situation) -> list[str]:
    return [record.key for _stream, record in targets(fact, verb, situation)]


def test_a_ticket_and_a_request_stand_for_themselves() -> None:
    nothing = Situation(now=NOW)
    assert targets(ticket(), Verb.RESOLVE, nothing) == [(Stream.TICKETS, ticket().ticket)]
    assert targets(ticket(), Verb.SET_STAGE, nothing) == []
    assert targets(ticket(), Verb.ACKNOWLEDGE, nothing) == []
    assert targets(request(), Verb.SET_STAGE, nothing) == [(Stream.REQUESTS, request().request)]
    assert targets(request(), Verb.SET_STATUS, nothing) == []


def test_of_a_site_those_of_its_hosts_and_services_are_meant_that_it_concerns() -> None:
    fact = site(health=(DOWN, SLOW, KNOWN, UP))
    situation = of(fact)
    assert keys(fact, Verb.ACKNOWLEDGE, situation) == [DOWN.key, SLOW.key]
    assert keys(fact, Verb.UNACKNOWLEDGE, situation) == [KNOWN.key]
    assert keys(fact, Verb.END_DOWNTIME, situation) == [KNOWN.key]
    assert keys(fact, Verb.DOWNTIME, situation) == [DOWN.key, KNOWN.key]
    assert keys(fact, Verb.COMMENT, situation) == []
    only_slow = site(health=(SLOW, UP))
    assert keys(only_slow, Verb.DOWNTIME, of(only_slow)) == [SLOW.key]
    well = site(health=(UP,))
    assert keys(well, Verb.DOWNTIME, of(well)) == [UP.key]
    assert keys(DOWN, Verb.ACKNOWLEDGE, situation) == [DOWN.key]


def test_a_line_of_the_overview_and_an_alert_stand_for_what_they_are_about() -> None:
    fact = site(health=(DOWN,), tickets=(ticket(),))
    situation = of(fact)
    line = site_line(fact)
    assert keys(line, Verb.ACKNOWLEDGE, situation) == [DOWN.key]
    assert keys(alert(), Verb.ACKNOWLEDGE, situation) == [DOWN.key]
    about_a_ticket = alert(source="redmine", key="51473")
    assert keys(about_a_ticket, Verb.RESOLVE, situation) == ["51473"]
    elsewhere = alert(site="members/1")
    assert keys(elsewhere, Verb.ACKNOWLEDGE, situation) == []
    assert keys(None, Verb.ACKNOWLEDGE, situation) == []


def test_all_records_of_a_site_are_places_of_its_line() -> None:
    fact = site(health=(DOWN,), tickets=(ticket(),), requests=(request(),))
    assert list(places(fact, of(fact))) == [
        ("icinga", Stream.HEALTH, DOWN.key),
        ("redmine", Stream.TICKETS, "51473"),
        ("catalogue", Stream.REQUESTS, "R1"),
    ]
    assert list(places(ticket(), of(fact))) == [("redmine", Stream.TICKETS, "51473")]
    assert list(places(request(), of(fact))) == [("catalogue", Stream.REQUESTS, "R1")]


def test_a_row_is_marked_while_something_of_it_is_on_its_way() -> None:
    waiting = entry(ticket().ticket, Verb.RESOLVE)
    place = ("redmine", Stream.TICKETS, "51473")
    assert pending_of({"a": waiting}) == {place: (EntryState.WAITING,)}
    assert pending_of({"a": replace(waiting, state=EntryState.CONFIRMED)}) == {}
    row = Row(key="k", cells=(Cell("51473"), Cell("Imprimante")))
    nothing = Situation(now=NOW)
    found = marked(row, 1, ticket(), pending_of({"a": waiting}), nothing, LOOK)
    assert found.cells == (Cell("51473"), Cell("↑ Imprimante", Role.NOTICE))
    asked = replace(waiting, state=EntryState.CONFLICT)
    both = pending_of({"a": waiting, "b": asked})
    assert marked(row, 1, ticket(), both, nothing, LOOK).cells[1].text == "! Imprimante"
    assert marked(row, 1, ticket("9"), both, nothing, LOOK) is row
