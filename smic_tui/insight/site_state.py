"""The state of a site from what monitoring says of its hosts and services.

One record of a source that is not stale says

    host      down, unreachable, critical    the site is down        CRITICAL
              warning                        degraded                WARNING
              pending, unknown               unknown                 UNKNOWN
              up, ok                         up                      FINE
    service   critical, down, unreachable    degraded                WARNING
              warning                        degraded                NOTICE
              unknown                        (nothing)               UNKNOWN
              ok, up, pending                (nothing)               FINE

A record of a stale source says that the site is unknown, and so does a host whose own check is
outdated; an outdated service says so where no host of the site is known to be as it was. The
last state of such records stays in them. The state of the site
is the worst that its hosts say, then its services: down, degraded, unknown, up.
It is also unknown when there is no record at all, and up when there are only
services and all is well with them. The level is the worst of the records'
levels; an acknowledged record, one in downtime, and a service of a host in
downtime count at most NOTICE.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from smic_tui.model.facts import SiteFact
from smic_tui.model.states import Level, SiteState
from smic_tui.records import Health, HealthState

_HOST = {
    HealthState.DOWN: (SiteState.DOWN, Level.CRITICAL),
    HealthState.UNREACHABLE: (SiteState.DOWN, Level.CRITICAL),
    HealthState.CRITICAL: (SiteState.DOWN, Level.CRITICAL),
    HealthState.WARNING: (SiteState.DEGRADED, Level.WARNING),
    HealthState.UNKNOWN: (SiteState.UNKNOWN, Level.UNKNOWN),
    HealthState.PENDING: (SiteState.UNKNOWN, Level.UNKNOWN),
    HealthState.UP: (SiteState.UP, Level.FINE),
    HealthState.OK: (SiteState.UP, Level.FINE),
}
_SERVICE = {
    HealthState.CRITICAL: (SiteState.DEGRADED, Level.WARNING),
    HealthState.DOWN: (SiteState.DEGRADED, Level.WARNING),
    HealthState.UNREACHABLE: (SiteState.DEGRADED, Level.WARNING),
    HealthState.WARNING: (SiteState.DEGRADED, Level.NOTICE),
    HealthState.UNKNOWN: (SiteState.UP, Level.UNKNOWN),
    HealthState.OK: (SiteState.UP, Level.FINE),
    HealthState.UP: (SiteState.UP, Level.FINE),
    HealthState.PENDING: (SiteState.UP, Level.FINE),
}
_RANK = {SiteState.UP: 0, SiteState.UNKNOWN: 1, SiteState.DEGRADED: 2, SiteState.DOWN: 3}


class SiteHealth(Struct, frozen=True, kw_only=True):
    """What all records of a site say together.

    `past` are the records among them that tell of the past only: their source is stale, or
    their own check is outdated. `last_state` is what all records said last. `since` is
    when the worst of them began. `acknowledged` and `downtime` are true when all trouble
    there is is acknowledged, or in downtime; without any trouble,
    `downtime` is true when a host is in downtime.
    """

    state: SiteState
    level: Level
    since: datetime | None
    acknowledged: bool
    downtime: bool
    records: tuple[Health, ...]
    last_state: SiteState = SiteState.UNKNOWN
    past: tuple[Health, ...] = ()


NOT_MONITORED = SiteHealth(
    state=SiteState.UNKNOWN,
    level=Level.UNKNOWN,
    since=None,
    acknowledged=False,
    downtime=False,
    records=(),
)


def verdict(health: Health, *, stale: bool) -> tuple[SiteState, Level]:
    """What one record says of its site, before downtime and acknowledgement; `stale` says
    whether its source is.
    """
    if stale or health.outdated:
        return SiteState.UNKNOWN, Level.UNKNOWN
    return last_verdict(health)


def last_verdict(health: Health) -> tuple[SiteState, Level]:
    """What one record said of its site when it was checked last, however long ago."""
    return (_SERVICE if health.service else _HOST)[health.state]


def planned_hosts(records: Iterable[Health]) -> frozenset[str]:
    """The hosts that are in downtime as a whole."""
    return frozenset(one.host for one in records if one.downtime and not one.service)


def level_of(health: Health, *, past: bool, planned: Collection[str]) -> Level:
    """The level of one record, wherever it is shown.

    `past` says whether it tells of the past only (see `SiteHealth`), `planned` are the hosts
    in downtime.
    """
    level = verdict(health, stale=past)[1]
    quiet = health.acknowledged or health.downtime or health.host in planned
    return min(level, Level.NOTICE) if quiet else level


def levels_at(fact: SiteFact) -> list[tuple[Health, Level]]:
    """The records of a site, each with its level."""
    planned = planned_hosts(fact.health)
    past = set(map(id, fact.past))
    return [(one, level_of(one, past=id(one) in past, planned=planned)) for one in fact.health]


def health_of_site(records: Sequence[Health], stale: Collection[str]) -> SiteHealth:
    """The state of the site that `records` are of; `stale` names the stale sources."""
    if len(records) == 1 and not stale:  # most sites, most of the time
        only = records[0]
        if only.state in (HealthState.UP, HealthState.OK) and not only.outdated:
            return SiteHealth(
                state=SiteState.UP,
                level=Level.FINE,
                since=only.since,
                acknowledged=False,
                downtime=only.downtime,
                records=(only,),
                last_state=SiteState.UP,
            )
    if not records:
        return NOT_MONITORED
    planned = planned_hosts(records)
    past = [one.outdated or one.source in stale for one in records]
    host_is_known = any(
        not (hidden or one.service) for one, hidden in zip(records, past, strict=True)
    )
    judged = []
    for health in records:
        state, level = verdict(health, stale=health.source in stale)
        if health.outdated and health.service and host_is_known and health.source not in stale:
            state = SiteState.UP
        seen = level_of(health, past=health.source in stale, planned=planned)
        judged.append((health, state, level, seen))
    judged.sort(
        key=lambda part: (
            -part[3],
            -_RANK[part[1]],
            -part[2],
            bool(part[0].service),
            part[0].host,
            part[0].service,
            part[0].key,
        )
    )
    trouble = [health for health, _state, level, _seen in judged if level >= Level.NOTICE]
    state = max((part[1] for part in judged), key=_RANK.__getitem__)
    began = [
        health.since
        for health, said, _level, seen in judged
        if seen == judged[0][3] and said is judged[0][1] and health.since
    ]
    return SiteHealth(
        state=state,
        level=judged[0][3],
        since=min(began, default=None),
        acknowledged=bool(trouble) and all(health.acknowledged for health in trouble),
        downtime=(
            all(health.downtime or health.host in planned for health in trouble)
            if trouble
            else bool(planned)
        ),
        records=tuple(part[0] for part in judged),
        last_state=(
            max((last_verdict(one)[0] for one in records), key=_RANK.__getitem__)
            if any(past)
            else state
        ),
        past=(
            tuple(one for one, *_said in judged if one.outdated or one.source in stale)
            if any(past)
            else ()
        ),
    )
