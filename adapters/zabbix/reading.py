"""Reads all that Zabbix knows of the hosts, and later what changed of it.

What was read stays in memory from one reading to the next. A reading of changes asks for the ids of
what may change without a trace in times (events, acknowledgements, maintenances, interfaces), and
for the ages of a part of the items; only what is different is asked for in a second request.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from adapters.zabbix.ages import Ages, interval_of
from adapters.zabbix.api import Call, Replies, ZabbixApi
from adapters.zabbix.objects import (
    DEPENDENT,
    FROM_THE_HOST,
    Host,
    Item,
    Maintenance,
    Problem,
    Trigger,
    TriggerId,
    read_rows,
)
from adapters.zabbix.options import ZabbixOptions
from adapters.zabbix.questions import Questions, State
from adapters.zabbix.rows import Known, host_key, trigger_key
from smic_tui.contract.batch import Rejected

# More objects than these are not asked for by their ids.
BY_ID = 500
# Of a host without plain signs of life, how many of its other items tell its age.
_SOME = 3


class _Templates(Struct):
    hostid: str
    parentTemplates: list[dict[str, str]] = []  # noqa: N815


class _Macro(Struct):
    hostid: str
    value: str = ""


class Memory(Struct):
    """What a reading knew at its end, and what of it could not be read."""

    state: State
    known: Known
    ages: Ages
    rejected: list[Rejected] = field(default_factory=list)


class Reader:
    """Asks the API for one source."""

    def __init__(self, config: ZabbixOptions, api: ZabbixApi, questions: Questions) -> None:
        self._config = config
        self._api = api
        self._ask = questions

    # -- everything ------------------------------------------------------------

    async def everything(self, replies: Replies, state: State) -> Memory:
        """Read all; `replies` answer `all_questions`, and `state` what they say first."""
        memory = Memory(state=state, known=Known(), ages=Ages())
        calls = await asyncio.to_thread(self._take_all, memory, replies)
        if calls:
            asked = await self._api.ask(*calls.values())
            more = await asyncio.to_thread(self._take_more, memory, asked, [*calls])
            await self._learn_values(memory, *more)
        return memory

    def _take_all(self, memory: Memory, replies: Replies) -> dict[str, Call]:
        """Take the answers of a full reading, and return the questions that they lead to."""
        at, known = len(self._ask.every_time()), memory.known
        for host in self._rows(memory, replies, at, Host):
            known.hosts[host.hostid] = host
        for problem in self._rows(memory, replies, at + 1, Problem):
            known.problems[problem.eventid] = problem
        shown = {each.triggerid for each in replies.get(at + 2, list[TriggerId])}
        watched = _track(memory.ages, self._rows(memory, replies, at + 3, Item))
        for number in range(at + 4, at + 4 + len(self._ask.wanted())):
            for trigger in self._rows(memory, replies, number, Trigger):
                known.triggers[trigger.triggerid] = trigger
        known.notice_shown(shown)
        calls: dict[str, Call] = {}
        if lacking := set(known.hosts) - watched:
            calls["items"] = self._ask.any_items(lacking)
        if needed := self._items_of_triggers(memory):
            calls["of triggers"] = self._ask.items(needed)
        if memory.state.maintained:
            ids = {each.maintenanceid for each in memory.state.maintained}
            calls["maintenances"] = self._ask.maintenances(ids)
        if lost := {each.hostid for each in known.hosts.values() if not self._site_is_told(each)}:
            calls["templates"] = self._ask.templates_of(lost)
        return calls

    def all_questions(self) -> list[Call]:
        """Return the questions of a full reading."""
        return [
            *self._ask.every_time(),
            self._ask.hosts(),
            self._ask.problems(),
            self._ask.shown(output=["triggerid"]),
            self._ask.signs_of_life(),
            *self._ask.wanted(),
        ]

    def _take_more(
        self, memory: Memory, asked: Replies, names: list[str]
    ) -> tuple[list[Item], list[Item], list[_Templates]]:
        """Return the items of hosts and of triggers, and the templates of hosts without a site."""
        of_hosts: list[Item] = []
        of_triggers: list[Item] = []
        templates: list[_Templates] = []
        for number, name in enumerate(names):
            if name == "items":
                items = self._rows(memory, asked, number, Item)
                of_hosts = _some_of_each(items, memory.known.hosts)
            elif name == "of triggers":
                of_triggers = self._rows(memory, asked, number, Item)
            elif name == "maintenances":
                self._limit(memory, asked, number)
            else:
                templates = asked.get(number, list[_Templates])
        return of_hosts, of_triggers, templates

    async def _learn_values(
        self,
        memory: Memory,
        of_hosts: list[Item],
        of_triggers: list[Item],
        templates: list[_Templates],
    ) -> None:
        """Ask for values of items of hosts, for masters of items, for macros of templates."""
        masters = {each.master_itemid for each in of_triggers if each.type == DEPENDENT}
        above = {one["templateid"] for each in templates for one in each.parentTemplates}
        calls: dict[str, Call] = {}
        if of_hosts:
            calls["ages"] = self._ask.ages(each.itemid for each in of_hosts)
        if masters:
            calls["masters"] = self._ask.items(masters)
        if above:
            calls["macros"] = self._ask.macros_of(above)
        asked = await self._api.ask(*calls.values()) if calls else None

        def take() -> None:
            sources: dict[str, Item] = {}
            for number, name in enumerate(calls):
                assert asked is not None
                if name == "ages":
                    values = self._rows(memory, asked, number, Item)
                    _track(memory.ages, _with_values(of_hosts, values))
                elif name == "masters":
                    found = self._rows(memory, asked, number, Item)
                    sources = {each.itemid: each for each in found}
                else:
                    _take_macros(memory.known, templates, asked, number)
            self._track_triggers(memory, of_triggers, sources)

        await asyncio.to_thread(take)

    @staticmethod
    def _track_triggers(memory: Memory, items: list[Item], masters: dict[str, Item]) -> None:
        by_id = {each.itemid: each for each in items}
        for trigger in memory.known.triggers.values():
            key = trigger_key(trigger.triggerid)
            if trigger.value == 1 and not memory.ages.has(key):
                ids = dict.fromkeys(each.itemid for each in trigger.functions)
                memory.ages.track(key, [by_id[each] for each in ids if each in by_id], masters)

    # -- changes ---------------------------------------------------------------

    def questions_of_changes(self, memory: Memory, since: int) -> list[Call]:
        """Return the questions of a reading of changes since an epoch time."""
        return [
            *self._ask.every_time(),
            self._ask.changed(since),
            self._ask.ages(memory.ages.part()),
        ]

    async def changes(
        self, before: Memory, replies: Replies, state: State, now: float
    ) -> Memory | None:
        """Return what is known after the changes, or None when everything must be read."""
        was = before.state
        hostids = {each.hostid for each in was.maintained ^ state.maintained}
        hostids |= {each.rpartition(" ")[2] for each in was.unreached ^ state.unreached}
        if was.hosts != state.hosts or (was.reached != state.reached and not hostids):
            # Hosts came or went, or one that was never tried before has been reached.
            return None
        at = len(self._ask.every_time())
        memory = Memory(state=state, known=_copy(before.known), ages=before.ages.copy())
        known = memory.known
        fresh: dict[str, Trigger] = {
            each.triggerid: each
            for each in self._rows(memory, replies, at, Trigger)
            if self._is_news(each, known)
        }
        part: list[Item] = self._rows(memory, replies, at + 1, Item)
        odd = _changed_events(was, state)
        about = {known.problems[each].objectid for each in odd if each in known.problems}
        about |= {
            problem.objectid for problem in known.problems.values() if problem.objectid in fresh
        }
        for gone in odd - state.problems:
            known.problems.pop(gone, None)
        if len(odd) + len(hostids) > BY_ID:
            return None
        if memory.ages.turned_among(part, now):
            # It may be one, or all behind one cause: the others are asked for at once.
            part = await self._all_ages(memory)
        memory.ages.take(part)
        if odd or hostids or was.shown != state.shown or fresh:
            await self._read_changed(memory, odd & state.problems, about, hostids, fresh)
        if state.maintained != was.maintained:
            await self._read_maintenances(memory)
        self._forget_the_gone(memory)
        return memory

    def _is_news(self, trigger: Trigger, known: Known) -> bool:
        """Whether a trigger, read again because readings overlap, is not as it was."""
        before = known.triggers.get(trigger.triggerid)
        if before is None and trigger.value == 0:
            return self._config.triggers == "all"
        return before != trigger

    async def _all_ages(self, memory: Memory) -> list[Item]:
        asked = await self._api.ask(self._ask.ages(memory.ages.items))
        found: list[Item] = self._rows(memory, asked, 0, Item)
        return found

    async def _read_changed(
        self,
        memory: Memory,
        events: set[str] | frozenset[str],
        about: set[str],
        hostids: set[str],
        fresh: dict[str, Trigger],
    ) -> None:
        """Ask for events, for the triggers that they are of, and for hosts."""
        known = memory.known
        ask = self._ask
        asked = await self._api.ask(
            ask.shown(output=["triggerid"]),
            ask.problems(eventids=sorted(events)),
            ask.triggers(triggerids=sorted(about - set(fresh))),
            ask.hosts(hostids=sorted(hostids)),
        )
        shown = {each.triggerid for each in asked.get(0, list[TriggerId])}
        for problem in self._rows(memory, asked, 1, Problem):
            known.problems[problem.eventid] = problem
        for trigger in self._rows(memory, asked, 2, Trigger):
            fresh[trigger.triggerid] = trigger
        for host in self._rows(memory, asked, 3, Host):
            known.hosts[host.hostid] = host
        new = {known.problems[each].objectid for each in events if each in known.problems}
        # What Zabbix shows or shows no more, and what is not known yet.
        new |= {each for each in shown if each not in known.triggers}
        new -= set(fresh)
        asked_for = about | new
        if new:
            asked = await self._api.ask(ask.triggers(triggerids=sorted(new)))
            for trigger in self._rows(memory, asked, 0, Trigger):
                fresh[trigger.triggerid] = trigger
        for triggerid in asked_for - set(fresh):
            known.triggers.pop(triggerid, None)
        known.triggers.update(fresh)
        known.notice_shown(shown)
        # The items of a trigger that is a problem anew are others than those of one that was.
        if needed := self._items_of_triggers(memory):
            asked = await self._api.ask(ask.items(needed))
            await self._learn_values(memory, [], self._rows(memory, asked, 0, Item), [])

    async def _read_maintenances(self, memory: Memory) -> None:
        memory.known.limited = set()
        ids = {each.maintenanceid for each in memory.state.maintained}
        if ids:
            self._limit(memory, await self._api.ask(self._ask.maintenances(ids)), 0)

    def _forget_the_gone(self, memory: Memory) -> None:
        known = memory.known
        if self._config.triggers == "problems":
            for triggerid in [*known.triggers]:
                if known.triggers[triggerid].value == 0:
                    del known.triggers[triggerid]
        gone = [
            trigger_key(each.triggerid)
            for each in known.triggers.values()
            if each.value != 1 and memory.ages.has(trigger_key(each.triggerid))
        ]
        memory.ages.forget(gone)

    # -- what both do ----------------------------------------------------------

    def _rows(self, memory: Memory, replies: Replies, number: int, type_: type[Any]) -> list[Any]:
        rows, rejected = read_rows(replies.get(number, list[msgspec.Raw]), type_)
        memory.rejected += rejected
        return rows

    @staticmethod
    def _items_of_triggers(memory: Memory) -> set[str]:
        """Return the ids of the items of problems that are not known yet."""
        return {
            function.itemid
            for trigger in memory.known.triggers.values()
            if trigger.value == 1 and not memory.ages.has(trigger_key(trigger.triggerid))
            for function in trigger.functions
        }

    def _limit(self, memory: Memory, replies: Replies, number: int) -> None:
        """Note the hosts whose maintenance is about some of their problems only."""
        error = replies.error(number)
        if error is not None and error.forbids:
            return
        found = replies.get(number, list[Maintenance])
        tagged = {each.maintenanceid for each in found if each.tags}
        memory.known.limited = {
            each.hostid for each in memory.state.maintained if each.maintenanceid in tagged
        }

    def _site_is_told(self, host: Host) -> bool:
        """Whether the host itself has the macro that tells its site, where one does."""
        where, dot, name = self._config.site.partition(".")
        if not dot or where != "macro":
            return True
        return any(each.macro == name and each.value for each in host.macros)


def _copy(known: Known) -> Known:
    return Known(
        hosts=dict(known.hosts),
        triggers=dict(known.triggers),
        problems=dict(known.problems),
        dependent=set(known.dependent),
        limited=set(known.limited),
        templated=known.templated,
    )


def _changed_events(was: State, now: State) -> frozenset[str]:
    """Return the ids of events that came, went, or are known otherwise than before."""
    return (
        (was.problems ^ now.problems)
        | (was.acknowledged ^ now.acknowledged)
        | (was.suppressed ^ now.suppressed)
        | (was.critical ^ now.critical)
    )


def _track(ages: Ages, items: list[Item]) -> set[str]:
    """Remember the items of hosts by which they are known to live; return the hosts' ids."""
    by_host: dict[str, list[Item]] = {}
    for item in items:
        by_host.setdefault(item.hostid, []).append(item)
    for hostid, of_host in by_host.items():
        ages.track(host_key(hostid), of_host, {})
    return set(by_host)


