"""Kind `glpi`: tickets or catalogue requests from GLPI, sites from its entities or locations.

GLPI 10 has apirest.php (`adapters.glpi.apirest`), GLPI 11 also the high-level API v2
(`adapters.glpi.highlevel`). The adapter chooses by what the server has and which account is
configured; a reading is the same over both:

- Each reading proves the right to see all tickets: without it GLPI gives some of them, or none,
  and does not say so.
- A page begins at a ticket's number and overlaps the page before by one row, so that a ticket
  that is solved meanwhile hides no other.
- Only full readings find deleted tickets (with GLPI 11 the others do, too).
- A time in the future shows that the configured zone is not GLPI's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.glpi import actions as glpi_actions
from adapters.glpi.options import GlpiOptions
from adapters.glpi.tickets import DONE, Converter, Row
from adapters.http.adapter import HttpAdapter
from adapters.http.options import HttpOptions
from adapters.shared.cursors import decoded_of, setup_of
from adapters.ticketing.tally import ReadingTally
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import Record, Site, Stream

if TYPE_CHECKING:
    import asyncio

    from adapters.glpi.api import Account, Found, GlpiApi, Question
    from adapters.http.session import Credentials, HttpSession

# A change that was begun earlier may become visible later.
OVERLAP = timedelta(minutes=2)
# How far clocks may differ before a zone is suspected.
TOLERANCE = timedelta(minutes=10)

_STREAMS = {
    "tickets": Stream.TICKETS,
    "requests": Stream.REQUESTS,
    "entities": Stream.SITES,
    "locations": Stream.SITES,
}


class _Cursor(Struct, frozen=True, kw_only=True):
    """`since` (UTC) is on GLPI's clock; `setup` tells which configuration it was read with."""

    since: datetime
    setup: str


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

    def offered(self) -> frozenset[Stream]:
        """Tickets, requests or sites, as configured."""
        return frozenset({self._stream})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read what changed since the cursor, or all that is open or was over lately."""
        from adapters.glpi.api import pages

        http = self._session()
        reading = _Reading(self.config, decoded_of(setup_of(self.config), cursor, _Cursor))
        async with http.signed_in():
            api = await self._chosen(http)
            self._allow(await api.account())
            reading.began = http.remote_time
            if reading.full:
                self._names = {}
            if stream is Stream.SITES:
                ask = partial(api.places, reading.since)
                async for found in pages(ask, http.bad_answer):
                    yield reading.batch(found, self._records(found))
            else:
                for question in reading.questions():
                    async for found in pages(partial(api.page, question), http.bad_answer):
                        reading.verify(http, question, found)
                        await self._learn(api, found)
                        yield reading.batch(found, self._records(found))
            reading.refuse_the_future(http)
        reading.tally.refuse_to_empty_the_cache(
            http, _("None of GLPI's {count} tickets could be read: {reason}")
        )
        yield Batch(cursor=reading.cursor(setup_of(self.config)), full=reading.full)

    async def probe(self) -> Probe:
        """Prove account and rights; compare GLPI's clock, read in the configured zone."""
        http = self._session()
        remarks: list[str] = []
        async with http.signed_in():
            api = await self._chosen(http)
            if _is_tree(self.config):
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
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """What the account's profile allows; for a single ticket it may be less."""
        return self._capabilities

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
        verbs = glpi_actions.verbs_for(self._stream, account.verbs)
        self._capabilities = {self._stream: verbs} if verbs and not _is_tree(self.config) else {}

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


class _Reading:
    """One `fetch`: what it asks for, and what it has found so far.

    `began` is the time of its beginning by the clock of GLPI's web server.
    """

    def __init__(self, config: GlpiOptions, before: _Cursor | None) -> None:
        self.began: datetime | None = None
        self.full = before is None
        self.since = before.since if before else None
        self._over_after = datetime.now(UTC) - timedelta(days=config.closed_days)
        self._newest: datetime | None = None
        self.tally = ReadingTally(full=self.full)
        self._brought: set[int] = set()

    def questions(self) -> list[Question]:
        """Return the questions whose answers make up the reading.

        A full one asks for what is not over and for what was over lately; a ticket
        reopened in between is missed by both and found by the next.
        """
        from adapters.glpi.api import Question

        if self.since is not None:
            return [Question(since=self.since)]
        return [Question(over=False), Question(over=True, since=self._over_after)]

    def verify(self, http: HttpSession, question: Question, found: list[Found]) -> None:
        """Raise `BadAnswer` for what was not asked for: everything else would seem deleted."""
        for each in found:
            row = each.content
            if isinstance(row, Row) and question.over not in (None, row.status in DONE):
                raise http.bad_answer(
                    _("GLPI ignored the filter {filter}: ticket {number} does not obey").format(
                        filter="status", number=row.id
                    )
                )

    def batch(self, found: list[Found], records: Mapping[int, Record]) -> Batch:
        """Return what was found, without tickets that are deleted or were over too long ago."""
        upserts: list[Record] = []
        deletes: list[str] = []
        rejected: list[Rejected] = []
        for each in found:
            if each.updated is not None:
                self._newest = max(self._newest or each.updated, each.updated)
            row = each.content
            if isinstance(row, Rejected):
                rejected.append(row)
                continue
            if isinstance(row, Row) and (row.deleted or row.ended_before(self._over_after)):
                deletes.append(str(each.id))
            elif each.id in records and each.id not in self._brought:
                # Solved between two questions, it is in the answers to both.
                upserts.append(records[each.id])
                self._brought.add(each.id)
        self.tally.add(len(found) - len(rejected), rejected)
        return Batch(
            upserts=tuple(upserts),
            deletes=() if self.full else tuple(deletes),
            rejected=tuple(rejected),
            full=self.full,
        )

    def refuse_the_future(self, http: HttpSession) -> None:
        """Raise `BadAnswer` for a change later than the clock of GLPI's web server."""
        now = http.remote_time
        if now and self._newest and self._newest > now + TOLERANCE:
            raise BadAnswer(
                _("GLPI has a ticket changed at {time} UTC, which is still to come").format(
                    time=f"{self._newest:%Y-%m-%d %H:%M}"
                ),
                hint=_("Set `timezone` to the time zone of the GLPI account."),
            )

    def cursor(self, setup: str) -> str:
        """Return where the next reading starts: at the newest change seen, on GLPI's clock.

        A recent change may have others beside it that are not visible yet: then the next reading
        starts a little earlier.
        """
        since = self._newest
        if since and (self.began is None or since > self.began - OVERLAP):
            since -= OVERLAP
        if self.since is not None and (since is None or since <= self.since):
            since = self.since
        # Nothing is there yet: a day leaves room for any difference between the clocks.
        since = since or datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        return msgspec.json.encode(_Cursor(since=since, setup=setup)).decode()


def _is_tree(config: GlpiOptions) -> bool:
    return config.as_ in ("entities", "locations")
