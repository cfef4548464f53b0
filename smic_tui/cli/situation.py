"""The facts for a command without a screen, and how fresh they are made first.

The cache is enough. Sources that have never been read are read once, unless
--cached; with --sync every source that is due is read first.
"""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.cache.cache import Cache
from smic_tui.cli import sources
from smic_tui.cli.exits import Exit
from smic_tui.cli.say import say
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.config.duration import seconds
from smic_tui.config.load import Loaded
from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceStatus
from smic_tui.insight.assess import assess
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import UserState
from smic_tui.startup.status_counts_writer import StatusCountsWriter
from smic_tui.views.look import Look


class Reading(Struct, frozen=True, kw_only=True):
    """Everything a command shows. `exit` is `Exit.SOURCE` if a source read just now failed."""

    loaded: Loaded
    cache: Cache
    snapshot: Snapshot
    user: UserState
    situation: Situation
    exit: Exit

    @property
    def look(self) -> Look:
        """How the reader sees."""
        display = self.loaded.settings.display
        zone = ZoneInfo(display.timezone)
        return Look(
            now=self.situation.now,
            zone=zone,
            ascii=display.ascii,
            freshness=self.situation.freshness,
        )


def read(options: Namespace, *, keep: bool = False) -> Reading:
    """The situation, after reading the sources that the options ask to read.

    With `keep`, its counts are kept for the next command that needs no more.
    """
    loaded = open_settings(options, examine=False)
    cache = Cache(cache_folder(options, loaded))
    try:
        seen = cache.signatures(loaded.settings)
    except OSError:
        seen = {}
    snapshot = cache.snapshot(loaded.settings)
    code = Exit.FINE
    wanted = _wanted(options, loaded.settings, snapshot)
    assessor = None
    if wanted:
        from smic_tui.cli.collect import collect_once
        from smic_tui.insight.assessor import Assessor

        assessor = Assessor(loaded.settings)
        snapshot = collect_once(options, loaded, cache, wanted, assessor)
        code = sources.say_failures(sources.statuses(snapshot, wanted))
    for notice in snapshot.notices:
        say(notice)
    user, now = cache.user.load(), datetime.now(UTC)
    if assessor is None:
        situation = assess(snapshot, user, loaded.settings, now)
    else:
        # Who read the sources has assessed what they said.
        situation = assessor.assess_once(snapshot, user, now)
    if keep and not wanted:  # the collector has kept those of what it has read
        StatusCountsWriter(loaded, cache).keep(snapshot, user, situation, seen)
    return Reading(
        loaded=loaded,
        cache=cache,
        snapshot=snapshot,
        user=user,
        situation=situation,
        exit=code,
    )


def _wanted(options: Namespace, settings: Settings, snapshot: Snapshot) -> tuple[str, ...]:
    """The sources to read first."""
    if options.cached:
        return ()
    now = datetime.now(UTC)
    return tuple(
        source.status.name
        for source in snapshot.sources
        # What a source relays is read with it.
        if source.status.name in settings.sources
        and (
            source.status.last_try is None
            or (options.sync and _is_due(source.status, settings, now))
        )
    )


def _is_due(status: SourceStatus, settings: Settings, now: datetime) -> bool:
    age = status.age(now)
    return age is None or age >= seconds(settings.sources[status.name].refresh)
