"""Acts in Zabbix: acknowledges events, and puts hosts into maintenance.

Facts are those of Zabbix 6.0 and 7.0 as measured. What makes writing particular:

- An acknowledgement is about an event, and a trigger may have several open ones: all of them are
  acknowledged. A host is acknowledged by the events of the triggers that say that it is down.
- To acknowledge an event that is acknowledged already changes nothing, without a word. What was
  written is looked for among the event's own acknowledgements.
- Names of maintenances are unique: the action's id in the name makes a second one impossible.
- An action ends only maintenances that an action made: another may cover many hosts and return
  every Sunday.
- Zabbix refuses what the role forbids before it looks at the objects: so a question about an
  event that cannot be tells whether the account may acknowledge, and changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from adapters.zabbix.api import Call, RpcError, ZabbixApi
from adapters.zabbix.objects import Problem
from adapters.zabbix.subject import Subject
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb
from smic_tui.i18n import _

SubjectOf = Callable[[str], Awaitable[Subject | None]]

_OURS = "smic-tui "
# The bits of event.acknowledge.
_ACKNOWLEDGE, _MESSAGE, _UNACKNOWLEDGE = 2, 4, 16
_ON_EVENTS = (Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE)
_NO_EVENT = "0"
# MySQL cuts what is longer, in a mode that administrators may choose.
_CUT_FROM = 255
# How many characters Zabbix keeps of what is written on an event.
_LONGEST = 2048


class _Written(Struct):
    """One act of a person on an event; `action` are the bits of event.acknowledge."""

    acknowledgeid: int
    action: int = 0
    message: str = ""


class _Event(Struct):
    eventid: str
    acknowledges: list[_Written] = []


class _Maintenance(Struct):
    maintenanceid: str
    name: str
    active_since: int
    active_till: int

    @property
    def runs(self) -> bool:
        return self.active_since <= time.time() + 1 and self.active_till > time.time()

    @property
    def ours(self) -> bool:
        return self.name.startswith(_OURS)


async def capabilities(api: ZabbixApi) -> frozenset[Verb]:
    """Return what the account's role lets it do."""
    nothing = {"eventids": [_NO_EVENT], "action": _ACKNOWLEDGE}
    replies = await api.ask(Call("event.acknowledge", nothing), Call("maintenance.create", {}))
    verbs: set[Verb] = set()
    for number, those in ((0, _ON_EVENTS), (1, (Verb.DOWNTIME, Verb.END_DOWNTIME))):
        error = replies.error(number)
        if error is not None and error.knows_us_not:
            replies.get(number, object)  # raises
        if error is not None and _is_allowed(error):
            verbs.update(those)
    return frozenset(verbs)


def _is_allowed(error: RpcError) -> bool:
    """Whether a question that must fail failed for another reason than the role."""
    if error.says("no permissions to referred object"):
        return True  # there is no such event
    return not error.forbids and ": no permissions to " not in error.words.lower()


async def inspect_record(api: ZabbixApi, subject_of: SubjectOf, action: Action) -> RecordSnapshot:
    """Return the record, and whether the action's effect is there."""
    subject = await subject_of(action.key)
    if subject is None:
        return RecordSnapshot(record=None, at_once=True)
    record, baseline = subject.record, action.baseline or "looked"
    if action.verb is Verb.ACKNOWLEDGE:
        events = await _events(api, subject)
        done = bool(events) and not _to_do(action, subject, events)
        newest = max((one.acknowledgeid for each in events for one in each.acknowledges), default=0)
        baseline = action.baseline or f"after {newest}"
    elif action.verb is Verb.UNACKNOWLEDGE:
        done = not any(each.acknowledged for each in subject.problems)
    else:
        maintenances = await _maintenances(api, subject.hostid)
        if action.verb is Verb.DOWNTIME:
            mine = [each for each in maintenances if each.name == _name(action)]
            done = bool(mine)
            # The server puts hosts into maintenance at the beginning of a minute.
            if any(each.runs for each in mine):
                record = replace(record, downtime=True)
        else:
            done = not any(each.runs for each in maintenances)
            if done:
                record = replace(record, downtime=False)
    return RecordSnapshot(record=record, done=done, baseline=baseline, at_once=True)


async def apply(api: ZabbixApi, subject_of: SubjectOf, action: Action) -> None:
    """Send the action, once."""
    subject = await subject_of(action.key)
    if subject is None:
        raise Refused(_("It is gone from Zabbix, or no longer monitored"))
    if action.verb is Verb.ACKNOWLEDGE:
        await _acknowledge(api, action, subject)
    elif action.verb is Verb.UNACKNOWLEDGE:
        await _unacknowledge(api, action, subject)
    elif action.verb is Verb.DOWNTIME:
        await _create(api, action, subject.hostid)
    elif action.verb is Verb.END_DOWNTIME:
        await _end(api, await _maintenances(api, subject.hostid))
    else:
        raise Refused(_("Zabbix knows nothing like that"))


