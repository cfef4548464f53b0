"""Reads what an action is about: one host or trigger as it is now, and its open events."""

from __future__ import annotations

from msgspec import Struct

from adapters.zabbix.ages import Ages
from adapters.zabbix.api import ZabbixApi
from adapters.zabbix.objects import Host, Problem, Trigger, TriggerId
from adapters.zabbix.options import ZabbixOptions
from adapters.zabbix.questions import Questions
from adapters.zabbix.rows import Known, Records
from smic_tui.records import Health


class Subject(Struct):
    """What an action is about: a record, the open events that it stands for, and its host."""

    record: Health
    problems: list[Problem]
    hostid: str


class Subjects:
    """Reads single records. `ages` are those of the last reading: one is as old as it was then."""

    def __init__(self, config: ZabbixOptions, api: ZabbixApi, questions: Questions) -> None:
        self._config = config
        self._api = api
        self._ask = questions
        self.ages = Ages()

    async def one(self, key: str, now: float) -> Subject | None:
        """Read a host or a trigger with its host anew, None if it is gone.

        Raises `ValueError` if no record can be made of it.
        """
        ask = self._ask
        triggers: list[Trigger] = []
        hostid = key[1:]
        if not key.startswith("h"):
            asked = await self._api.ask(ask.triggers(triggerids=[key[1:]]))
            triggers = asked.get(0, list[Trigger])
            if not triggers or not triggers[0].hosts:
                return None
            hostid = triggers[0].hosts[0].hostid
        asked = await self._api.ask(
            ask.hosts(hostids=[hostid]),
            ask.triggers(hostids=[hostid], filter={"value": 1}),
            ask.problems(hostids=[hostid]),
            ask.shown(output=["triggerid"], hostids=[hostid]),
        )
        hosts = asked.get(0, list[Host])
        if not hosts:
            return None
        known = Known(hosts={hostid: hosts[0]})
        for trigger in (*asked.get(1, list[Trigger]), *triggers):
            known.triggers[trigger.triggerid] = trigger
        for problem in asked.get(2, list[Problem]):
            known.problems[problem.eventid] = problem
        known.notice_shown({each.triggerid for each in asked.get(3, list[TriggerId])})
        records = Records(self._config, known, self.ages, now)
        if triggers:
            record, about = records.of_trigger(triggers[0]), triggers
        else:
            record, about = records.of_host(hosts[0]), records.reasons(hostid)
        ids = {each.triggerid for each in about}
        problems = [each for each in known.problems.values() if each.objectid in ids]
        return Subject(record=record, problems=problems, hostid=hostid)
