"""Which records a fact on screen stands for, when something is to be done at their source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.model.facts import AlertFact, RequestFact, SiteFact, Situation, TicketFact
from smic_tui.model.outbox_entry import Entry, EntryState, RecordRef
from smic_tui.model.trouble import SiteTrouble
from smic_tui.records import Health, HealthState, Record, Stream
from smic_tui.views.cells import Cell, Row
from smic_tui.views.look import Look
from smic_tui.views.outbox import mark_of

Target = tuple[Stream, Record]
Pending = Mapping[RecordRef, tuple[EntryState, ...]]

_FINE = (HealthState.UP, HealthState.OK, HealthState.PENDING)
_WORK_VERBS = frozenset({Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE, Verb.SET_STAGE})


def subject_of(fact: object, situation: Situation) -> object:
    """The site, ticket or request that a line is about; None where it is about none."""
    if isinstance(fact, SiteTrouble):
        return situation.sites_by_key.get(fact.site)
    if not isinstance(fact, AlertFact):
        return fact
    site = situation.sites_by_key.get(fact.site)
    if site is None:
        return None
    place = f"{fact.source}/{fact.key}"
    work: Iterable[TicketFact | RequestFact] = (*site.tickets, *site.requests)
    return next((one for one in work if one.key == place), site)


def targets(fact: object, verb: Verb, situation: Situation) -> list[Target]:
    """The records that the verb would be done to.

    Of a site these are its hosts and services: those in trouble to acknowledge, those
    that are acknowledged or in a downtime to end it, and to announce one its hosts in
    trouble, else its services in trouble, else all its hosts.
    """
    subject = subject_of(fact, situation)
    match subject:
        case TicketFact(ticket=ticket) if verb in _WORK_VERBS and verb is not Verb.SET_STAGE:
            return [(Stream.TICKETS, ticket)]
        case RequestFact(request=request) if verb in _WORK_VERBS and verb is not Verb.SET_STATUS:
            return [(Stream.REQUESTS, request)]
        case SiteFact(health=health) if verb not in _WORK_VERBS:
            return [(Stream.HEALTH, record) for record in _of_health(health, verb)]
        case Health() if verb not in _WORK_VERBS:
            return [(Stream.HEALTH, record) for record in _of_health((subject,), verb)]
    return []


def _of_health(health: tuple[Health, ...], verb: Verb) -> list[Health]:
    troubled = [one for one in health if one.state not in _FINE]
    match verb:
        case Verb.ACKNOWLEDGE:
            return [one for one in troubled if not one.acknowledged]
        case Verb.UNACKNOWLEDGE:
            return [one for one in health if one.acknowledged]
        case Verb.END_DOWNTIME | Verb.UNSILENCE:
            return [one for one in health if one.downtime]
    hosts = [one for one in health if not one.service]
    down = [one for one in hosts if one in troubled]
    return down or troubled or hosts or list(health)


def places(fact: object, situation: Situation) -> Iterable[RecordRef]:
    """All records that a line stands for."""
    match subject_of(fact, situation):
        case TicketFact(source=source, ticket=ticket):
            yield (source, Stream.TICKETS, ticket.key)
        case RequestFact(source=source, request=request):
            yield (source, Stream.REQUESTS, request.key)
        case SiteFact() as site:
            for health in site.health:
                yield (health.source, Stream.HEALTH, health.key)
            for one in site.tickets:
                yield (one.source, Stream.TICKETS, one.ticket.key)
            for other in site.requests:
                yield (other.source, Stream.REQUESTS, other.request.key)


def pending_of(outbox: Mapping[str, Entry]) -> Pending:
    """What is on its way, by record; what is over is left out."""
    found: dict[RecordRef, tuple[EntryState, ...]] = {}
    for entry in outbox.values():
        if entry.state.is_open or entry.state.wants_person:
            found[entry.ref] = (*found.get(entry.ref, ()), entry.state)
    return found


def marked(row: Row, column: int, fact: object, pending: Pending, at: Situation, look: Look) -> Row:
    """The row with a sign before one cell, if something of it is in the outbox."""
    states = [state for place in places(fact, at) for state in pending.get(place, ())]
    mark = mark_of(states, look)
    if mark is None:
        return row
    cells = list(row.cells)
    cells[column] = Cell(mark.text + cells[column].text, mark.role)
    return replace(row, cells=tuple(cells))
