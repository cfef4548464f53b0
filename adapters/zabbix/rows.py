"""Makes records of health of Zabbix's hosts and triggers.

Numbers come as strings. Whether a host is reached, its interfaces tell (0 not known, 1 yes, 2 no)
and the triggers that mean that it is down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from adapters.shared.epochs import moment_of_epoch
from adapters.shared.row_by_row import read_each
from adapters.shared.site_rules import site_in
from adapters.zabbix.options import HOST_NAME, SEVERITIES, VISIBLE_NAME, ZabbixOptions
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState

HOST_OUTPUT = ["hostid", "host", "name", "maintenance_status"]
TRIGGER_OUTPUT = ["triggerid", "description", "priority", "value", "lastchange", "state", "error"]


class Interface(Struct):
    """One way to a host."""

    available: int = 0
    error: str = ""


class Named(Struct):
    """A tag or a macro of a host; a secret macro has no value."""

    tag: str = ""
    macro: str = ""
    value: str = ""


class Host(Struct):
    """A monitored host."""

    hostid: str
    host: str
    name: str = ""
    maintenance_status: int = 0
    interfaces: list[Interface] = []
    tags: list[Named] = []
    macros: list[Named] = []
    # Zabbix sends [] for a host without inventory.
    inventory: dict[str, Any] | list[Any] = []


class _HostId(Struct):
    hostid: str


class Event(Struct):
    """The last event of a trigger."""

    eventid: str
    name: str = ""
    acknowledged: int = 0


class Trigger(Struct):
    """A trigger of a monitored host; without any event `lastEvent` is []."""

    triggerid: str
    description: str
    priority: int = 0
    value: int = 0
    lastchange: int = 0
    state: int = 0
    error: str = ""
    hosts: list[_HostId] = []
    lastEvent: Event | list[Any] = []  # noqa: N815

    @property
    def event(self) -> Event | None:
        """The event that an acknowledgement is about."""
        return self.lastEvent if isinstance(self.lastEvent, Event) else None


def host_key(hostid: str) -> str:
    """Return the key of a host's own record."""
    return f"h{hostid}"


def trigger_key(triggerid: str) -> str:
    """Return the key of the record of a trigger."""
    return f"t{triggerid}"


class Hosts:
    """The hosts that were seen: their sites, and which triggers say that they are down."""

    def __init__(self, options: ZabbixOptions) -> None:
        self._options = options
        self._down = re.compile(options.down)
        self._base = options.url.rstrip("/")
        self.known: dict[str, Host] = {}
        self._sites: dict[str, str] = {}
        # By host, the triggers in the state problem that mean that it is down.
        self._why_down: dict[str, dict[str, Trigger]] = {}

    def forget(self) -> None:
        """Forget all hosts, for a full reading."""
        self.known.clear()
        self._sites.clear()
        self._why_down.clear()

    def learn(self, host: Host) -> None:
        """Remember a host as it is now."""
        self.known[host.hostid] = host
        self._sites[host.hostid] = _site(self._options.site, host) or host.name or host.host

    def notice(self, trigger: Trigger) -> set[str]:
        """Remember what a trigger says of its hosts; return those that it is about."""
        if not self._down.search(trigger.description):
            return set()
        about = {host.hostid for host in trigger.hosts}
        for hostid in about:
            reasons = self._why_down.setdefault(hostid, {})
            reasons.pop(trigger.triggerid, None)
            if trigger.value == 1:
                reasons[trigger.triggerid] = trigger
        return about

    def lose(self, triggerids: Iterable[str]) -> set[str]:
        """Forget triggers that are no longer problems; return the hosts that they were about."""
        gone = set(triggerids)
        about = {hostid for hostid, why in self._why_down.items() if gone & set(why)}
        for hostid in about:
            for triggerid in gone:
                self._why_down[hostid].pop(triggerid, None)
        return about

    def reasons(self, hostid: str) -> list[Trigger]:
        """Return the triggers that say that a host is down."""
        return list(self._why_down.get(hostid, {}).values())

    def host_record(self, host: Host) -> Health:
        """Return the health of the host itself."""
        why = self.reasons(host.hostid)
        tried = [each for each in host.interfaces if each.available]
        unreached = bool(tried) and all(each.available == 2 for each in tried)
        if why or unreached:
            state = HealthState.DOWN
        else:
            # Where no interface was tried, only the triggers on its items tell.
            state = HealthState.UP if tried or not host.interfaces else HealthState.PENDING
        words = [each.event.name if each.event else each.description for each in why]
        if not words and unreached:
            words = [each.error for each in tried if each.error]
        return Health(
            key=host_key(host.hostid),
            site=self._sites.get(host.hostid, host.host),
            host=host.name or host.host,
            state=state,
            since=moment_of_epoch(min(each.lastchange for each in why)) if why else None,
            output="; ".join(words),
            acknowledged=bool(why) and all(each.event and each.event.acknowledged for each in why),
            downtime=host.maintenance_status == 1,
            url=f"{self._base}/zabbix.php?action=problem.view&filter_set=1"
            f"&hostids%5B%5D={host.hostid}",
        )

    def trigger_record(self, trigger: Trigger) -> Health:
        """Return the health that a trigger tells; it is shown at the first of its hosts."""
        hosts = [self.known[each.hostid] for each in trigger.hosts if each.hostid in self.known]
        if not hosts:
            raise ValueError(_("none of its hosts can be seen"))
        host, event = hosts[0], trigger.event
        url = f"{self._base}/tr_events.php?triggerid={trigger.triggerid}"
        return Health(
            key=trigger_key(trigger.triggerid),
            site=self._sites.get(host.hostid, host.host),
            host=host.name or host.host,
            service=trigger.description,
            state=self._state(trigger),
            since=moment_of_epoch(trigger.lastchange),
            output=trigger.error or (event.name if event and trigger.value else ""),
            acknowledged=bool(trigger.value and event and event.acknowledged),
            downtime=any(each.maintenance_status == 1 for each in hosts),
            url=f"{url}&eventid={event.eventid}" if event else url,
        )

    def _state(self, trigger: Trigger) -> HealthState:
        if trigger.value not in (0, 1):
            raise ValueError(_("its value is 0 or 1, not {value}").format(value=trigger.value))
        if trigger.value == 1:
            least = SEVERITIES.index(self._options.critical_from)
            return HealthState.CRITICAL if trigger.priority >= least else HealthState.WARNING
        return HealthState.UNKNOWN if trigger.state == 1 else HealthState.OK


def read_rows(rows: list[msgspec.Raw], type_: type[Any]) -> tuple[list[Any], list[Rejected]]:
    """Decode rows one by one; what cannot be read is set aside. Numbers may be strings."""
    return read_each(
        rows,
        msgspec.json.Decoder(type_, strict=False).decode,
        lambda number, _raw: _("object {number} of the answer").format(number=number),
    )


def _site(rule: str, host: Host) -> str:
    if rule == VISIBLE_NAME:
        return host.name
    if rule == HOST_NAME:
        return host.host
    where, dot, name = rule.partition(".")
    if dot and where == "tag":
        return next((tag.value for tag in host.tags if tag.tag == name), "")
    if dot and where == "macro":
        return next((macro.value for macro in host.macros if macro.macro == name), "")
    if dot and where == "inventory":
        inventory: Mapping[str, Any] = host.inventory if isinstance(host.inventory, dict) else {}
        return str(inventory.get(name) or "")
    return site_in(rule, host.name)
