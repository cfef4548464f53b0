"""Everything that `smic-tui status` says of a situation, in numbers.

As long as nothing is read anew, only the clock changes a tally, and how is known
beforehand: its `Forecast`. Ages are left out, for they are those of the moment when
they are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from smic_tui.model.facts import (
    AlertFact,
    BackupFact,
    RequestFact,
    SiteFact,
    SourceFact,
    TicketFact,
)
from smic_tui.model.states import AlertLife, BackupState, SiteState
from smic_tui.model.tally import Forecast, RequestTally, SourceTally, Tally, TicketTally
from smic_tui.records import Actor


def tally_at(tally: Tally, forecast: Forecast, now: datetime) -> Tally:
    """What the tally has become at `now` (UTC), which is before the end of its forecast."""
    attention = tally.attention
    backups = dict(tally.backups)
    for at, before, after in forecast.backups:
        if at <= now:
            backups[before] = backups.get(before, 0) - 1
            backups[after] = backups.get(after, 0) + 1
            attention = attention or after in (BackupState.OVERDUE, BackupState.FAILED)
    tickets = sum(at <= now for at in forecast.tickets)
    requests = sum(at <= now for at in forecast.requests)
    alerts = dict(tally.alerts)
    if ended := sum(at <= now for at in forecast.alerts):
        alerts[AlertLife.ACKNOWLEDGED] = alerts.get(AlertLife.ACKNOWLEDGED, 0) - ended
        alerts[AlertLife.FIRING] = alerts.get(AlertLife.FIRING, 0) + ended
    return replace(
        tally,
        backups={state: count for state, count in backups.items() if count},
        tickets=replace(tally.tickets, overdue=tally.tickets.overdue + tickets),
        requests=replace(tally.requests, overdue=tally.requests.overdue + requests),
        alerts={life: count for life, count in alerts.items() if count},
        attention=attention or bool(tickets or requests or ended),
    )


# The newest lists that were counted before, with what was counted; replaced whole, for
# threads may ask at once.
_counted: list[tuple[tuple[object, ...], Any]] = []
_KEPT = 12


def remember(facts: tuple[object, ...], tally: Any) -> None:
    """The tally of this very list is known; nobody has to count it again."""
    if facts:
        others = [known for known in _counted if known[0] is not facts]
        _counted[:] = [*others[1 - _KEPT :], (facts, tally)]


def _known(facts: object) -> Any:
    return next((tally for known, tally in _counted if known is facts), None)


def tally_of_sites(facts: Iterable[SiteFact]) -> Mapping[SiteState, int]:
    """How many sites are in which state."""
    known: Mapping[SiteState, int] | None = _known(facts)
    return Counter(fact.state for fact in facts) if known is None else known


def tally_of_backups(facts: Iterable[BackupFact]) -> Mapping[BackupState, int]:
    """How many backups are in which state."""
    known: Mapping[BackupState, int] | None = _known(facts)
    return Counter(fact.state for fact in facts) if known is None else known


def tally_of_tickets(facts: Iterable[TicketFact]) -> TicketTally:
    """The open ones."""
    known: TicketTally | None = _known(facts)
    if known is not None:
        return known
    opened = [fact for fact in facts if fact.ticket.status.is_open]
    return TicketTally(
        open=len(opened),
        overdue=sum(fact.overdue for fact in opened),
        mine=sum(fact.mine for fact in opened),
    )


def tally_of_requests(facts: Iterable[RequestFact]) -> RequestTally:
    """The open ones."""
    known: RequestTally | None = _known(facts)
    if known is not None:
        return known
    opened = [fact for fact in facts if fact.request.stage.is_open]
    return RequestTally(
        open=len(opened),
        overdue=sum(fact.overdue for fact in opened),
        waiting_on_us=sum(fact.request.waiting_on is Actor.US for fact in opened),
    )


def tally_of_alerts(facts: Iterable[AlertFact]) -> Mapping[AlertLife, int]:
    """How many alerts stand where."""
    return Counter(fact.life for fact in facts)


def tally_of_sources(facts: Iterable[SourceFact]) -> tuple[SourceTally, ...]:
    """Each source."""
    return tuple(
        SourceTally(
            name=fact.status.name,
            kind=fact.status.kind,
            state=fact.status.state,
            stale=fact.stale,
            level=fact.level,
            last_good=fact.status.last_good,
            rows=fact.status.rows,
            rejected=fact.status.rejected_count,
            unmatched=sum(one.count for one in fact.unmatched),
        )
        for fact in facts
    )