async def _acknowledge(api: ZabbixApi, action: Action, subject: Subject) -> None:
    wanted = _to_do(action, subject, await _events(api, subject))
    if not wanted:
        raise Refused(
            _("There is no problem to acknowledge"),
            hint=_("A host is acknowledged by the problem that says that it is down."),
        )
    words = _short_enough(signed(action))
    for bits in sorted(set(wanted.values()), reverse=True):
        params: dict[str, Any] = {
            "eventids": [each for each, what in wanted.items() if what == bits],
            "action": bits,
        }
        if bits & _MESSAGE:
            params["message"] = words
        await api.act(Call("event.acknowledge", params))


async def _unacknowledge(api: ZabbixApi, action: Action, subject: Subject) -> None:
    wanted = [each.eventid for each in subject.problems if each.acknowledged]
    if not wanted:
        raise Refused(
            _("There is no acknowledgement to remove"),
            hint=_("A host is acknowledged by the problem that says that it is down."),
        )
    params: dict[str, Any] = {"eventids": wanted, "action": _UNACKNOWLEDGE}
    words = _short_enough(signed(action))
    if words:
        params |= {"action": _UNACKNOWLEDGE | _MESSAGE, "message": words}
    await api.act(Call("event.acknowledge", params))


async def _events(api: ZabbixApi, subject: Subject) -> list[_Event]:
    """Return what was written on the open events of the subject."""
    if not subject.problems:
        return []
    call = Call(
        "problem.get",
        {
            "output": ["eventid"],
            "eventids": [each.eventid for each in subject.problems],
            "selectAcknowledges": ["acknowledgeid", "action", "message"],
        },
    )
    found: list[_Event] = (await api.ask(call)).get(0, list[_Event])
    return found


def _to_do(action: Action, subject: Subject, events: list[_Event]) -> dict[str, int]:
    """Return the events that the action is still to be done on, with the bits of what is.

    Where somebody has acknowledged an event already, the words of the action are still missing.
    """
    words = signed(action)
    written = {each.eventid: each.acknowledges for each in events}
    wanted: dict[str, int] = {}
    for problem in subject.problems:
        bits = 0 if problem.acknowledged else _ACKNOWLEDGE
        if words and not _is_written(action, words, problem, written.get(problem.eventid, [])):
            bits |= _MESSAGE
        if bits:
            wanted[problem.eventid] = bits
    return wanted


def _is_written(action: Action, words: str, problem: Problem, written: list[_Written]) -> bool:
    """Whether the action's words are on an event, written since the action began."""
    if not action.baseline.startswith("after "):
        return False
    since = int(action.baseline.removeprefix("after ") or 0)
    return any(each.acknowledgeid > since and is_same_text(words, each.message) for each in written)


def is_same_text(sent: str, stored: str) -> bool:
    """Whether a stored text is what was sent, whatever the database made of it.

    Blanks and signs count for nothing, nor do characters beyond the first 65,536, of which some
    databases make question marks; a long text may be cut.
    """
    wanted, found = _letters(sent), _letters(stored)
    return wanted == found or (len(stored) >= _CUT_FROM and wanted.startswith(found))


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum() and ord(char) < 0x10000)


async def _create(api: ZabbixApi, action: Action, hostid: str) -> None:
    if not action.key.startswith("h"):
        raise Refused(
            _("Zabbix knows maintenances of hosts only"), hint=_("Choose the host itself.")
        )
    if action.until is None:
        raise Refused(_("Zabbix wants to know when a maintenance ends"))
    start = int(action.start.timestamp() if action.start is not None else time.time())
    end = int(action.until.timestamp())
    period = {"timeperiod_type": 0, "start_date": start, "period": max(end - start, 300)}
    params = {
        "name": _name(action),
        "description": signed(action),
        "active_since": start,
        "active_till": end,
        "maintenance_type": 0,
        "hosts": [{"hostid": hostid}],
        "timeperiods": [period],
    }
    await api.act(Call("maintenance.create", params))


async def _end(api: ZabbixApi, maintenances: list[_Maintenance]) -> None:
    running = [each for each in maintenances if each.runs]
    foreign = [each.name for each in running if not each.ours]
    if foreign:
        raise Refused(
            _("The maintenance {names} was not made here").format(names=", ".join(foreign)),
            hint=_("It may cover other hosts and other days: end it in Zabbix."),
        )
    if running:
        ids = [each.maintenanceid for each in running]
        await api.act(Call("maintenance.delete", ids))


async def _maintenances(api: ZabbixApi, hostid: str) -> list[_Maintenance]:
    output = ["maintenanceid", "name", "active_since", "active_till"]
    call = Call("maintenance.get", {"output": output, "hostids": [hostid]})
    found: list[_Maintenance] = (await api.ask(call)).get(0, list[_Maintenance])
    return found


def _name(action: Action) -> str:
    return f"{_OURS}{action.id}"


def signed(action: Action) -> str:
    """Return the text with the name of the person: all share one account."""
    text = f"{action.by}: {action.text}" if action.text and action.by else action.text
    # PostgreSQL ends a text at a NUL, and half a character is no JSON.
    return text.replace("\0", "").encode(errors="replace").decode()


def _short_enough(words: str) -> str:
    if len(words) > _LONGEST:
        raise Refused(
            _("Zabbix keeps {limit} characters, and this has {count} with the name").format(
                limit=_LONGEST, count=len(words)
            ),
            hint=_("Shorten the text."),
        )
    return words
