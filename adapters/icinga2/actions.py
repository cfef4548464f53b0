"""Acts on Icinga's hosts and services: acknowledges them, and puts them into downtimes.

Facts are those of Icinga 2.13's API as measured. What makes writing particular:

- acknowledge-problem answers 409 both for what is acknowledged already and for what is up: the
  object, read again, tells which.
- A downtime is an object of its own with a name that Icinga chooses. The action remembers the
  names that were there before: among the new ones it recognises its downtime by author, comment
  and end, even when the answer with its name was lost.
- Icinga answers in the same words to an account without the right to an action and for an
  object that is not there: so the adapter asks for the rights before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.icinga2.objects import HOST_ATTRS, SERVICE_ATTRS, Converted, Results
from adapters.icinga2.status import Account
from adapters.shared.json_text import decode_json
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb
from smic_tui.i18n import _
from smic_tui.records import Health, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.http.session import Answer, HttpSession

DOWNTIMES_RIGHT = "objects/query/Downtime"
_ACTIONS = {
    Verb.ACKNOWLEDGE: "acknowledge-problem",
    Verb.UNACKNOWLEDGE: "remove-acknowledgement",
    Verb.DOWNTIME: "schedule-downtime",
    Verb.END_DOWNTIME: "remove-downtime",
}
_ON_DOWNTIMES = (Verb.DOWNTIME, Verb.END_DOWNTIME)
_DOWNTIME_ATTRS = ("author", "comment", "start_time", "end_time", "config_owner")
# Icinga refuses an empty comment.
_NO_WORD = "smic-tui"


class _DowntimeAttrs(Struct):
    author: str = ""
    comment: str = ""
    start_time: float = 0
    end_time: float = 0
    config_owner: str = ""


class Downtime(Struct):
    """A downtime of an object; times are epoch seconds on Icinga's clock."""

    name: str
    attrs: _DowntimeAttrs


class _Outcome(Struct):
    code: float = 0
    status: str = ""


class _Answered(Struct):
    results: list[_Outcome] = []
    status: str = ""


class Inspected(Struct, frozen=True):
    """An object as it is now, None if there is none, and its downtimes where they matter."""

    record: Health | None
    downtimes: list[Downtime] = []


def capabilities(account: Account) -> dict[Stream, frozenset[Verb]]:
    """Return what the permissions of the ApiUser allow."""
    verbs = frozenset(
        verb
        for verb, action in _ACTIONS.items()
        if account.may(f"actions/{action}")
        and (verb not in _ON_DOWNTIMES or account.may(DOWNTIMES_RIGHT))
    )
    return {Stream.HEALTH: verbs} if verbs else {}


async def inspect_record(
    http: HttpSession,
    action: Action,
    account: Account,
    with_vars: bool,
    convert: Callable[[bool, list[msgspec.Raw]], Converted],
) -> Inspected:
    """Read one host or service, whose key is "host" or "host!service"."""
    is_host = "!" not in action.key
    type_ = "host" if is_host else "service"
    attrs = list(HOST_ATTRS if is_host else SERVICE_ATTRS)
    if is_host and with_vars:
        attrs.append("vars")
    rows = await _query(
        http, f"{type_}s", f"{type_}.__name == wanted", attrs, {"wanted": action.key}
    )
    converted = convert(is_host, rows)
    if converted.rejected:
        raise http.bad_answer(
            _("Icinga's {name} cannot be read: {reason}").format(
                name=action.key, reason=converted.rejected[0].reason
            )
        )
    record = next(iter(converted.records), None)
    if record is None or action.verb not in _ON_DOWNTIMES:
        return Inspected(record)
    if not account.may(DOWNTIMES_RIGHT):
        raise Refused(
            _("The Icinga account {user} lacks the permission {rights}").format(
                user=account.user, rights=DOWNTIMES_RIGHT
            ),
            hint=_("Add it to `permissions` of the ApiUser and reload Icinga."),
        )
    of_object = "downtime.host_name == of_host && downtime.service_name == of_service"
    host, _mark, service = action.key.partition("!")
    names = {"of_host": host, "of_service": service}
    found = await _query(http, "downtimes", of_object, list(_DOWNTIME_ATTRS), names)
    try:
        return Inspected(record, [decode_json(raw, Downtime) for raw in found])
    except msgspec.DecodeError as error:
        raise http.bad_answer(
            _("Icinga's downtimes have another form than expected: {reason}").format(reason=error)
        ) from None


