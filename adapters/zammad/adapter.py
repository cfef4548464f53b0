"""Kind `zammad`: support tickets or catalogue requests from Zammad.

Written from Zammad's documentation and source (6.4), not tried against a real one; `probe`
says so. What makes it particular, as these say:

- The database answers a search that is given as a condition; one by words is answered by the
  search index, which lags behind. A page begins at a date of creation, so that a ticket that
  is closed meanwhile moves no other.
- A search shows what the account may see and does not tell of the rest. So each group must show
  a ticket, of whatever state: a group that shows none is never taken for empty.
- Zammad has no ETag and no lock version, and does not compress unless asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct

from adapters.http.adapter import AccountAdapter
from adapters.shared.cursors import decoded_of, setup_of, usable
from adapters.ticketing.choice import Candidate
from adapters.ticketing.tally import ReadingTally
from adapters.ticketing.understood import understood
from adapters.zammad import actions as zammad_actions
from adapters.zammad.options import ZammadOptions
from adapters.zammad.tickets import Converter, State, ZammadTicket, decode
from smic_tui.contract.actions import Action, RecordSnapshot, Verb
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed
from smic_tui.contract.view import Sight
from smic_tui.i18n import _
from smic_tui.records import Stream

if TYPE_CHECKING:
    from adapters.http.session import Credentials, HttpSession

PAGE = 100
OVERLAP = timedelta(minutes=2)
_SEARCH = "/api/v1/tickets/search"
_AFTER = "after (absolute)"
_VERBS = frozenset({Verb.COMMENT, Verb.ASSIGN, Verb.RESOLVE})


class _Named(Struct):
    id: int
    name: str = ""


class _Me(Struct):
    id: int
    login: str = ""


class _Cursor(Struct, frozen=True):
    since: datetime
    setup: str


Conditions = dict[str, tuple[str, list[str]]]


class ZammadAdapter(AccountAdapter[ZammadOptions]):
    """Some groups of one Zammad."""

    kind: ClassVar[str] = "zammad"
    config_type: ClassVar[type[Struct]] = ZammadOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.TICKETS, Stream.REQUESTS})

    def __init__(self, config: ZammadOptions, context: Context) -> None:
        super().__init__(config, context)
        self._converter = Converter(config)
        self._states: dict[str, State] = {}
        self._proven = False

    def offered(self) -> frozenset[Stream]:
        """Tickets or requests, as configured."""
        return frozenset({Stream(self.config.as_)})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the tickets that changed since the cursor, or all that are open or just closed."""
        http = self._session()
        async with http.signed_in():
            groups = await self._prove_rights(http)
            began = http.remote_time
            before = usable(decoded_of(setup_of(self.config), cursor, _Cursor), began)
            full = before is None
            tally = ReadingTally(full=full)
            if full or not self._states:
                self._states = await self._read_states(http)
            seen: set[int] = set()
            for conditions in self._questions(before, groups):
                async for tickets, odd in self._pages(http, conditions, seen):
                    tally.add(len(tickets), odd)
                    yield Batch(
                        upserts=tuple(
                            self._converter.record(each, self._state(each)) for each in tickets
                        ),
                        rejected=tuple(odd),
                        full=full,
                    )
        tally.refuse_to_empty_the_cache(
            http, _("None of Zammad's {count} tickets could be read: {reason}")
        )
        since = began or (before.since if before else datetime.now(UTC) - timedelta(days=1))
        done = msgspec.json.encode(_Cursor(since, setup_of(self.config))).decode()
        yield Batch(cursor=done, full=full)

    async def probe(self) -> Probe:
        """Prove the account and that each group shows tickets."""
        http = self._session()
        async with http.signed_in():
            me = await self.me(http)
            await self._prove_rights(http)
            self._states = await self._read_states(http)
        stream = Stream(self.config.as_)
        states = [Candidate(state.name, state.closed) for state in self._states.values()]
        written = _("This kind was written from its documentation, not tried against a real one.")
        return Probe(
            account=me.login,
            remote_time=http.remote_time,
            remarks=(*http.remarks(), written),
            understood=understood(self._converter.words, states, stream),
            sees=self.view(),
        )

    def view(self) -> tuple[Sight, ...]:
        """The groups: each has proven that it shows tickets."""
        return tuple(Sight(group) for group in self.config.groups) if self._proven else ()

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return all that an agent may do: Zammad tells no right beforehand."""
        if not self._proven:
            return {}
        stream = Stream(self.config.as_)
        set_one = Verb.SET_STATUS if stream is Stream.TICKETS else Verb.SET_STAGE
        return {stream: _VERBS | {set_one}}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the ticket, and what was said in it since the baseline."""
        http = self._session()
        async with http.signed_in():
            if not self._states:
                self._states = await self._read_states(http)
            return await zammad_actions.inspect(http, action, self._desk(await self.me(http)))

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Change the ticket and add the text, in one request."""
        http = self._session()
        async with http.signed_in():
            if not self._states:
                self._states = await self._read_states(http)
            desk = self._desk(await self.me(http))
            await zammad_actions.apply(http, action, snapshot, desk)

    async def me(self, http: HttpSession) -> _Me:
        """Return our account."""
        return await http.json(_Me, "GET", "/api/v1/users/me")

    def _desk(self, me: _Me) -> zammad_actions.Desk:
        return zammad_actions.Desk(
            id=me.id, login=me.login, converter=self._converter, states=self._states
        )

    def _credentials(self) -> Credentials:
        from adapters.http.messages import Credentials

        if self.config.token is None:
            return super()._credentials()
        token = self.context.secret(self.config.token)
        return Credentials(headers={"Authorization": f"Token token={token}"}, secrets=(token,))

    async def _prove_rights(self, http: HttpSession) -> list[int]:
        """Prove that each group shows a ticket, and return the numbers of the groups."""
        known = {
            each.name: each.id for each in await http.json(list[_Named], "GET", "/api/v1/groups")
        }
        numbers = []
        for group in self.config.groups:
            number = known.get(group)
            if number is None:
                raise AuthFailed(
                    _("Zammad shows no group {group}").format(group=group),
                    hint=_("Zammad shows these: {groups}").format(
                        groups=", ".join(sorted(known)) or "–"
                    ),
                )
            found = await self._search(http, {"group_id": ("is", [str(number)])}, 1)
            if not found:
                raise AuthFailed(
                    _("Zammad shows no ticket at all in the group {group}").format(group=group),
                    hint=_(
                        "Give the account read access to the group. If the group has never had a "
                        "ticket, make a first one: Zammad answers the same."
                    ),
                )
            numbers.append(number)
        self._proven = True
        return numbers

    async def _read_states(self, http: HttpSession) -> dict[str, State]:
        states = await http.json(
            list[State], "GET", "/api/v1/ticket_states", params={"expand": "true"}
        )
        self._converter.learn(states)
        return {state.name: state for state in states}

    def _state(self, ticket: ZammadTicket) -> State:
        return self._states.get(ticket.state) or State(id=0, name=ticket.state)

    def _questions(self, before: _Cursor | None, groups: list[int]) -> list[Conditions]:
        where: Conditions = {"group_id": ("is", [str(number) for number in groups])}
        if before is not None:
            return [{**where, "updated_at": (_AFTER, [_moment(before.since - OVERLAP)])}]
        closed = [str(state.id) for state in self._states.values() if state.closed]
        since = datetime.now(UTC) - timedelta(days=self.config.closed_days)
        return [
            {**where, "state_id": ("is not", closed)},
            {**where, "state_id": ("is", closed), "updated_at": (_AFTER, [_moment(since)])},
        ]

    async def _pages(
        self, http: HttpSession, conditions: Conditions, seen: set[int]
    ) -> AsyncIterator[tuple[list[ZammadTicket], list[Rejected]]]:
        """Read page after page; each begins when the last ticket of the page before was created."""
        asked = dict(conditions)
        while True:
            raws = await self._search(http, asked, PAGE)
            tickets, rejected = await asyncio.to_thread(decode, raws)
            new = [each for each in tickets if each.id not in seen]
            seen.update(each.id for each in new)
            if new or rejected:
                yield new, rejected
            if len(raws) < PAGE:
                return
            if not new:
                raise http.bad_answer(
                    _("A page of Zammad's tickets has nothing to go on from"), bytes(raws[0])
                )
            last = max(each.created_at for each in tickets)
            asked["created_at"] = (_AFTER, [_moment(last - timedelta(seconds=1))])

    async def _search(
        self, http: HttpSession, conditions: Conditions, size: int
    ) -> list[msgspec.Raw]:
        from urllib.parse import urlencode

        params: list[tuple[str, str]] = [
            ("expand", "true"),
            ("sort_by", "created_at"),
            ("order_by", "asc"),
            ("per_page", str(size)),
            ("page", "1"),
        ]
        for name, (operator, values) in conditions.items():
            params.append((f"condition[ticket.{name}][operator]", operator))
            value = f"condition[ticket.{name}][value]"
            if operator == _AFTER:
                params.append((value, values[0]))
            else:
                params += [(f"{value}[]", each) for each in values]
        return await http.json(list[msgspec.Raw], "GET", f"{_SEARCH}?{urlencode(params)}")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
