"""Writes the first rows of the first screen, or of every list; the program that collects does."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from smic_tui.insight.backup_state import decisive
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, Situation, TicketFact
from smic_tui.model.snapshot import Snapshot
from smic_tui.model.states import Level
from smic_tui.records import Health, Record, Site, Stream
from smic_tui.startup import first_rows
from smic_tui.startup.first_rows import FirstRows, SourceRows
from smic_tui.system.memory import give_back

# With this many rows, what they leave in memory is worth giving back.
LARGE = 20_000
# As many lines of a list as most terminals show.
LINES = 50
# With this many rows, reading them takes longer than a person needs for the next key: the
# other lists are begun too, and all is kept about the sites on the first screen.
LONG = 100_000
# Of sites that are down together all have to be known, or their number would be wrong.
MEMBERS = 3000
EVERY = 60.0

Placed = BackupFact | TicketFact | RequestFact


class FirstRowsWriter:
    """Writes for the configuration with this digest and the cache in this folder. Its methods
    may take time: off the event loop.
    """

    def __init__(self, digest: str, folder: Path) -> None:
        self._digest = digest
        self._folder = folder
        self._not_before = 0.0
        self._known_then = 0

    def keep(self, snapshot: Snapshot, situation: Situation) -> None:
        """Keep the first rows of `situation`, which is what `snapshot` means, once in a while."""
        now = time.monotonic()
        known = sum(source.status.rows for source in snapshot.sources)
        if known >= LARGE:
            # It is quiet now, and what has led here was large too.
            give_back()
        # Rows kept before the first reading was over are too few to be of use.
        much_more = known > 2 * self._known_then
        if now < self._not_before and not much_more:
            return
        self._not_before, self._known_then = now + EVERY, known
        with_lists = known >= LONG
        lines = LINES if with_lists else 0
        # The tabs tell how bad the worst alert is.
        alerts = situation.alerts[: lines or 1]
        rows = _Rows(situation.now, Level.FINE if with_lists else Level.NOTICE)
        rows.take(situation, lines, (alert.site for alert in alerts))
        first_rows.store(
            self._folder,
            FirstRows(
                digest=self._digest,
                made=situation.now,
                lists=with_lists,
                sources=tuple(
                    (source.status, rows.of(source.status.name)) for source in snapshot.sources
                ),
                alerts=tuple(
                    entry
                    for alert in alerts
                    if (entry := snapshot.alerts.get(alert.fingerprint)) is not None
                ),
            ),
        )


class _Rows:
    """Rows by source and stream, each once; of a site only what is of some level."""

    def __init__(self, now: datetime, from_level: Level) -> None:
        self._now = now
        self._from_level = from_level
        self._found: dict[str, dict[Stream, dict[str, Record]]] = {}

    def of(self, source: str) -> SourceRows:
        streams = self._found.get(source, {})
        return SourceRows(**{stream.value: tuple(of.values()) for stream, of in streams.items()})  # type: ignore[arg-type]

    def take(self, situation: Situation, lines: int, alarmed: Iterable[str]) -> None:
        """What the first lines of the Overview rest on, and `lines` of each other list;
        `alarmed` are sites of alerts.
        """
        sites = situation.sites_by_key
        whole: list[str] = [fact.key for fact in situation.sites[:lines]]
        for line in troubles(situation)[:LINES]:
            whole.append(line.site)
            for key in line.members[:MEMBERS]:
                self._take_site(sites[key].site, sites[key].health)
        placed: tuple[Placed, ...] = (
            *situation.backups[:lines],
            *situation.tickets[:lines],
            *situation.requests[:lines],
            *situation.unmatched[:LINES],
        )
        whole += [fact.site for fact in placed]
        whole += alarmed
        for key in whole:
            if (fact := sites.get(key)) is not None:
                self._take_whole(fact)
        for one in placed:
            self._take_part(one)
        for health in situation.unmatched_health[:LINES]:
            self._put(Stream.HEALTH, health)

    def _put(self, stream: Stream, record: Record) -> None:
        of_source = self._found.setdefault(record.source, {})
        of_source.setdefault(stream, {})[record.key] = record

    def _take_site(self, site: Site, health: Iterable[Health]) -> None:
        self._put(Stream.SITES, site)
        for one in health:
            self._put(Stream.HEALTH, one)

    def _take_whole(self, fact: SiteFact) -> None:
        self._take_site(fact.site, fact.health)
        parts: tuple[Placed, ...] = (*fact.backups, *fact.tickets, *fact.requests)
        for part in parts:
            if part.level >= self._from_level:
                self._take_part(part)

    def _take_part(self, fact: Placed) -> None:
        if isinstance(fact, TicketFact):
            self._put(Stream.TICKETS, fact.ticket)
        elif isinstance(fact, RequestFact):
            self._put(Stream.REQUESTS, fact.request)
        else:
            if fact.is_known:
                self._put(Stream.BACKUP_JOBS, fact.job)
            for run in decisive(fact.runs, self._now, fact.last_success):
                self._put(Stream.BACKUP_RUNS, run)
