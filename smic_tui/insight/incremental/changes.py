"""What has changed from one situation to a later one, for whatever is kept in step with them.

Facts that stay are the same objects, so who remembers what follows from a fact has to
look only at those that came or went. Of the last few steps it is known which these are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import count
from threading import Lock
from typing import Any, Generic, TypeVar

from msgspec import Struct

from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact

FactT = TypeVar("FactT", BackupFact, TicketFact, RequestFact, SiteFact)

# By the key of the fact: what it was, and what it is; None where there is none.
Swaps = Mapping[str, tuple[FactT | None, FactT | None]]

# Each keeps the facts that went; whoever follows is a step or two behind.
REMEMBERED = 3


class Changes(Struct, frozen=True, kw_only=True):
    """The facts that are other objects, or came, or went."""

    sites: Swaps[SiteFact]
    backups: Swaps[BackupFact]
    tickets: Swaps[TicketFact]
    requests: Swaps[RequestFact]

    def __len__(self) -> int:
        return len(self.sites) + len(self.backups) + len(self.tickets) + len(self.requests)

    def of(self, subject: str) -> Mapping[str, tuple[Any, Any]]:
        """Those of one subject of the filter language."""
        found: Mapping[str, tuple[Any, Any]] = getattr(self, subject)
        return found


NO_CHANGES = Changes(sites={}, backups={}, tickets={}, requests={})


class _Merge(Generic[FactT]):
    def __init__(self) -> None:
        self.found: dict[str, tuple[FactT | None, FactT | None]] = {}

    def take(self, later: Swaps[FactT]) -> None:
        for key, (was, now) in later.items():
            known = self.found.get(key)
            self.found[key] = (was if known is None else known[0], now)


class ChangeLog:
    """The last steps from one set of facts to the next; each set has a number. Safe for threads."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._steps: deque[tuple[int, int, Changes]] = deque(maxlen=REMEMBERED)
        self._lock = Lock()

    def number(self) -> int:
        """A number for facts that were worked out anew."""
        return next(self._numbers)

    def step(self, before: int, changes: Changes) -> int:
        """Facts follow from those of the number `before`; their number."""
        if not len(changes):
            return before
        after = next(self._numbers)
        with self._lock:
            self._steps.append((before, after, changes))
        return after

    def between(self, before: int, after: int) -> Changes | None:
        """What changed from one set to another; None when that is not known any more."""
        if before == after:
            return NO_CHANGES
        with self._lock:
            steps = list(self._steps)
        path: list[Changes] = []
        wanted = after
        for start, end, changes in reversed(steps):
            if end == wanted:
                path.append(changes)
                wanted = start
                if wanted == before:
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


LOG = ChangeLog()
