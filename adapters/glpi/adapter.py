"""Kind `glpi`: tickets or catalogue requests from GLPI, sites from its entities or locations.

GLPI 10 has apirest.php (`adapters.glpi.apirest`), GLPI 11 also the high-level API v2
(`adapters.glpi.highlevel`). The adapter chooses by what the server has and which account is
configured; a reading is the same over both:

- Each reading proves the right to see all tickets: without it GLPI gives some of them, or none,
  and does not say so.
- A page begins at a ticket's number and overlaps the page before by one row, so that a ticket
  that is solved meanwhile hides no other.
- Tickets that left without a trace are found by counting (`adapters.glpi.known`).
- A time ahead of the server's clock moves no cursor. Where GLPI's own clock is ahead, too, the
  configured zone is not GLPI's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from adapters.glpi import actions as glpi_actions
from adapters.glpi.options import GlpiOptions
from adapters.glpi.tickets import Converter, Row
from adapters.http.adapter import HttpAdapter
from adapters.http.options import HttpOptions
from adapters.shared.cursors import decoded_of, setup_of, usable
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.contract.view import Sight
from smic_tui.i18n import _
from smic_tui.records import Record, Site, Stream

if TYPE_CHECKING:
    import asyncio

    from adapters.glpi.api import Account, Found, GlpiApi, Page, Question
    from adapters.glpi.reading import Reading
    from adapters.glpi.view import Scope
    from adapters.http.session import Credentials, HttpSession

_STREAMS = {
    "tickets": Stream.TICKETS,
    "requests": Stream.REQUESTS,
    "entities": Stream.SITES,
    "locations": Stream.SITES,
}


class GlpiAdapter(HttpAdapter[GlpiOptions]):
    """One selection of the tickets of one GLPI, or one of its trees of places."""

    kind: ClassVar[str] = "glpi"
    config_type: ClassVar[type[Struct]] = GlpiOptions
    streams: ClassVar[frozenset[Stream]] = frozenset(_STREAMS.values())

    def __init__(self, config: GlpiOptions, context: Context) -> None:
        super().__init__(config, context)
        self._api: GlpiApi | None = None
        self._choosing: asyncio.Lock | None = None
        self._converter = Converter(config)
        self._names: dict[int, str] = {}
        self._capabilities: Mapping[Stream, frozenset[Verb]] = {}
        self._zone_is_right = False
        self._scopes: tuple[Scope, ...] = ()

    def offered(self) -> frozenset[Stream]:
        """Tickets, requests or sites, as configured."""
        return frozenset({self._stream})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read what changed since the cursor, or all that is open or was over lately."""
        from adapters.glpi.reading import Cursor, Reading

        http = self._session()
        setup = setup_of(self.config)
        before = decoded_of(setup, cursor, Cursor)
        async with http.signed_in():
            api = await self._chosen(http)
            self._allow(await api.account())
            sessions = api.sessions
            before = usable(before, http.remote_time)
            reading = Reading(self.config, before, http.remote_time)
            if before is not None:
                # All changes are held until it is known that nothing but changes happened.
                changes = [batch async for batch in self._batches(api, reading)]
                counted = await self._count(api, reading)
                if reading.is_outdated(counted):
                    reading = Reading(self.config, None, http.remote_time)
                else:
                    for batch in changes:
                        yield batch
                    if reading.misses(counted):
                        async for batch in self._after_counting(api, reading):
                            yield batch
            if reading.full:
                self._names = {}
                async for batch in self._batches(api, reading):
                    yield batch
                reading.compare(await self._count(api, reading))
            if reading.is_ahead:
                await self._refuse_the_wrong_zone(api, http, reading)
            if api.sessions != sessions:
                # The session that was opened anew meanwhile may be one that sees less.
                self._allow(await api.account())
        reading.tally.refuse_to_empty_the_cache(
            http, _("None of GLPI's {count} tickets could be read: {reason}")
        )
        yield Batch(cursor=reading.cursor(setup), full=reading.full)

    async def _batches(self, api: GlpiApi, reading: Reading) -> AsyncIterator[Batch]:
        """Yield what the questions of a reading bring."""
        from adapters.glpi.api import pages

        http = self._session()
        for question in reading.questions():
            ask = partial(self._page, api, question)
            async for found in pages(ask, http.bad_answer):
                reading.verify(http, question, found)
                yield await self._batch(api, reading, found)

    async def _page(self, api: GlpiApi, question: Question, start: int) -> Page:
        if self._is_tree:
            return await api.places(question.since, start)
        return await api.page(question, start)

    async def _batch(self, api: GlpiApi, reading: Reading, found: list[Found]) -> Batch:
        await self._learn(api, found)
        return reading.batch(found, self._records(found))

    async def _count(self, api: GlpiApi, reading: Reading) -> int | None:
        """Return how many there are of those that a reading knows, None where that is not told."""
        if not reading.counts:
            return None
        if reading.tree:
            return await api.count_places()
        return await api.count(reading.whole)

    async def _after_counting(self, api: GlpiApi, reading: Reading) -> AsyncIterator[Batch]:
        """Yield what has left, and what came without having changed."""
        from adapters.glpi.api import pages
        from adapters.glpi.known import FEW, differences

        async def count(first: int, last: int) -> int:
            return await api.count(reading.part(first, last)) or 0

        async def numbers(first: int, last: int) -> set[int]:
            return await api.numbers(reading.part(first, last))

        gone, came = await differences(reading.known, count, numbers)
        some = sorted(came)
        for at in range(0, len(some), FEW):
            ask = partial(api.page, reading.part(some[at], some[at : at + FEW][-1]))
            async for found in pages(ask, self._session().bad_answer):
                wanted = [each for each in found if each.id in came]
                yield await self._batch(api, reading, wanted)
        yield reading.without(gone)

    async def _refuse_the_wrong_zone(
        self, api: GlpiApi, http: HttpSession, reading: Reading
    ) -> None:
        """Raise `BadAnswer` if GLPI's own clock is ahead, too: its zone is not the configured one.

        Otherwise it is the time of a single ticket that is wrong, which hinders no other.
        """
        from adapters.glpi.reading import TOLERANCE

        if not self._zone_is_right:
            clock = (await api.account(clock=True)).clock
            if clock and http.remote_time and clock > http.remote_time + TOLERANCE:
                raise reading.still_to_come()
            self._zone_is_right = True

    async def probe(self) -> Probe:
        """Prove account and rights; compare GLPI's clock, read in the configured zone."""
        from adapters.glpi.reading import TOLERANCE
        from adapters.glpi.understood import understood

        http = self._session()
        remarks: list[str] = []
        async with http.signed_in():
            api = await self._chosen(http)
            if self._is_tree:
                await api.places(None, 0)
            account = await api.account(thorough=True)
            self._allow(account)
        remarks += [*http.remarks(), *account.remarks]
        if account.clock and http.remote_time:
            ahead = account.clock - http.remote_time
            if abs(ahead) > TOLERANCE:
                remarks.append(
                    _(
                        "GLPI's clock, read in {zone}, differs by {minutes} minutes from that of "
                        "its web server: set `timezone`."
                    ).format(zone=self._zone_name, minutes=round(ahead.total_seconds() / 60))
                )
        if api.version != "10":
            remarks.append(
                _("GLPI 11: written from its documentation, not tried against a real one.")
            )
        return Probe(
            version=account.version or api.version,
            account=account.login,
            remote_time=http.remote_time,
            remarks=tuple(remarks),
            understood=understood(self.config),
            sees=self.view(),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """What the account's profile allows; for a single ticket it may be less."""
        return self._capabilities

    def view(self) -> tuple[Sight, ...]:
        """The entities of the account's profile; nothing where the API does not tell."""
        from adapters.glpi.view import sights_of

        return sights_of(self._scopes)

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the ticket with its followups and solutions."""
        http = self._session()
        async with http.signed_in():
            api = await self._chosen(http)
            account = await self._identified(api)
            found = await glpi_actions.inspect_record(api, action)
            if found is None:
                return RecordSnapshot(record=None, at_once=True)
            stages = self._converter.stages
            done = await glpi_actions.is_done(api, action, found, account.id, stages)
            await self._learn_names(api, found.row.people)
        return RecordSnapshot(
            record=self._converter.record(found.row, self._names),
            version=found.row.updated.isoformat(),
            done=done,
            baseline=action.baseline or found.baseline,
            at_once=True,
        )

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Change the ticket, after reading it once more: GLPI has no conditional writes."""
        http = self._session()
        async with http.signed_in():
            api = await self._chosen(http)
            account = await self._identified(api)
            found = await glpi_actions.inspect_record(api, action)
            if found is None:
                raise Refused(_("GLPI has no ticket {number} any more").format(number=action.key))
            if snapshot.version and found.row.updated.isoformat() != snapshot.version:
                raise ChangedMeanwhile(
                    _("Ticket {number} was changed at the same time").format(number=action.key)
                )
            stages = self._converter.stages
            await glpi_actions.apply(api, action, found, account.id, stages)

    async def close(self) -> None:
        """End the session and close the connections."""
        if self._api is not None:
            api, self._api = self._api, None
            await api.close()
        await super().close()

    @property
    def _stream(self) -> Stream:
        return _STREAMS[self.config.as_]

    @property
    def _is_tree(self) -> bool:
        return self._stream is Stream.SITES

    @property
    def _zone_name(self) -> str:
        return self.config.timezone or self.context.timezone

    def _server(self) -> HttpOptions:
        return replace(self.config, url=self.config.base)

    def _credentials(self) -> Credentials:
        """All secrets, to be hidden; only the API client's token goes with every request."""
        from adapters.http.messages import Credentials

        config, ask = self.config, self.context.secret
        app = ask(config.app_token) if config.app_token else ""
        named = (config.user_token, config.password, config.client_secret)
        secrets = tuple(ask(secret) for secret in named if secret is not None)
        return Credentials(
            headers={"App-Token": app} if app else {}, secrets=(*secrets, *filter(None, (app,)))
        )

    async def _chosen(self, http: HttpSession) -> GlpiApi:
        """Return the API to speak; the server is asked only once which one it has."""
        import asyncio

        self._choosing = self._choosing or asyncio.Lock()
        async with self._choosing:
            if self._api is None:
                from adapters.glpi.choice import choose

                self._api = await choose(http, self.config, self.context.secret, self._zone_name)
        return self._api

    async def _identified(self, api: GlpiApi) -> Account:
        account = await api.account(identify=True)
        self._allow(account)
        return account

    def _allow(self, account: Account) -> None:
        self._scopes = account.scopes
        verbs = glpi_actions.verbs_for(self._stream, account.verbs)
        self._capabilities = {self._stream: verbs} if verbs and not self._is_tree else {}

    async def _learn(self, api: GlpiApi, found: list[Found]) -> None:
        rows = [each.content for each in found if isinstance(each.content, Row)]
        await self._learn_names(api, set().union(*(row.people for row in rows)))

    async def _learn_names(self, api: GlpiApi, people: set[int]) -> None:
        if unknown := people - self._names.keys():
            self._names |= await api.names(unknown)

    def _records(self, found: list[Found]) -> dict[int, Record]:
        records: dict[int, Record] = {}
        for each in found:
            if isinstance(each.content, Row):
                records[each.id] = self._converter.record(each.content, self._names)
            elif isinstance(each.content, Site):
                records[each.id] = each.content
        return records
