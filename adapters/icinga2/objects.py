"""Makes records of health of Icinga's host and service objects.

Times are seconds since the epoch with fractions; a state that never changed has
`last_state_change` 0, an object that was never checked `last_check` -1. As measured with Icinga
2.13:

- `last_check` of a result that a satellite or a script hands in is when it was handed in; what
  it tells was seen at its `execution_end`.
- What is down from its first check on has never changed its state: `last_hard_state_change`
  tells since when.
- Outside its `check_period` an object is not checked, and `next_check` moves on by itself. What
  Icinga calls `next_update` is of no use: a result that is replayed puts it into the past.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from adapters.shared.check_times import SHORTEST_SECONDS, allowed_age
from adapters.shared.epochs import moment_of_epoch
from adapters.shared.json_text import decode_json
from adapters.shared.row_by_row import read_each
from adapters.shared.site_rules import site_in
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState

HOST_ATTRS = (
    "display_name",
    "state",
    "last_state_change",
    "last_hard_state_change",
    "last_check",
    "next_check",
    "check_interval",
    "retry_interval",
    "check_period",
    "enable_active_checks",
    "acknowledgement",
    "downtime_depth",
    "last_reachable",
    "last_check_result",
)
SERVICE_ATTRS = ("host_name", *(name for name in HOST_ATTRS if name != "last_reachable"))

_SERVICE_STATES = (
    HealthState.OK,
    HealthState.WARNING,
    HealthState.CRITICAL,
    HealthState.UNKNOWN,
)


class CheckResult(Struct):
    """The last check's words; null in an object that was never checked.

    `ttl` is for how many seconds a result that was handed in is meant to be valid; 0 says nothing.
    """

    output: str = ""
    execution_end: float = 0
    ttl: float = 0


class Attrs(Struct):
    """The attributes that hosts and services share."""

    state: float
    last_check: float
    last_state_change: float = 0
    last_hard_state_change: float = 0
    next_check: float = 0
    check_interval: float = 0
    retry_interval: float = 0
    check_period: str = ""
    enable_active_checks: bool = True
    display_name: str = ""
    acknowledgement: float = 0
    downtime_depth: float = 0
    last_reachable: bool = True
    last_check_result: CheckResult | None = None
    host_name: str = ""
    zone: str = ""
    vars: dict[str, Any] | None = None

    @property
    def checked(self) -> float:
        """When what the last check tells was seen; 0 or less if there was none."""
        result = self.last_check_result
        return result.execution_end if result and result.execution_end > 0 else self.last_check


class Row(Struct):
    """One entry of `results`; `name` is "host" or "host!service"."""

    name: str
    attrs: Attrs


class Results(Struct):
    """The envelope of every answer; its rows are decoded one by one."""

    results: list[msgspec.Raw]


class Converted(Struct):
    """The records of one answer, and the rows set aside; `newest` is the newest `last_check`.

    `states` are Icinga's own numbers for the states, `zones` the zones that are named, by key.
    """

    records: list[Health]
    rejected: list[Rejected]
    newest: float
    states: dict[str, int]
    zones: dict[str, str]


# One or more references to sites.
Sites = tuple[str, ...]


class SiteNames:
    """Finds out which sites a host stands for; see `Icinga2Options.site`.

    A host that tells no site goes by its display name, so that it is shown as one without a
    site and not lost. A service goes by its host.
    """

    def __init__(self, rule: str) -> None:
        self._of = _rule(rule)
        self._by_host: dict[str, Sites] = {}

    def learn(self, host: str, attrs: Attrs) -> Sites:
        """Return the sites of a host, and remember them for the host's services."""
        sites = self._of(host, attrs) or (attrs.display_name or host,)
        self._by_host[host] = sites
        return sites

    def of(self, host: str) -> Sites:
        """Return the sites of a host that was seen before, its own name for any other."""
        return self._by_host.get(host, (host,))

    @property
    def learned(self) -> bool:
        """Whether any host was seen in this process."""
        return bool(self._by_host)


class WebLinks:
    """Addresses of the web interface, for people."""

    def __init__(self, base: str, module: str) -> None:
        self._base = base.rstrip("/")
        self._monitoring = module == "monitoring"

    def of(self, host: str, service: str = "") -> str:
        """Return the page of a host or of one of its services; nothing without a base."""
        if not self._base:
            return ""
        h, s = quote(host, safe=""), quote(service, safe="")
        if self._monitoring:
            page = f"service/show?host={h}&service={s}" if s else f"host/show?host={h}"
            return f"{self._base}/monitoring/{page}"
        page = f"service?name={s}&host.name={h}" if s else f"host?name={h}"
        return f"{self._base}/icingadb/{page}"


