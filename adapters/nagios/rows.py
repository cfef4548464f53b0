"""Makes records of health of Nagios's hosts and services, whichever way they were read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from urllib.parse import urlencode

from msgspec import Struct

from adapters.nagios.options import HOST_NAME, VARIABLE, NagiosOptions
from adapters.shared.check_times import allowed_age
from adapters.shared.durations import seconds
from adapters.shared.epochs import moment_of_epoch
from adapters.shared.site_rules import site_in
from smic_tui.contract.batch import Rejected
from smic_tui.records import Health, HealthState

# current_state in status.dat.
HOST_STATES = (HealthState.UP, HealthState.DOWN, HealthState.UNREACHABLE)
SERVICE_STATES = (
    HealthState.OK,
    HealthState.WARNING,
    HealthState.CRITICAL,
    HealthState.UNKNOWN,
)


class Row(Struct, frozen=True, kw_only=True):
    """One host or service; times are epoch seconds, 0 for never."""

    host: str
    service: str = ""
    state: HealthState
    output: str = ""
    last_check: float = 0
    last_state_change: float = 0
    last_hard_state_change: float = 0
    next_check: float = 0
    # In Nagios's units of time; 0 where it is not told.
    check_interval: float = 0
    retry_interval: float = 0
    is_active: bool = True
    acknowledged: bool = False
    downtime_depth: int = 0

    @property
    def key(self) -> str:
        """The key of its record."""
        return key_of(self.host, self.service)


class Downtime(Struct, frozen=True, kw_only=True):
    """A downtime; times are epoch seconds."""

    id: int
    host: str
    service: str = ""
    start: float = 0
    end: float = 0
    author: str = ""
    comment: str = ""
    in_effect: bool = False


class Status(Struct, frozen=True, kw_only=True):
    """One reading of Nagios's status; `written` is when Nagios last wrote it, `now` the clock."""

    version: str
    started: float
    written: float
    now: float
    account: str = ""
    rows: tuple[Row, ...] = ()
    downtimes: tuple[Downtime, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def key_of(host: str, service: str = "") -> str:
    """Return the key of a host or of a service; no name in Nagios has an exclamation mark."""
    return f"{host}!{service}" if service else host


class Records:
    """Makes records of rows; knows the hosts' custom variables, where these name the sites.

    `ahead` is by how much the server's clock is ahead of ours.
    """

    def __init__(self, options: NagiosOptions) -> None:
        self.ahead = timedelta()
        self._passive_within = round(seconds(options.passive_within))
        self._unit = options.interval_length
        self._rule = options.site
        self._base = options.url
        self.variables: dict[str, Mapping[str, str]] = {}

    @property
    def wants_variables(self) -> bool:
        """Whether sites are told by custom variables."""
        return self._rule.startswith(VARIABLE)

    def of(self, rows: Iterable[Row]) -> tuple[list[Health], list[Rejected]]:
        """Return the records; a row whose times cannot be is set aside."""
        records: list[Health] = []
        rejected: list[Rejected] = []
        for row in rows:
            try:
                records.append(self.one(row))
            except ValueError as error:
                rejected.append(Rejected(where=row.key, reason=str(error)))
        return records, rejected

    def one(self, row: Row) -> Health:
        """Return the record of one row."""
        site, *more_sites = self._sites(row.host) or (row.host,)
        checked = moment_of_epoch(row.last_check)
        return Health(
            key=row.key,
            site=site,
            more_sites=tuple(more_sites),
            host=row.host,
            service=row.service,
            state=row.state,
            since=moment_of_epoch(row.last_state_change or row.last_hard_state_change),
            checked=None if checked is None else checked - self.ahead,
            valid_for=None if checked is None else self._valid_for(row),
            output=row.output,
            acknowledged=row.acknowledged,
            downtime=row.downtime_depth > 0,
            url=self._url(row),
        )

    def _valid_for(self, row: Row) -> int:
        """For how many seconds a check is believed: three intervals, and until two intervals
        after the next one that Nagios itself has planned, which minds check periods.
        """
        planned = row.next_check - row.last_check
        interval = max(row.check_interval, row.retry_interval) * self._unit or planned
        if not row.is_active or interval <= 0:
            return self._passive_within
        return max(allowed_age(interval), math.ceil(planned + 2 * interval))

    def _sites(self, host: str) -> tuple[str, ...]:
        if self._rule == HOST_NAME:
            return (host,)
        if self.wants_variables:
            name = self._rule.removeprefix(VARIABLE).lstrip("_").upper()
            return _listed(self.variables.get(host, {}).get(name, ""))
        return tuple(filter(None, (site_in(self._rule, host),)))

    def _url(self, row: Row) -> str:
        if not self._base:
            return ""
        what = {"type": "2" if row.service else "1", "host": row.host}
        if row.service:
            what["service"] = row.service
        return f"{self._base}/extinfo.cgi?{urlencode(what)}"


def _listed(value: str) -> tuple[str, ...]:
    """The sites in the value of a variable: a list is of words without blanks."""
    parts = [part.strip() for part in re.split("[,;]", value)]
    if len(parts) > 1 and not any(" " in part for part in parts):
        return tuple(dict.fromkeys(filter(None, parts)))
    return (value,) if value else ()
