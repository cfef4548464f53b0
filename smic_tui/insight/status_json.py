"""The object that `status --json` prints: the counts of the situation.

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
from smic_tui.model.states import AlertStatus, BackupState, SiteState
from smic_tui.model.status_counts import SourceCounts, StatusCounts


class SiteJson(Struct, frozen=True, kw_only=True):
    """Sites by state."""

    total: int
    down: int
    unknown: int


class BackupJson(Struct, frozen=True, kw_only=True):
    """Backups by state."""

    total: int
    fresh: int
    running: int
    late: int
    overdue: int
    failed: int
    never: int
    suspect: int
    unknown: int


class TicketJson(Struct, frozen=True, kw_only=True):
    """Open tickets."""

    open: int
    mine: int
    overdue: int


class RequestJson(Struct, frozen=True, kw_only=True):
    """Open catalogue requests."""

    open: int
    waiting_on_us: int


class AlertJson(Struct, frozen=True, kw_only=True):
    """Alerts that nobody has acknowledged."""

    firing: int


class SourceJson(Struct, frozen=True, kw_only=True):
    """One source."""

    name: str
    kind: str
    state: str
    age_s: int | None
    rows: int


class StatusJson(Struct, frozen=True, kw_only=True):
    """All counts of one moment."""

    sites: SiteJson
    backups: BackupJson
    tickets: TicketJson
    requests: RequestJson
    alerts: AlertJson
    sources: tuple[SourceJson, ...]


def _source(source: SourceCounts, now: datetime) -> SourceJson:
    age = source.age(now)
    return SourceJson(
        name=source.name,
        kind=source.kind,
        state="stale" if source.state is SourceState.OK and source.stale else source.state.value,
        age_s=None if age is None else round(age),
        rows=source.rows,
    )


def status_json(counts: StatusCounts, now: datetime) -> StatusJson:
    """The object at `now` (UTC), from counts that hold then."""
    sites, backups = counts.sites, counts.backups
    return StatusJson(
        sites=SiteJson(
            total=sum(sites.values()),
            down=sites.get(SiteState.DOWN, 0),
            unknown=sites.get(SiteState.UNKNOWN, 0),
        ),
        backups=BackupJson(
            total=sum(backups.values()),
            **{state.value: backups.get(state, 0) for state in BackupState},
        ),
        tickets=TicketJson(
            open=counts.tickets.open, mine=counts.tickets.mine, overdue=counts.tickets.overdue
        ),
        requests=RequestJson(
            open=counts.requests.open, waiting_on_us=counts.requests.waiting_on_us
        ),
        alerts=AlertJson(firing=counts.alerts.get(AlertStatus.FIRING, 0)),
        sources=tuple(_source(source, now) for source in counts.sources),
    )
