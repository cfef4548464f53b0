"""Facts by key, by the hour in which the clock may change them, and their sums.

With it a step to the next situation touches few facts.

It belongs to the newest parts alone and changes with them: only the `Assessor`, which does
one thing at a time, may hold it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from smic_tui.insight.assessment import Parts
from smic_tui.insight.backup_state import FUTURE
from smic_tui.insight.status_counts import with_sums
from smic_tui.model.facts import BackupFact, Changes, RequestFact, SiteFact, Situation, TicketFact
from smic_tui.model.states import BackupState, Level, SiteState
from smic_tui.model.status_counts import RequestCounts, StatusCounts, TicketCounts
from smic_tui.records import Actor, RunResult
from smic_tui.system.turns import yielding

FactT = TypeVar("FactT", BackupFact, TicketFact, RequestFact, SiteFact)
StateT = TypeVar("StateT", tuple[SiteState, Level], BackupState)

# By how much a clock may go back between two looks at it.
BACK = timedelta(minutes=1)
_HOUR = 3600
_TOGETHER = 500


class DueIndex:
    """Keeps the keys of facts that the clock may change, by the hour in which it may."""

    def __init__(self) -> None:
        # Long lists would be gone through whenever garbage is looked for; of tuples of
        # texts it is known that there is none in them.
        self._hours: dict[int, list[tuple[str, ...]]] = {}
        self._new: dict[int, list[str]] = {}

    def put(self, key: str, moment: datetime) -> None:
        """The fact may change at `moment`."""
        hour = _hour(moment)
        new = self._new.setdefault(hour, [])
        new.append(key)
        if len(new) >= _TOGETHER:
            self._hours.setdefault(hour, []).append(tuple(new))
            new.clear()

    def between(self, start: datetime, end: datetime) -> Iterator[str]:
        """Keys of facts that may change from `start` to `end`, some more than once."""
        first, last = _hour(start), _hour(end)
        hours: Iterable[int] = range(first, last + 1)
        if last - first > len(self._hours) + len(self._new):
            hours = [hour for hour in {*self._hours, *self._new} if first <= hour <= last]
        for hour in hours:
            for keys in self._hours.get(hour, ()):
                yield from keys
            yield from self._new.get(hour, ())

    def forget_before(self, moment: datetime) -> None:
        """Forget what was to change before `moment`, about which no more questions come."""
        first = _hour(moment)
        for hours in (self._hours, self._new):
            for hour in [hour for hour in hours if hour < first]:
                del hours[hour]


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // _HOUR)


class Index:
    """Facts by key, those that the clock changes, and sums."""

    def __init__(self, parts: Parts, now: datetime) -> None:
        self.sites = {fact.key: fact for fact in parts.sites}
        self.backups = {fact.key: fact for fact in parts.backups}
        self.tickets = {fact.key: fact for fact in parts.tickets}
        self.requests = {fact.key: fact for fact in parts.requests}
        self.due_backups, self.due_tickets = DueIndex(), DueIndex()
        self.due_requests = DueIndex()
        # Backups that may change at any moment: a run goes on, or is yet to come.
        self.restless: set[str] = set()
        self._site_states = Counter((fact.state, fact.level) for fact in parts.sites)
        self._backup_states: Counter[BackupState] = Counter(f.state for f in parts.backups)
        self._tickets = [0, 0, 0]
        self._requests = [0, 0, 0]
        for backup in yielding(parts.backups):
            self._watch_backup(None, backup, now)
        for ticket in yielding(parts.tickets):
            self._watch_work(self.due_tickets, None, ticket, ticket.ticket.due)
            self._count_ticket(ticket, 1)
        for request in yielding(parts.requests):
            self._watch_work(self.due_requests, None, request, request.request.due)
            self._count_request(request, 1)
        self._forget(now)

    def apply(self, changes: Changes, now: datetime) -> None:
        """Become the index of the facts that came of those before by these changes."""
        for key, (was_site, site) in yielding(changes.sites.items()):
            _swap(self.sites, key, site)
            _recount(self._site_states, _state_and_level(was_site), _state_and_level(site))
        for key, (was_backup, backup) in yielding(changes.backups.items()):
            _swap(self.backups, key, backup)
            _recount(self._backup_states, _state(was_backup), _state(backup))
            self.restless.discard(key)
            if backup is not None:
                self._watch_backup(was_backup, backup, now)
        for key, (was_ticket, ticket) in yielding(changes.tickets.items()):
            _swap(self.tickets, key, ticket)
            if was_ticket is not None:
                self._count_ticket(was_ticket, -1)
            if ticket is not None:
                self._watch_work(self.due_tickets, was_ticket, ticket, ticket.ticket.due)
                self._count_ticket(ticket, 1)
        for key, (was_request, request) in yielding(changes.requests.items()):
            _swap(self.requests, key, request)
            if was_request is not None:
                self._count_request(was_request, -1)
            if request is not None:
                self._watch_work(self.due_requests, was_request, request, request.request.due)
                self._count_request(request, 1)
        self._forget(now)

    def _forget(self, now: datetime) -> None:
        for due in (self.due_backups, self.due_tickets, self.due_requests):
            due.forget_before(now - BACK)

    def _watch_backup(self, was: BackupFact | None, fact: BackupFact, now: datetime) -> None:
        if fact.due is not None and (
            was is None or was.due != fact.due or was.job.grace != fact.job.grace
        ):
            self.due_backups.put(fact.key, fact.due)
            if fact.job.grace:
                self.due_backups.put(fact.key, fact.due + timedelta(seconds=fact.job.grace))
        if fact.doubted is not None and (was is None or was.doubted != fact.doubted):
            self.due_backups.put(fact.key, fact.doubted)
        if fact.runs:
            newest = fact.runs[0]
            if newest.result is RunResult.RUNNING or newest.started > now + FUTURE - 2 * BACK:
                self.restless.add(fact.key)

    @staticmethod
    def _watch_work(
        index: DueIndex,
        was: TicketFact | RequestFact | None,
        fact: TicketFact | RequestFact,
        due: datetime | None,
    ) -> None:
        if due is None:
            return
        if isinstance(was, TicketFact) and was.ticket.due == due:
            return
        if isinstance(was, RequestFact) and was.request.due == due:
            return
        index.put(fact.key, due)

    def _count_ticket(self, fact: TicketFact, by: int) -> None:
        if fact.ticket.status.is_open:
            counts = self._tickets
            counts[0] += by
            counts[1] += by * fact.overdue
            counts[2] += by * fact.mine

    def _count_request(self, fact: RequestFact, by: int) -> None:
        if fact.request.stage.is_open:
            counts = self._requests
            counts[0] += by
            counts[1] += by * fact.overdue
            counts[2] += by * (fact.request.waiting_on is Actor.US)

    def counts(self, situation: Situation) -> StatusCounts:
        """The counts of the situation that consists of these facts."""
        open_tickets, overdue_tickets, mine = self._tickets
        open_requests, overdue_requests, us = self._requests
        return with_sums(
            situation,
            sites=self._site_states,
            backups=self._backup_states,
            tickets=TicketCounts(open=open_tickets, overdue=overdue_tickets, mine=mine),
            requests=RequestCounts(open=open_requests, overdue=overdue_requests, waiting_on_us=us),
        )


def _swap(facts: dict[str, FactT], key: str, fact: FactT | None) -> None:
    if fact is None:
        facts.pop(key, None)
    else:
        facts[key] = fact


def _state(fact: Any) -> Any:
    return None if fact is None else fact.state


def _state_and_level(fact: SiteFact | None) -> tuple[SiteState, Level] | None:
    return None if fact is None else (fact.state, fact.level)


def _recount(states: Counter[StateT], was: StateT | None, now: StateT | None) -> None:
    if was == now:
        return
    if was is not None:
        states[was] -= 1
        if not states[was]:
            del states[was]
    if now is not None:
        states[now] += 1
