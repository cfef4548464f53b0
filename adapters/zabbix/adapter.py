"""Kind `zabbix`: the health of hosts, and the problems on them, from Zabbix's API.

Facts about the API are those of Zabbix 6.0 and 7.0 as measured (`api` has those of JSON-RPC).
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
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar
from uuid import uuid4

import msgspec
from msgspec import Struct

from adapters.shared.cursors import decoded
from adapters.shared.durations import seconds
from adapters.zabbix import actions as zabbix_actions
from adapters.zabbix.api import Replies, ZabbixApi
from adapters.zabbix.objects import Group
from adapters.zabbix.options import ZabbixOptions
from adapters.zabbix.questions import Clock, Questions, State
from adapters.zabbix.reading import Memory, Reader
from adapters.zabbix.rows import Records
from adapters.zabbix.subject import Subject, Subjects
from smic_tui.contract.actions import Action, RecordSnapshot, Verb, refuse_impossible_times
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.i18n import _, ngettext
from smic_tui.records import Health, Stream

BATCH = 500
# Values of proxies and our own last question may arrive a little late.
OVERLAP_SECONDS = 120
# Clocks that differ by less are the same: each answer would tell another difference.
_CLOCKS_AGREE = 30.0
# The versions that were tried.
_TRIED = ((6, 0), (7, 0))
# How many host groups are named.
_NAMES = 8


class _Cursor(Struct, frozen=True, kw_only=True):
    """How far the last reading came; `since` is epoch seconds on the frontend's clock.

    `reading` names the reading whose memory the next one starts from.
    """

    since: int
    reading: str


class ZabbixAdapter(Adapter[ZabbixOptions]):
    """One Zabbix server, by way of its frontend."""

    kind: ClassVar[str] = "zabbix"
    config_type: ClassVar[type[Struct]] = ZabbixOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.HEALTH})

    def __init__(self, config: ZabbixOptions, context: Context) -> None:
        super().__init__(config, context)
        self._api = ZabbixApi(config, context)
        self._ask = Questions(config)
        self._reader = Reader(config, self._api, self._ask)
        self._subjects = Subjects(config, self._api, self._ask)
        self._memory: Memory | None = None
        # A digest of what was told of each record.
        self._told: dict[str, int] = {}
        self._reading = ""
        self._verbs: frozenset[Verb] | None = None

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read hosts and triggers: those that changed since the cursor, or all."""
        before = decoded(cursor, _Cursor)
        memory = None
        async with self._api.signed_in():
            await self._prepare()
            known = self._memory
            if known is not None and before is not None and before.reading == self._reading:
                memory = await self._read_changes(known, before)
            full = memory is None
            if memory is None:
                replies = await self._api.ask(*self._reader.all_questions())
                memory = await self._reader.everything(replies, self._believed(replies))
        records, rejected, told = await asyncio.to_thread(self._records, memory)
        if full and memory.state.hosts and not records:
            # A full reading without a record would empty the cache.
            raise self._api.bad(
                _("None of Zabbix's {count} hosts could be read: {reason}").format(
                    count=memory.state.hosts,
                    reason=rejected[0].reason if rejected else _("none came"),
                )
            )
        news, gone = records, frozenset[str]()
        if not full:
            before_that = self._told
            news = [each for each in records if told[each.key] != before_that.get(each.key)]
            gone = frozenset(before_that.keys() - told.keys())
        self._memory, self._told, self._reading = memory, told, uuid4().hex
        self._subjects.ages = memory.ages
        after = _Cursor(since=int(self._now()) - OVERLAP_SECONDS, reading=self._reading)
        for start in range(0, len(news), BATCH):
            yield Batch(upserts=tuple(news[start : start + BATCH]), full=full)
        yield Batch(
            deletes=tuple(sorted(gone)),
            rejected=tuple(rejected),
            cursor=msgspec.json.encode(after).decode(),
            full=full,
        )

    async def _read_changes(self, known: Memory, before: _Cursor) -> Memory | None:
        now = self._now()
        if before.since > now:
            return None
        questions = self._reader.questions_of_changes(known, before.since)
        replies = await self._api.ask(*questions)
        return await self._reader.changes(known, replies, self._believed(replies), now)

    def _records(self, memory: Memory) -> tuple[list[Health], list[Rejected], dict[str, int]]:
        """Return all records, what was set aside, and a digest of each record."""
        now = self._now()
        memory.ages.proxies = {each.proxyid: each for each in memory.state.proxies or ()}
        memory.ages.judge(now, seconds(self.config.proxies_within))
        ahead = now - time.time()
        if abs(ahead) < _CLOCKS_AGREE:
            ahead = 0.0
        records, rejected = Records(self.config, memory.known, memory.ages, now, ahead).all()
        return records, memory.rejected + rejected, {each.key: hash(each) for each in records}

    async def probe(self) -> Probe:
        """Prove the account and its rights; tell what it sees and whether values come."""
        async with self._api.signed_in():
            await self._prepare()
            replies = await self._api.ask(*self._ask.every_time(), self._ask.groups())
            state = self._believed(replies)
            groups = replies.get(len(self._ask.every_time()), list[Group])
        return Probe(
            version=self._api.version,
            account=self.config.user or _("an API token"),
            remote_time=self._api.http.remote_time,
            remarks=(*self._api.http.remarks(), *self._remarks(state)),
            notes=tuple(self._sees(state, groups)),
        )

    @staticmethod
    def _sees(state: State, groups: list[Group]) -> Iterator[str]:
        names = sorted(group.name for group in groups)
        shown = ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else "")
        yield ngettext("{count} monitored host", "{count} monitored hosts", state.hosts).format(
            count=state.hosts
        )
        yield ngettext(
            "{count} host group: {names}", "{count} host groups: {names}", len(names)
        ).format(count=len(names), names=shown)
        if state.proxies:
            yield ngettext(
                "{count} proxy: {names}", "{count} proxies: {names}", len(state.proxies)
            ).format(
                count=len(state.proxies),
                names=", ".join(sorted(each.called for each in state.proxies)[:_NAMES]),
            )

    def _remarks(self, state: State) -> Iterator[str]:
        if not self._ask.heartbeat:
            yield _("No item tells whether the Zabbix server works: see `heartbeat`.")
        if state.proxies is None:
            yield _(
                "The account may not see the proxies: allow proxy.get in its role, or hosts "
                "behind one that is away are known to be old only by their items."
            )
        limit = seconds(self.config.proxies_within)
        for proxy in state.proxies or ():
            silent = self._now() - proxy.lastaccess
            if not proxy.lastaccess:
                yield _("The proxy {name} has never been heard of.").format(name=proxy.called)
            elif silent > limit:
                yield _("The proxy {name} has been silent for {minutes} min.").format(
                    name=proxy.called, minutes=int(silent // 60)
                )
        if Verb.DOWNTIME in (self._verbs or ()):
            yield _("The account may do more than read: give it less.")
        if self._api.version_numbers not in _TRIED:
            yield _("Tried against Zabbix 6.0 and 7.0 only; the rest is from its documentation.")

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the role lets the account call; rights on host groups may allow less."""
        return {Stream.HEALTH: self._verbs} if self._verbs else {}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read one host or trigger, with its maintenances where the action is about them."""
        async with self._api.signed_in():
            await self._prepare()
            # What was shown for the action is told again by the next reading.
            self._told.pop(action.key, None)
            return await zabbix_actions.inspect_record(self._api, self._subject, action)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Acknowledge the events of its triggers, or create or delete a maintenance."""
        refuse_impossible_times(action, datetime.now(UTC))
        async with self._api.signed_in():
            await self._prepare()
            await zabbix_actions.apply(self._api, self._subject, action)

    async def _subject(self, key: str) -> Subject | None:
        try:
            return await self._subjects.one(key, self._now())
        except ValueError as error:
            raise self._api.bad(
                _("Zabbix's {name} cannot be read: {reason}").format(name=key, reason=error)
            ) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    # -- the questions ---------------------------------------------------------

    async def _prepare(self) -> None:
        """Learn what stays the same while the program runs."""
        self._ask.version = self._api.version_numbers
        if self._verbs is None:
            self._verbs = await zabbix_actions.capabilities(self._api)
        if self.config.groups and self._ask.groupids is None:
            await self._find_groups()
        if not self._ask.heartbeat:
            for beginning in self.config.heartbeat:
                call = self._ask.heartbeats("ASC", beginning)
                if (await self._api.ask(call)).get(0, list[Clock]):
                    self._ask.heartbeat = beginning or "*"
                    break

    async def _find_groups(self) -> None:
        call = self._ask.groups(filter={"name": list(self.config.groups)})
        found = (await self._api.ask(call)).get(0, list[Group])
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
