"""The situation that the screens show, kept in step with the cache, the person and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.insight.assessor import Assessor
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.states import AlertStatus
from smic_tui.model.status_counts import StatusCounts
from smic_tui.model.user_state import UserState
from smic_tui.views.targets import Pending, pending_of

CountsAt = Callable[[datetime], StatusCounts | None]


class LiveSituation:
    """Assesses whenever something changed: a snapshot, what the person decided, the clock.

    What the program that collects has assessed already is taken as it is. `first_rows` is a
    partial snapshot to start with, None where there is none; `counts_at` tells what the whole
    cache counts to at a moment (UTC), where that is known without reading it. Used from the
    event loop alone.
    """

    def __init__(
        self,
        cache: Cache,
        assessor: Assessor,
        *,
        first_rows: Snapshot | None = None,
        counts_at: CountsAt = lambda now: None,
    ) -> None:
        self.snapshot = first_rows
        self.situation = Situation(now=datetime.now(UTC))
        self.user = UserState()
        self.pending: Pending = {}
        self.started = self.situation.now
        self._cache = cache
        self._assessor = assessor
        self._counts_at = counts_at
        self._wanted = asyncio.Event()
        # The alerts that fired with a bell at the last look; None before the first.
        self._rung: set[str] | None = None
        if first_rows is not None:
            # Nothing moves yet that could be kept waiting, and it is little.
            self.user, self.situation = self._assess()

    def take(self, snapshot: Snapshot) -> None:
        """There is a new snapshot."""
        self.snapshot = snapshot
        self._wanted.set()

    def user_changed(self) -> None:
        """The person has decided something."""
        self._wanted.set()

    def tick(self) -> None:
        """Look at the clock; call it every second."""
        if is_over(self.situation, datetime.now(UTC)):
            self._wanted.set()

    async def change(self) -> None:
        """Wait until something has changed, and assess it; one call at a time.

        Raises what assessing raises: everything is then as it was.
        """
        await self._wanted.wait()
        self._wanted.clear()
        self.user, self.situation = await asyncio.to_thread(self._assess)
        self.pending = pending_of(self.user.outbox)

    def begins_to_ring(self) -> bool:
        """Whether an alert has begun to fire whose rule rings the bell, since the last call."""
        if self.situation.is_partial:
            return False
        firing = {
            alert.fingerprint
            for alert in self.situation.alerts
            if alert.bell and alert.status is AlertStatus.FIRING
        }
        has_begun = self._rung is not None and bool(firing - self._rung)
        self._rung = firing if self.snapshot is not None else None
        return has_begun

    def _assess(self) -> tuple[UserState, Situation]:
        user, snapshot, now = self._cache.user.load(), self.snapshot, datetime.now(UTC)
        if snapshot is None:
            return user, Situation(now=now)
        situation = self._assessor.assess_once(snapshot, user, now)
        if is_over(situation, now):
            situation = self._assessor.assess(snapshot, user, now)
        if situation.is_partial:
            situation = replace(situation, counts=self._counts_at(now))
        return user, situation


def is_over(situation: Situation, now: datetime) -> bool:
    """Whether the clock may have changed what is shown by `now` (UTC).

    Ages and the clock change by the minute, and so does what is late; sources become stale
    at their moment.
    """
    ends = (source.status.stale_from() for source in situation.sources if not source.stale)
    return now.replace(second=0, microsecond=0) > situation.now or any(
        end is not None and now > end for end in ends
    )
