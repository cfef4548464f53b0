"""Acts on a ticket of Request Tracker: adds a text, sets another owner or another status.

Facts are those of RT 5.0.3's REST 2.0 as measured. What makes writing particular:

- RT answers a change that it refuses with 200 and a sentence in the account's language, and a
  field that it does not know with `[]`. So the adapter reads the ticket again: what it does not
  show then was refused, and the sentences are shown as the reason.
- A ticket's ETag is the number of its last transaction. RT answers 412 to `If-Match` with
  another one; adding a text takes no condition.
- A comment stays within the desk, a correspondence goes to the requestor. Texts are
  attachments of transactions, and only the transaction tells which of the two it was.
- An account without the right ShowTicketComments may write a comment and not see it. RT names
  the transaction that it made of a text; after an answer that was cut off, a last change by the
  account that it does not see is its comment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.rt.lifecycles import DEFAULTS, Link, statuses_in
from adapters.rt.options import RtOptions
from adapters.rt.said import Mark, Said
from adapters.rt.session import quoted
from adapters.rt.tickets import ONE, Converter, RtTicket, decode
from adapters.ticketing.choice import Candidate, fitting, is_effect
from adapters.ticketing.texts import same_text, sendable
from adapters.ticketing.words import DeskWords
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import Stream, TicketStatus

if TYPE_CHECKING:
    from adapters.rt.session import RtSession

_TYPES = {"comment": "Comment", "correspond": "Correspond"}
# How many statuses are tried.
_TRIES = 4
_A_SECOND = 1.1


class _Who(Struct):
    id: str


class _Full(Struct):
    LastUpdated: str = ""
    LastUpdatedBy: _Who | str = ""
    Status: str = ""
    hyperlinks: list[Link] = msgspec.field(name="_hyperlinks", default_factory=list)

    @property
    def next_statuses(self) -> list[str]:
        return [link.to for link in self.hyperlinks if link.ref == "lifecycle" and link.to]

    @property
    def changed_by(self) -> str:
        who = self.LastUpdatedBy
        return who if isinstance(who, str) else who.id


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


class _Found(Struct, frozen=True):
    """A ticket, what RT says of it, its ETag, and whether RT counts it as inactive."""

    ticket: RtTicket
    full: _Full
    version: str
    closed: bool

    @property
    def mark(self) -> Mark:
        number = self.version.strip('"')
        return Mark(int(number) if number.isdecimal() else 0, self.full.LastUpdated)

    @property
    def status(self) -> Candidate:
        return Candidate(self.ticket.Status, self.closed)


async def inspect(
    rt: RtSession, action: Action, converter: Converter, said: Said
) -> RecordSnapshot:
    """Return the ticket as it is now, and whether the action's effect is there."""
    found = await _find(rt, action.key)
    if found is None:
        return RecordSnapshot(record=None, at_once=True)
    done = await _has_effect(rt, action, found, converter) and await _has_text(
        rt, action, found, said
    )
    return RecordSnapshot(
        record=converter.record(found.ticket, found.closed),
        version=found.version,
        done=done,
        baseline=action.baseline or str(found.mark),
        at_once=True,
    )


async def apply(
    rt: RtSession,
    action: Action,
    snapshot: RecordSnapshot,
    converter: Converter,
    options: RtOptions,
    said: Said,
) -> None:
    """Send what of the action is not in the ticket yet."""
    found = await _find(rt, action.key)
    if found is None:
        raise Refused(_("RT has no ticket {number} any more").format(number=action.key))
    if snapshot.version and snapshot.version != found.version:
        raise _changed(action)
    changed = False
    if not await _has_effect(rt, action, found, converter):
        if action.verb is Verb.ASSIGN:
            wanted = [{"Owner": await _login(rt, action.value.strip())}]
        else:
            statuses = await _statuses(rt, action, found, converter, options)
            wanted = [{"Status": status.name} for status in statuses]
        found = await _change(rt, action, found, wanted, converter)
        changed = True
    if not await _has_text(rt, action, found, said):
        if changed and not said.sees_comments and options.notes == "comment":
            import asyncio

            # Times are in whole seconds: a comment that is not seen must be later than the change.
            await asyncio.sleep(_A_SECOND)
        said.trying(action, found.mark)
        await _say(rt, action, options)
        said.done(action)


async def _change(
    rt: RtSession,
    action: Action,
    found: _Found,
    wanted: list[dict[str, str]],
    converter: Converter,
) -> _Found:
    """Make the first of these changes that RT takes; raises `Refused` with what RT said."""
    sentences: list[str] = []
    for change in wanted:
        sentences += await _put(rt, action, change, found.version)
        again = await _find(rt, action.key)
        if again is not None and await _has_effect(rt, action, again, converter):
            return again
        if again is None or again.version != found.version:
            break
    raise Refused(
        "; ".join(dict.fromkeys(sentences))
        or _("RT took the change without a word and did not make it")
    )


async def _find(rt: RtSession, key: str) -> _Found | None:
    """Return the ticket as it is now; None if there is none any more."""
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
        page, body = await rt.search(f"id = {key} AND Status = '{state}'", **ONE)
        if page.items:
            tickets, rejected, _last = decode(page.items)
            if not tickets:
                raise BadAnswer(rejected[0].reason, excerpt=body)
            return _Found(tickets[0], full, version, closed)
    # It was deleted, or merged into another one.
    return None


