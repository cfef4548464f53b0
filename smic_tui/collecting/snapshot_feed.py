"""Hands snapshots of the cache to a listener, at most four a second, each complete."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import Signature
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.config.schema import Settings
from smic_tui.i18n import _
from smic_tui.model.alert_store import AlertStore
from smic_tui.model.snapshot import Snapshot

_log = logging.getLogger(__name__)

# Changes within so many seconds make one snapshot: four a second at most.
PAUSE = 0.25
# From this number of rows on a snapshot goes out before its alerts are evaluated, and once
# more when they have changed.
LARGE = 20_000
_RULES = "rules"

Keep = Callable[[Snapshot, Mapping[str, Signature | None]], None]


class SnapshotFeed:
    """Takes a snapshot after a change and hands it to `on_change` on the event loop.

    While `writing` is true the feed calls `evaluate` off the event loop, one call at a
    time, and stores the alerts that it returns, which travel with the snapshot. Then it
    gives `keep`, off the event loop too, what was handed out, and the signatures that the
    files had before the snapshot was taken.
    """

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        off: OffLoop,
        *,
        on_change: Callable[[Snapshot], None],
        evaluate: Callable[[Snapshot], AlertStore | None] | None,
        keep: Keep | None = None,
    ) -> None:
        self.writing = False
        self.last: Snapshot | None = None
        self._settings = settings
        self._cache = cache
        self._off = off
        self._on_change = on_change
        self._evaluate = evaluate
        self._keep = keep
        self._changed = asyncio.Event()

    def touch(self) -> None:
        """Take a snapshot soon, because something has changed. Only from the event loop."""
        self._changed.set()

    async def run(self) -> None:
        """Hand out snapshots after changes, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            seen, snapshot = None, None
            try:
                seen = await self._off.run(self._signatures)
                snapshot = await self._take()
            except Exception:
                _log.exception("taking a snapshot failed")
            await asyncio.sleep(PAUSE)
            if snapshot is not None and not self._changed.is_set():
                # A snapshot that another one follows at once is not worth counting.
                await self._keep_counted(snapshot, seen)

    async def publish(self) -> Snapshot:
        """Take a snapshot now and hand it out."""
        seen = await self._off.run(self._signatures)
        snapshot = await self._take()
        await self._keep_counted(snapshot, seen)
        return snapshot

    async def _take(self) -> Snapshot:
        snapshot = await self._off.run(self._cache.snapshot, self._settings)
        if self.writing and self._evaluate is not None:
            if sum(source.status.rows for source in snapshot.sources) >= LARGE:
                # The rows need not wait for the rules.
                self._hand_out(snapshot)
            before, snapshot = snapshot, await self._off.run(self._with_alerts, snapshot)
            if self.last is before and (snapshot.alerts, snapshot.notices) == (
                before.alerts,
                before.notices,
            ):
                self.last = snapshot
                return snapshot
        self._hand_out(snapshot)
        return snapshot

    def _hand_out(self, snapshot: Snapshot) -> None:
        """Hand a snapshot to the listener. Only from the event loop."""
        self.last = snapshot
        try:
            self._on_change(snapshot)
        except Exception:
            # A listener that fails does not end the collecting.
            _log.exception("handing out a snapshot failed")

    async def _keep_counted(
        self, snapshot: Snapshot, seen: Mapping[str, Signature | None] | None
    ) -> None:
        if seen is not None and self._keep is not None and self.writing:
            try:
                await self._off.run(self._keep, snapshot, seen)
            except Exception:
                _log.exception("keeping what was counted failed")

    def _with_alerts(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with its alerts evaluated. Runs off the event loop."""
        if self._evaluate is None:
            return snapshot
        try:
            book = self._evaluate(snapshot)
            if book is not None:
                self._cache.alerts.commit(book)
        except Exception as error:
            # Rules are a person's text and code of ours: neither may end the collecting.
            self._failed(error)
        else:
            self._cache.drop_notice(_RULES)
        return msgspec.structs.replace(
            snapshot, alerts=self._cache.alerts.load(), notices=self._cache.notices
        )

    def _signatures(self) -> Mapping[str, Signature | None] | None:
        try:
            return self._cache.signatures(self._settings)
        except OSError:
            return None

    def _failed(self, error: Exception) -> None:
        text = _(
            "The alert rules could not be evaluated ({reason}): alerts are as they were. "
            "The log has the details."
        ).format(reason=type(error).__name__)
        if text not in self._cache.notices:
            _log.error("evaluating the alert rules failed", exc_info=error)
        self._cache.put_notice(_RULES, text)
