"""Kind `rt`: support tickets or catalogue requests from Request Tracker 5 (REST 2.0).

Facts about the API are those of RT 5.0.3 as measured. What makes this kind particular:

- RT answers 200 with no ticket to an account without rights, for a queue that does not exist
  and for a status that does not exist. So in each reading every queue must show a ticket, of
  whatever status: a queue that shows none is never taken for empty.
- RT cuts `per_page` to 100 without saying so, and gives some accounts no `total`. A page begins
  at a ticket's number (`id >`), not at a page's: a ticket that is resolved meanwhile moves no
  other.
- RT reads the times in a question in the account's time zone, and reads `…T…Z` wrongly without
  saying so. So the adapter writes them in the zone that the account's own record tells.
- Lists have no ETag and no compression; If-Modified-Since leads to a 500. What changed does not
  tell of tickets that were deleted, merged or moved: a reading asks how many of the known ones
  are there (`exits`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec
from msgspec import Struct

from adapters.rt import actions as rt_actions
from adapters.rt.lifecycles import (
    ACTIVE,
    INACTIVE,
    Rights,
    capabilities,
    rights_in,
    statuses_in,
)
from adapters.rt.options import RtOptions
from adapters.rt.said import Said
from adapters.rt.session import PAGE, RtSession, credentials, quoted
from adapters.rt.tickets import GROUPS, Converter, Named, RtTicket, decode, with_names
from adapters.shared.cursors import decoded_of, newest_until, setup_of, usable
from adapters.shared.json_text import decode_json
from adapters.ticketing.choice import Candidate
from adapters.ticketing.exits import exits_of
from adapters.ticketing.tally import ReadingTally
from adapters.ticketing.understood import understood
from smic_tui.contract.actions import Action, RecordSnapshot, Verb
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed
from smic_tui.contract.view import Sight
from smic_tui.i18n import _
from smic_tui.records import Stream

# A change that was begun earlier may become visible later.
OVERLAP = timedelta(minutes=2)
# Where RT does not tell the zone in which it reads our times, it may be any.
ANY_ZONE = timedelta(hours=26)
_MOMENT = "%Y-%m-%d %H:%M:%S"
# So many groups' names are remembered.
_GROUPS = 5000


class _Requestors(Struct):
    Requestor: tuple[Named, ...] = ()


class _Cursor(Struct, frozen=True, kw_only=True):
    """`since` is on RT's clock; `setup` tells which configuration it was read with."""

    since: datetime
    setup: str


