"""From one assessment to the next: works out again only what changed.

A fact is worked out again when its record is another object, when its runs are,
when time alone has changed it (a ticket falls due, a backup becomes late), or when
it may change at any moment (a run that goes on). A site is put together again when
one of its parts was. What could change more than that - names in the register, jobs
that come or go, a source that becomes stale, other settings, a tenth of all rows -
makes a whole new pass, which `reassess` leaves to its caller.

Nothing here goes through all facts or rows: which rows changed is told by the
contents themselves, which facts the clock changes by the index.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar, cast

from smic_tui.insight.assessment import Assessment, Parts
from smic_tui.insight.backup_state import FUTURE
from smic_tui.insight.incremental.index import BACK, Index
from smic_tui.insight.incremental.row_diffs import Diff, TooMuch, diffs_of, fact_key
from smic_tui.insight.order import (
    BACKUP_SORT_FIELDS,
    REQUEST_SORT_FIELDS,
    SITE_SORT_FIELDS,
    TICKET_SORT_FIELDS,
    backup_order,
    request_order,
    site_order,
    ticket_order,
)
from smic_tui.insight.ordered import merged
from smic_tui.model.facts import BackupFact, Changes, RequestFact, SiteFact, Swaps, TicketFact
from smic_tui.model.states import BackupState
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Record,
    RunResult,
    Site,
    Stream,
    Ticket,
)
from smic_tui.system.turns import known_for_good, yielding

PartT = TypeVar("PartT", BackupFact, TicketFact, RequestFact)

# The collector of garbage goes through what was made of this many facts in milliseconds.
_LOOKED_THROUGH_AT_ONCE = 1000
_CLOCK_CHANGES = (BackupState.FRESH, BackupState.LATE)


def _comparable(before: Assessment, current: Assessment) -> bool:
    """Whether everything but rows, statuses and the clock is as it was."""
    return (
        before.register.matches_like(current.register)
        # Two threads may have looked at the clock before they came to their turn.
        and current.now >= before.now - BACK
        and before.stale == current.stale
        and before.tellers == current.tellers
        and [one.status.name for one in before.snapshot.sources]
        == [one.status.name for one in current.snapshot.sources]
        and (before.settings is current.settings or before.settings == current.settings)
    )


def reassess(
    before: Assessment, parts: Parts, index: Index, current: Assessment
) -> tuple[Parts, Changes] | None:
    """The parts of `current` from those of `before`, and in what they differ.

    `index` is that of `parts`, and of the result afterwards. None when a whole pass is
    needed; the index is then as it was.
    """
    if not _comparable(before, current):
        return None
    try:
        return _Step(before, parts, index, current).parts()
    except TooMuch:
        return None


class _Step:
    def __init__(self, before: Assessment, parts: Parts, index: Index, current: Assessment) -> None:
        self.before = before
        self.old = parts
        self.index = index
        self.current = current
        current.share_with(before)
        self.diffs = diffs_of(before.snapshot, current.snapshot)
        # The moments between which the clock has gone forth, or a little back.
        self.start, self.end = sorted((before.now, current.now))
        # The keys of sites that are put together again.
        self.touched: set[str] = set(self.diffs[Stream.SITES].new)

    def parts(self) -> tuple[Parts, Changes]:
        current, index = self.current, self.index
        backups = self._backups()
        tickets = self._renewed(
            index.tickets,
            self.diffs[Stream.TICKETS],
            lambda record: current.ticket(cast("Ticket", record)),
            self._turned_tickets(),
        )
        requests = self._renewed(
            index.requests,
            self.diffs[Stream.REQUESTS],
            lambda record: current.request(cast("CatalogueRequest", record)),
            self._turned_requests(),
        )
        health, unmatched_health = self._health()
        sites = self._sites(health, backups, tickets, requests)
        changes = Changes(sites=sites, backups=backups, tickets=tickets, requests=requests)
        old = self.old
        found = Parts(
            sites=merged(old.sites, sites.values(), site_order, SITE_SORT_FIELDS),
            backups=merged(old.backups, backups.values(), backup_order, BACKUP_SORT_FIELDS),
            tickets=merged(old.tickets, tickets.values(), ticket_order, TICKET_SORT_FIELDS),
            requests=merged(old.requests, requests.values(), request_order, REQUEST_SORT_FIELDS),
            unmatched_health=unmatched_health,
            unmatched_backups=merged(
                old.unmatched_backups, _without_site(backups), backup_order, BACKUP_SORT_FIELDS
            ),
            unmatched_tickets=merged(
                old.unmatched_tickets, _without_site(tickets), ticket_order, TICKET_SORT_FIELDS
            ),
            unmatched_requests=merged(
                old.unmatched_requests, _without_site(requests), request_order, REQUEST_SORT_FIELDS
            ),
            orphan_runs=old.orphan_runs,
        )
        self._count_unmatched(changes)
        index.apply(changes, current.now)
        return found, changes

    def _turned_tickets(self) -> dict[str, Record]:
        now, known = self.current.now, self.index.tickets
        return {
            key: fact.ticket
            for key in self.index.due_tickets.between(self.start, self.end)
            if (fact := known.get(key)) is not None
            and fact.overdue is not _is_past(fact.ticket.due, now, fact.ticket.status.is_open)
        }

    def _turned_requests(self) -> dict[str, Record]:
        now, known = self.current.now, self.index.requests
        return {
            key: fact.request
            for key in self.index.due_requests.between(self.start, self.end)
            if (fact := known.get(key)) is not None
            and fact.overdue is not _is_past(fact.request.due, now, fact.request.stage.is_open)
        }

    def _renewed(
        self,
        old: Mapping[str, PartT],
        diff: Diff,
        make: Callable[[Record], PartT],
        turned: Mapping[str, Record],
    ) -> Swaps[PartT]:
        """The facts that change; notes the sites that they touch."""
        found: dict[str, tuple[PartT | None, PartT | None]] = {
            key: (old.get(key), make(record))
            for key, record in yielding({**turned, **diff.new}.items())
        }
        for key in diff.gone:
            if key in old:
                found[key] = (old[key], None)
        self._touch(found)
        return found

    def _touch(self, found: Swaps[PartT]) -> None:
        for was, now in found.values():
            if was is not None:
                self.touched.add(was.site)
            if now is not None:
                self.touched.add(now.site)

    # -- backups

    def _backups(self) -> Swaps[BackupFact]:
        jobs, runs = self.diffs[Stream.BACKUP_JOBS], self.diffs[Stream.BACKUP_RUNS]
        if jobs.gone:
            raise TooMuch
        wanted = {key: cast("BackupJob", job) for key, job in jobs.new.items()}
        dirty: dict[str, list[BackupRun]] = {}
        for run in _runs(runs.new.values()):
            dirty.setdefault(_job_of(run), []).append(run)
        for run in _runs((*runs.was.values(), *runs.gone.values())):
            dirty.setdefault(_job_of(run), [])
        out = runs.new.keys() | runs.gone.keys()
        known = self.index.backups
        for key, job in wanted.items():
            past = known.get(key)
            if past is None or (past.job.site, past.job.application) != (job.site, job.application):
                # Runs may now belong to other jobs.
                raise TooMuch
        if not dirty.keys() <= known.keys():
            # Runs that find their jobs in another way than by key.
            raise TooMuch
        found: dict[str, tuple[BackupFact | None, BackupFact | None]] = {}
        for key in _noting({*wanted, *dirty, *self._turned_backups()}):
            past = known[key]
            mine = past.runs
            if key in dirty:
                left = [run for run in mine if fact_key(run) not in out]
                mine = tuple(
                    sorted(left + dirty[key], key=attrgetter("started", "key"), reverse=True)
                )
            now = self.current.backup(wanted.get(key, past.job), mine)
            if key in wanted or key in dirty or now != past:
                found[key] = (past, now)
        self._touch(found)
        return found

    def _turned_backups(self) -> Iterator[str]:
        """Those that the clock changes, or may have changed."""
        known, now = self.index.backups, self.current.now
        back = now < self.before.now
        horizon = self.start + FUTURE
        for key in self.index.due_backups.between(self.start, self.end):
            fact = known.get(key)
            if fact is None or fact.due is None:
                continue
            if (fact.due <= now and fact.state in _CLOCK_CHANGES) or (
                back and fact.state in (BackupState.LATE, BackupState.OVERDUE)
            ):
                yield key
        for key in self.index.restless:
            newest = known[key].runs[0]
            if newest.started > horizon or newest.result is RunResult.RUNNING:
                yield key
            elif newest.started > horizon - 2 * BACK - (self.end - self.start):
                # It was to come, and is there now.
                yield key

    # -- health and sites

    def _health(self) -> tuple[dict[str, list[Health]], tuple[Health, ...]]:
        """New health records by site, and all that match none."""
        diff = self.diffs[Stream.HEALTH]
        if not diff.new and not diff.gone:
            return {}, self.old.unmatched_health
        fresh: dict[str, list[Health]] = {}
        unmatched: list[Health] = []
        for record in yielding(diff.new.values()):
            health = cast("Health", record)
            sites = self.current.sites_of(health)
            for site in sites:
                fresh.setdefault(site, []).append(health)
            self.touched.update(sites)
            if not sites:
                unmatched.append(health)
        for record in (*diff.was.values(), *diff.gone.values()):
            self.touched.update(self.current.sites_of(cast("Health", record)))
        if not unmatched and not any(self._is_out(one) for one in self.old.unmatched_health):
            return fresh, self.old.unmatched_health
        # In the order of the sources, as a whole pass has them.
        return fresh, tuple(
            health
            for health in self.current.rows(Stream.HEALTH, Health)
            if not self.current.sites_of(health)
        )

    def _is_out(self, health: Health) -> bool:
        key = fact_key(health)
        diff = self.diffs[Stream.HEALTH]
        return key in diff.new or key in diff.gone

    def _sites(
        self,
        health: Mapping[str, list[Health]],
        backups: Swaps[BackupFact],
        tickets: Swaps[TicketFact],
        requests: Swaps[RequestFact],
    ) -> Swaps[SiteFact]:
        self.touched.discard("")
        records = self.diffs[Stream.SITES].new
        backups_at, tickets_at, requests_at = _at(backups), _at(tickets), _at(requests)
        found: dict[str, tuple[SiteFact | None, SiteFact | None]] = {}
        for key in _noting(self.touched):
            past = self.index.sites[key]
            said: Sequence[Health] = past.health
            if key in health or any(self._is_out(one) for one in said):
                said = [one for one in said if not self._is_out(one)] + health.get(key, [])
            site = self.current.site(
                key,
                cast("Site", records[key]) if key in records else past.site,
                said,
                _parts(past.backups, backups_at.get(key), backup_order, BACKUP_SORT_FIELDS),
                _parts(past.tickets, tickets_at.get(key), ticket_order, TICKET_SORT_FIELDS),
                _parts(past.requests, requests_at.get(key), request_order, REQUEST_SORT_FIELDS),
            )
            found[key] = (past, site)
        return found

    # -- what matches no site

    def _count_unmatched(self, changes: Changes) -> None:
        gone: list[Reference] = []
        new: list[Reference] = []
        for stream, swaps in (
            (Stream.BACKUP_JOBS, changes.backups),
            (Stream.TICKETS, changes.tickets),
            (Stream.REQUESTS, changes.requests),
        ):
            for was, now in cast("Swaps[TicketFact]", swaps).values():
                for fact, count in ((was, gone), (now, new)):
                    if fact is not None and not fact.site and fact.site_ref:
                        count.append((fact.source, stream, fact.site_ref))
        health = self.diffs[Stream.HEALTH]
        gone += self._unmatched_health((*health.was.values(), *health.gone.values()))
        new += self._unmatched_health(health.new.values())
        self.current.placer.go_on_counting(self.before.placer, gone, new)

    def _unmatched_health(self, records: Iterable[Record]) -> Iterator[Reference]:
        for record in records:
            for reference in self.current.unmatched_references(cast("Health", record)):
                yield record.source, Stream.HEALTH, reference


Reference = tuple[str, Stream, str]


def _is_past(due: datetime | None, now: datetime, is_open: bool) -> bool:
    return due is not None and due < now and is_open


def _runs(records: Iterable[Record]) -> Iterator[BackupRun]:
    return (cast("BackupRun", record) for record in records)


def _job_of(run: BackupRun) -> str:
    """The key of the fact of the job that the run names in its own source."""
    if not run.job:
        raise TooMuch
    return f"{run.source}/{run.job}"


def _noting(keys: Collection[str]) -> Iterator[str]:
    """The keys; what is made of some is looked through for garbage before the next are."""
    for number, key in enumerate(yielding(keys), 1):
        yield key
        if number % _LOOKED_THROUGH_AT_ONCE == 0:
            known_for_good()


# By the key of the fact, what a site had of it and what it has.
_Here = dict[str, tuple[PartT | None, PartT | None]]


def _at(changes: Swaps[PartT]) -> dict[str, _Here[PartT]]:
    """The swaps as each site sees them."""
    found: dict[str, _Here[PartT]] = {}
    for key, (was, now) in yielding(changes.items()):
        left, came = "" if was is None else was.site, "" if now is None else now.site
        if left == came:
            if left:
                found.setdefault(left, {})[key] = (was, now)
            continue
        if left:
            found.setdefault(left, {})[key] = (was, None)
        if came:
            found.setdefault(came, {})[key] = (None, now)
    return found


def _without_site(swaps: Swaps[PartT]) -> Iterator[tuple[PartT | None, PartT | None]]:
    """The swaps as those see them who look at facts without a site only."""
    for was, now in swaps.values():
        was = None if was is None or was.site else was
        now = None if now is None or now.site else now
        if was is not None or now is not None:
            yield was, now


def _parts(
    past: Sequence[PartT],
    here: _Here[PartT] | None,
    order: Callable[[PartT], tuple[float | str, ...]],
    sort_fields: Callable[[PartT], object],
) -> Sequence[PartT]:
    """The parts of a site after the swaps `here`."""
    if not here:
        return past
    left = [fact for fact in past if fact.key not in here]
    left.extend(now for _was, now in here.values() if now is not None)
    if all(was and now and sort_fields(was) == sort_fields(now) for was, now in here.values()):
        # Each stands where it stood.
        places = {fact.key: fact for fact in left}
        return [places[fact.key] for fact in past]
    left.sort(key=order)
    return left
