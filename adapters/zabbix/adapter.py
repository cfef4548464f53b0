"""Kind `zabbix`: the health of hosts, and the problems on them, from Zabbix's API.

Facts about the API are those of Zabbix 6.0 as measured (`api` has those of JSON-RPC itself).
What makes this kind particular:

- Problems do not name their host: triggers do (trigger.get with selectHosts and
  selectLastEvent).
- A trigger's `lastchange` tells when its state changed, and nothing of acknowledgements and
  maintenances. There are few of them, so each reading asks for their ids in the same request, and
  reads anew what entered or left one of these sets.
- An account without rights on any host group sees no hosts, without an error: each reading
  counts the host groups that it sees.
- When the server process is dead, the frontend goes on answering with old states. The newest
  value of items that are always collected (`heartbeat`) shows it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
from msgspec import Struct

from adapters.shared.cursors import decoded
from adapters.shared.durations import seconds
from adapters.shared.row_by_row import set_aside
from adapters.zabbix import actions as zabbix_actions
from adapters.zabbix.api import Call, Replies, ZabbixApi
from adapters.zabbix.options import ZabbixOptions
from adapters.zabbix.questions import Clock, Questions, State
from adapters.zabbix.rows import Host, Hosts, Trigger, host_key, read_rows, trigger_key
from smic_tui.contract.actions import Action, RecordSnapshot, Verb, refuse_impossible_times
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.i18n import _
from smic_tui.records import Health, Stream

BATCH = 500
# Values of proxies and our own last question may arrive a little late.
OVERLAP_SECONDS = 120
# More objects than these are not asked for by their ids.
_BY_ID = 500


class _Cursor(Struct, frozen=True, kw_only=True):
    """How far the last reading came; `since` is epoch seconds on the frontend's clock."""

    since: int
    hosts: int
    reached: int
    problems: tuple[str, ...]
    acknowledged: tuple[str, ...]
    maintained: tuple[str, ...]
    unreached: tuple[str, ...]