class RtAdapter(Adapter[RtOptions]):
    """Some queues of one Request Tracker."""

    kind: ClassVar[str] = "rt"
    config_type: ClassVar[type[Struct]] = RtOptions
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.TICKETS, Stream.REQUESTS})

    def __init__(self, config: RtOptions, context: Context) -> None:
        super().__init__(config, context)
        self._converter = Converter(config)
        self._rt: RtSession | None = None
        self._rights: tuple[Rights, ...] | None = None
        self._groups: dict[str, str] = {}
        self._said = Said()

    def offered(self) -> frozenset[Stream]:
        """Tickets or requests, as configured."""
        return frozenset({Stream(self.config.as_)})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the tickets that changed since the cursor, or all that are open or just closed."""
        rt = self._session()
        async with rt.http.signed_in():
            await self._prove_rights(rt)
            # On RT's clock, before any question whose answer it bounds.
            began = rt.http.remote_time
            before = usable(decoded_of(setup_of(self.config), cursor, _Cursor), began)
            full = before is None
            newest = before.since if before else None
            tally = ReadingTally(full=full)
            if full:
                await rt.sign_in()
            if full or self._rights is None:
                self._rights = await self._ask_rights(rt)
            zone = await rt.zone()
            for closed, question in self._questions(before, zone):
                async for tickets, odd in self._pages(rt, question):
                    for ticket in tickets:
                        newest = newest_until(began, newest, ticket.LastUpdated)
                    tally.add(len(tickets), odd)
                    yield Batch(
                        upserts=tuple(self._converter.record(each, closed) for each in tickets),
                        rejected=tuple(odd),
                        full=full,
                    )
        tally.refuse_to_empty_the_cache(
            rt.http, _("None of RT's {count} tickets could be read: {reason}")
        )
        yield Batch(cursor=self._cursor(began or newest), full=full)

    async def probe(self) -> Probe:
        """Prove the account and that each queue shows tickets; remark on what is not best."""
        rt = self._session()
        async with rt.http.signed_in():
            version = await rt.version()
            account = await rt.account()
            zone = await rt.zone()
            await self._prove_rights(rt)
            self._rights = await self._ask_rights(rt)
            statuses = await self._statuses(rt)
        remarks = list(rt.http.remarks())
        if zone is None:
            remarks.append(
                _(
                    "RT does not tell the account's time zone: each reading goes {hours} hours "
                    "back. Set the account's time zone to UTC."
                ).format(hours=ANY_ZONE // timedelta(hours=1))
            )
        remarks += self._untold()
        return Probe(
            version=version,
            account=account.Name,
            remote_time=rt.http.remote_time,
            remarks=tuple(remarks),
            understood=understood(self._converter.words, statuses, Stream(self.config.as_)),
            sees=self.view(),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the account may do in any of the queues."""
        return capabilities(self._rights or (), Stream(self.config.as_))

    def view(self) -> tuple[Sight, ...]:
        """The queues: each has proven that it shows tickets."""
        return tuple(Sight(queue) for queue in self.config.queues) if self._rights else ()

    async def exits(self, stream: Stream, keys: Collection[str]) -> Collection[str]:
        """Return which of the open tickets are not among those that are read any more."""
        rt = self._session()
        opens = f"({self._queues()}) AND {ACTIVE}" + "".join(
            f" AND Status != {quoted(name)}" for name in self._converter.ended_by_configuration()
        )
        async with rt.http.signed_in():

            async def as_many(first: int, last: int, known: int) -> bool:
                return await _are_so_many(rt, f"{opens} AND id >= {first} AND id <= {last}", known)

            async def present(numbers: Sequence[int]) -> Collection[int]:
                among = " OR ".join(f"id = {number}" for number in numbers)
                page, _body = await rt.search(
                    f"({self._queues()}) AND ({among})", per_page=str(PAGE)
                )
                return {int(number) for number in decode_numbers(page.items) if number}

            return await exits_of(keys, as_many, present)

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the ticket, and what was said in it since the baseline."""
        rt = self._session()
        async with rt.http.signed_in():
            return await rt_actions.inspect(rt, action, self._converter, self._said)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Change the ticket if it is still as it was inspected; then add the text."""
        rt = self._session()
        async with rt.http.signed_in():
            await rt_actions.apply(rt, action, snapshot, self._converter, self.config, self._said)

    async def close(self) -> None:
        """Close the connections."""
        if self._rt is not None:
            await self._rt.http.close()

    def _session(self) -> RtSession:
        if self._rt is None:
            from adapters.http.session import HttpSession

            http = HttpSession(
                self.config, self.context, lambda: credentials(self.config, self.context)
            )
            self._rt = RtSession(http, self.config, self.context)
        return self._rt

    def _queues(self) -> str:
        return " OR ".join(f"Queue = {quoted(queue)}" for queue in self.config.queues)

    async def _ask_rights(self, rt: RtSession) -> tuple[Rights, ...]:
        return tuple([await rights_in(rt, queue) for queue in self.config.queues])

    async def _statuses(self, rt: RtSession) -> list[Candidate]:
        found = {
            status.name: status
            for queue in self.config.queues
            for status in await statuses_in(rt, queue)
        }
        return list(found.values())

    def _untold(self) -> list[str]:
        lifecycles = sorted({each.lifecycle for each in self._rights or () if each.untold})
        return [
            _(
                "RT does not tell which statuses the lifecycle {lifecycle} allows, for it has no "
                "actions: an action tries those that tickets have. Name in {table} those that "
                "none has yet."
            ).format(lifecycle=name, table="statuses" if self.config.as_ == "tickets" else "stages")
            for name in lifecycles
        ]

    async def _with_groups(self, rt: RtSession, tickets: list[RtTicket]) -> list[RtTicket]:
        """Name the groups among the requestors; asked once for each, with the ticket it is in."""
        unknown = {
            who.id: ticket.id
            for ticket in tickets
            for who in ticket.requestors
            if who.is_group and who.id not in self._groups
        }
        if unknown:
            if len(self._groups) > _GROUPS:
                self._groups.clear()
            among = " OR ".join(f"id = {number}" for number in sorted(set(unknown.values())))
            page, _body = await rt.search(among, per_page=str(PAGE), **GROUPS)
            for raw in page.items:
                for who in decode_json(raw, _Requestors).Requestor:
                    if who.is_group:
                        self._groups[who.id] = who.Name
        return [with_names(ticket, self._groups) for ticket in tickets]

    async def _prove_rights(self, rt: RtSession) -> None:
        """Prove that each queue shows a ticket."""
        for index, queue in enumerate(self.config.queues):
            page, _body = await rt.page(
                f"Queue = {quoted(queue)}", full=False, newest=True, proving=not index
            )
            if not page.items:
                raise AuthFailed(
                    _("RT shows no ticket at all in the queue {queue}").format(queue=queue),
                    hint=_(
                        "It gives this answer when the account lacks the rights SeeQueue and "
                        "ShowTicket, when no queue has this name, and when the queue has never "
                        "had a ticket: then make a first one."
                    ),
                )

    def _questions(self, before: _Cursor | None, zone: object | None) -> list[tuple[bool, str]]:
        """Return the question of each part of a reading, and whether it is about closed tickets."""
        queues = self._queues()
        if before is not None:
            changed = f"LastUpdated >= '{_moment(before.since - OVERLAP, zone)}'"
            return [
                (closed, f"({queues}) AND {state} AND {changed}")
                for closed, state in ((False, ACTIVE), (True, INACTIVE))
            ]
        since = datetime.now(UTC) - timedelta(days=self.config.closed_days)
        return [
            (False, f"({queues}) AND {ACTIVE}"),
            (True, f"({queues}) AND {INACTIVE} AND LastUpdated >= '{_moment(since, zone)}'"),
        ]

    async def _pages(
        self, rt: RtSession, question: str
    ) -> AsyncIterator[tuple[list[RtTicket], list[Rejected]]]:
        """Read page after page; each begins with the number after the last one's."""
        last = 0
        while True:
            page, body = await rt.page(f"{question} AND id > {last}" if last else question)
            if not page.items:
                return
            tickets, rejected, highest = decode(page.items)
            if highest <= last:
                raise rt.http.bad_answer(
                    _("A page of RT's tickets has no number to go on from"), body
                )
            last = highest
            yield await self._with_groups(rt, tickets), rejected
            # Without a total, a short page may be one whose other tickets are hidden from us.
            if page.total is not None and page.total <= len(page.items):
                return

    def _cursor(self, since: datetime | None) -> str:
        """Return where the next reading starts: when this one began, by RT's clock.

        If it started at the newest change, it would read that change again and again.
        """
        # Without any clock, a day leaves room for the difference.
        since = since or datetime.now(UTC) - timedelta(days=1)
        return msgspec.json.encode(_Cursor(since=since, setup=setup_of(self.config))).decode()


