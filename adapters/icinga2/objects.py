"""Makes records of health of Icinga's host and service objects.

Times are seconds since the epoch with fractions; a state that never changed has
`last_state_change` 0, an object that was never checked `last_check` -1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

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
    "last_check",
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
    """The last check's words; null in an object that was never checked."""

    output: str = ""


class Attrs(Struct):
    """The attributes that hosts and services share."""

    state: float
    last_check: float
    last_state_change: float = 0
    display_name: str = ""
    acknowledgement: float = 0
    downtime_depth: float = 0
    last_reachable: bool = True
    last_check_result: CheckResult | None = None
    host_name: str = ""
    vars: dict[str, Any] | None = None


class Row(Struct):
    """One entry of `results`; `name` is "host" or "host!service"."""

    name: str
    attrs: Attrs


class Results(Struct):
    """The envelope of every answer; its rows are decoded one by one."""

    results: list[msgspec.Raw]


class Converted(Struct):
    """The records of one answer, and the rows set aside; `newest` is the newest `last_check`."""

    records: list[Health]
    rejected: list[Rejected]
    newest: float


class SiteNames:
    """Finds out which site a host stands for; see `Icinga2Options.site`.

    A host that tells no site goes by its display name, so that it is shown as one without a
    site and not lost. A service goes by its host.
    """

    def __init__(self, rule: str) -> None:
        self._of = _rule(rule)
        self._by_host: dict[str, str] = {}

    def learn(self, host: str, attrs: Attrs) -> str:
        """Return the site of a host, and remember it for the host's services."""
        site = self._of(host, attrs) or attrs.display_name or host
        self._by_host[host] = site
        return site

    def of(self, host: str) -> str:
        """Return the site of a host that was seen before, its own name for any other."""
        return self._by_host.get(host, host)

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


def convert_hosts(rows: list[msgspec.Raw], sites: SiteNames, links: WebLinks) -> Converted:
    """Return the hosts among the records; what cannot be read is set aside."""

    def convert(row: Row) -> Health:
        site = sites.learn(row.name, row.attrs)
        return _health(row, _host_state(row.attrs), site, row.name, "", links)

    return _convert(rows, convert)


def convert_services(rows: list[msgspec.Raw], sites: SiteNames, links: WebLinks) -> Converted:
    """Return the services among the records; what cannot be read is set aside."""

    def convert(row: Row) -> Health:
        host, _separator, service = row.name.partition("!")
        return _health(row, _service_state(row.attrs), sites.of(host), host, service, links)

    return _convert(rows, convert)


def _convert(rows: list[msgspec.Raw], convert: Callable[[Row], Health]) -> Converted:
    def read(raw: msgspec.Raw) -> tuple[Health, float]:
        row = decode_json(raw, Row)
        return convert(row), row.attrs.last_check

    read_rows, rejected = read_each(
        rows,
        read,
        lambda number, _raw: _("object {number} of the answer").format(number=number),
    )
    newest = max((checked for _record, checked in read_rows), default=0.0)
    return Converted([record for record, _checked in read_rows], rejected, max(newest, 0.0))


def _health(
    row: Row, state: HealthState, site: str, host: str, service: str, links: WebLinks
) -> Health:
    attrs = row.attrs
    return Health(
        key=row.name,
        site=site,
        host=host,
        service=service,
        state=state,
        since=moment_of_epoch(attrs.last_state_change),
        checked=moment_of_epoch(attrs.last_check),
        output=attrs.last_check_result.output if attrs.last_check_result else "",
        acknowledged=attrs.acknowledgement > 0,
        downtime=attrs.downtime_depth > 0,
        url=links.of(host, service),
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


def _rule(rule: str) -> Callable[[str, Attrs], str]:
    if rule == "host name":
        return lambda host, attrs: host
    if rule == "display name":
        return lambda host, attrs: attrs.display_name
    if rule.startswith("vars."):
        path = rule.split(".")[1:]
        return lambda host, attrs: _variable(attrs.vars, path)
    return lambda host, attrs: site_in(rule, host)


def _variable(variables: Mapping[str, Any] | None, path: list[str]) -> str:
    value: Any = variables
    for name in path:
        if not isinstance(value, Mapping):
            return ""
        value = value.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Icinga's numbers are floats, a code is not
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
