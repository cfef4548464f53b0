"""Makes records of health of Zabbix's hosts and triggers, from all that is known of them.

- A host is down while a trigger says so that means it (`down`), while it does not answer to pings
  twice in a row, or while none of the ways by which it is asked is available. It is up when it
  answers to pings, a way is available, or values of its items come in time: whether its agent
  can be asked is not whether it lives.
- A trigger that is a problem has one open event or several. It is acknowledged, and suppressed
  by a maintenance, when all of them are.
- A problem whose trigger depends on one that is a problem too is explained by that one. Zabbix
  does not show it; here it is quiet, as in a downtime.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from adapters.shared.epochs import moment_of_epoch, not_before
from adapters.shared.row_by_row import set_aside
from adapters.shared.site_rules import site_in
from adapters.zabbix.ages import Age, Ages, pinged
from adapters.zabbix.objects import Host, Problem, Trigger
from adapters.zabbix.options import HOST_NAME, SEVERITIES, VISIBLE_NAME, ZabbixOptions
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState


def host_key(hostid: str) -> str:
    """Return the key of a host's own record."""
    return f"h{hostid}"


def trigger_key(triggerid: str) -> str:
    """Return the key of the record of a trigger."""
    return f"t{triggerid}"


class Known(Struct):
    """All that was read: hosts and triggers by their ids, problems by the ids of their events.

    `dependent` are the triggers that Zabbix does not show because of another. `limited` are the
    hosts of which a maintenance, if they are in one, is about some problems only; `templated` is
    what templates say that the hosts themselves do not: the values of the macro of their site.
    """

    hosts: dict[str, Host] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    dependent: set[str] = field(default_factory=set)
    limited: set[str] = field(default_factory=set)
    templated: dict[str, str] = field(default_factory=dict)

    def notice_shown(self, shown: Collection[str]) -> None:
        """Remember which triggers Zabbix shows as problems: another explains the rest."""
        self.dependent = {
            each.triggerid
            for each in self.triggers.values()
            if each.value == 1 and each.dependencies and each.triggerid not in shown
        }

    def problems_of(self) -> dict[str, list[Problem]]:
        """Return the open events of each trigger, the oldest first."""
        found: dict[str, list[Problem]] = defaultdict(list)
        for problem in self.problems.values():
            found[problem.objectid].append(problem)
        for events in found.values():
            events.sort(key=lambda each: (each.clock, int(each.eventid)))
        return found


