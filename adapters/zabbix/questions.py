"""Puts the questions to Zabbix's API together, and reads what their answers say."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from adapters.zabbix.api import Call, Replies
from adapters.zabbix.options import SEVERITIES, ZabbixOptions
from adapters.zabbix.rows import HOST_OUTPUT, TRIGGER_OUTPUT

# How many items of the heartbeat are read, from either end.
_SAMPLE = 10


class _ObjectId(Struct):
    objectid: str


class _HostId(Struct):
    hostid: str


class Clock(Struct):
    """When an item had its newest value, in epoch seconds; 0 is longer than a day ago."""

    lastclock: int = 0


class State(Struct, frozen=True):
    """The answers to the questions of every reading; `clocks` are those of the heartbeat."""

    groups: int
    hosts: int
    reached: int
    problems: tuple[str, ...]
    acknowledged: tuple[str, ...]
    maintained: tuple[str, ...]
    unreached: tuple[str, ...]
    clocks: tuple[int, ...]


class Questions:
    """Asks for what the settings choose.

    `groupids` are those of the host groups, None for all that the account sees; `heartbeat` is
    the beginning of the keys of the items to read, "*" for any.
    """

    def __init__(self, config: ZabbixOptions) -> None:
        self._config = config
        self.groupids: list[str] | None = None
        self.heartbeat = ""

    def _chosen(self, **params: Any) -> dict[str, Any]:
        return params | ({"groupids": self.groupids} if self.groupids is not None else {})

    def items(self, order: str, beginning: str) -> Call:
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

    def every_time(self) -> list[Call]:
        """Return the questions whose answers `state` reads, in its order."""
        severities = list(range(SEVERITIES.index(self._config.severity), len(SEVERITIES)))
        problems = self._chosen(output=["objectid"], severities=severities)
        monitored = self._chosen(monitored_hosts=True)
        return [
            Call("hostgroup.get", {"countOutput": True}),
            Call("host.get", monitored | {"countOutput": True}),
            Call("problem.get", problems | {"acknowledged": False}),
            Call("problem.get", problems | {"acknowledged": True}),
            Call(
                "host.get", monitored | {"output": ["hostid"], "filter": {"maintenance_status": 1}}
            ),
            Call("hostinterface.get", {"output": ["hostid"], "filter": {"available": 2}}),
            Call("hostinterface.get", {"countOutput": True, "filter": {"available": 1}}),
            self.items("ASC", self.heartbeat),
            self.items("DESC", self.heartbeat),
        ]

    @staticmethod
    def state(replies: Replies) -> State:
        """Return what the answers to `every_time` say."""
        return State(
            groups=replies.get(0, int),
            hosts=replies.get(1, int),
            problems=_ids(replies, 2) + (acknowledged := _ids(replies, 3)),
            acknowledged=acknowledged,
            maintained=_hostids(replies, 4),
            unreached=_hostids(replies, 5),
            reached=replies.get(6, int),
            clocks=tuple(
                each.lastclock for number in (7, 8) for each in replies.get(number, list[Clock])
            ),
        )

    def triggers(self, since: int | None = None, **which: Any) -> Call:
        """Return the question for triggers: those that changed since, or `which`."""
        params = self._chosen(
            output=TRIGGER_OUTPUT,
            monitored=True,
            expandDescription=True,
            min_severity=SEVERITIES.index(self._config.severity),
            selectHosts=["hostid"],
            selectLastEvent=["eventid", "name", "acknowledged"],
            **which,
        )
        if since is not None:
            params["lastChangeSince"] = since
        elif not which and self._config.triggers == "problems":
            params["filter"] = {"value": 1}
        return Call("trigger.get", params)

    def hosts(self, **which: Any) -> Call:
        """Return the question for hosts, their interfaces and what tells their sites."""
        params = self._chosen(
            output=HOST_OUTPUT,
            monitored_hosts=True,
            selectInterfaces=["available", "error"],
            **which,
        )
        where, _dot, name = self._config.site.partition(".")
        if where == "tag":
            params["selectTags"] = ["tag", "value"]
        elif where == "macro":
            params["selectMacros"] = ["macro", "value"]
        elif where == "inventory":
            params["selectInventory"] = [name]
        return Call("host.get", params)


def _ids(replies: Replies, number: int) -> tuple[str, ...]:
    return tuple(sorted({each.objectid for each in replies.get(number, list[_ObjectId])}))


def _hostids(replies: Replies, number: int) -> tuple[str, ...]:
    return tuple(sorted({each.hostid for each in replies.get(number, list[_HostId])}))
