"""Everything that `smic-tui status` says of a situation, in numbers.

Until a source is read again only the clock changes the counts, as their `Forecast` tells
beforehand. Ages are left out: they depend on the moment at which they are shown.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from smic_tui.contract.status import SourceState
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.records import ZonedTime


class SiteCounts(Struct, frozen=True, kw_only=True):
    """Sites by state, and the level of the worst site in each state."""

    states: dict[SiteState, int]
    levels: dict[SiteState, Level]


class TicketCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open tickets: past their due date, owned by one of `me.names`."""

    open: int
    overdue: int
    mine: int


class RequestCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open catalogue requests: past their due date, waiting for us."""

    open: int
    overdue: int
    waiting_on_us: int


class SourceCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source. `unmatched` counts its records that belong to no site."""

    name: str
    kind: str
    state: SourceState
    stale: bool
    level: Level
    last_good: ZonedTime | None
    rows: int
    rejected: int
    unmatched: int

    def age(self, now: datetime) -> float | None:
        """Seconds since the last good answer; None if there was none."""
        return None if self.last_good is None else (now - self.last_good).total_seconds()


class StatusCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All numbers. `site_levels` are those of the worst site in each state; `attention` is
    whether something needs somebody.
    """

    sites: dict[SiteState, int]
    site_levels: dict[SiteState, Level] = {}
    backups: dict[BackupState, int]
    tickets: TicketCounts
    requests: RequestCounts
    alerts: dict[AlertStatus, int]
    sources: tuple[SourceCounts, ...]
    attention: bool

    @property
    def of_sites(self) -> SiteCounts:
        """The counts of the sites."""
        return SiteCounts(states=self.sites, levels=self.site_levels)


class Forecast(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the counts change by the clock alone, before `until` (UTC; not included).

    `backups` pass at a moment from one state to another; `tickets` and `requests`
    become overdue at these moments; at those of `alerts`, acknowledgements end.
    """

    until: ZonedTime
    backups: tuple[tuple[ZonedTime, BackupState, BackupState], ...] = ()
    tickets: tuple[ZonedTime, ...] = ()
    requests: tuple[ZonedTime, ...] = ()
    alerts: tuple[ZonedTime, ...] = ()


def counts_at(counts: StatusCounts, forecast: Forecast, now: datetime) -> StatusCounts:
    """What the counts have become at `now` (UTC), which is before the end of their forecast."""
    attention = counts.attention
    backups = dict(counts.backups)
    for at, before, after in forecast.backups:
        if at <= now:
            backups[before] = backups.get(before, 0) - 1
            backups[after] = backups.get(after, 0) + 1
            attention = attention or after in (BackupState.OVERDUE, BackupState.FAILED)
    tickets = sum(at <= now for at in forecast.tickets)
    requests = sum(at <= now for at in forecast.requests)
    alerts = dict(counts.alerts)
    if ended := sum(at <= now for at in forecast.alerts):
        alerts[AlertStatus.ACKNOWLEDGED] = alerts.get(AlertStatus.ACKNOWLEDGED, 0) - ended
        alerts[AlertStatus.FIRING] = alerts.get(AlertStatus.FIRING, 0) + ended
    return replace(
        counts,
        backups={state: count for state, count in backups.items() if count},
        tickets=replace(counts.tickets, overdue=counts.tickets.overdue + tickets),
        requests=replace(counts.requests, overdue=counts.requests.overdue + requests),
        alerts={status: count for status, count in alerts.items() if count},
        attention=attention or bool(tickets or requests or ended),
    )