async def _has_effect(rt: RtSession, action: Action, found: _Found, converter: Converter) -> bool:
    match action.verb:
        case Verb.COMMENT:
            return True
        case Verb.ASSIGN:
            owner = found.ticket.owner
            if owner is None:
                return False
            wanted = (action.value or (await rt.account()).Name).strip().casefold()
            return wanted in (owner.id.casefold(), owner.name.casefold())
    return is_effect(action, found.status, converter.words)


async def _login(rt: RtSession, wanted: str) -> str:
    """Return the login of a person; "" is our own, a displayed name that of some ticket's owner."""
    if not wanted:
        return (await rt.account()).Name
    page, _body = await rt.page(f"Owner.RealName = {quoted(wanted)}", newest=True)
    tickets, _rejected, _last = decode(page.items)
    if tickets and tickets[0].owner is not None:
        return tickets[0].owner.id
    return wanted


async def _statuses(
    rt: RtSession, action: Action, found: _Found, converter: Converter, options: RtOptions
) -> list[Candidate]:
    """Return the statuses to try, the best first.

    Those that RT offers for this ticket come from its lifecycle's actions. A lifecycle may allow
    more: those that the configuration names, that other tickets of the queue have, and RT's own.
    """
    words = converter.words
    offered = found.full.next_statuses
    used = await statuses_in(rt, found.ticket.queue) if found.ticket.queue else []
    known = {status.name: status.closed for status in (*DEFAULTS, *used)}
    named = [*options.statuses, *options.stages]
    names = dict.fromkeys([*offered, *named, *(status.name for status in used), *known])
    candidates = [
        Candidate(name, known[name] if name in known else words.sounds_closed(name))
        for name in names
        if name != found.ticket.Status
    ]
    first = fitting(action, (each for each in candidates if each.name in offered), words)
    if first and not _is_guess(action, first[0], words):
        return first[:_TRIES]
    # Where RT offers any, one that it does not offer is tried only if it is no guess.
    statuses = [
        status
        for status in fitting(action, candidates, words)
        if status.name in offered or not _is_guess(action, status, words) or not offered
    ]
    if statuses:
        return statuses[:_TRIES]
    raise Refused(
        _("RT's lifecycle does not lead ticket {number} from {status} to {wanted}").format(
            number=action.key,
            status=found.full.Status,
            wanted=action.value or TicketStatus.RESOLVED,
        ),
        hint=_("It offers: {statuses}").format(statuses=", ".join(offered) or "–"),
    )


def _is_guess(action: Action, status: Candidate, words: DeskWords) -> bool:
    if action.stream is Stream.REQUESTS:
        return words.stage_meaning(status.name, status.closed).guessed
    return words.ticket_meaning(status.name, status.closed).guessed and not words.is_plain_end(
        status.name
    )


async def _has_text(rt: RtSession, action: Action, found: _Found, said: Said) -> bool:
    """Whether our own text is there, as a transaction after the baseline."""
    if not action.text.split():
        return True
    if said.knows(action) and not said.sees_comments:
        # It need not be looked for again, but what it shows of the account is worth knowing.
        await _find_text(rt, action, said)
        return True
    before = Mark.read(action.baseline)
    if before is None:
        return False
    login = (await rt.account()).Name
    if found.mark.transaction == before.transaction:
        return _changed_unseen(found, said.before(action), login)
    if await _find_text(rt, action, said):
        return True
    return _changed_unseen(found, said.before(action), login)


async def _find_text(rt: RtSession, action: Action, said: Said) -> bool:
    """Whether the account sees its text among those that came after the baseline."""
    before = Mark.read(action.baseline)
    if before is None:
        return False
    login = (await rt.account()).Name
    wanted = {
        "fields": "Content,TransactionId,Creator",
        "orderby": "id",
        "order": "DESC",
        "per_page": "100",
    }
    page = await rt.json(_SaidPage, f"/ticket/{action.key}/attachments", params=wanted)
    for each in page.items:
        who = each.Creator if isinstance(each.Creator, str) else each.Creator.id
        if not each.TransactionId.isdecimal() or int(each.TransactionId) <= before.transaction:
            continue
        if who == login and same_text(action.text, each.Content or ""):
            transaction = await rt.json(_Transaction, f"/transaction/{each.TransactionId}")
            if transaction.Type == _TYPES[rt.notes]:
                said.sees_comments = said.sees_comments or rt.notes == "comment"
                return True
    return False


def _changed_unseen(found: _Found, before: Mark | None, login: str) -> bool:
    """Whether our account has changed the ticket in a way that it may not see.

    An account without the right ShowTicketComments sees no transaction of its own comment: the
    ticket's last transaction stays, and its last change is by the account, and another.
    """
    return (
        before is not None
        and bool(before.changed)
        and found.mark.transaction == before.transaction
        and found.mark.changed != before.changed
        and found.full.changed_by == login
    )


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
        body={"Content": sendable(action.text), "ContentType": "text/plain"},
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
