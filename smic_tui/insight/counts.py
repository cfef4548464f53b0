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

from datetime import datetime

from msgspec import Struct

from smic_tui.contract.status import SourceState
from smic_tui.model.states import AlertLife, BackupState, SiteState
from smic_tui.model.tally import SourceTally, Tally


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


def _source(source: SourceTally, now: datetime) -> SourceCount:
    age = source.age(now)
    return SourceCount(
        name=source.name,
        kind=source.kind,
        state="stale" if source.state is SourceState.OK and source.stale else source.state.value,
        age_s=None if age is None else round(age),
        rows=source.rows,
    )


def counts(tally: Tally, now: datetime) -> Counts:
    """The object at `now` (UTC), from a tally that holds then."""
    sites, backups = tally.sites, tally.backups
    return Counts(
        sites=SiteCounts(
            total=sum(sites.values()),
            down=sites.get(SiteState.DOWN, 0),
            unknown=sites.get(SiteState.UNKNOWN, 0),
        ),
        backups=BackupCounts(
            total=sum(backups.values()),
            **{state.value: backups.get(state, 0) for state in BackupState},
        ),
        tickets=TicketCounts(
            open=tally.tickets.open, mine=tally.tickets.mine, overdue=tally.tickets.overdue
        ),
        requests=RequestCounts(
            open=tally.requests.open, waiting_on_us=tally.requests.waiting_on_us
        ),
        alerts=AlertCounts(firing=tally.alerts.get(AlertLife.FIRING, 0)),
        sources=tuple(_source(source, now) for source in tally.sources),
    )