class Records:
    """Makes the records of one reading."""

    def __init__(
        self, options: ZabbixOptions, known: Known, ages: Ages, now: float, ahead: float = 0.0
    ) -> None:
        """Take the frontend's clock `now`, in epoch seconds, which is `ahead` of ours."""
        self._options = options
        self._now = now
        self._ahead = ahead
        self._down = re.compile(options.down)
        self._base = options.url.rstrip("/")
        self._known = known
        self._ages = ages
        self._events = known.problems_of()
        self._reasons: dict[str, list[Trigger]] = defaultdict(list)
        self._loud: set[str] = set()
        for trigger in known.triggers.values():
            self._learn(trigger)

    def _learn(self, trigger: Trigger) -> None:
        if trigger.value != 1:
            return
        if self._down.search(trigger.description):
            for hostid in trigger.hostids:
                self._reasons[hostid].append(trigger)
        if not self._suppressed(trigger):
            self._loud |= trigger.hostids

    def all(self) -> tuple[list[Health], list[Rejected]]:
        """Return all records; what makes none is set aside."""
        records: list[Health] = []
        rejected: list[Rejected] = []
        for host in self._known.hosts.values():
            try:
                records.append(self.of_host(host))
            except ValueError as error:
                rejected.append(set_aside(host_key(host.hostid), error))
        for trigger in self._known.triggers.values():
            if not self.is_shown(trigger):
                continue
            try:
                records.append(self.of_trigger(trigger))
            except ValueError as error:
                rejected.append(set_aside(trigger_key(trigger.triggerid), error))
        return records, rejected

    def reasons(self, hostid: str) -> list[Trigger]:
        """Return the triggers that say that a host is down."""
        return self._reasons.get(hostid, [])

    def is_shown(self, trigger: Trigger) -> bool:
        """Whether the settings want it, by the severity that it has now."""
        return self._severity(trigger) >= SEVERITIES.index(self._options.severity)

    def of_host(self, host: Host) -> Health:
        """Return the health of the host itself."""
        why = self.reasons(host.hostid)
        state, words = self._state_of_host(host, why)
        began = [self._since(each) for each in why]
        if state is HealthState.DOWN and not why:
            began = [each.errors_from for each in host.ways if each.errors_from]
            if not began and (last := self._ages.newest(host_key(host.hostid))):
                # Of what a proxy asks, only that its values have stopped tells since when.
                began = [last] if pinged_of(self._ages, host) is None else []
        age = self._age_of_host(host, state, why)
        site, *more_sites = self._sites(host)
        return Health(
            key=host_key(host.hostid),
            site=site,
            more_sites=tuple(more_sites),
            host=host.name or host.host,
            state=state,
            since=moment_of_epoch(min(began)) if began else None,
            output="; ".join(words),
            acknowledged=bool(why) and all(self._acknowledged(each) for each in why),
            downtime=self._in_downtime(host, why),
            checked=self._checked(age),
            outdated=age.is_old(self._now),
            url=f"{self._base}/zabbix.php?action=problem.view&filter_set=1"
            f"&hostids%5B%5D={host.hostid}",
        )

    def of_trigger(self, trigger: Trigger) -> Health:
        """Return the health that a trigger tells; it is shown at the first of its hosts."""
        known = self._known.hosts
        hosts = [known[each.hostid] for each in trigger.hosts if each.hostid in known]
        if not hosts:
            raise ValueError(_("none of its hosts can be seen"))
        host, events = hosts[0], self._events.get(trigger.triggerid, [])
        age = self._ages.of_trigger(trigger, hosts, trigger_key(trigger.triggerid))
        site, *more_sites = self._sites(host)
        url = f"{self._base}/tr_events.php?triggerid={trigger.triggerid}"
        return Health(
            key=trigger_key(trigger.triggerid),
            site=site,
            more_sites=tuple(more_sites),
            host=host.name or host.host,
            service=trigger.description,
            state=self._state_of_trigger(trigger),
            since=moment_of_epoch(self._since(trigger)),
            output=trigger.error or self._words(trigger),
            acknowledged=self._acknowledged(trigger),
            downtime=trigger.value == 1 and self._quiet(trigger),
            checked=self._checked(age),
            outdated=age.is_old(self._now),
            url=f"{url}&eventid={events[-1].eventid}" if events else url,
        )

    # -- hosts -----------------------------------------------------------------

    def _state_of_host(self, host: Host, why: list[Trigger]) -> tuple[HealthState, list[str]]:
        """Return a host's state, and the words that tell why."""
        if why:
            explained = all(each.triggerid in self._known.dependent for each in why)
            state = HealthState.UNREACHABLE if explained else HealthState.DOWN
            return state, [self._words(each) for each in why]
        answers = pinged_of(self._ages, host)
        if answers is False:
            return HealthState.DOWN, ["icmpping = 0"]
        refused = [each.error for each in host.ways if each.available == 2 and each.error]
        if answers or any(each.available == 1 for each in host.ways):
            return HealthState.UP, refused
        newest = self._ages.newest(host_key(host.hostid))
        if host.ways:
            # A value that came after the way was lost came by another one.
            lost = max(each.errors_from for each in host.ways)
            return HealthState.UP if 0 < lost < newest else HealthState.DOWN, refused
        # How old the newest value is, is told apart from the state.
        return HealthState.UP if newest else HealthState.PENDING, refused

    def _in_downtime(self, host: Host, why: list[Trigger]) -> bool:
        if why:
            return all(self._quiet(each) for each in why)
        if host.maintenance_status != 1 or host.hostid in self._known.limited:
            return False
        # A maintenance of which nothing else is told, beside a problem that it does not suppress,
        # is about some problems only.
        return host.hostid not in self._loud

    def _age_of_host(self, host: Host, state: HealthState, why: list[Trigger]) -> Age:
        """Return the age of the check that the state rests on."""
        ages = [self._ages.of_trigger(each, [host], trigger_key(each.triggerid)) for each in why]
        if ages:
            # It is down as long as one of them can be believed.
            return next((age for age in ages if not age.is_old(self._now)), ages[0])
        age = self._ages.of_host(host, host_key(host.hostid))
        if state is HealthState.DOWN and not age.away and pinged_of(self._ages, host) is None:
            # Of an interface that is not available the items are old: that is no doubt.
            return Age(checked=age.checked)
        return age

    def _checked(self, age: Age) -> datetime | None:
        moment = moment_of_epoch(age.checked - self._ahead) if age.checked else None
        if moment is None or age.is_old(self._now):
            return moment
        return not_before(moment)

    def _sites(self, host: Host) -> list[str]:
        """Return what tells the sites of a host; several values of one tag are several sites."""
        found = _sites(self._options.site, host)
        templated = self._known.templated.get(host.hostid, "")
        return found or [templated or host.name or host.host]

    # -- triggers --------------------------------------------------------------

    def _severity(self, trigger: Trigger) -> int:
        """Return the worst of its events that is not quiet; a person may have changed it."""
        events = self._events.get(trigger.triggerid, []) if trigger.value == 1 else []
        loud = [each for each in events if not each.suppressed]
        return max((each.severity for each in loud or events), default=trigger.priority)

    def _state_of_trigger(self, trigger: Trigger) -> HealthState:
        if trigger.value not in (0, 1):
            raise ValueError(_("its value is 0 or 1, not {value}").format(value=trigger.value))
        if trigger.value == 1:
            least = SEVERITIES.index(self._options.critical_from)
            return HealthState.CRITICAL if self._severity(trigger) >= least else HealthState.WARNING
        return HealthState.UNKNOWN if trigger.state == 1 else HealthState.OK

    def _since(self, trigger: Trigger) -> int:
        """Return when it began, in epoch seconds: `lastchange` is that of its newest event."""
        events = self._events.get(trigger.triggerid) if trigger.value == 1 else None
        return events[0].clock or trigger.lastchange if events else trigger.lastchange

    def _acknowledged(self, trigger: Trigger) -> bool:
        events = self._events.get(trigger.triggerid, [])
        return trigger.value == 1 and bool(events) and all(each.acknowledged for each in events)

    def _suppressed(self, trigger: Trigger) -> bool:
        events = self._events.get(trigger.triggerid, [])
        return bool(events) and all(each.suppressed for each in events)

    def _quiet(self, trigger: Trigger) -> bool:
        return trigger.triggerid in self._known.dependent or self._suppressed(trigger)

    def _words(self, trigger: Trigger) -> str:
        """Return the name of its newest event, and what explains it."""
        if trigger.value != 1:
            return ""
        events = self._events.get(trigger.triggerid)
        words = events[-1].name if events and events[-1].name else trigger.description
        if trigger.triggerid not in self._known.dependent:
            return words
        return " <- ".join([words, *self._explained_by(trigger)])

    def _explained_by(self, trigger: Trigger) -> list[str]:
        """Return the names of the problems that it depends on, as far as they can be seen."""
        names = []
        for above in trigger.dependencies:
            known = self._known.triggers.get(above.triggerid)
            if known is None:
                names.append(above.description)
            elif known.value == 1:
                host = next((h for h in known.hosts if h.hostid in self._known.hosts), None)
                where = self._known.hosts[host.hostid].name if host else ""
                names.append(f"{where}: {known.description}" if where else known.description)
        return [name for name in names if name]


def pinged_of(ages: Ages, host: Host) -> bool | None:
    """Return whether a host answers to pings, None if nothing tells."""
    return pinged(ages.items_of(host_key(host.hostid)))


def _sites(rule: str, host: Host) -> list[str]:
    where, dot, name = rule.partition(".")
    if rule == VISIBLE_NAME:
        found = [host.name]
    elif rule == HOST_NAME:
        found = [host.host]
    elif dot and where == "tag":
        # What the host says itself comes before what its templates say.
        own = [tag.value for tag in host.tags if tag.tag == name and tag.value]
        found = own or [tag.value for tag in host.inheritedTags if tag.tag == name]
    elif dot and where == "macro":
        found = [macro.value for macro in host.macros if macro.macro == name]
    elif dot and where == "inventory":
        inventory: Mapping[str, Any] = host.inventory if isinstance(host.inventory, dict) else {}
        found = [str(inventory.get(name) or "")]
    else:
        found = [site_in(rule, host.name)]
    return [*dict.fromkeys(filter(None, found))]
