"""Everything that `smic-tui status` says of a situation, in numbers.

A tally holds as long as nothing is read anew and no clock turns a state (`holding`):
ages are left out of it, for they are those of the moment when it is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from smic_tui.insight.facts import (
    AlertFact,
    AlertLife,
    BackupFact,
    BackupState,
    Level,
    RequestFact,
    SiteFact,
    SiteState,
    SourceFact,
    TicketFact,
)
from smic_tui.records import Actor
from smic_tui.snapshot import SourceState


class TicketTally(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open tickets: past their due date, owned by one of `me.names`."""

    open: int
    overdue: int
    mine: int


class RequestTally(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open catalogue requests: past their due date, waiting for us."""

    open: int
    overdue: int
    waiting_on_us: int


class SourceTally(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source. `unmatched` counts its records that belong to no site."""

    name: str
    kind: str
    state: SourceState
    stale: bool
    level: Level
    last_good: datetime | None
    rows: int
    rejected: int
    unmatched: int

    def age(self, now: datetime) -> float | None:
        """Seconds since the last good answer; None if there was none."""
        return None if self.last_good is None else (now - self.last_good).total_seconds()


class Tally(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All numbers. `attention` is whether something needs somebody."""

    sites: dict[SiteState, int]
    backups: dict[BackupState, int]
    tickets: TicketTally
    requests: RequestTally
    alerts: dict[AlertLife, int]
    sources: tuple[SourceTally, ...]
    attention: bool


def tally_of_sites(facts: Iterable[SiteFact]) -> Mapping[SiteState, int]:
    """How many sites are in which state."""
    return Counter(fact.state for fact in facts)


def tally_of_backups(facts: Iterable[BackupFact]) -> Mapping[BackupState, int]:
    """How many backups are in which state."""
    return Counter(fact.state for fact in facts)


def tally_of_tickets(facts: Iterable[TicketFact]) -> TicketTally:
    """The open ones."""
    opened = [fact for fact in facts if fact.ticket.status.is_open]
    return TicketTally(
        open=len(opened),
        overdue=sum(fact.overdue for fact in opened),
        mine=sum(fact.mine for fact in opened),
    )


def tally_of_requests(facts: Iterable[RequestFact]) -> RequestTally:
    """The open ones."""
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
