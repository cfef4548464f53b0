"""From a snapshot to the situation.

What has been assessed is remembered: of the next snapshot only what changed is
worked out anew (`reassess`), and facts that did not change are the same objects
again; how old they are is told by the `Answers` that they rest on.
"""

from __future__ import annotations

from datetime import datetime
from threading import Lock
from typing import cast

from smic_tui.config.schema import Settings
from smic_tui.insight.assessment import Assessment, Parts
from smic_tui.insight.facts import Situation
from smic_tui.insight.matching import register_of
from smic_tui.insight.reassess import reassess
from smic_tui.records import Site, Stream
from smic_tui.snapshot import Snapshot
from smic_tui.userstate import UserState

_lock = Lock()
# The newest assessment and its parts; one entry or none.
_last: list[tuple[Assessment, Parts]] = []


def assess(snapshot: Snapshot, user: UserState, settings: Settings, now: datetime) -> Situation:
    """Everything about `snapshot` at `now` (UTC), worst first.

    The result depends on the arguments alone. It is tens of milliseconds of work
    or more: it belongs off the event loop. Safe for threads, one at a time. Lists
    are in the order of `insight.order`.
    """
    with _lock:
        sites = tuple(
            cast("Site", row) for one in snapshot.sources for row in one.of(Stream.SITES).values()
        )
        register = register_of(sites, settings.matching)
        before = _last[0] if _last else None
        now_on = Assessment(snapshot, settings, now, register)
        parts = None
        if before is not None:
            parts = reassess(*before, now_on)
        if parts is None:
            _last.clear()
            parts = now_on.parts()
        _last[:] = [(now_on, parts)]
        return now_on.situation(parts, user)
