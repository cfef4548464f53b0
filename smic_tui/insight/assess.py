"""From one snapshot to the situation, with nothing remembered."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from smic_tui.config.schema import Settings
from smic_tui.insight.alert_facts import AlertFacts
from smic_tui.insight.assessment import Assessment, Parts
from smic_tui.insight.matching import Register, register_after
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import UserState
from smic_tui.records import Site, Stream
from smic_tui.system.turns import exclusive, keep_out_of_sight

# With this many rows, a look for garbage among them takes too long.
LARGE = 20_000


def assess(snapshot: Snapshot, user: UserState, settings: Settings, now: datetime) -> Situation:
    """Everything about `snapshot` at `now` (UTC), worst first, without counts and the lines of
    the Overview. For commands, which look once; a program that looks again has an `Assessor`.

    Pure. Seconds of work where there are many sites. Lists are in the order of
    `insight.order`.
    """
    with exclusive():
        assessment, parts = whole_pass(snapshot, settings, now)
        sites_by_key = {fact.key: fact for fact in parts.sites}
        alerts = AlertFacts(settings).of(snapshot.alerts, sites_by_key, user, now)
        return assessment.situation(parts, sites_by_key, alerts)


def whole_pass(
    snapshot: Snapshot, settings: Settings, now: datetime, known: Register | None = None
) -> tuple[Assessment, Parts]:
    """Works everything out from the rows alone; `known` is the register from before, if any."""
    assessment = Assessment(snapshot, settings, now, next_register(known, snapshot, settings))
    parts = assessment.parts()
    if sum(source.status.rows for source in snapshot.sources) >= LARGE:
        # What is there stays: it is not looked through for garbage again and again.
        keep_out_of_sight()
    return assessment, parts


def next_register(known: Register | None, snapshot: Snapshot, settings: Settings) -> Register:
    """The register of the sites in `snapshot`, `known` again where that is still right."""
    sites = tuple(
        cast("Site", row) for one in snapshot.sources for row in one.of(Stream.SITES).values()
    )
    return register_after(known, sites, settings.matching)