class ZabbixAdapter(Adapter[ZabbixOptions]):
    """One Zabbix server, by way of its frontend."""

    kind: ClassVar[str] = "zabbix"
    config_type: ClassVar[type[Struct]] = ZabbixOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    def __init__(self, config: ZabbixOptions, context: Context) -> None:
        super().__init__(config, context)
        self._api = ZabbixApi(config, context)
        self._hosts = Hosts(config)
        self._ask = Questions(config)
        self._verbs: frozenset[Verb] | None = None

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read hosts and triggers: those that changed since the cursor, or all."""
        before = decoded(cursor, _Cursor) if self._hosts.known else None
        async with self._api.signed_in():
            await self._prepare()
            changes = None
            if before is not None:
                replies = await self._api.ask(
                    *self._ask.every_time(), self._ask.triggers(before.since)
                )
                changes = await self._changes(before, self._believed(replies), replies)
            if changes is None:
                replies = await self._api.ask(
                    *self._ask.every_time(), self._ask.triggers(), self._ask.hosts()
                )
                state = self._believed(replies)
                batches = await self._everything(replies, state)
            else:
                state, batches = changes
        after = _Cursor(
            since=int(self._now()) - OVERLAP_SECONDS,
            hosts=state.hosts,
            reached=state.reached,
            problems=state.problems,
            acknowledged=state.acknowledged,
            maintained=state.maintained,
            unreached=state.unreached,
        )
        for batch in batches:
            yield batch
        full = changes is None
        yield Batch(cursor=msgspec.json.encode(after).decode(), full=full)

    async def probe(self) -> Probe:
        """Prove the account and its rights; tell whether values are being collected."""
        async with self._api.signed_in():
            await self._prepare()
            self._believed(await self._api.ask(*self._ask.every_time()))
        remarks = [*self._api.http.remarks()]
        if not self._ask.heartbeat:
            remarks.append(_("No item tells whether the Zabbix server works: see `heartbeat`."))
        if Verb.DOWNTIME in (self._verbs or ()):
            remarks.append(_("The account may do more than read: give it less."))
        if not self._api.version.startswith("6.0."):
            remarks.append(_("Tried against Zabbix 6.0 only; the rest is from its documentation."))
        return Probe(
            version=self._api.version,
            account=self.config.user or _("an API token"),
            remote_time=self._api.http.remote_time,
            remarks=tuple(remarks),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the role lets the account call; rights on host groups may allow less."""
        return {Stream.HEALTH: self._verbs} if self._verbs else {}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read one host or trigger, with its maintenances where the action is about them."""
        async with self._api.signed_in():
            await self._prepare()
            return await zabbix_actions.inspect_record(self._api, self._read_one, action)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Acknowledge the events of its triggers, or create or delete a maintenance."""
        refuse_impossible_times(action, datetime.now(UTC))
        async with self._api.signed_in():
            await self._prepare()
            await zabbix_actions.apply(self._api, self._read_one, action)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    # -- the questions ---------------------------------------------------------

    async def _prepare(self) -> None:
        """Learn what stays the same while the program runs."""
        if self._verbs is None:
            self._verbs = await zabbix_actions.capabilities(self._api)
        if self.config.groups and self._ask.groupids is None:
            await self._find_groups()
        if not self._ask.heartbeat:
            for beginning in self.config.heartbeat:
                call = self._ask.items("ASC", beginning)
                if (await self._api.ask(call)).get(0, list[Clock]):
                    self._ask.heartbeat = beginning or "*"
                    break

    async def _find_groups(self) -> None:
        class Group(Struct):
            groupid: str
            name: str

        wanted = {"output": ["groupid", "name"], "filter": {"name": list(self.config.groups)}}
        found = (await self._api.ask(Call("hostgroup.get", wanted))).get(0, list[Group])
        missing = sorted(set(self.config.groups) - {group.name for group in found})
        if missing:
            raise AuthFailed(
                _("The Zabbix account sees no host group {names}").format(names=", ".join(missing)),
                hint=_("Give its user group the right to read it, or correct `groups`."),
            )
        self._ask.groupids = [group.groupid for group in found]

    def _believed(self, replies: Replies) -> State:
        """Return the state, or raise if the account sees nothing or the server process is dead."""
        state = self._ask.state(replies)
        if not state.groups:
            raise AuthFailed(
                _("The Zabbix account sees no host group"),
                hint=_("Give its user group the right to read the host groups of the sites."),
            )
        if state.clocks:
            self._refuse_old_states(max(state.clocks))
        return state

    # -- what became of them ---------------------------------------------------

    async def _everything(self, replies: Replies, state: State) -> list[Batch]:
        place = len(self._ask.every_time())
        triggers = replies.get(place, list[msgspec.Raw])
        hosts = replies.get(place + 1, list[msgspec.Raw])
        self._hosts.forget()
        records, rejected = await asyncio.to_thread(self._records, hosts, triggers)
        if state.hosts and not records:
            # A full reading without a record would empty the cache.
            raise self._api.bad(
                _("None of Zabbix's {count} hosts could be read: {reason}").format(
                    count=state.hosts, reason=rejected[0].reason if rejected else _("none came")
                )
            )
        batches = [
            Batch(upserts=tuple(records[start : start + BATCH]), full=True)
            for start in range(0, len(records), BATCH)
        ]
        return [*batches, Batch(full=True, rejected=tuple(rejected))]

    def _records(
        self, host_rows: list[msgspec.Raw], trigger_rows: list[msgspec.Raw]
    ) -> tuple[list[Health], list[Rejected]]:
        hosts, rejected = read_rows(host_rows, Host)
        triggers, more = read_rows(trigger_rows, Trigger)
        rejected += more
        for host in hosts:
            self._hosts.learn(host)
        about = {host.hostid for host in hosts}
        for trigger in triggers:
            about |= self._hosts.notice(trigger)
        records: list[Health] = []
        for hostid in sorted(about & set(self._hosts.known)):
            try:
                records.append(self._hosts.host_record(self._hosts.known[hostid]))
            except ValueError as error:
                rejected.append(set_aside(host_key(hostid), error))
        for trigger in triggers:
            try:
                records.append(self._hosts.trigger_record(trigger))
            except ValueError as error:
                rejected.append(set_aside(trigger_key(trigger.triggerid), error))
        return records, rejected

    async def _changes(
        self, before: _Cursor, state: State, replies: Replies
    ) -> tuple[State, list[Batch]] | None:
        """Return what changed since the cursor, or None when everything must be read."""
        if before.hosts != state.hosts or before.since > self._now():
            return None
        hostids = set(before.maintained) ^ set(state.maintained)
        hostids |= set(before.unreached) ^ set(state.unreached)
        if before.reached != state.reached and not hostids:
            return None  # a host that was never tried before has been reached
        place = len(self._ask.every_time())
        rows = replies.get(place, list[msgspec.Raw])
        recent, rejected = read_rows(rows, Trigger)
        seen = {trigger.triggerid for trigger in recent}
        odd = set(before.problems) ^ set(state.problems)
        odd |= set(before.acknowledged) ^ set(state.acknowledged)
        odd -= seen
        if len(odd) + len(hostids) > _BY_ID:
            return None
        hosts: list[Host] = []
        if odd or hostids:
            asked = await self._api.ask(
                self._ask.triggers(triggerids=sorted(odd)),
                self._ask.triggers(hostids=sorted(hostids), filter={"value": 1}),
                self._ask.hosts(hostids=sorted(hostids)),
            )
            for number in (0, 1):
                more, bad = read_rows(asked.get(number, list[msgspec.Raw]), Trigger)
                recent += more
                rejected += bad
            hosts, bad = read_rows(asked.get(2, list[msgspec.Raw]), Host)
            rejected += bad
        triggers = {trigger.triggerid: trigger for trigger in recent}
        return state, [self._changed(triggers, hosts, odd, rejected)]

    def _changed(
        self,
        triggers: dict[str, Trigger],
        hosts: Iterable[Host],
        asked: set[str],
        rejected: list[Rejected],
    ) -> Batch:
        gone = asked - set(triggers)
        about = self._hosts.lose(gone)
        for host in hosts:
            self._hosts.learn(host)
            about.add(host.hostid)
        records: list[Health] = []
        for trigger in triggers.values():
            about |= self._hosts.notice(trigger)
            if trigger.value == 0 and self.config.triggers == "problems":
                gone.add(trigger.triggerid)
                continue
            try:
                records.append(self._hosts.trigger_record(trigger))
            except ValueError as error:
                rejected.append(set_aside(trigger_key(trigger.triggerid), error))
        known = self._hosts.known
        records += [self._hosts.host_record(known[each]) for each in sorted(about & set(known))]
        deletes = tuple(trigger_key(triggerid) for triggerid in sorted(gone))
        return Batch(upserts=tuple(records), deletes=deletes, rejected=tuple(rejected))

    async def _read_one(self, key: str) -> tuple[Health | None, list[Trigger], str]:
        """Return a record as it is now, the triggers that it stands for and the id of its host."""
        of_host = key.startswith("h")
        hostid, triggers = key[1:], []
        if not of_host:
            asked = await self._api.ask(self._ask.triggers(triggerids=[key[1:]]))
            triggers = asked.get(0, list[Trigger])
            if not triggers or not triggers[0].hosts:
                return None, [], ""
            hostid = triggers[0].hosts[0].hostid
        asked = await self._api.ask(
            self._ask.hosts(hostids=[hostid]),
            self._ask.triggers(hostids=[hostid], filter={"value": 1}),
        )
        hosts = asked.get(0, list[Host])
        if not hosts:
            return None, [], ""
        self._hosts.learn(hosts[0])
        self._hosts.lose([trigger.triggerid for trigger in self._hosts.reasons(hostid)])
        for trigger in asked.get(1, list[Trigger]):
            self._hosts.notice(trigger)
        try:
            if of_host:
                record = self._hosts.host_record(hosts[0])
                return record, self._hosts.reasons(hostid), hostid
            return self._hosts.trigger_record(triggers[0]), triggers, hostid
        except ValueError as error:
            raise self._api.bad(
                _("Zabbix's {name} cannot be read: {reason}").format(name=key, reason=error)
            ) from None

    # -- doubts ----------------------------------------------------------------

    def _now(self) -> float:
        """Return the frontend's clock, in epoch seconds."""
        remote = self._api.http.remote_time
        return remote.timestamp() if remote is not None else time.time()

    def _refuse_old_states(self, newest: int) -> None:
        silent = self._now() - newest
        if silent <= seconds(self.config.checks_within):
            return
        if not newest:
            message = _("Zabbix answers, but has had no value for a day")
        else:
            message = _("Zabbix answers, but its newest value is {minutes} min old").format(
                minutes=int(silent // 60)
            )
        raise Unavailable(
            message,
            hint=_("Is the Zabbix server process running? Look at zabbix_server.log."),
        )
