"""Makes records of health of Centreon's resources, as the documentation of API v2 describes them.

Flags are `is_acknowledged` and `is_in_downtime` from 23.10 on, `acknowledged` and
`in_downtime` before. A service's `parent` is its host. `last_check` is how long ago the last
check was ("1m 2s"), and no interval is told: a check is believed for a day, unless
`stale_check_after` of the source says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from adapters.centreon.options import CentreonOptions
from adapters.shared.json_text import decode_json
from adapters.shared.row_by_row import read_each
from adapters.shared.site_rules import site_in
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState

_STATES = {
    "UP": HealthState.UP,
    "DOWN": HealthState.DOWN,
    "UNREACHABLE": HealthState.UNREACHABLE,
    "OK": HealthState.OK,
    "WARNING": HealthState.WARNING,
    "CRITICAL": HealthState.CRITICAL,
    "UNKNOWN": HealthState.UNKNOWN,
    "PENDING": HealthState.PENDING,
}


_SECONDS = {
    "y": 31_557_600,
    "M": 2_629_800,
    "w": 604_800,
    "d": 86_400,
    "h": 3600,
    "m": 60,
    "s": 1,
}
_VALID_FOR = 86_400
_SAME_CHECK = timedelta(seconds=10)


class _Status(Struct, frozen=True):
    name: str


class Parent(Struct, frozen=True):
    """A service's host."""

    id: int
    name: str = ""
    alias: str | None = ""


class Resource(Struct, frozen=True):
    """A host or a service."""

    id: int
    type: str
    name: str
    status: _Status
    alias: str | None = ""
    parent: Parent | None = None
    information: str | None = ""
    last_status_change: datetime | None = None
    last_check: str | None = None
    is_acknowledged: bool | None = None
    acknowledged: bool | None = None
    is_in_downtime: bool | None = None
    in_downtime: bool | None = None

    @property
    def host(self) -> Parent:
        """The host that it is, or belongs to."""
        return self.parent or Parent(self.id, self.name, self.alias)

    @property
    def key(self) -> str:
        """Numbers, which renaming does not change: HOST, or HOST/SERVICE."""
        return f"{self.parent.id}/{self.id}" if self.parent else str(self.id)


def decode(raws: Iterable[msgspec.Raw]) -> tuple[list[Resource], list[Rejected]]:
    """Return the hosts and services, and those that cannot be read."""
    return read_each(raws, _resource, lambda _number, _raw: _("a resource"))


def _resource(raw: msgspec.Raw) -> Resource:
    resource = decode_json(raw, Resource)
    if resource.status.name not in _STATES:
        raise ValueError(_("{state} is no state that is known").format(state=resource.status.name))
    if resource.type == "service" and resource.parent is None:
        raise ValueError(_("it has no host"))
    return resource


def age_of(text: str | None) -> timedelta | None:
    """Return how long ago "2w 1d 3h 1m 2s" was: M are months, m minutes; None for other texts."""
    parts = (text or "").split()
    try:
        return timedelta(seconds=sum(_SECONDS[part[-1]] * int(part[:-1]) for part in parts))
    except (KeyError, ValueError, OverflowError):
        return None


def record(
    resource: Resource, options: CentreonOptions, now: datetime, before: datetime | None = None
) -> Health:
    """Return the record of a host or service as it was at `now` (UTC).

    `before` is when it was checked as far as was known: ages in whole seconds do not make
    another moment of the same check.
    """
    age = age_of(resource.last_check) if resource.last_check else None
    checked = None if age is None else _to_ten_seconds(now - age)
    if checked is not None and before is not None and abs(checked - before) <= _SAME_CHECK:
        checked = before
    since = resource.last_status_change
    host = resource.host
    return Health(
        key=resource.key,
        site=_site(host, options.site),
        host=host.name,
        service=resource.name if resource.parent else "",
        state=_STATES[resource.status.name],
        since=since.astimezone(UTC) if since is not None and since.tzinfo else None,
        checked=checked,
        valid_for=None if checked is None else _VALID_FOR,
        output=resource.information or "",
        acknowledged=bool(resource.is_acknowledged or resource.acknowledged),
        downtime=bool(resource.is_in_downtime or resource.in_downtime),
        url=f"{options.url.rstrip('/')}/monitoring/resources",
    )


def _site(host: Parent, rule: str) -> str:
    if rule == "host name":
        return host.name
    found = "" if rule == "alias" else site_in(rule, host.name)
    return found or host.alias or host.name


def _to_ten_seconds(moment: datetime) -> datetime:
    return datetime.fromtimestamp(10 * round(moment.timestamp() / 10), UTC)
