"""From a snapshot to the situation.

What has been assessed is remembered: of the next snapshot only what changed is
worked out anew (`reassess`), and facts that did not change are the same objects
again; how old they are is told by the `Answers` that they rest on.
"""

from __future__ import annotations

import gc
from datetime import datetime
from typing import cast

from msgspec import Struct

from smic_tui.config.schema import Settings
from smic_tui.insight.assessment import Assessment, Parts
from smic_tui.insight.incremental.changes import LOG
from smic_tui.insight.incremental.index import Index
from smic_tui.insight.incremental.reassess import reassess
from smic_tui.insight.matching import Register, named_alike, register_of
from smic_tui.model.facts import SiteFact, Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import UserState
from smic_tui.records import Site, Stream
from smic_tui.system.turns import alone


class _Newest(Struct):
    """The newest assessment. The index is made when a second one comes: many look once."""

    assessment: Assessment
    parts: Parts
    serial: int
    sites_by_key: dict[str, SiteFact]
    index: Index | None = None


LARGE = 20_000

# One or none; changed by who computes alone.
_last: list[_Newest] = []


def assess(snapshot: Snapshot, user: UserState, settings: Settings, now: datetime) -> Situation:
    """Everything about `snapshot` at `now` (UTC), worst first.

    The result depends on the arguments alone, but for `serial`. The first is seconds of
    work where there are many sites: it belongs off the event loop. Safe for threads, one
    at a time. Lists are in the order of `insight.order`.
    """
    with alone():
        newest = now_on = None
        if _last and _sites_stay(_last[0].assessment.snapshot, snapshot):
            now_on = Assessment(snapshot, settings, now, _last[0].assessment.register)
            newest = _step(_last[0], now_on)
        if now_on is None:
            now_on = Assessment(snapshot, settings, now, _register(snapshot, settings))
            newest = _step(_last[0], now_on) if _last else None
        if newest is None:
            _last.clear()
            now_on = Assessment(snapshot, settings, now, _register(snapshot, settings))
            parts = now_on.parts()
            if sum(source.status.rows for source in snapshot.sources) >= LARGE:
                # What is there stays: it is never looked through for garbage.
                gc.freeze()
            sites_by_key = {fact.key: fact for fact in parts.sites}
            newest = _Newest(now_on, parts, LOG.number(), sites_by_key)
        _last[:] = [newest]
        return now_on.situation(newest.parts, user, newest.sites_by_key, newest.serial)


def _register(snapshot: Snapshot, settings: Settings) -> Register:
    sites = tuple(
        cast("Site", row) for one in snapshot.sources for row in one.of(Stream.SITES).values()
    )
    return register_of(sites, settings.matching)


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


def _step(before: _Newest, now_on: Assessment) -> _Newest | None:
    if before.index is None:
        before.index = Index(before.parts, before.assessment.now)
    found = reassess(before.assessment, before.parts, before.index, now_on)
    if found is None:
        return None
    parts, changes = found
    return _Newest(
        now_on,
        parts,
        LOG.step(before.serial, changes),
        # Who has the situation before may be reading.
        dict(before.index.sites) if changes.sites else before.sites_by_key,
        before.index,
    )
