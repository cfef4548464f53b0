"""The objects of Zabbix's API, as far as they are read. Numbers come as strings."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from adapters.shared.row_by_row import read_each
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _

HOST_OUTPUT = ["hostid", "host", "name", "maintenance_status"]
TRIGGER_OUTPUT = ["triggerid", "description", "priority", "value", "lastchange", "state", "error"]
PROBLEM_OUTPUT = ["eventid", "objectid", "clock", "name", "acknowledged", "severity", "suppressed"]
ITEM_OUTPUT = [
    "itemid",
    "hostid",
    "type",
    "key_",
    "delay",
    "lastclock",
    "lastvalue",
    "prevvalue",
    "master_itemid",
]

# What the server does not ask for: values are sent to it (trapper, SNMP trap).
SENT = (2, 17)
DEPENDENT = 18
# Of these types a value came from the host itself, or by asking it.
FROM_THE_HOST = (0, 2, 7, 12, 13, 14, 16, 17, 20, 4, 6)
_DISCARD, _DISCARD_FOR = 19, 20


class Interface(Struct):
    """One way to a host: 0 not known, 1 available, 2 not; `errors_from` is epoch seconds."""

    available: int = 0
    error: str = ""
    errors_from: int = 0


class Named(Struct):
    """A tag or a macro of a host; a secret macro has no value."""

    tag: str = ""
    macro: str = ""
    value: str = ""


class Host(Struct):
    """A monitored host.

    `proxy_hostid` is the name up to 6.4 of what 7.0 calls `proxyid`; a group of proxies assigns
    one by itself. `active_available` (6.2 and later) is of the agent that reports by itself.
    """

    hostid: str
    host: str
    name: str = ""
    maintenance_status: int = 0
    active_available: int = 0
    proxy_hostid: str = "0"
    proxyid: str = "0"
    assigned_proxyid: str = "0"
    interfaces: list[Interface] = []
    tags: list[Named] = []
    inheritedTags: list[Named] = []  # noqa: N815
    macros: list[Named] = []
    # Zabbix sends [] for a host without inventory.
    inventory: dict[str, Any] | list[Any] = []

    @property
    def proxy(self) -> str:
        """The id of the proxy that watches it, "" if the server does."""
        each = (self.proxyid, self.assigned_proxyid, self.proxy_hostid)
        return next((id for id in each if id != "0"), "")

    @property
    def ways(self) -> list[Interface]:
        """The ways by which it was tried at all."""
        active = [Interface(available=self.active_available)] if self.active_available else []
        return [*active, *(each for each in self.interfaces if each.available)]


class Dependency(Struct):
    """A trigger that another one depends on; its name has macros in it."""

    triggerid: str
    description: str = ""


class _HostId(Struct):
    hostid: str


class Function(Struct):
    """A part of a trigger's expression."""

    itemid: str
    function: str = ""


class Trigger(Struct):
    """A trigger of a monitored host; `value` 1 means that it is a problem."""

    triggerid: str
    description: str
    priority: int = 0
    value: int = 0
    lastchange: int = 0
    state: int = 0
    error: str = ""
    hosts: list[_HostId] = []
    dependencies: list[Dependency] = []
    functions: list[Function] = []

    @property
    def expects_silence(self) -> bool:
        """Whether it is a problem because no value comes."""
        return any(each.function == "nodata" for each in self.functions)

    @property
    def hostids(self) -> set[str]:
        """The hosts that it is about."""
        return {host.hostid for host in self.hosts}


class Problem(Struct):
    """An event of a trigger that has not ended; a trigger may have several.

    A person may have given it another severity than its trigger's. It is suppressed by a
    maintenance, from 6.2 on also by a person.
    """

    eventid: str
    objectid: str
    clock: int = 0
    name: str = ""
    acknowledged: int = 0
    severity: int = 0
    suppressed: int = 0


class _Step(Struct):
    """A step of the preprocessing of an item."""

    type: int = 0
    params: str = ""


class TriggerId(Struct):
    """A trigger of which nothing more was asked."""

    triggerid: str


class Item(Struct):
    """An item: what it asks for, how often, and its newest values.

    `lastclock` is epoch seconds, 0 for longer than a day ago or never.
    """

    itemid: str
    hostid: str = ""
    type: int = 0
    key_: str = ""
    delay: str = ""
    lastclock: int = 0
    lastvalue: str = ""
    prevvalue: str = ""
    master_itemid: str = "0"
    preprocessing: list[_Step] = []
    triggers: list[TriggerId] = []

    @property
    def discards(self) -> str | None:
        """How long an unchanged value is not kept: "" for as long as it stays, None for never."""
        for step in self.preprocessing:
            if step.type in (_DISCARD, _DISCARD_FOR):
                return step.params.strip() if step.type == _DISCARD_FOR else ""
        return None


class Proxy(Struct):
    """A proxy; `lastaccess` is epoch seconds, 0 for never. It is called `host` up to 6.4."""

    proxyid: str
    host: str = ""
    name: str = ""
    lastaccess: int = 0

    @property
    def called(self) -> str:
        """What a person calls it."""
        return self.name or self.host or self.proxyid


class Group(Struct):
    """A host group."""

    groupid: str
    name: str


class Maintenance(Struct):
    """A maintenance that hosts are in; with tags it is about some of their problems only."""

    maintenanceid: str
    tags: list[Named] = []


def read_rows(rows: list[msgspec.Raw], type_: type[Any]) -> tuple[list[Any], list[Rejected]]:
    """Decode rows one by one; what cannot be read is set aside. Numbers may be strings."""
    return read_each(
        rows,
        msgspec.json.Decoder(type_, strict=False).decode,
        lambda number, _raw: _("object {number} of the answer").format(number=number),
    )
