"""Counts of the situation: the object that `status --json` prints.

Sites, backups and so on are counted as their facts say; `sites.down` and
`sites.unknown` are states. `tickets` and `requests` count what is open:
`overdue` is past its due date, `mine` is owned by one of `me.names`,
`waiting_on_us` waits for `us`. `alerts.firing` leaves out the acknowledged. A
source's `state` is how the last attempt to read it ended, but "stale" where that
was well and its last good answer is too old; `age_s` is the age of that answer in
seconds, null if there was none.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from smic_tui.insight.facts import AlertLife, BackupState, Level, SiteState, Situation, SourceFact
from smic_tui.insight.site_state import verdict
from smic_tui.records import Actor
from smic_tui.snapshot import SourceState


class SiteCounts(Struct, frozen=True, kw_only=True):
    """Sites by state."""

    total: int
    down: int
    unknown: int


class BackupCounts(Struct, frozen=True, kw_only=True):
    """Backups by state."""

    total: int
    fresh: int
    running: int
    late: int
    overdue: int
    failed: int
    never: int
    unknown: int


class TicketCounts(Struct, frozen=True, kw_only=True):
    """Open tickets."""

    open: int
    mine: int
    overdue: int


class RequestCounts(Struct, frozen=True, kw_only=True):
    """Open catalogue requests."""

    open: int
    waiting_on_us: int


class AlertCounts(Struct, frozen=True, kw_only=True):
    """Alerts that nobody has acknowledged."""

    firing: int


class SourceCount(Struct, frozen=True, kw_only=True):
    """One source."""

    name: str
    kind: str
    state: str
    age_s: int | None
    rows: int


class Counts(Struct, frozen=True, kw_only=True):
    """All counts of one moment."""

    sites: SiteCounts
    backups: BackupCounts
    tickets: TicketCounts
    requests: RequestCounts
    alerts: AlertCounts
    sources: tuple[SourceCount, ...]


def _source(fact: SourceFact) -> SourceCount:
    state = fact.status.state
    return SourceCount(
        name=fact.status.name,
        kind=fact.status.kind,
        state="stale" if state is SourceState.OK and fact.stale else state.value,
        age_s=None if fact.age is None else round(fact.age),
        rows=fact.status.rows,
    )


def counts(situation: Situation) -> Counts:
    """Count the situation."""
    sites = Counter(fact.state for fact in situation.sites)
    backups = Counter(fact.state for fact in situation.backups)
    tickets = [fact for fact in situation.tickets if fact.ticket.status.is_open]
    requests = [fact for fact in situation.requests if fact.request.stage.is_open]
    return Counts(
        sites=SiteCounts(
            total=len(situation.sites),
            down=sites[SiteState.DOWN],
            unknown=sites[SiteState.UNKNOWN],
        ),
        backups=BackupCounts(
            total=len(situation.backups),
            **{state.value: backups[state] for state in BackupState},
        ),
        tickets=TicketCounts(
            open=len(tickets),
            mine=sum(fact.mine for fact in tickets),
            overdue=sum(fact.overdue for fact in tickets),
        ),
        requests=RequestCounts(
            open=len(requests),
            waiting_on_us=sum(fact.request.waiting_on is Actor.US for fact in requests),
        ),
        alerts=AlertCounts(
            firing=sum(alert.life is AlertLife.FIRING for alert in situation.alerts)
        ),
        sources=tuple(_source(fact) for fact in situation.sources),
    )


def attention(situation: Situation) -> bool:
    """Whether something needs somebody: a firing alert, or a site, backup, ticket or
    request of level WARNING or worse. Sources speak for themselves.
    """
    stale = frozenset(fact.key for fact in situation.sources if fact.stale)
    return (
        any(alert.life is AlertLife.FIRING for alert in situation.alerts)
        or any(fact.level >= Level.WARNING for fact in situation.sites)
        or any(fact.level >= Level.WARNING for fact in situation.backups)
        or any(fact.level >= Level.WARNING for fact in situation.tickets)
        or any(fact.level >= Level.WARNING for fact in situation.requests)
        or any(
            not (health.acknowledged or health.downtime)
            and verdict(health, stale=health.source in stale)[1] >= Level.WARNING
            for health in situation.unplaced_health
        )
    )