class Conversion:
    """Makes the records of one server.

    `passive_within` is for how many seconds the result of a passive check is believed that does
    not say so itself. `ahead` is by how much the server's clock is ahead of ours.
    """

    def __init__(self, sites: SiteNames, links: WebLinks, passive_within: float) -> None:
        self.sites = sites
        self.ahead = timedelta()
        self._links = links
        self._passive_within = round(passive_within)

    def hosts(self, rows: list[msgspec.Raw]) -> Converted:
        """Return the hosts among the records; what cannot be read is set aside."""

        def convert(row: Row) -> Health:
            sites = self.sites.learn(row.name, row.attrs)
            return self._health(row, _host_state(row.attrs), sites, row.name, "")

        return _convert(rows, convert)

    def services(self, rows: list[msgspec.Raw]) -> Converted:
        """Return the services among the records; what cannot be read is set aside."""

        def convert(row: Row) -> Health:
            host, _separator, service = row.name.partition("!")
            return self._health(row, _service_state(row.attrs), self.sites.of(host), host, service)

        return _convert(rows, convert)

    def _health(
        self, row: Row, state: HealthState, sites: Sites, host: str, service: str
    ) -> Health:
        attrs = row.attrs
        checked = moment_of_epoch(attrs.checked)
        return Health(
            key=row.name,
            site=sites[0],
            more_sites=sites[1:],
            host=host,
            service=service,
            state=state,
            since=moment_of_epoch(attrs.last_state_change or attrs.last_hard_state_change),
            checked=None if checked is None else checked - self.ahead,
            valid_for=None if checked is None else self._valid_for(attrs),
            output=attrs.last_check_result.output if attrs.last_check_result else "",
            acknowledged=attrs.acknowledgement > 0,
            downtime=attrs.downtime_depth > 0,
            url=self._links.of(host, service),
        )

    def _valid_for(self, attrs: Attrs) -> int:
        if attrs.last_check_result is not None and attrs.last_check_result.ttl > 0:
            return max(SHORTEST_SECONDS, math.ceil(attrs.last_check_result.ttl))
        interval = max(attrs.check_interval, attrs.retry_interval)
        if not attrs.enable_active_checks or interval <= 0:
            return self._passive_within
        valid = allowed_age(interval)
        if attrs.check_period:
            # Whole hours, so that a row does not change each time it is read.
            planned = attrs.next_check + 2 * interval - attrs.checked
            if planned > valid:
                valid = 3600 * math.ceil(planned / 3600)
        return valid


def _convert(rows: list[msgspec.Raw], convert: Callable[[Row], Health]) -> Converted:
    def read(raw: msgspec.Raw) -> tuple[Health, Attrs]:
        row = decode_json(raw, Row)
        return convert(row), row.attrs

    read_rows, rejected = read_each(
        rows,
        read,
        lambda number, _raw: _("object {number} of the answer").format(number=number),
    )
    newest = max((attrs.last_check for _record, attrs in read_rows), default=0.0)
    return Converted(
        [record for record, _attrs in read_rows],
        rejected,
        max(newest, 0.0),
        {record.key: int(attrs.state) for record, attrs in read_rows},
        {record.key: attrs.zone for record, attrs in read_rows if attrs.zone},
    )


def _host_state(attrs: Attrs) -> HealthState:
    if attrs.last_check <= 0:
        return HealthState.PENDING
    if attrs.state == 0:
        return HealthState.UP
    if attrs.state != 1:
        raise ValueError(_("a host's state is 0 or 1, not {state}").format(state=attrs.state))
    return HealthState.DOWN if attrs.last_reachable else HealthState.UNREACHABLE


def _service_state(attrs: Attrs) -> HealthState:
    if attrs.last_check <= 0:
        return HealthState.PENDING
    if attrs.state not in (0, 1, 2, 3):
        raise ValueError(_("a service's state is 0 to 3, not {state}").format(state=attrs.state))
    return _SERVICE_STATES[int(attrs.state)]


def _rule(rule: str) -> Callable[[str, Attrs], Sites]:
    if rule == "host name":
        return lambda host, attrs: (host,)
    if rule == "display name":
        return lambda host, attrs: _known((attrs.display_name,))
    if rule.startswith("vars."):
        path = rule.split(".")[1:]
        return lambda host, attrs: _variable(attrs.vars, path)
    return lambda host, attrs: _known((site_in(rule, host),))


def _known(sites: Iterable[str]) -> Sites:
    return tuple(dict.fromkeys(filter(None, sites)))


def _variable(variables: Mapping[str, Any] | None, path: list[str]) -> Sites:
    """The values of a custom variable; a host that serves several sites has a list of them."""
    value: Any = variables
    for name in path:
        if not isinstance(value, Mapping):
            return ()
        value = value.get(name)
    values = value if isinstance(value, list) else [value]
    return _known(_text(each) for each in values)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Icinga's numbers are floats, a code is not
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
