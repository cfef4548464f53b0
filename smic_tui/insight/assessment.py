"""One pass over a snapshot: everything that is computed about the facts.

A site's `trouble` is the level of its worst part: its health, backups, open
tickets and requests. A part of a stale source is never FINE.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.config.schema import Settings
from smic_tui.i18n import _
from smic_tui.insight.backup_runs import runs_by_job
from smic_tui.insight.backup_state import Doubt, state_of, trust_of
from smic_tui.insight.matching import Register
from smic_tui.insight.order import backup_order, request_order, site_order, ticket_order
from smic_tui.insight.ordered import in_order
from smic_tui.insight.placing import Placer
from smic_tui.insight.since import backup_since, earliest, request_since, ticket_since
from smic_tui.insight.site_state import SiteHealth, health_of_site
from smic_tui.insight.source_level import source_level
from smic_tui.insight.work_level import never_fine_when_stale, request_level, ticket_level
from smic_tui.model.facts import (
    AlertFact,
    BackupFact,
    RequestFact,
    SiteFact,
    Situation,
    SourceFact,
    TicketFact,
)
from smic_tui.model.freshness import Freshness
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.states import Level
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Record,
    Site,
    Stream,
    Ticket,
)
from smic_tui.system.turns import yielding
from smic_tui.text import fold

RecordT = TypeVar("RecordT", bound=Record)
PartT = TypeVar("PartT", BackupFact, TicketFact, RequestFact)


class Parts(Struct, frozen=True, kw_only=True):
    """All facts, worst first.

    The unmatched are health records and facts that match no site.
    """

    sites: tuple[SiteFact, ...]
    backups: tuple[BackupFact, ...]
    tickets: tuple[TicketFact, ...]
    requests: tuple[RequestFact, ...]
    unmatched_health: tuple[Health, ...]
    unmatched_backups: tuple[BackupFact, ...]
    unmatched_tickets: tuple[TicketFact, ...]
    unmatched_requests: tuple[RequestFact, ...]


class Assessment:
    """One pass over one snapshot."""

    def __init__(
        self,
        snapshot: Snapshot,
        settings: Settings,
        now: datetime,
        register: Register,
    ) -> None:
        self.snapshot = snapshot
        self.settings = settings
        self.now = now
        self.zone = ZoneInfo(settings.display.timezone)
        self.register = register
        self.placer = Placer(register)
        self.tellers = frozenset(
            one.status.name for one in snapshot.sources if one.status.may_tell(Stream.BACKUP_RUNS)
        )
        # By the names in any order: one tuple for all facts that rest on the same sources.
        self._rests_on: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.stale = frozenset(
            one.status.name for one in snapshot.sources if one.status.is_stale(now)
        )
        self.trust = trust_of(settings.backups)
        self.names = frozenset(fold(name) for name in settings.me.names)

    def rows(self, stream: Stream, _kind: type[RecordT]) -> Iterable[RecordT]:
        for one in self.snapshot.sources:
            yield from yielding(cast("Mapping[str, RecordT]", one.of(stream)).values())

    # -- the sources that facts rest on

    def rests_on(self, *names: str) -> tuple[str, ...]:
        """These sources in the order of their names; the same tuple for all who rest on them."""
        found = self._rests_on.get(names)
        if found is None:
            sources = tuple(sorted({*names}))
            found = self._rests_on[names] = self._rests_on.setdefault(sources, sources)
        return found

    def share_with(self, before: Assessment) -> None:
        """Take over what `before` knows of references and sources; `before` is of no more use."""
        self.placer.share(before.placer)
        self._rests_on = before._rests_on

    def freshness(self) -> Freshness:
        """How fresh the sources are."""
        return Freshness({one.status.name: one.status.last_good for one in self.snapshot.sources})

    # -- backups

    def backups(self) -> list[BackupFact]:
        jobs = list(self.rows(Stream.BACKUP_JOBS, BackupJob))
        runs = runs_by_job(
            jobs,
            self.rows(Stream.BACKUP_RUNS, BackupRun),
            lambda reference: self.placer.find(reference).key,
        )
        facts = [self.backup(job, runs.by_job[job.source, job.key]) for job in yielding(jobs)]
        facts += [self.backup(job, own, is_known=False) for job, own in yielding(runs.unplanned)]
        return facts

    def backup(
        self, job: BackupJob, runs: tuple[BackupRun, ...], *, is_known: bool = True
    ) -> BackupFact:
        """The fact of a job with its runs; `is_known` is false where only the runs tell of it."""
        stale = False
        if self.stale:
            stale = job.source in self.stale or (
                any(run.source in self.stale for run in runs)
                if runs
                else bool(self.tellers & self.stale)
            )
        found = state_of(
            job, runs, self.now, self.zone, self.settings.calendar, trust=self.trust, stale=stale
        )
        place = self.placer.place(job.site, job.source, Stream.BACKUP_JOBS)
        return BackupFact(
            key=f"{job.source}/{job.key}",
            source=job.source,
            site=place.key,
            site_ref=job.site,
            site_name=place.name,
            site_code=place.code,
            job=job,
            runs=runs,
            state=found.state,
            level=found.state.level,
            last_success=found.last_success,
            due=found.due,
            note=found.note,
            rests_on=self._sources_of_backup(job, runs),
            stale=stale,
            is_known=is_known,
            doubted=found.doubted,
            is_empty=found.doubt is not None and found.doubt is Doubt.EMPTY,
            is_shrunk=found.doubt is not None and found.doubt is Doubt.SHRUNK,
        )

    def _sources_of_backup(self, job: BackupJob, runs: tuple[BackupRun, ...]) -> tuple[str, ...]:
        """Those that the state rests on."""
        told_by = {run.source for run in runs}
        told_by.discard(job.source)
        return self.rests_on(job.source, *told_by) if told_by else self.rests_on(job.source)

    # -- tickets and requests

    def is_mine(self, owner: str) -> bool:
        # A ticket may be assigned to several people and groups, "Agent Un, Réseau".
        return any(owner and fold(owner) in self.names for owner in (owner, *owner.split(", ")))

    def tickets(self) -> list[TicketFact]:
        return [self.ticket(ticket) for ticket in self.rows(Stream.TICKETS, Ticket)]

    def ticket(self, ticket: Ticket) -> TicketFact:
        place = self.placer.place(ticket.site, ticket.source, Stream.TICKETS)
        overdue = ticket.due is not None and ticket.due < self.now and ticket.status.is_open
        mine = self.is_mine(ticket.owner)
        stale = ticket.source in self.stale
        return TicketFact(
            key=f"{ticket.source}/{ticket.key}",
            source=ticket.source,
            site=place.key,
            site_ref=ticket.site,
            site_name=place.name,
            site_code=place.code,
            ticket=ticket,
            level=never_fine_when_stale(ticket_level(ticket, overdue=overdue, mine=mine), stale),
            overdue=overdue,
            mine=mine,
            rests_on=self.rests_on(ticket.source),
            stale=stale,
        )

    def requests(self) -> list[RequestFact]:
        return [self.request(request) for request in self.rows(Stream.REQUESTS, CatalogueRequest)]

    def request(self, request: CatalogueRequest) -> RequestFact:
        reference = request.site or request.member
        place = self.placer.place(reference, request.source, Stream.REQUESTS)
        overdue = request.due is not None and request.due < self.now and request.stage.is_open
        stale = request.source in self.stale
        return RequestFact(
            key=f"{request.source}/{request.key}",
            source=request.source,
            site=place.key,
            site_ref=reference,
            site_name=place.name,
            site_code=place.code,
            request=request,
            level=never_fine_when_stale(request_level(request, overdue=overdue), stale),
            overdue=overdue,
            mine=self.is_mine(request.owner),
            rests_on=self.rests_on(request.source),
            stale=stale,
        )

    # -- sites

    def health_by_site(self) -> tuple[dict[str, list[Health]], tuple[Health, ...]]:
        placed: dict[str, list[Health]] = defaultdict(list)
        unmatched = []
        for health in self.rows(Stream.HEALTH, Health):
            place = self.placer.place(health.site or health.host, health.source, Stream.HEALTH)
            sites: tuple[str, ...] = (place.key,) if place.key else ()
            if health.more_sites:
                for reference in health.more_sites:
                    self.placer.place(reference, health.source, Stream.HEALTH)
                sites = self.sites_of(health)
            for key in sites:
                placed[key].append(health)
            if not sites:
                unmatched.append(health)
        return placed, tuple(unmatched)

    def sites_of(self, health: Health) -> tuple[str, ...]:
        """The keys of the sites that a host serves, each once; none where no reference matches."""
        first = self.placer.find(health.site or health.host).key
        if not health.more_sites:
            return (first,) if first else ()
        keys = (first, *(self.placer.find(reference).key for reference in health.more_sites))
        return tuple(dict.fromkeys(filter(None, keys)))

    def unmatched_references(self, health: Health) -> list[str]:
        """The references of a health record that match no site."""
        return [one for one in references_of(health) if one and not self.placer.find(one).key]

    def site(
        self,
        key: str,
        site: Site,
        records: Sequence[Health],
        backups: Sequence[BackupFact],
        tickets: Sequence[TicketFact],
        requests: Sequence[RequestFact],
    ) -> SiteFact:
        told_by = {health.source for health in records}
        health = health_of_site(records, self.stale & told_by)
        stale = site.source in self.stale or bool(self.stale & told_by)
        trouble, trouble_since = self.trouble(health, backups, tickets, requests)
        return SiteFact(
            key=key,
            source=site.source,
            site=site,
            state=health.state,
            level=never_fine_when_stale(health.level, stale),
            since=health.since,
            acknowledged=health.acknowledged,
            downtime=health.downtime,
            health=health.records,
            backups=tuple(backups),
            tickets=tuple(tickets),
            requests=tuple(requests),
            trouble=never_fine_when_stale(trouble, stale),
            rests_on=self.rests_on(*(told_by or {site.source})),
            stale=stale,
            trouble_since=trouble_since,
            last_state=health.last_state,
            past=health.past,
        )

    def trouble(
        self,
        health: SiteHealth,
        backups: Sequence[BackupFact],
        tickets: Sequence[TicketFact],
        requests: Sequence[RequestFact],
    ) -> tuple[Level, datetime | None]:
        """The level of the worst part and the earliest beginning among the parts that have it."""
        worst = health.level
        for backup in backups:
            worst = max(worst, backup.level)
        for ticket in tickets:
            worst = max(worst, ticket.level)
        for request in requests:
            worst = max(worst, request.level)
        if worst <= Level.UNKNOWN:
            return worst, health.since
        began = [health.since] if health.level is worst else []
        began += [backup_since(one) for one in backups if one.level is worst]
        began += [ticket_since(one) for one in tickets if one.level is worst]
        began += [request_since(one) for one in requests if one.level is worst]
        return worst, earliest(began)

    # -- all of it

    def sources(self) -> list[SourceFact]:
        facts = []
        for one in self.snapshot.sources:
            status = one.status.in_words()
            stale = status.name in self.stale
            unmatched = self.placer.unmatched(status.name)
            facts.append(
                SourceFact(
                    key=status.name,
                    status=status,
                    level=source_level(status, stale=stale, unmatched=bool(unmatched)),
                    age=status.age(self.now),
                    stale=stale,
                    rejected=status.rejected,
                    unmatched=unmatched,
                )
            )
        facts.sort(key=lambda fact: -fact.level)
        return facts

    def notices(self, snapshot: Snapshot) -> tuple[str, ...]:
        """What the person must know: the notices of `snapshot`, and aliases that lead nowhere."""
        broken = self.register.broken_aliases
        return snapshot.notices + tuple(
            _("[matching] alias {name} leads to {code}, which is the code of no site").format(
                name=name, code=self.settings.matching.aliases[name]
            )
            for name in (broken if self.register.entries else ())
        )

    def parts(self) -> Parts:
        """All facts, worked out from the rows alone."""
        backups = in_order(self.backups(), backup_order)
        tickets = in_order(self.tickets(), ticket_order)
        requests = in_order(self.requests(), request_order)
        records, unmatched_health = self.health_by_site()
        backups_at = _by_site(backups)
        tickets_at = _by_site(tickets)
        requests_at = _by_site(requests)
        sites = [
            self.site(
                entry.key,
                entry.site,
                records.get(entry.key, []),
                backups_at.get(entry.key, []),
                tickets_at.get(entry.key, []),
                requests_at.get(entry.key, []),
            )
            for entry in yielding(self.register.entries)
        ]
        return Parts(
            sites=tuple(in_order(sites, site_order)),
            backups=tuple(backups),
            tickets=tuple(tickets),
            requests=tuple(requests),
            unmatched_health=unmatched_health,
            unmatched_backups=tuple([fact for fact in backups if not fact.site]),
            unmatched_tickets=tuple([fact for fact in tickets if not fact.site]),
            unmatched_requests=tuple([fact for fact in requests if not fact.site]),
        )

    def situation(
        self,
        parts: Parts,
        sites_by_key: Mapping[str, SiteFact],
        alerts: tuple[AlertFact, ...],
    ) -> Situation:
        """The situation that these parts and alerts make, without an edition."""
        return Situation(
            now=self.now,
            sites=parts.sites,
            backups=parts.backups,
            tickets=parts.tickets,
            requests=parts.requests,
            alerts=alerts,
            sources=tuple(self.sources()),
            notices=self.notices(self.snapshot),
            sites_by_key=sites_by_key,
            freshness=self.freshness(),
            unmatched_health=parts.unmatched_health,
            unmatched=(
                *parts.unmatched_backups,
                *parts.unmatched_tickets,
                *parts.unmatched_requests,
            ),
            is_partial=self.snapshot.is_partial,
            lists=self.snapshot.lists,
        )


def references_of(health: Health) -> tuple[str, ...]:
    """The references to sites of a health record; one without any goes by its host."""
    return (health.site or health.host, *health.more_sites)


def _by_site(facts: Iterable[PartT]) -> dict[str, list[PartT]]:
    found: dict[str, list[PartT]] = defaultdict(list)
    for fact in yielding(facts):
        if fact.site:
            found[fact.site].append(fact)
    return found
