"""The Assessor: turns each snapshot into the situation, and remembers it for the next.

Only what changed from one snapshot to the next is worked out again (`incremental.reassess`);
facts that did not change stay the same objects. The situation tells what changed, so that
other parts of the program can follow it (`incremental.changes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from smic_tui.config.schema import Settings
from smic_tui.insight.alert_facts import AlertFacts
from smic_tui.insight.assess import next_register, whole_pass
from smic_tui.insight.assessment import Assessment, Parts
from smic_tui.insight.incremental.changes import NO_CHANGES, with_step
from smic_tui.insight.incremental.index import Index
from smic_tui.insight.incremental.reassess import reassess
from smic_tui.insight.matching import named_alike
from smic_tui.insight.status_counts import count
from smic_tui.insight.trouble_lines import TroubleLines
from smic_tui.model.facts import Changes, SiteFact, Situation, Step
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.status_counts import StatusCounts
from smic_tui.model.user_state import UserState
from smic_tui.records import Site, Stream
from smic_tui.system.turns import exclusive


class _Assessed(Struct, frozen=True):
    """One assessment. `user` is whose decisions it shows; `snapshot` has its alerts and notices."""

    snapshot: Snapshot
    assessment: Assessment
    parts: Parts
    user: UserState
    situation: Situation


class Assessor:
    """Assesses snapshots of one configuration, in the language that is used when it is made.

    It owns the last situation and all that is remembered for the next. A program has one, which
    its collector and its screens share. Safe for threads, which it serves one at a time; an
    assessment may take seconds, so never call it from an event loop.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._alerts = AlertFacts(settings)
        self._last: _Assessed | None = None
        # Both follow the last assessment and are changed in place, by one thread at a time.
        # The index is made for the second assessment: many programs make only one.
        self._index: Index | None = None
        self._lines: TroubleLines | None = None

    def assess(self, snapshot: Snapshot, user: UserState, now: datetime) -> Situation:
        """Everything about `snapshot` at `now` (UTC), worst first, with counts and the lines of
        the Overview.

        What it says depends on the arguments alone. Lists are in the order of
        `insight.order`. A partial situation has no counts.
        """
        with exclusive():
            return self._assess(snapshot, user, now)

    def assess_once(self, snapshot: Snapshot, user: UserState, now: datetime) -> Situation:
        """The last situation again where it is of these rows and this person's decisions.

        All who ask about a snapshot get the same object, as it was at the moment of the first
        question. Where only alerts or notices are others, only these are worked out again.
        Otherwise as `assess`.
        """
        with exclusive():
            last = self._last
            if (
                last is None
                or last.snapshot.sources is not snapshot.sources
                or last.user is not user
            ):
                return self._assess(snapshot, user, now)
            before = last.snapshot
            if before.alerts != snapshot.alerts or before.notices != snapshot.notices:
                last = self._last = self._renewed(last, snapshot)
            return last.situation

    def _assess(self, snapshot: Snapshot, user: UserState, now: datetime) -> Situation:
        try:
            return self._next(snapshot, user, now)
        except BaseException:
            # What is kept may have followed halfway: the next assessment is a whole pass.
            self._forget()
            raise

    def _next(self, snapshot: Snapshot, user: UserState, now: datetime) -> Situation:
        last, register = self._last, None
        if last is not None:
            register = last.assessment.register
            if not _sites_stay(last.assessment.snapshot, snapshot):
                register = next_register(register, snapshot, self._settings)
            current = Assessment(snapshot, self._settings, now, register)
            if (found := self._step(last, current)) is not None:
                parts, changes = found
                return self._keep(current, parts, user, last.situation, changes)
            # The memory of what was assessed before is free for the whole pass.
            last = None
            self._forget()
        current, parts = whole_pass(snapshot, self._settings, now, register)
        return self._keep(current, parts, user, None, NO_CHANGES)

    def _forget(self) -> None:
        self._last = self._index = self._lines = None

    def _step(self, last: _Assessed, current: Assessment) -> tuple[Parts, Changes] | None:
        if self._index is None:
            self._index = Index(last.parts, last.assessment.now)
        return reassess(last.assessment, last.parts, self._index, current)

    def _keep(
        self,
        current: Assessment,
        parts: Parts,
        user: UserState,
        before: Situation | None,
        changes: Changes,
    ) -> Situation:
        """The situation of `parts`, into which `changes` have led from the one `before`."""
        sites_by_key: Mapping[str, SiteFact]
        if before is None or self._index is None:
            sites_by_key = {fact.key: fact for fact in parts.sites}
        elif changes.sites:
            # Another thread may still read the mapping of the situation before.
            sites_by_key = dict(self._index.sites)
        else:
            sites_by_key = before.sites_by_key
        alerts = self._alerts.of(current.snapshot.alerts, sites_by_key, user, current.now)
        edition: object | None = object()
        steps: tuple[Step, ...] = ()
        situation = current.situation(parts, sites_by_key, alerts)
        if before is not None:
            edition, steps = before.edition, before.steps
            if len(changes):
                edition = object()
                steps = with_step(steps, Step(before.edition, edition, changes))
        situation = replace(situation, edition=edition, steps=steps)
        if self._lines is None:
            self._lines = TroubleLines(situation)
        else:
            self._lines.follow(situation, changes)
        situation = replace(situation, troubles=self._lines.all)
        situation = replace(situation, counts=self._counts(situation))
        self._last = _Assessed(current.snapshot, current, parts, user, situation)
        return situation

    def _renewed(self, last: _Assessed, snapshot: Snapshot) -> _Assessed:
        """The last assessment with the alerts and notices of a newer snapshot of the same rows."""
        situation = last.situation
        alerts = self._alerts.of(snapshot.alerts, situation.sites_by_key, last.user, situation.now)
        situation = replace(situation, alerts=alerts, notices=last.assessment.notices(snapshot))
        situation = replace(situation, counts=self._counts(situation))
        return replace(last, snapshot=snapshot, situation=situation)

    def _counts(self, situation: Situation) -> StatusCounts | None:
        if situation.is_partial:
            return None
        if self._index is None:
            return count(replace(situation, counts=None))
        return self._index.counts(situation)


def _sites_stay(before: Snapshot, after: Snapshot) -> bool:
    """Whether it is certain, at a glance, that the same sites are found by the same names."""
    if len(before.sources) != len(after.sources):
        return False
    for old, new in zip(before.sources, after.sources, strict=True):
        was, now = old.of(Stream.SITES), new.of(Stream.SITES)
        if was is now:
            continue
        told = new.changed_since(old)
        if told is None or not all(
            (known := was.get(key)) is not None
            and (site := now.get(key)) is not None
            and named_alike(cast("Site", known), cast("Site", site))
            for key in told.get(Stream.SITES, ())
        ):
            return False
    return True
