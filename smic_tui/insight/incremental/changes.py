"""What has changed from one situation to a later one.

Facts that stay are the same objects, so a part of the program that remembers what follows
from each fact looks only at those that came or went. A situation carries the last steps
that led to it.
"""

from __future__ import annotations

from typing import Generic

from smic_tui.model.facts import (
    BackupFact,
    Changes,
    FactT,
    RequestFact,
    SiteFact,
    Situation,
    Step,
    Swaps,
    TicketFact,
)

# Each step keeps the facts that went in memory; those who follow are a step or two behind.
REMEMBERED = 3

NO_CHANGES = Changes(sites={}, backups={}, tickets={}, requests={})


class _Merge(Generic[FactT]):
    def __init__(self) -> None:
        self.found: dict[str, tuple[FactT | None, FactT | None]] = {}

    def take(self, later: Swaps[FactT]) -> None:
        for key, (was, now) in later.items():
            known = self.found.get(key)
            self.found[key] = (was if known is None else known[0], now)


def with_step(steps: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """The steps with a newer one; the oldest are forgotten."""
    return (*steps, step)[-REMEMBERED:]


def changes_since(edition: object, situation: Situation) -> Changes | None:
    """What changed from the facts of `edition` to the situation's; None where its steps do
    not reach back so far.
    """
    if edition is situation.edition:
        return NO_CHANGES
    path: list[Changes] = []
    wanted = situation.edition
    for step in reversed(situation.steps):
        if step.after is wanted:
            path.append(step.changes)
            wanted = step.before
            if wanted is edition:
                break
    else:
        return None
    if len(path) == 1:
        return path[0]
    sites: _Merge[SiteFact] = _Merge()
    backups: _Merge[BackupFact] = _Merge()
    tickets: _Merge[TicketFact] = _Merge()
    requests: _Merge[RequestFact] = _Merge()
    for changes in reversed(path):
        sites.take(changes.sites)
        backups.take(changes.backups)
        tickets.take(changes.tickets)
        requests.take(changes.requests)
    return Changes(
        sites=sites.found,
        backups=backups.found,
        tickets=tickets.found,
        requests=requests.found,
    )
