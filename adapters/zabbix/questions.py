"""Puts the questions to Zabbix's API together, and reads what their answers say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from adapters.zabbix.api import Call, Replies
from adapters.zabbix.objects import (
    HOST_OUTPUT,
    ITEM_OUTPUT,
    PROBLEM_OUTPUT,
    TRIGGER_OUTPUT,
    Proxy,
)
from adapters.zabbix.options import SEVERITIES, ZabbixOptions

# How many items of the heartbeat are read, from either end.
_SAMPLE = 10
# Keys of items by which it is plain that a host lives; the first few are in Zabbix's templates.
_SIGNS_OF_LIFE = ("icmpping", "agent.ping")
# Of hosts that have none of these: how many of their items are looked at.
_ANY_ITEMS = 20_000
ACTIVE_AGENTS_SINCE = (6, 2)
PROXIES_OF_THEIR_OWN_SINCE = (7, 0)


class _EventId(Struct):
    eventid: str


class _HostId(Struct):
    hostid: str


class InMaintenance(Struct, frozen=True, order=True):
    """A host and the maintenance that it is in."""

    hostid: str
    maintenanceid: str = ""


class Clock(Struct):
    """When an item had its newest value, in epoch seconds; 0 is longer than a day ago."""

    lastclock: int = 0


class State(Struct, frozen=True):
    """The answers to the questions of every reading.

    `problems` are the ids of all open events, `acknowledged`, `suppressed` and `critical` of some
    of them; `shown` is how many triggers Zabbix shows as problems. `clocks` are those of the
    heartbeat. `proxies` is None if the account may not ask for them.
    """

    groups: int
    hosts: int
    problems: frozenset[str]
    acknowledged: frozenset[str]
    suppressed: frozenset[str]
    critical: frozenset[str]
    shown: int
    maintained: frozenset[InMaintenance]
    unreached: frozenset[str]
    reached: int
    proxies: tuple[Proxy, ...] | None
    clocks: tuple[int, ...]


class Questions:
    """Asks for what the settings choose.

    `groupids` are those of the host groups, None for all that the account sees; `heartbeat` is
    the beginning of the keys of the items to read, "*" for any. `version` is Zabbix's.
    """

    def __init__(self, config: ZabbixOptions) -> None:
        self._config = config
        self.groupids: list[str] | None = None
        self.heartbeat = ""
        self.version: tuple[int, ...] = ()

    def _chosen(self, **params: Any) -> dict[str, Any]:
        return params | ({"groupids": self.groupids} if self.groupids is not None else {})

    def heartbeats(self, order: str, beginning: str) -> Call:
        """Return the question for items of the heartbeat, the oldest (ASC) or youngest first."""
        params = self._chosen(
            output=["lastclock"],
            monitored=True,
            filter={"state": 0},
            limit=_SAMPLE,
            sortfield="itemid",
            sortorder=order,
        )
        if beginning and beginning != "*":
            params |= {"search": {"key_": beginning}, "startSearch": True}
        # Zabbix's own items are those of the server, which is in no group of sites.
        if beginning.startswith("zabbix["):
            params.pop("groupids", None)
        return Call("item.get", params)

    @staticmethod
    def groups(**which: Any) -> Call:
        """Return the question for the host groups that the account sees."""
        return Call("hostgroup.get", {"output": ["groupid", "name"], **which})

    def every_time(self) -> list[Call]:
        """Return the questions whose answers `state` reads, in its order."""
        severities = list(range(SEVERITIES.index(self._config.severity), len(SEVERITIES)))
        critical = SEVERITIES.index(self._config.critical_from)
        problems = self._chosen(output=["eventid"], severities=severities)
        worse = [each for each in severities if each >= critical]
        monitored = self._chosen(monitored_hosts=True)
        found = {"output": ["hostid"], "filter": {"available": 2}}
        name = "name" if self.version >= PROXIES_OF_THEIR_OWN_SINCE else "host"
        calls = [
            Call("hostgroup.get", {"countOutput": True}),
            Call("host.get", monitored | {"countOutput": True}),
            Call("problem.get", problems),
            Call("problem.get", problems | {"acknowledged": True}),
            Call("problem.get", problems | {"suppressed": True}),
            Call("problem.get", problems | {"severities": worse}),
            self.shown(countOutput=True),
            Call(
                "host.get",
                monitored
                | {"output": ["hostid", "maintenanceid"], "filter": {"maintenance_status": 1}},
            ),
            Call("hostinterface.get", found),
            Call("hostinterface.get", {"countOutput": True, "filter": {"available": 1}}),
            Call("proxy.get", {"output": ["proxyid", name, "lastaccess"]}),
            self.heartbeats("ASC", self.heartbeat),
            self.heartbeats("DESC", self.heartbeat),
        ]
        if self.version >= ACTIVE_AGENTS_SINCE:
            active = {"output": ["hostid"], "filter": {"active_available": 2}}
            calls += [
                Call("host.get", monitored | active),
                Call(
                    "host.get",
                    monitored | {"countOutput": True, "filter": {"active_available": 1}},
                ),
            ]
        return calls

    def state(self, replies: Replies) -> State:
        """Return what the answers to `every_time` say."""
        forbidden = replies.error(10)
        unreached, reached = _hostids(replies, 8), replies.get(9, int)
        if self.version >= ACTIVE_AGENTS_SINCE:
            unreached |= {f"active {each}" for each in _hostids(replies, 13)}
            reached += replies.get(14, int)
        return State(
            groups=replies.get(0, int),
            hosts=replies.get(1, int),
            problems=_eventids(replies, 2),
            acknowledged=_eventids(replies, 3),
            suppressed=_eventids(replies, 4),
            critical=_eventids(replies, 5),
            shown=replies.get(6, int),
            maintained=frozenset(replies.get(7, list[InMaintenance])),
            unreached=unreached,
            reached=reached,
            proxies=None
            if forbidden is not None and forbidden.forbids
            else tuple(replies.get(10, list[Proxy])),
            clocks=tuple(
                each.lastclock for number in (11, 12) for each in replies.get(number, list[Clock])
            ),
        )

    def shown(self, **how: Any) -> Call:
        """Return the question for the problems that Zabbix shows: those that no other explains."""
        return Call(
            "trigger.get",
            self._chosen(monitored=True, skipDependent=True, filter={"value": 1}, **how),
        )

    def problems(self, **which: Any) -> Call:
        """Return the question for open events, all of them or `which`."""
        return Call("problem.get", self._chosen(output=PROBLEM_OUTPUT, **which))

    def triggers(self, **which: Any) -> Call:
        """Return the question for triggers, by `which`."""
        return Call(
            "trigger.get",
            self._chosen(
                output=TRIGGER_OUTPUT,
                monitored=True,
                expandDescription=True,
                selectHosts=["hostid"],
                selectDependencies=["triggerid", "description"],
                selectFunctions=["itemid", "function"],
                **which,
            ),
        )

    def changed(self, since: int) -> Call:
        """Return the question for triggers whose value changed since, in epoch seconds."""
        least = SEVERITIES.index(self._config.severity)
        return self.triggers(lastChangeSince=since, min_severity=least)

    def wanted(self) -> list[Call]:
        """Return the questions for all triggers that the settings want.

        Those that are problems whatever their severity: a person may have given a problem another.
        """
        calls = [self.triggers(filter={"value": 1})]
        if self._config.triggers == "all":
            least = SEVERITIES.index(self._config.severity)
            calls.append(self.triggers(filter={"value": 0}, min_severity=least))
        return calls

    def hosts(self, **which: Any) -> Call:
        """Return the question for hosts, their interfaces and what tells their sites."""
        output = list(HOST_OUTPUT)
        if self.version >= PROXIES_OF_THEIR_OWN_SINCE:
            output += ["proxyid", "assigned_proxyid"]
        else:
            output.append("proxy_hostid")
        if self.version >= ACTIVE_AGENTS_SINCE:
            output.append("active_available")
        params = self._chosen(
            output=output,
            monitored_hosts=True,
            selectInterfaces=["available", "error", "errors_from"],
            **which,
        )
        where, _dot, name = self._config.site.partition(".")
        if where == "tag":
            params["selectTags"] = ["tag", "value"]
            params["selectInheritedTags"] = ["tag", "value"]
        elif where == "macro":
            params["selectMacros"] = ["macro", "value"]
        elif where == "inventory":
            params["selectInventory"] = [name]
        return Call("host.get", params)

    def templates_of(self, hostids: Iterable[str]) -> Call:
        """Return the question for the templates of hosts."""
        params = {"output": ["hostid"], "selectParentTemplates": ["templateid"]}
        return Call("host.get", params | {"hostids": sorted(hostids)})

    def macros_of(self, templateids: Iterable[str]) -> Call:
        """Return the question for the macro of the sites in templates."""
        _where, _dot, name = self._config.site.partition(".")
        params = {"output": ["hostid", "value"], "filter": {"macro": name}}
        return Call("usermacro.get", params | {"hostids": sorted(templateids)})

    def signs_of_life(self) -> Call:
        """Return the question for the items by which it is plain that a host lives."""
        found = self._items(
            search={"key_": list(_SIGNS_OF_LIFE)}, startSearch=True, searchByAny=True
        )
        output = [each for each in ITEM_OUTPUT if each not in ("type", "master_itemid")]
        return Call(found.method, found.params | {"output": output})

    def any_items(self, hostids: Iterable[str]) -> Call:
        """Return the question for items of hosts that have none of these, without their values."""
        found = self._items(hostids=sorted(hostids), filter={"state": 0}, limit=_ANY_ITEMS)
        without = ("lastclock", "lastvalue", "prevvalue")
        output = [each for each in ITEM_OUTPUT if each not in without]
        return Call(found.method, found.params | {"output": output})

    def items(self, itemids: Iterable[str]) -> Call:
        """Return the question for items by their ids."""
        found = self._items(itemids=sorted(itemids, key=int))
        found.params.pop("monitored")  # a master is monitored with the items made of it
        return found

    def ages(self, itemids: Iterable[str]) -> Call:
        """Return the question for the newest values of items."""
        output = ["itemid", "lastclock", "lastvalue", "prevvalue"]
        return Call("item.get", {"output": output, "itemids": list(itemids)})

    def maintenances(self, ids: Iterable[str]) -> Call:
        """Return the question for the tags that limit maintenances."""
        params = {"output": ["maintenanceid"], "selectTags": "extend"}
        return Call("maintenance.get", params | {"maintenanceids": sorted(ids)})

    def _items(self, **which: Any) -> Call:
        return Call(
            "item.get",
            self._chosen(
                output=ITEM_OUTPUT,
                monitored=True,
                selectPreprocessing=["type", "params"],
                **which,
            ),
        )


def _eventids(replies: Replies, number: int) -> frozenset[str]:
    return frozenset(each.eventid for each in replies.get(number, list[_EventId]))


def _hostids(replies: Replies, number: int) -> frozenset[str]:
    return frozenset(each.hostid for each in replies.get(number, list[_HostId]))