def snapshot_of(action: Action, inspected: Inspected) -> RecordSnapshot:
    """Return the object as it is, and whether the action's effect is there."""
    record = inspected.record
    if record is None:
        return RecordSnapshot(record=None, at_once=True)
    match action.verb:
        case Verb.ACKNOWLEDGE:
            done = record.acknowledged
        case Verb.UNACKNOWLEDGE:
            done = not record.acknowledged
        case Verb.DOWNTIME:
            done = action.baseline != "" and bool(_ours(action, inspected))
            # Icinga counts a downtime as begun some seconds after its time.
            if done and any(_runs(downtime) for downtime in _ours(action, inspected)):
                record = replace(record, downtime=True)
        case _:
            done = not any(_runs(downtime) for downtime in inspected.downtimes)
            if done:
                record = replace(record, downtime=False)
    names = sorted(downtime.name for downtime in inspected.downtimes)
    return RecordSnapshot(
        record=record,
        done=done,
        baseline=action.baseline or msgspec.json.encode(names).decode(),
        at_once=True,
    )


async def apply(http: HttpSession, action: Action, inspected: Inspected) -> None:
    """Send the action, once; `inspected` is needed for ending downtimes."""
    name = _ACTIONS.get(action.verb)
    if name is None:
        raise Refused(_("Icinga knows nothing like that"))
    if action.verb is Verb.END_DOWNTIME:
        for downtime in inspected.downtimes:
            if _runs(downtime):
                await _act(http, name, {"downtime": downtime.name})
        return
    kind = "Service" if "!" in action.key else "Host"
    body: dict[str, Any] = {"type": kind, kind.lower(): action.key}
    if action.verb is not Verb.UNACKNOWLEDGE:
        body |= {"author": action.by, "comment": action.text or _NO_WORD}
    if action.verb is Verb.ACKNOWLEDGE and action.until is not None:
        body["expiry"] = action.until.timestamp()
    if action.verb is Verb.DOWNTIME:
        if action.until is None:
            raise Refused(_("Icinga wants to know when a downtime ends"))
        start = action.start.timestamp() if action.start is not None else time.time()
        body |= {"start_time": start, "end_time": action.until.timestamp(), "fixed": True}
    await _act(http, name, body)


async def _act(http: HttpSession, name: str, body: dict[str, Any]) -> None:
    answer = await http.request(
        "POST", f"/v1/actions/{name}", body=body, expect=(200, 400, 403, 404, 409, 500)
    )
    said = await _said(http, answer)
    if answer.status == 200 and all(200 <= outcome.code < 300 for outcome in said.results):
        return
    reason = "; ".join(outcome.status for outcome in said.results if outcome.status)
    raise Refused(
        _("Icinga refuses: {reason}").format(reason=reason or said.status or answer.status),
        hint=_("Is {right} among the permissions of the ApiUser, for this object?").format(
            right=f"actions/{name}"
        )
        if answer.status in (403, 404)
        else "",
    )


async def _said(http: HttpSession, answer: Answer) -> _Answered:
    if answer.status != 200:
        try:
            return decode_json(answer.body, _Answered)
        except (msgspec.DecodeError, RecursionError):
            return _Answered()
    return await http.decode(_Answered, answer)


async def _query(
    http: HttpSession, type_: str, filter: str, attrs: list[str], names: dict[str, str]
) -> list[msgspec.Raw]:
    body = {"attrs": attrs, "filter": filter, "filter_vars": names}
    answer = await http.request(
        "POST", f"/v1/objects/{type_}", body=body, headers={"X-HTTP-Method-Override": "GET"}
    )
    return (await http.decode(Results, answer)).results


def _ours(action: Action, inspected: Inspected) -> list[Downtime]:
    """Return the downtimes that are newer than the baseline and as the action wants them."""
    try:
        before = set(msgspec.json.decode(action.baseline or "[]", type=list[str]))
    except msgspec.DecodeError:
        before = set()
    return [
        downtime
        for downtime in inspected.downtimes
        if downtime.name not in before
        and downtime.attrs.author == action.by
        and downtime.attrs.comment == (action.text or _NO_WORD)
        and action.until is not None
        and abs(downtime.attrs.end_time - action.until.timestamp()) < 1
    ]


def _runs(downtime: Downtime) -> bool:
    return downtime.attrs.start_time <= time.time() + 1 and downtime.attrs.end_time > time.time()