def _with_values(items: list[Item], values: list[Item]) -> list[Item]:
    newest = {each.itemid: each for each in values}
    return [
        replace(item, lastclock=value.lastclock, lastvalue=value.lastvalue)
        if (value := newest.get(item.itemid))
        else item
        for item in items
    ]


def _take_macros(known: Known, templates: list[_Templates], asked: Replies, number: int) -> None:
    """Remember what templates say of sites, where the account may ask for it."""
    error = asked.error(number)
    if error is not None and error.forbids:
        return
    values = {each.hostid: each.value for each in asked.get(number, list[_Macro])}
    for each in templates:
        found = (values.get(one["templateid"], "") for one in each.parentTemplates)
        if value := next(filter(None, found), ""):
            known.templated[each.hostid] = value


def _some_of_each(items: list[Item], hosts: dict[str, Host]) -> list[Item]:
    """Return a few items of each host: those that are asked for most often.

    Only what comes from the host itself proves that it lives. A host without interfaces is but
    what is measured of it.
    """
    by_host: dict[str, list[Item]] = {}
    for item in items:
        host = hosts.get(item.hostid)
        if host is not None and (item.type in FROM_THE_HOST or not host.interfaces):
            by_host.setdefault(item.hostid, []).append(item)
    some = []
    for found in by_host.values():
        found.sort(key=lambda each: (interval_of(each) or 1 << 40, int(each.itemid)))
        some += found[:_SOME]
    return some
