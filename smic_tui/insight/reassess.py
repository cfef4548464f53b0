"""From one assessment to the next: only what changed is worked out anew.

A fact is worked out again when its record is another object, when its runs are,
when time alone has changed it (a ticket falls due, a backup becomes late), or when
it may change at any moment (a run that goes on). A site is put together again when
one of its parts was. What could change more than that - names in the register, jobs
that come or go, a source that becomes stale, other settings, a tenth of all rows -
makes a whole new pass, which `reassess` leaves to its caller.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import compress
from operator import attrgetter, is_, is_not
from typing import TypeVar, cast

from msgspec import Struct

from smic_tui.insight.assessment import Assessment, Parts
from smic_tui.insight.backup_state import FUTURE
from smic_tui.insight.facts import BackupFact, BackupState, RequestFact, SiteFact, TicketFact
from smic_tui.insight.order import backup_order, request_order, site_order, ticket_order
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Record,
    RunResult,
    Stream,
    Ticket,
)

FactT = TypeVar("FactT", BackupFact, TicketFact, RequestFact, SiteFact)
PartT = TypeVar("PartT", BackupFact, TicketFact, RequestFact)

MOST = 0.1
# So few rows are always cheap, whatever part of all they are.
FEW = 100
BACK = timedelta(minutes=1)
_TURNING = (BackupState.FRESH, BackupState.LATE)


class Diff(Struct, frozen=True, gc=False):
    """What is another object than before, what it was, and what is gone; by the key of
    its fact, for a source that relays others has rows under other keys.
    """

    new: dict[str, Record]
    was: dict[str, Record]
    gone: dict[str, Record]


def _key(record: Record) -> str:
    return f"{record.source}/{record.key}"


class _TooMuch(Exception):
    """A whole new pass is needed."""


def _diffs(before: Assessment, now_on: Assessment) -> dict[Stream, Diff]:
    found = {stream: Diff({}, {}, {}) for stream in Stream}
    total = 0
    for old, new in zip(before.snapshot.sources, now_on.snapshot.sources, strict=True):
        for stream in old.rows.keys() | new.rows.keys():
            was, now = old.of(stream), new.of(stream)
            total += len(now)
            if was is now:
                continue
            diff = found[stream]
            for key in _changed(was, now):
                record, past = now[key], was.get(key)
                if _key(record) in diff.new or (past is not None and _key(past) != _key(record)):
                    # Two sources tell of the same thing.
                    raise _TooMuch
                diff.new[_key(record)] = record
                if past is not None:
                    diff.was[_key(past)] = past
            for key in was.keys() - now.keys():
                diff.gone[_key(was[key])] = was[key]
    for diff in found.values():
        if diff.gone.keys() & diff.new.keys():
            raise _TooMuch
    count = sum(len(diff.new) + len(diff.gone) for diff in found.values())
    if count > FEW and count > MOST * total:
        raise _TooMuch
    return found


def _changed(was: Mapping[str, Record], now: Mapping[str, Record]) -> list[str]:
    """The keys of records that are another object. Without a Python step for each."""
    if len(was) == len(now) and all(map(is_, was, now)):
        return list(compress(now, map(is_not, now.values(), was.values())))
    return list(compress(now, map(is_not, now.values(), map(was.get, now))))


def _comparable(before: Assessment, now_on: Assessment) -> bool:
    """Whether everything but rows, statuses and the clock is as it was."""
    return (
        before.register.matches_like(now_on.register)
        # Two threads may have looked at the clock before they came to their turn.
        and now_on.now >= before.now - BACK
        and before.stale == now_on.stale
        and before.tellers == now_on.tellers
        and [one.status.name for one in before.snapshot.sources]
        == [one.status.name for one in now_on.snapshot.sources]
        and (before.settings is now_on.settings or before.settings == now_on.settings)
    )


def reassess(before: Assessment, parts: Parts, now_on: Assessment) -> Parts | None:
    """The parts of `now_on` from those of `before`; None when a whole pass is needed."""
    if not _comparable(before, now_on):
        return None
    try:
        return _Step(before, parts, now_on).parts()
    except _TooMuch:
        return None


class _Step:
    def __init__(self, before: Assessment, parts: Parts, now_on: Assessment) -> None:
        self.before = before
        self.old = parts
        self.now_on = now_on
        now_on.placer.share(before.placer)
        now_on.share_answers(before)
        self.diffs = _diffs(before, now_on)
        self.loose = parts.loose
        # The keys of sites that are put together again.
        self.touched: set[str] = set(self.diffs[Stream.SITES].new)

    def parts(self) -> Parts:
        now = self.now_on.now
        backups = self._backups()
        tickets = self._renewed(
            self.old.tickets,
            self.diffs[Stream.TICKETS],
            lambda record: self.now_on.ticket(cast("Ticket", record)),
            {
                fact.key: fact.ticket
                for fact in self.old.tickets
                if (due := fact.ticket.due) is not None
                and fact.overdue is not (due < now and fact.ticket.status.is_open)
            },
        )
        requests = self._renewed(
            self.old.requests,
            self.diffs[Stream.REQUESTS],
            lambda record: self.now_on.request(cast("CatalogueRequest", record)),
            {
                fact.key: fact.request
                for fact in self.old.requests
                if (due := fact.request.due) is not None
                and fact.overdue is not (due < now and fact.request.stage.is_open)
            },
        )
        health, unplaced = self._health()
        sites = self._sites(health, backups, tickets, requests)
        found = Parts(
            sites=sites,
            backups=_merged(self.old.backups, backups, backup_order),
            tickets=_merged(self.old.tickets, tickets, ticket_order),
            requests=_merged(self.old.requests, requests, request_order),
            unplaced=unplaced,
            loose=self.loose,
        )
        self.now_on.placer.count_again(_unmatched(found))
        return found

    def _renewed(
        self,
        old: Sequence[PartT],
        diff: Diff,
        make: Callable[[Record], PartT],
        turned: Mapping[str, Record],
    ) -> dict[str, PartT | None]:
        """New facts by key, None for those that are gone; notes the sites that they touch."""
        found: dict[str, PartT | None] = {
            key: make(record) for key, record in {**turned, **diff.new}.items()
        }
        found.update(dict.fromkeys(diff.gone))
        self._touch(old, found)
        return found

    def _touch(self, old: Sequence[PartT], found: Mapping[str, PartT | None]) -> None:
        if not found:
            return
        self.touched.update(fact.site for fact in found.values() if fact is not None)
        self.touched.update([fact.site for fact in old if fact.key in found])

    # -- backups

    def _backups(self) -> dict[str, BackupFact | None]:
        jobs, runs = self.diffs[Stream.BACKUP_JOBS], self.diffs[Stream.BACKUP_RUNS]
        if jobs.gone:
            raise _TooMuch
        wanted = {key: cast("BackupJob", job) for key, job in jobs.new.items()}
        dirty: dict[str, list[BackupRun]] = {}
        for run in _runs(runs.new.values()):
            dirty.setdefault(_job_of(run), []).append(run)
        for run in _runs(runs.was.values()):
            dirty.setdefault(_job_of(run), [])
        for run in _runs(runs.gone.values()):
            dirty.setdefault(_job_of(run), [])
        out = runs.new.keys() | runs.gone.keys()

        now = self.now_on.now
        horizon = min(now, self.before.now) + FUTURE
        back = (BackupState.LATE, BackupState.OVERDUE) if now < self.before.now else ()
        asked = wanted.keys() | dirty.keys()
        known = {
            fact.key: fact
            for fact in self.old.backups
            # Time alone changes a state when it falls due or late, and may change it
            # while a run goes on or is to come.
            if fact.key in asked
            or (fact.due is not None and fact.due <= now and fact.state in _TURNING)
            or fact.state in back
            or (
                (runs_of := fact.runs)
                and (runs_of[0].started > horizon or runs_of[0].result is RunResult.RUNNING)
            )
        }
        found: dict[str, BackupFact | None] = {}
        for key, job in wanted.items():
            past = known.get(key)
            if past is None or (past.job.site, past.job.application) != (job.site, job.application):
                # Runs may now belong to other jobs.
                raise _TooMuch
        if not dirty.keys() <= known.keys():
            # Runs that find their jobs in another way than by key.
            raise _TooMuch
        for key, past in known.items():
            mine = past.runs
            if key in dirty:
                left = [run for run in mine if _key(run) not in out]
                mine = tuple(
                    sorted(left + dirty[key], key=attrgetter("started", "key"), reverse=True)
                )
            found[key] = self.now_on.backup(wanted.get(key, past.job), mine)
        self._touch(self.old.backups, found)
        return found

    # -- health and sites

    def _health(self) -> tuple[dict[str, list[Health]], tuple[Health, ...]]:
        """New health records by site, and all that match none."""
        diff = self.diffs[Stream.HEALTH]
        if not diff.new and not diff.gone:
            return {}, self.old.unplaced
        fresh: dict[str, list[Health]] = {}
        unplaced: list[Health] = []
        for record in diff.new.values():
            health = cast("Health", record)
            site = self._site_of(health)
            if site:
                fresh.setdefault(site, []).append(health)
                self.touched.add(site)
            else:
                unplaced.append(health)
        for record in (*diff.was.values(), *diff.gone.values()):
            self.touched.add(self._site_of(cast("Health", record)))
        if not unplaced and not any(self._is_out(one) for one in self.old.unplaced):
            return fresh, self.old.unplaced
        # In the order of the sources, as a whole pass has them.
        return fresh, tuple(
            health
            for health in self.now_on.rows(Stream.HEALTH, Health)
            if not self._site_of(health)
        )

    def _site_of(self, health: Health) -> str:
        return self.now_on.placer.find(health.site or health.host).key

    def _is_out(self, health: Health) -> bool:
        key = _key(health)
        diff = self.diffs[Stream.HEALTH]
        return key in diff.new or key in diff.gone

    def _sites(
        self,
        health: Mapping[str, list[Health]],
        backups: Mapping[str, BackupFact | None],
        tickets: Mapping[str, TicketFact | None],
        requests: Mapping[str, RequestFact | None],
    ) -> tuple[SiteFact, ...]:
        self.touched.discard("")
        if not self.touched:
            return self.old.sites
        entries = {
            entry.key: entry.site
            for entry in self.now_on.register.entries
            if entry.key in self.touched
        }
        backups_at, tickets_at = _at(backups), _at(tickets)
        requests_at = _at(requests)
        found: dict[str, SiteFact | None] = {}
        for past in self.old.sites:
            key = past.key
            if key not in self.touched:
                continue
            records = [one for one in past.health if not self._is_out(one)] + health.get(key, [])
            found[key] = self.now_on.site(
                key,
                entries[key],
                records,
                _parts(past.backups, backups, backups_at.get(key, ()), backup_order),
                _parts(past.tickets, tickets, tickets_at.get(key, ()), ticket_order),
                _parts(past.requests, requests, requests_at.get(key, ()), request_order),
            )
        return _merged(self.old.sites, found, site_order)


def _runs(records: Iterable[Record]) -> Iterator[BackupRun]:
    return (cast("BackupRun", record) for record in records)


def _job_of(run: BackupRun) -> str:
    """The key of the fact of the job that the run names in its own source."""
    if not run.job:
        raise _TooMuch
    return f"{run.source}/{run.job}"


def _at(changes: Mapping[str, PartT | None]) -> dict[str, list[PartT]]:
    found: dict[str, list[PartT]] = {}
    for fact in changes.values():
        if fact is not None and fact.site:
            found.setdefault(fact.site, []).append(fact)
    return found


def _parts(
    past: Sequence[PartT],
    changes: Mapping[str, PartT | None],
    here: Collection[PartT],
    order: Callable[[PartT], tuple[float | str, ...]],
) -> Sequence[PartT]:
    """The parts of a site: those that stay, and those that are new `here`."""
    left: list[PartT] = [fact for fact in past if fact.key not in changes]
    if not here and len(left) == len(past):
        return past
    left.extend(here)
    left.sort(key=order)
    return left


def _merged(
    old: tuple[FactT, ...],
    changes: Mapping[str, FactT | None],
    order: Callable[[FactT], tuple[float | str, ...]],
) -> tuple[FactT, ...]:
    """All facts in their order: the sorted ones that stay, with the new ones put in."""
    if not changes:
        return old
    facts = [fact for fact in old if fact.key not in changes]
    new = [fact for fact in changes.values() if fact is not None]
    if len(new) * 8 > len(facts):
        facts += new
        facts.sort(key=order)
        return tuple(facts)
    new.sort(key=order)
    found: list[FactT] = []
    at = 0
    for fact in new:
        until = bisect_right(facts, order(fact), at, key=order)
        found += facts[at:until]
        found.append(fact)
        at = until
    found += facts[at:]
    return tuple(found)


def _unmatched(parts: Parts) -> Iterator[tuple[str, Stream, str]]:
    """Everything that matches no site, as `Placer` counts it."""
    for stream, facts in (
        (Stream.BACKUP_JOBS, parts.backups),
        (Stream.TICKETS, parts.tickets),
        (Stream.REQUESTS, parts.requests),
    ):
        for fact in facts:
            if not fact.site and fact.site_ref:
                yield fact.source, stream, fact.site_ref
    for health in parts.unplaced:
        if reference := health.site or health.host:
            yield health.source, Stream.HEALTH, reference
    for run in parts.loose:
        yield run.source, Stream.BACKUP_RUNS, run.job or f"{run.site} · {run.application}"
