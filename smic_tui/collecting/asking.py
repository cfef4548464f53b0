"""Asks the program that collects to read sources, from a program that does not collect."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.config import duration
from smic_tui.config.schema import Settings
from smic_tui.i18n import _

_LOOK = 0.2
# Seconds that the other program may need besides the reading itself.
_MARGIN = 15.0
_TOPIC = "asking"


class Asking:
    """Leaves requests in the cache folder, and watches the files that change in answer."""

    def __init__(self, settings: Settings, cache: Cache, off: OffLoop) -> None:
        self._settings = settings
        self._cache = cache
        self._off = off

    async def ask(self, sources: Collection[str | None]) -> None:
        """Ask for these sources (None: all); a notice says when that fails."""
        await self._off.run(self._ask, sources)

    async def ask_and_wait(self, names: Collection[str]) -> Outcome:
        """Ask, and wait until each source has been tried after this moment.

        Returns BUSY then. Returns BUSY too when the other program does not react; a
        notice says so. Any other outcome means that the other program has ended, and
        that this one may read the sources itself.
        """
        asked = datetime.now(UTC)
        await self.ask(names)
        loop = asyncio.get_running_loop()
        longest = [duration.seconds(self._settings.sources[name].deadline) for name in names]
        # The other program may be in the middle of a reading that began before.
        give_up = loop.time() + 2 * max(longest, default=0.0) + _MARGIN
        while True:
            tries = await self._off.run(self._last_tries, names)
            if all(tried is not None and tried >= asked for tried in tries):
                return Outcome.BUSY
            outcome = await self._off.run(self._cache.lock.try_acquire)
            if outcome is not Outcome.BUSY:
                return outcome
            if loop.time() >= give_up:
                await self._off.run(self._complain)
                return Outcome.BUSY
            await asyncio.sleep(_LOOK)

    def _ask(self, sources: Collection[str | None]) -> None:
        try:
            for source in sources:
                self._cache.requests.ask(source)
        except OSError as error:
            self._cache.put_notice(
                _TOPIC,
                _(
                    "The program that collects cannot be asked to refresh: {folder} cannot be "
                    "written ({reason})."
                ).format(folder=self._cache.folder, reason=error.strerror or error),
            )
        else:
            self._cache.drop_notice(_TOPIC)

    def _last_tries(self, names: Collection[str]) -> list[datetime | None]:
        return [self._cache.source(name).load().status.last_try for name in names]

    def _complain(self) -> None:
        self._cache.put_notice(
            _TOPIC,
            _("The program that collects ({writer}) did not answer in time.").format(
                writer=self._cache.lock.holder() or "?"
            ),
        )
