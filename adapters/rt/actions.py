"""Acts on a ticket of Request Tracker: adds a text, sets another owner or another status.

Facts are those of RT 5.0.3's REST 2.0 as measured. What makes writing particular:

- RT answers a change that it refuses with 200 and a sentence in the account's language, and a
  field that it does not know with `[]`. So the adapter reads the ticket again: what it does not
  show then was refused, and the sentences are shown as the reason.
- A ticket's ETag is the number of its last transaction. RT answers 412 to `If-Match` with
  another one; adding a text takes no condition.
- A comment stays within the desk, a correspondence goes to the requestor. Texts are
  attachments of transactions, and only the transaction tells which of the two it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.rt.options import RtOptions
from adapters.rt.session import quoted
from adapters.rt.tickets import Converter, RtTicket, decode
from adapters.ticketing.wanted import wanted_stage, wanted_status
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import Stage, Stream, TicketStatus

if TYPE_CHECKING:
    from adapters.rt.session import RtSession

_TYPES = {"comment": "Comment", "correspond": "Correspond"}


class _Link(Struct):
    ref: str = ""
    to: str = ""


class _Full(Struct):
    Status: str
    hyperlinks: list[_Link] = msgspec.field(name="_hyperlinks", default_factory=list)

    def may(self, what: str) -> bool:
        return any(link.ref == what for link in self.hyperlinks)

    @property
    def next_statuses(self) -> list[str]:
        return [link.to for link in self.hyperlinks if link.ref == "lifecycle" and link.to]


class _Who(Struct):
    id: str


class _Said(Struct):
    """A text in a ticket. Binary ones have no text."""

    id: str
    Content: str | None = None
    TransactionId: str = ""
    Creator: _Who | str = ""


class _SaidPage(Struct):
    items: list[_Said]


class _Transaction(Struct):
    Type: str


class _Message(Struct):
    message: str = ""


async def capabilities(
    rt: RtSession, witness: str, stream: Stream
) -> dict[Stream, frozenset[Verb]]:
    """Return what the account may do, by RT's links in a ticket that it sees.

    No link tells whether it may assign tickets: one that may set the status is taken to.
    """
    answer = await rt.request("GET", f"/ticket/{witness}")
    full = await rt.http.decode(_Full, answer)
    verbs: set[Verb] = set()
    if full.may("comment") or full.may("correspond"):
        verbs.add(Verb.COMMENT)
    if full.next_statuses:
        verbs |= {Verb.ASSIGN, Verb.RESOLVE}
        verbs.add(Verb.SET_STATUS if stream is Stream.TICKETS else Verb.SET_STAGE)
    return {stream: frozenset(verbs)} if verbs else {}


async def inspect(rt: RtSession, action: Action, converter: Converter) -> RecordSnapshot:
    """Return the ticket as it is now, and whether the action's effect is there."""
    found = await _find(rt, action.key)
    if found is None:
        return RecordSnapshot(record=None, at_once=True)
    ticket, _full, version, closed = found
    done = await _has_effect(rt, action, ticket, converter, closed) and await _has_text(
        rt, action, version
    )
    return RecordSnapshot(
        record=converter.record(ticket, closed),
        version=version,
        done=done,
        baseline=action.baseline or version.strip('"'),
        at_once=True,
    )


async def apply(
    rt: RtSession,
    action: Action,
    snapshot: RecordSnapshot,
    converter: Converter,
    options: RtOptions,
) -> None:
    """Send what of the action is not in the ticket yet."""
    found = await _find(rt, action.key)
    if found is None:
        raise Refused(_("RT has no ticket {number} any more").format(number=action.key))
    ticket, full, version, closed = found
    if snapshot.version and snapshot.version != version:
        raise _changed(action)
    if not await _has_effect(rt, action, ticket, converter, closed):
        if action.verb is Verb.ASSIGN:
            change = {"Owner": await _login(rt, action.value.strip())}
        else:
            change = {"Status": _status(action, full, converter, options)}
        said = await _put(rt, action, change, version)
        again = await _find(rt, action.key)
        if again is None or not await _has_effect(rt, action, again[0], converter, again[3]):
            raise Refused(
                "; ".join(said) or _("RT took the change without a word and did not make it")
            )
    if not await _has_text(rt, action, version):
        await _say(rt, action, options)


async def _find(rt: RtSession, key: str) -> tuple[RtTicket, _Full, str, bool] | None:
    """Return the ticket, its links, its ETag, and whether RT counts it as inactive."""
    if not key.isdecimal():
        raise Refused(_("{key} is no number of a ticket").format(key=key))
    answer = await rt.request("GET", f"/ticket/{key}", expect=(200, 403, 404))
    if answer.status == 404:
        return None
    if answer.status == 403:
        raise Refused(
            _("RT does not let the account see ticket {number}").format(number=key),
            hint=_("Does it have the right ShowTicket in the ticket's queue?"),
        )
    full = await rt.http.decode(_Full, answer)
    version = answer.headers.get("etag", "")
    for closed, state in ((False, "__Active__"), (True, "__Inactive__")):
        page, body = await rt.page(f"id = {key} AND Status = '{state}'")
        if page.items:
            tickets, rejected, _last = decode(page.items)
            if not tickets:
                raise BadAnswer(rejected[0].reason, excerpt=body)
            return tickets[0], full, version, closed
    # It was deleted, or merged into another one.
    return None


