"""The dashboard: screens over a collector.

The collector hands over snapshots, a thread assesses them (`live_situation`), the screen on
top draws the result. Nothing here waits for a source.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from textual import events
from textual.driver import Driver

from smic_tui.cache.cache import Cache
from smic_tui.config import folders
from smic_tui.config.load import Loaded
from smic_tui.config.person import author
from smic_tui.config.schema import Settings
from smic_tui.i18n import _
from smic_tui.insight.assessor import Assessor
from smic_tui.live_situation import CountsAt, LiveSituation
from smic_tui.model.facts import Situation
from smic_tui.model.outbox_entry import Entry
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.status_counts import StatusCounts
from smic_tui.model.user_state import Note
from smic_tui.outbox.rights import Rights, rights
from smic_tui.screens.frame import FrameScreen
from smic_tui.screens.listing import ListScreen
from smic_tui.screens.navigation import NavigatingApp
from smic_tui.screens.personal import Personal
from smic_tui.screens.tabs import NUMBER_KEYS
from smic_tui.startup import first_rows, status_counts
from smic_tui.system.turns import collect_garbage
from smic_tui.terminal import first_paint
from smic_tui.terminal.choice import chosen_driver, chosen_profile
from smic_tui.terminal.driver import LeanDriver
from smic_tui.terminal.hangup import Hangup
from smic_tui.terminal.kept_screen import KeptScreen
from smic_tui.views.look import Look
from smic_tui.views.outbox import news
from smic_tui.views.targets import Pending
from smic_tui.wiring import CollectorOf, make_collector

if TYPE_CHECKING:
    from smic_tui.collecting.collector import Collector
    from smic_tui.screens.duty_panes import DutyPanes

# What is needed only once the first screen stands is imported then.
log = logging.getLogger(__name__)

# As a shell reports a program that SIGHUP ended.
HUNG_UP = 129

# How long sources wait at most for what is known to be shown.
FIRST_SHOWN_SECONDS = 3.0
# When what was drawn has been sent too: drivers gather.
SENT_SECONDS = 0.035
# How long the kept screen stands at most while only the first lines are known.
FIRST_LINES_SECONDS = 2.0
# When garbage is collected again, which `cli.main` stops.
GARBAGE_SECONDS = 3.0

# Keys that lead on from the first screen, and all that ask nothing of what a screen lists.
GOING_ON = frozenset((*NUMBER_KEYS[1:], "[", "]"))
GOING_ABOUT = GOING_ON | {NUMBER_KEYS[0], "?", "q"}


class SmicApp(NavigatingApp):
    """One person's dashboard. It is the `AppServices` that the screens know.

    `first_rows` and `counts_at` are `LiveSituation`'s.
    """

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        collector_of: CollectorOf,
        *,
        person: str,
        driver_class: type[Driver] | None = None,
        kept: KeptScreen | None = None,
        first_rows: Snapshot | None = None,
        counts_at: CountsAt = lambda now: None,
    ) -> None:
        super().__init__(settings, driver_class)
        self.cache = cache
        self._collector_of = collector_of
        self.personal = Personal(cache.user, person, self._remember)
        self._assessor = Assessor(settings)
        self._live = LiveSituation(
            cache, self._assessor, first_rows=first_rows, counts_at=counts_at
        )
        self._zone = ZoneInfo(settings.display.timezone)
        self._drawn = asyncio.Event()
        self._duty: DutyPanes | None = None
        self._hangup = Hangup()
        self._kept = kept

    # -- life

    def on_mount(self) -> None:
        """Show what the cache knows, then collect."""
        # A line that falls or a polite kill: leave the terminal and the lock in order.
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.call_later, self.action_quit)
        if self._live.snapshot is not None:
            self._shown()
        self.run_worker(self._show_for_ever(), exit_on_error=False)
        self.run_worker(self._collect(), exit_on_error=False)
        self._seconds = self.set_interval(1, self._each_second)
        # The start leaves no garbage, and what it made stays.
        self.set_timer(GARBAGE_SECONDS, collect_garbage)

    @cached_property
    def collector(self) -> Collector:
        """What keeps the cache fresh."""
        return self._collector_of(self._live.take, assessor=self._assessor)

    async def _collect(self) -> None:
        """Run the collector; should it ever fail, say so and go on with what is known."""
        if self._live.snapshot is not None:
            await self._first_shown()
        try:
            await self.collector.run(first_shown=self._first_shown)
        except Exception as error:
            log.exception("the collector has stopped")
            self.tell(_("Collecting has stopped: {error}").format(error=error), bad=True)

    async def _first_shown(self) -> None:
        """Wait until what the cache knows is on the screen, or for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SHOWN_SECONDS):
                await self._drawn.wait()

    def _each_second(self) -> None:
        """Look at the clock: what is shown may be old, and panes come due."""
        if self._hangup.happened():
            self._seconds.stop()
            self.run_worker(self._leave_a_dead_terminal(), exit_on_error=False)
            return
        if self._duty is not None:
            self._open_due_pane(self._duty)
        self._live.tick()

    async def _show_for_ever(self) -> None:
        """Show what is known whenever it has changed."""
        live = self._live
        while True:
            known = live.user.outbox
            try:
                await live.change()
            except Exception as error:
                log.exception("the situation could not be assessed")
                self.tell(_("Program error: {error}").format(error=error), bad=True)
                self._drawn.set()
                continue
            if live.begins_to_ring() and self.settings.display.bell:
                self.bell()
            if isinstance(self.screen, FrameScreen):
                self.screen.update()
            if found := news(known, live.user.outbox):
                self.tell(found[0], bad=found[1])
            if live.snapshot is not None:
                self._shown()
            if self._duty is None and live.situation.sources and not live.situation.is_partial:
                await self._begin_duty()

    async def _begin_duty(self) -> None:
        """Look for panes that are due, once all is known that they would list."""
        from smic_tui.screens.duty_panes import DutyPanes, has_enough

        if has_enough(self._live.situation, self._live.started):
            self._duty = DutyPanes(self.settings, self._live.started)
            await self._duty.start(self._live.user)

    def _shown(self) -> None:
        """The screen has been told what is known, which may be nothing: no more is waited for."""
        self.has_begun = True
        self.screen.call_after_refresh(self._keep_screen)
        if not self._drawn.is_set():
            self.screen.call_after_refresh(self.set_timer, SENT_SECONDS, self._drawn.set)

    def is_there_for(self, key: events.Key) -> bool:
        """While the first lines alone are known, what is asked of another list waits for the
        rest; so does the way there, where the rest is there in a moment.
        """
        if not self.has_begun or not self._live.situation.is_partial:
            return self.has_begun
        if self._live.situation.lists:
            return self.current_mode == self.DEFAULT_MODE or key.character in GOING_ABOUT
        return key.key != "enter" and key.character not in GOING_ON

    def _open_due_pane(self, duty: DutyPanes) -> None:
        """Open the next pane that is due, where it may interrupt."""
        from smic_tui.screens.pane import PaneScreen

        due = duty.next_over(self.screen_stack)
        if due is None:
            return
        seen = self._live.user.panes.get(due.pane.name)
        self.push_screen(
            PaneScreen(due, seen, self.settings, ascii_only=self.settings.display.ascii)
        )
        if due.pane.bell and self.settings.display.bell:
            self.bell()

    def _keep_screen(self) -> None:
        """Remember what is shown, for the next start to begin with."""
        if not isinstance(self._driver, LeanDriver):
            return
        if self._live.situation.is_partial:
            # All of it comes soon and may look the same: unless a key asks for more, it
            # is waited for.
            self.set_timer(FIRST_LINES_SECONDS, self._driver.show)
            return
        self._driver.show()
        top, kept = self.screen, self._kept
        if kept is None or not isinstance(top, ListScreen) or top.tab != self.DEFAULT_MODE:
            return
        if top.is_as_opened and kept.note(self._driver):
            self.run_worker(asyncio.to_thread(kept.write), exit_on_error=False)

    async def action_quit(self) -> None:
        """Let the sources go, then leave."""
        self._keep_screen()
        await self.collector.close()
        if self._kept is not None:
            await asyncio.to_thread(self._kept.write)
        self.exit()

    async def _leave_a_dead_terminal(self) -> None:
        """Let the sources and the lock go. There is no screen left to put in order,
        and writing to it could wait for ever.
        """
        log.warning("the terminal is gone")
        try:
            await asyncio.wait_for(self.collector.close(), 5)
        finally:
            os._exit(HUNG_UP)

    # -- what screens ask of it: `AppServices`

    @property
    def situation(self) -> Situation:
        """What is known, assessed."""
        return self._live.situation

    @property
    def look(self) -> Look:
        """How the reader sees, at the moment of the situation."""
        situation = self._live.situation
        return Look(
            now=situation.now,
            zone=self._zone,
            ascii=self.settings.display.ascii,
            freshness=situation.freshness,
        )

    @property
    def writer(self) -> str:
        """Who collects, when it is another program."""
        return self.collector.writer

    @property
    def named_filters(self) -> Mapping[str, str]:
        """The filters of the configuration and of the person, by name."""
        return {**self.settings.filters, **self._live.user.filters}

    @property
    def outbox(self) -> Mapping[str, Entry]:
        """What is on its way to the sources, by id."""
        return self._live.user.outbox

    @property
    def pending(self) -> Pending:
        """What of it is not over, by record."""
        return self._live.pending

    def rights(self, source: str) -> Rights:
        """What may be done to records that are shown under a source."""
        statuses = {fact.key: fact.status for fact in self._live.situation.sources}
        return rights(self.settings, statuses, source)

    @property
    def notes(self) -> Mapping[str, Note]:
        """The remarks on sites, by id."""
        return self._live.user.notes

    def refresh_source(self, name: str | None) -> None:
        """Read one source now, or all."""
        self.collector.refresh(name)
        if name is None:
            self.tell(_("Reading all sources…"))
        else:
            self.tell(_("Reading {source}…").format(source=name))

    def _remember(self, done: str, change: Callable[[], bool]) -> None:
        """Write to the person's own file; it is confirmed only once it is on the disk."""

        async def write() -> None:
            kept = await asyncio.to_thread(change)
            self._live.user_changed()
            if kept:
                self.tell(done)
            else:
                self.tell(_("Kept in memory only: the disk refuses it. See Sources (7)."), bad=True)

        self.run_worker(write(), exit_on_error=False)


def _kept_counts(folder: Path, digest: str, now: datetime) -> StatusCounts | None:
    kept = status_counts.load(folder, digest, now)
    return None if kept is None else kept.at(now)


def run(loaded: Loaded, cache_folder: Path) -> int:
    """Open the dashboard; returns its exit code once the person has left it."""
    cache = Cache(cache_folder)
    display = loaded.settings.display
    profile = chosen_profile(display.link, os.environ)
    driver = chosen_driver(display.driver, profile, os.environ)
    if driver is None:
        # Textual's own driver takes a terminal over from the shell alone.
        first_paint.give_back()
    app = SmicApp(
        loaded.settings,
        cache,
        partial(make_collector, loaded, cache),
        person=author(loaded.settings.me),
        driver_class=driver,
        kept=KeptScreen(sys.argv[1:], (loaded.path, folders.user_config_file())),
        first_rows=first_rows.load(cache_folder, loaded.digest),
        counts_at=partial(_kept_counts, cache_folder, loaded.digest),
    )
    app.run(mouse=profile.mouse)
    return app.return_code or 0
