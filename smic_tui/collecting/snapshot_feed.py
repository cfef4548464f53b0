"""Pictures of the cache go out: at most a few per second, each complete."""

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

# Changes within this time are one picture: four per second at most.
PAUSE = 0.25
# From so many rows on a picture goes out before its alerts are evaluated, and once more
# when they have changed.
LARGE = 20_000
_RULES = "rules"

Keep = Callable[[Snapshot, Mapping[str, Signature | None]], None]


class Publisher:
    """Takes a snapshot after a change and hands it out on the event loop.

    `evaluate` is called off the event loop, one call at a time, while `writing`
    is true; the alerts that it returns are stored and travel with the snapshot. Then,
    off the event loop too, `keep` is given what was handed out, and the signatures that
    the files had before it was taken.
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
        """Something has changed. Only from the event loop."""
        self._changed.set()

    async def run(self) -> None:
        """Publish after changes, until cancelled."""
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
                # What is about to be another picture is not worth counting.
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
                # Nobody waits for the rules.
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
        """Give a picture to whoever listens. Only from the event loop."""
        self.last = snapshot
        try:
            self._on_change(snapshot)
        except Exception:
            # Whoever listens may break; the collecting goes on.
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
        """The picture with its alerts as the writer evaluates them. Off the event loop."""
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