async def _has_effect(
    rt: RtSession, action: Action, ticket: RtTicket, converter: Converter, closed: bool
) -> bool:
    match action.verb:
        case Verb.COMMENT:
            return True
        case Verb.ASSIGN:
            owner = ticket.owner
            if owner is None:
                return False
            wanted = (action.value or (await rt.account()).Name).strip().casefold()
            return wanted in (owner.id.casefold(), owner.name.casefold())
    return _means(action, ticket.Status, converter, closed)


async def _login(rt: RtSession, wanted: str) -> str:
    """Return the login of a person; "" is our own, a displayed name that of some ticket's owner."""
    if not wanted:
        return (await rt.account()).Name
    if not any(mark in wanted for mark in "'\\"):
        page, _body = await rt.page(f"Owner.RealName = {quoted(wanted)}", newest=True)
        tickets, _rejected, _last = decode(page.items)
        if tickets and tickets[0].owner is not None:
            return tickets[0].owner.id
    return wanted


def _means(action: Action, status: str, converter: Converter, closed: bool) -> bool:
    words = converter.words
    if action.stream is Stream.REQUESTS:
        wanted = Stage.DONE if action.verb is Verb.RESOLVE else wanted_stage(action)
        return words.stage(status, closed) is wanted
    found = words.ticket_status(status, closed)
    if action.verb is Verb.RESOLVE:
        return not found.is_open and not words.sounds_refused(status)
    return found is wanted_status(action)


def _status(action: Action, full: _Full, converter: Converter, options: RtOptions) -> str:
    """Return the status to set: one that RT offers for this ticket, or the configuration names."""
    offered = full.next_statuses
    named = [*options.statuses, *options.stages]
    for status in (*offered, *named, "new", "open", "stalled", "resolved"):
        if action.stream is Stream.TICKETS and converter.words.sounds_refused(status):
            continue  # RT's "rejected" is closed as well, but not what closing means
        if _means(action, status, converter, converter.words.sounds_closed(status)):
            return status
    raise Refused(
        _("RT's lifecycle does not lead ticket {number} from {status} to {wanted}").format(
            number=action.key, status=full.Status, wanted=action.value or TicketStatus.RESOLVED
        ),
        hint=_("It offers: {statuses}").format(statuses=", ".join(offered) or "–"),
    )


async def _has_text(rt: RtSession, action: Action, version: str) -> bool:
    """Whether our own text is there, as a transaction after the baseline."""
    text = action.text.split()
    if not text:
        return True
    if not action.baseline.isdecimal() or action.baseline == version.strip('"'):
        return False
    before = int(action.baseline)
    login = (await rt.account()).Name
    wanted = {
        "fields": "Content,TransactionId,Creator",
        "orderby": "id",
        "order": "DESC",
        "per_page": "100",
    }
    page = await rt.json(_SaidPage, f"/ticket/{action.key}/attachments", params=wanted)
    for said in page.items:
        who = said.Creator if isinstance(said.Creator, str) else said.Creator.id
        if not said.TransactionId.isdecimal() or int(said.TransactionId) <= before:
            continue
        if who == login and (said.Content or "").split() == text:
            transaction = await rt.json(_Transaction, f"/transaction/{said.TransactionId}")
            if transaction.Type == _TYPES[rt.notes]:
                return True
    return False


async def _put(rt: RtSession, action: Action, change: dict[str, Any], version: str) -> list[str]:
    """Change the ticket, if it is still that version; return what RT said."""
    answer = await rt.request(
        "PUT",
        f"/ticket/{action.key}",
        body=change,
        headers={"If-Match": version} if version else {},
        expect=(200, 400, 403, 404, 412),
    )
    if answer.status == 412:
        raise _changed(action)
    if answer.status != 200:
        raise Refused((await rt.http.decode(_Message, answer)).message)
    said = await rt.http.decode(list[str | None], answer)
    return [each for each in said if each]


async def _say(rt: RtSession, action: Action, options: RtOptions) -> None:
    answer = await rt.request(
        "POST",
        f"/ticket/{action.key}/{options.notes}",
        body={"Content": action.text, "ContentType": "text/plain"},
        expect=(201, 400, 403, 404),
    )
    if answer.status != 201:
        message = (await rt.http.decode(_Message, answer)).message
        raise Refused(
            message or _("RT refused the text"),
            hint=_("The account needs the right CommentOnTicket, or ReplyToTicket to correspond."),
        )


def _changed(action: Action) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        _("Ticket {number} was changed at the same time").format(number=action.key)
    )
