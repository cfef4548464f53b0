"""Acts in Zabbix: acknowledges events, and puts hosts into maintenance.

Facts are those of Zabbix 6.0 as measured. What makes writing particular:

- An acknowledgement is about an event. A host is acknowledged by the events of the triggers
  that say that it is down.
- Names of maintenances are unique: the action's id in the name makes a second one impossible.
- An action ends only maintenances that an action made: another may cover many hosts and return
  every Sunday.
- Zabbix refuses a method that the role forbids before it reads the parameters, so a call
  without any tells whether the method may be called.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from adapters.zabbix.api import Call, ZabbixApi
from adapters.zabbix.rows import Trigger
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb
from smic_tui.i18n import _
from smic_tui.records import Health

ReadOne = Callable[[str], Awaitable[tuple[Health | None, list[Trigger], str]]]

_OURS = "smic-tui "
# The bits of event.acknowledge.
_ACKNOWLEDGE, _MESSAGE, _UNACKNOWLEDGE = 2, 4, 16
_ON_EVENTS = (Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE)


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
    """Return what the account's role lets it call."""
    replies = await api.ask(Call("event.acknowledge", {}), Call("maintenance.create", {}))
    verbs: set[Verb] = set()
    for number, those in ((0, _ON_EVENTS), (1, (Verb.DOWNTIME, Verb.END_DOWNTIME))):
        error = replies.error(number)
        if error is not None and error.knows_us_not:
            replies.get(number, object)  # raises
        if error is not None and not error.forbids:
            verbs.update(those)
    return frozenset(verbs)


async def inspect_record(api: ZabbixApi, read_one: ReadOne, action: Action) -> RecordSnapshot:
    """Return the record, and whether the action's effect is there."""
    record, triggers, hostid = await read_one(action.key)
    if record is None:
        return RecordSnapshot(record=None, at_once=True)
    if action.verb is Verb.ACKNOWLEDGE:
        done = record.acknowledged
    elif action.verb is Verb.UNACKNOWLEDGE:
        done = not any(trigger.event and trigger.event.acknowledged for trigger in triggers)
    else:
        maintenances = await _maintenances(api, hostid)
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
    return RecordSnapshot(
        record=record, done=done, baseline=action.baseline or "looked", at_once=True
    )


async def apply(api: ZabbixApi, read_one: ReadOne, action: Action) -> None:
    """Send the action, once."""
    record, triggers, hostid = await read_one(action.key)
    if record is None:
        raise Refused(_("It is gone from Zabbix, or no longer monitored"))
    if action.verb in _ON_EVENTS:
        await _on_events(api, action, triggers)
    elif action.verb is Verb.DOWNTIME:
        await _create(api, action, hostid)
    elif action.verb is Verb.END_DOWNTIME:
        await _end(api, await _maintenances(api, hostid))
    else:
        raise Refused(_("Zabbix knows nothing like that"))


async def _on_events(api: ZabbixApi, action: Action, triggers: list[Trigger]) -> None:
    acknowledging = action.verb is Verb.ACKNOWLEDGE
    wanted = [
        trigger.event.eventid
        for trigger in triggers
        if trigger.event
        and bool(trigger.event.acknowledged) is not acknowledging
        and (trigger.value == 1 or not acknowledging)
    ]
    if not wanted:
        raise Refused(
            _("There is no problem to acknowledge")
            if acknowledging
            else _("There is no acknowledgement to remove"),
            hint=_("A host is acknowledged by the problem that says that it is down."),
        )
    what = _ACKNOWLEDGE if acknowledging else _UNACKNOWLEDGE
    params: dict[str, Any] = {"eventids": wanted, "action": what}
    words = _signed(action)
    if words:
        params |= {"action": what | _MESSAGE, "message": words}
    await api.act(Call("event.acknowledge", params))


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
        "description": _signed(action),
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


def _signed(action: Action) -> str:
    """Return the text with the name of the person: all share one account."""
    return f"{action.by}: {action.text}" if action.text and action.by else action.text
