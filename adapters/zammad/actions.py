"""Acts on a ticket of Zammad: adds a note, sets another owner or another state.

As its documentation and source say: one PUT changes the ticket and adds an article, in one
transaction; a refusal is 403 or 422 with `error`. Nothing ties the PUT to a version, so the
ticket is read right before it. Zammad numbers articles upwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.ticketing.choice import Candidate, best_of, is_effect
from adapters.ticketing.texts import same_text, sendable
from adapters.zammad.tickets import Converter, State, ZammadTicket, decode
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import TicketStatus

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

_TAG = re.compile(r"<[^<>]*>")


class Desk(Struct, frozen=True, kw_only=True):
    """Our account, and the meaning of this Zammad's states."""

    id: int
    login: str
    converter: Converter
    states: Mapping[str, State]

    def state(self, name: str) -> State:
        """Return a state by its name."""
        return self.states.get(name) or State(id=0, name=name)


class _Article(Struct):
    id: int
    body: str = ""
    created_by_id: int = 0
    content_type: str = ""
    internal: bool = False

    @property
    def text(self) -> str:
        if "html" in self.content_type:
            return unescape(_TAG.sub(" ", self.body))
        return self.body


class _Error(Struct):
    error: str = ""


async def inspect(http: HttpSession, action: Action, desk: Desk) -> RecordSnapshot:
    """Return the ticket as it is now, and whether the action's effect is there."""
    ticket = await _find(http, action.key)
    if ticket is None:
        return RecordSnapshot(record=None, at_once=True)
    articles = await _articles(http, action.key)
    return RecordSnapshot(
        record=desk.converter.record(ticket, desk.state(ticket.state)),
        version=ticket.updated_at.isoformat(),
        done=_has_effect(action, ticket, desk) and _has_text(action, articles, desk),
        baseline=action.baseline or str(max((each.id for each in articles), default=0)),
        at_once=True,
    )


async def apply(http: HttpSession, action: Action, snapshot: RecordSnapshot, desk: Desk) -> None:
    """Send what of the action is not in the ticket yet."""
    ticket = await _find(http, action.key)
    if ticket is None:
        raise Refused(_("Zammad has no ticket {number} any more").format(number=action.key))
    if snapshot.version and snapshot.version != ticket.updated_at.isoformat():
        raise ChangedMeanwhile(
            _("Ticket {number} was changed at the same time").format(number=action.key)
        )
    change: dict[str, Any] = {}
    if not _has_effect(action, ticket, desk):
        if action.verb is Verb.ASSIGN:
            change["owner"] = action.value.strip() or desk.login
        else:
            change["state"] = _wanted_state(action, desk).name
    if not _has_text(action, await _articles(http, action.key), desk):
        change["article"] = {
            "subject": "",
            "body": sendable(action.text),
            "content_type": "text/plain",
            "type": "note",
            "internal": True,
        }
    if not change:
        return
    answer = await http.request(
        "PUT",
        f"/api/v1/tickets/{int(action.key)}",
        body=change,
        expect=(200, 400, 403, 404, 422),
    )
    if answer.status != 200:
        said = (await http.decode(_Error, answer)).error
        raise Refused(said or _("Zammad refuses the change"))


async def _find(http: HttpSession, key: str) -> ZammadTicket | None:
    if not key.isdecimal():
        raise Refused(_("{key} is no number of a ticket").format(key=key))
    answer = await http.request(
        "GET", f"/api/v1/tickets/{int(key)}", params={"expand": "true"}, expect=(200, 403, 404)
    )
    if answer.status == 403:
        raise Refused(_("Zammad does not let the account see ticket {number}").format(number=key))
    if answer.status == 404:
        return None
    tickets, rejected = decode([msgspec.Raw(answer.body)])
    if not tickets:
        raise BadAnswer(rejected[0].reason, excerpt=answer.body[:400])
    return tickets[0]


async def _articles(http: HttpSession, key: str) -> list[_Article]:
    return await http.json(list[_Article], "GET", f"/api/v1/ticket_articles/by_ticket/{int(key)}")


def _has_effect(action: Action, ticket: ZammadTicket, desk: Desk) -> bool:
    match action.verb:
        case Verb.COMMENT:
            return True
        case Verb.ASSIGN:
            wanted = action.value.strip() or desk.login
            return ticket.holder.casefold() == wanted.casefold()
    return is_effect(action, _candidate(desk.state(ticket.state)), desk.converter.words)


def _has_text(action: Action, articles: list[_Article], desk: Desk) -> bool:
    """Whether our own text is there, as an article after the baseline."""
    if not action.text.split():
        return True
    if not action.baseline.isdecimal():
        return False
    return any(
        each.id > int(action.baseline)
        and each.created_by_id == desk.id
        and same_text(action.text, each.text)
        for each in articles
    )


def _candidate(state: State) -> Candidate:
    return Candidate(state.name, state.closed)


def _wanted_state(action: Action, desk: Desk) -> State:
    # Pending states need a date, which the action lacks; merged ones another ticket.
    usable = [
        state
        for state in desk.states.values()
        if state.active and state.state_type in ("new", "open", "closed")
    ]
    best = best_of(action, map(_candidate, usable), desk.converter.words)
    if best is not None:
        return desk.state(best.name)
    raise Refused(
        _("Zammad has no state for {wanted} that needs no date").format(
            wanted=action.value or TicketStatus.RESOLVED
        ),
        hint=_("It has: {states}").format(states=", ".join(state.name for state in usable)),
    )
