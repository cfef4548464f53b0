"""Writes the counts of what was assessed, where it is certain what that was.

The program that collects writes them after each change, `status` when it had to look
itself. Files may change while somebody looks at them: then nothing is kept.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from typing import Literal

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import Signature
from smic_tui.config.load import Loaded
from smic_tui.insight.forecast import forecast_of
from smic_tui.insight.status_counts import count
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.user_state import UserState
from smic_tui.startup import status_counts
from smic_tui.startup.status_counts import StatusCountsFile

# With a hundred thousand facts counting takes a while: a twentieth of the time at most.
_PART = 20


class StatusCountsWriter:
    """Writes for one configuration and one cache. Its methods may take time: off the event loop."""

    def __init__(self, loaded: Loaded, cache: Cache) -> None:
        self._loaded = loaded
        self._cache = cache
        self._not_before = 0.0

    def keep(
        self,
        snapshot: Snapshot,
        user: UserState,
        situation: Situation,
        seen: Mapping[str, Signature | None],
    ) -> None:
        """Keep the counts of `situation`, which is what `snapshot` and `user` mean.

        `seen` are the signatures of the files before the snapshot was taken.
        """
        began = time.monotonic()
        if began < self._not_before:
            return
        self._keep(snapshot, user, situation, seen)
        ended = time.monotonic()
        self._not_before = ended + _PART * (ended - began)

    def _keep(
        self,
        snapshot: Snapshot,
        user: UserState,
        situation: Situation,
        seen: Mapping[str, Signature | None],
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
        kept = StatusCountsFile(
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
            counts=count(situation),
            forecast=forecast_of(situation, settings),
        )
        status_counts.store(cache.folder, kept)


_KNOWN_ANEW = ("user.json", "alerts.json")


def _language(loaded: Loaded) -> Literal["auto", "fr", "en"]:
    """The language of the configuration, whatever the command line says."""
    if ("display", "language") not in loaded.overridden:
        return loaded.settings.display.language
    display = tomllib.loads(loaded.text).get("display", {})
    return display["language"] if display.get("language") in ("fr", "en") else "auto"
