"""Reads what Icinga tells about our account and about itself."""

from __future__ import annotations

import re

from msgspec import Struct

HOSTS_RIGHT = "objects/query/Host"
SERVICES_RIGHT = "objects/query/Service"
STATUS_RIGHT = "status/query"


class Account(Struct):
    """Our account, from /v1. Permissions may have wildcards."""

    user: str
    permissions: list[str]
    version: str = ""

    def may(self, right: str) -> bool:
        """Whether the right is held, at least for some objects."""
        return any(
            re.fullmatch(
                re.escape(held.removesuffix(" (filtered)")).replace(r"\*", ".*"),
                right,
                re.IGNORECASE,
            )
            for held in self.permissions
        )

    def sees_all(self) -> bool:
        """Whether no permission is narrowed; a narrowed one is listed as "… (filtered)"."""
        return not any(held.endswith(" (filtered)") for held in self.permissions)


class Counts(Struct, frozen=True):
    """The counts of CIB. It counts objects without a result as down, so up and down make all."""

    uptime: float = 0
    num_hosts_up: float = 0
    num_hosts_down: float = 0
    num_hosts_acknowledged: float = 0
    num_hosts_in_downtime: float = 0
    num_services_ok: float = 0
    num_services_warning: float = 0
    num_services_critical: float = 0
    num_services_unknown: float = 0
    num_services_acknowledged: float = 0
    num_services_in_downtime: float = 0
    active_host_checks_1min: float = 0
    active_service_checks_1min: float = 0
    passive_host_checks_1min: float = 0
    passive_service_checks_1min: float = 0
    active_host_checks_15min: float = 0
    active_service_checks_15min: float = 0
    passive_host_checks_15min: float = 0
    passive_service_checks_15min: float = 0

    @property
    def objects(self) -> tuple[float, float]:
        """How many hosts and services there are."""
        hosts = self.num_hosts_up + self.num_hosts_down
        services = self.num_services_ok + self.num_services_warning
        services += self.num_services_critical + self.num_services_unknown
        return hosts, services

    @property
    def states(self) -> tuple[int, ...]:
        """How many hosts are up and down, and services ok, warning, critical and unknown."""
        counts = (
            self.num_hosts_up,
            self.num_hosts_down,
            self.num_services_ok,
            self.num_services_warning,
            self.num_services_critical,
            self.num_services_unknown,
        )
        return tuple(int(count) for count in counts)

    @property
    def flags(self) -> tuple[float, float, float, float]:
        """How many hosts and services are acknowledged or in a downtime."""
        return (
            self.num_hosts_acknowledged,
            self.num_hosts_in_downtime,
            self.num_services_acknowledged,
            self.num_services_in_downtime,
        )

    @property
    def checks_1min(self) -> float:
        """How many checks were executed within the last minute."""
        active = self.active_host_checks_1min + self.active_service_checks_1min
        return active + self.passive_host_checks_1min + self.passive_service_checks_1min

    @property
    def checks_15min(self) -> float:
        """How many checks were executed within the last 15 minutes."""
        active = self.active_host_checks_15min + self.active_service_checks_15min
        return active + self.passive_host_checks_15min + self.passive_service_checks_15min


class Status(Struct, frozen=True):
    """The daemon's own state; without the right to ask, only the local clock is known."""

    now: float
    started: float = 0
    counts: Counts | None = None


class Listener(Struct, frozen=True):
    """What the API listener tells of the other endpoints (status ApiListener)."""

    num_endpoints: int = 0
    not_conn_endpoints: list[str] = []
