"""Counts a situation: everything that `smic-tui status` says of it.

Until a source is read again only the clock changes the counts (`insight.forecast`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from smic_tui.insight.site_state import level_of, planned_hosts
from smic_tui.model.facts import RequestFact, Situation, SourceFact, TicketFact
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.model.status_counts import (
    RequestCounts,
    SourceCounts,
    StatusCounts,
    TicketCounts,
)
from smic_tui.records import Actor


def count(situation: Situation) -> StatusCounts:
    """Count the situation; what is counted already is not counted again."""
    if situation.counts is not None and not situation.is_partial:
        return situation.counts
    return with_sums(
        situation,
        sites=Counter((fact.state, fact.level) for fact in situation.sites),
        backups=Counter(fact.state for fact in situation.backups),
        tickets=count_tickets(situation.tickets),
        requests=count_requests(situation.requests),
    )


def with_sums(
    situation: Situation,
    *,
    sites: Mapping[tuple[SiteState, Level], int],
    backups: Mapping[BackupState, int],
    tickets: TicketCounts,
    requests: RequestCounts,
) -> StatusCounts:
    """The counts of the situation, whose long lists somebody has counted."""
    states: dict[SiteState, int] = {}
    levels: dict[SiteState, Level] = {}
    for (state, level), number in sites.items():
        states[state] = states.get(state, 0) + number
        levels[state] = max(level, levels.get(state, level))
    return StatusCounts(
        sites=states,
        site_levels=levels,
        backups=dict(backups),
        tickets=tickets,
        requests=requests,
        alerts=dict(Counter(fact.status for fact in situation.alerts)),
        sources=count_sources(situation.sources),
        attention=attention(situation),
    )


def count_tickets(facts: Iterable[TicketFact]) -> TicketCounts:
    """The open ones."""
    opened = [fact for fact in facts if fact.ticket.status.is_open]
    return TicketCounts(
        open=len(opened),
        overdue=sum(fact.overdue for fact in opened),
        mine=sum(fact.mine for fact in opened),
    )


def count_requests(facts: Iterable[RequestFact]) -> RequestCounts:
    """The open ones."""
    opened = [fact for fact in facts if fact.request.stage.is_open]
    return RequestCounts(
        open=len(opened),
        overdue=sum(fact.overdue for fact in opened),
        waiting_on_us=sum(fact.request.waiting_on is Actor.US for fact in opened),
    )


def count_sources(facts: Iterable[SourceFact]) -> tuple[SourceCounts, ...]:
    """Each source."""
    return tuple(
        SourceCounts(
            name=fact.status.name,
            kind=fact.status.kind,
            state=fact.status.state,
            stale=fact.stale,
            level=fact.level,
            last_good=fact.status.last_good,
            rows=fact.status.rows,
            rejected=fact.status.rejected_count,
            unmatched=sum(one.count for one in fact.unmatched),
        )
        for fact in facts
    )


def attention(situation: Situation) -> bool:
    """Whether something needs somebody: a firing alert, or a site, backup, ticket or
    request of level WARNING or worse. Sources speak for themselves.

    Lists are worst first (`insight.order`), and the trouble of a site is the level of its
    worst part: the first of each list tells of all.
    """
    stale = frozenset(fact.key for fact in situation.sources if fact.stale)
    planned = planned_hosts(situation.unmatched_health)
    return (
        any(alert.status is AlertStatus.FIRING for alert in situation.alerts)
        or any(fact.trouble >= Level.WARNING for fact in situation.sites[:1])
        or any(fact.level >= Level.WARNING for fact in situation.backups[:1])
        or any(fact.level >= Level.WARNING for fact in situation.tickets[:1])
        or any(fact.level >= Level.WARNING for fact in situation.requests[:1])
        or any(
            level_of(health, past=health.source in stale, planned=planned) >= Level.WARNING
            for health in situation.unmatched_health
        )
    )
