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
- Lists have no ETag and no compression; If-Modified-Since leads to a 500. Only full readings
  find deleted, merged and moved tickets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec
from msgspec import Struct

from adapters.rt import actions as rt_actions
from adapters.rt.options import RtOptions
from adapters.rt.session import RtSession, credentials, quoted
from adapters.rt.tickets import Converter, RtTicket, decode
from adapters.shared.cursors import decoded_of, setup_of
from adapters.ticketing.tally import ReadingTally
from smic_tui.contract.actions import Action, RecordSnapshot, Verb
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed
from smic_tui.i18n import _
from smic_tui.records import Stream

# A change that was begun earlier may become visible later.
OVERLAP = timedelta(minutes=2)
# Where RT does not tell the zone in which it reads our times, it may be any.
ANY_ZONE = timedelta(hours=26)
_MOMENT = "%Y-%m-%d %H:%M:%S"
_ACTIVE, _INACTIVE = "Status = '__Active__'", "Status = '__Inactive__'"


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
        self._capabilities: Mapping[Stream, frozenset[Verb]] | None = None

    def offered(self) -> frozenset[Stream]:
        """Tickets or requests, as configured."""
        return frozenset({Stream(self.config.as_)})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the tickets that changed since the cursor, or all that are open or just closed."""
        rt = self._session()
        before = decoded_of(setup_of(self.config), cursor, _Cursor)
        full = before is None
        newest = before.since if before else None
        tally = ReadingTally(full=full)
        async with rt.http.signed_in():
            witness = await self._prove_rights(rt)
            # On RT's clock, before any question whose answer it bounds.
            began = rt.http.remote_time
            if full:
                await rt.sign_in()
            if full or self._capabilities is None:
                self._capabilities = await rt_actions.capabilities(
                    rt, witness, Stream(self.config.as_)
                )
            zone = await rt.zone()
            for closed, question in self._questions(before, zone):
                async for tickets, odd in self._pages(rt, question):
                    for ticket in tickets:
                        newest = max(newest or ticket.LastUpdated, ticket.LastUpdated)
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
            self._capabilities = await rt_actions.capabilities(
                rt, await self._prove_rights(rt), Stream(self.config.as_)
            )
        remarks = list(rt.http.remarks())
        if zone is None:
            remarks.append(
                _(
                    "RT does not tell the account's time zone: each reading goes {hours} hours "
                    "back. Set the account's time zone to UTC."
                ).format(hours=ANY_ZONE // timedelta(hours=1))
            )
        return Probe(
            version=version,
            account=account.Name,
            remote_time=rt.http.remote_time,
            remarks=tuple(remarks),
        )

    def capabilities(self) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the account may do to the newest ticket that it sees."""
        return self._capabilities or {}

    async def inspect(self, action: Action) -> RecordSnapshot:
        """Read the ticket, and what was said in it since the baseline."""
        rt = self._session()
        async with rt.http.signed_in():
            return await rt_actions.inspect(rt, action, self._converter)

    async def apply(self, action: Action, snapshot: RecordSnapshot) -> None:
        """Change the ticket if it is still as it was inspected; then add the text."""
        rt = self._session()
        async with rt.http.signed_in():
            await rt_actions.apply(rt, action, snapshot, self._converter, self.config)

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

    async def _prove_rights(self, rt: RtSession) -> str:
        """Prove that each queue shows a ticket, and return the number of one."""
        number = ""
        for queue in self.config.queues:
            page, _body = await rt.page(
                f"Queue = {quoted(queue)}", full=False, newest=True, proving=not number
            )
            numbers = decode_numbers(page.items)
            if not numbers:
                raise AuthFailed(
                    _("RT shows no ticket at all in the queue {queue}").format(queue=queue),
                    hint=_(
                        "It gives this answer when the account lacks the rights SeeQueue and "
                        "ShowTicket, when no queue has this name, and when the queue has never "
                        "had a ticket: then make a first one."
                    ),
                )
            number = numbers[0]
        return number

    def _questions(self, before: _Cursor | None, zone: object | None) -> list[tuple[bool, str]]:
        """Return the question of each part of a reading, and whether it is about closed tickets."""
        queues = " OR ".join(f"Queue = {quoted(queue)}" for queue in self.config.queues)
        if before is not None:
            changed = f"LastUpdated >= '{_moment(before.since - OVERLAP, zone)}'"
            return [
                (closed, f"({queues}) AND {state} AND {changed}")
                for closed, state in ((False, _ACTIVE), (True, _INACTIVE))
            ]
        since = datetime.now(UTC) - timedelta(days=self.config.closed_days)
        return [
            (False, f"({queues}) AND {_ACTIVE}"),
            (True, f"({queues}) AND {_INACTIVE} AND LastUpdated >= '{_moment(since, zone)}'"),
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
            yield tickets, rejected
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
