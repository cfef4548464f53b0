"""Keeps the tally of what was assessed, where it is certain what that was.

The program that collects keeps it after each change, `status` when it had to look
itself. Files may change while somebody looks at them: then nothing is kept.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from typing import Literal

from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import Signature
from smic_tui.config.load import Loaded
from smic_tui.insight.alert_facts import alerts_of
from smic_tui.insight.tallying import forecast_of, tally_of
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import UserState
from smic_tui.startup import status_counts as kept_tally
from smic_tui.startup.status_counts import KeptTally

# With a hundred thousand facts counting takes a while: a twentieth of the time at most.
_PART = 20


class TallyKeeper:
    """For one configuration and one cache. Its methods may take time: off the event loop."""

    def __init__(self, loaded: Loaded, cache: Cache) -> None:
        self._loaded = loaded
        self._cache = cache
        self._assessed: tuple[UserState, Situation] | None = None
        self._of: Snapshot | None = None
        self._not_before = 0.0

    def assessed(self, snapshot: Snapshot, user: UserState, situation: Situation) -> None:
        """`situation` is what the rows of `snapshot` and `user` mean."""
        self._of, self._assessed = snapshot, (user, situation)

    def keep(self, snapshot: Snapshot, seen: Mapping[str, Signature | None]) -> None:
        """Keep the tally of `snapshot`, whose rows were assessed and whose alerts may be newer.

        `seen` are the signatures of the files before it was taken.
        """
        began = time.monotonic()
        if self._of is None or self._assessed is None or began < self._not_before:
            return
        if self._of.sources is snapshot.sources:
            self._keep(snapshot, seen, *self._assessed)
        ended = time.monotonic()
        self._not_before = ended + _PART * (ended - began)

    def _keep(
        self,
        snapshot: Snapshot,
        seen: Mapping[str, Signature | None],
        user: UserState,
        situation: Situation,
    ) -> None:
        settings, cache = self._loaded.settings, self._cache
        if snapshot.notices or not cache.flush():
            return
        try:
            files = cache.signatures(settings)
            if any(files[name] != seen.get(name) for name in files if name not in _KNOWN_ANEW):
                return
            # These two may be newer than `seen`: then they must be what was assessed.
            if cache.alerts.load() is not snapshot.alerts or cache.user.load() is not user:
                return
            if cache.signatures(settings) != files:
                return
        except OSError:
            return
        if snapshot.alerts is not self._of_alerts():
            situation = replace(
                situation,
                alerts=alerts_of(
                    snapshot.alerts, situation.sites_by_key, user, settings, situation.now
                ),
            )
        kept = KeptTally(
            digest=self._loaded.digest,
            made=situation.now,
            files=dict(files),
            all_read=all(
                source.status.last_try is not None
                for source in snapshot.sources
                if source.status.name in settings.sources
            ),
            language=_language(self._loaded),
            ascii=settings.display.ascii,
            tally=tally_of(situation),
            forecast=forecast_of(situation, settings),
        )
        kept_tally.store(cache.folder, kept)

    def _of_alerts(self) -> object:
        return None if self._of is None else self._of.alerts


_KNOWN_ANEW = ("user.json", "alerts.json")


def _language(loaded: Loaded) -> Literal["auto", "fr", "en"]:
    """The language of the configuration, whatever the command line says."""
    if ("display", "language") not in loaded.overridden:
        return loaded.settings.display.language
    display = tomllib.loads(loaded.text).get("display", {})
    return display["language"] if display.get("language") in ("fr", "en") else "auto"