async def _are_so_many(rt: RtSession, question: str, known: int) -> bool:
    """Whether a question is true of exactly so many tickets.

    RT tells some accounts no total: then there is a last one, and none after it.
    """
    page, _body = await rt.search(question, per_page="1")
    if page.total is not None:
        return page.total == known
    last, _body = await rt.search(question, per_page="1", page=str(known))
    after, _body = await rt.search(question, per_page="1", page=str(known + 1))
    return bool(last.items) and not after.items


def decode_numbers(items: list[msgspec.Raw]) -> list[str]:
    """Return the numbers of tickets whose fields were not asked for."""
    return [str(msgspec.json.decode(item).get("id", "")) for item in items]


def _moment(moment: datetime, zone: object | None) -> str:
    """Return a time as RT reads it: naive, in the account's zone."""
    from zoneinfo import ZoneInfo

    if not isinstance(zone, ZoneInfo):
        return (moment - ANY_ZONE).astimezone(UTC).strftime(_MOMENT)
    local = moment.astimezone(zone)
    # An hour that is there twice, or is not there at all, is read either way.
    around = {(moment + timedelta(hours=each)).astimezone(zone).utcoffset() for each in (-3, 3)}
    if len(around) > 1:
        local = (moment - timedelta(hours=2)).astimezone(zone)
    return local.strftime(_MOMENT)
