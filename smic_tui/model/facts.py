"""Facts: records with everything computed about them at one moment.

A fact says which answers it rests on and whether its source is stale. `key` is
"source/key of the record", unique among the facts of its kind. `site` is the
`key` of the matched `SiteFact`, empty when nothing matched; `site_ref` is the
text the source used.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from smic_tui.contract.batch import Rejected
from smic_tui.contract.status import SourceStatus
from smic_tui.model.states import AlertLife, BackupState, Level, SiteState
from smic_tui.model.tally import Tally
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Site,
    Stream,
    Ticket,
)


class Answers(Struct, kw_only=True, gc=False):
    """The sources that facts rest on, and when the oldest of their newest good answers was.

    One object for all facts that rest on the same sources, and the only part of a fact
    that lives: with every good answer each fact that stays as it was is known anew, and
    nothing but this has to change. `last_good` is UTC, None where one never answered well.
    """

    sources: tuple[str, ...]
    last_good: datetime | None

    def age(self, now: datetime) -> float | None:
        """Seconds since then; None if there was no good answer."""
        if self.last_good is None:
            return None
        # Another thread may have heard of an answer from after `now`.
        return max(0.0, (now - self.last_good).total_seconds())


# Facts refer to nothing that could refer back: see `records.Record` for gc=False.
class BackupFact(Struct, frozen=True, kw_only=True, gc=False):
    """A backup job with its runs, newest first, and its computed state.

    `due` is when a success was or will next be expected, `last_success` when
    the newest successful run started. `note` says what the state hides: a
    warning, a run that does not end, a calendar that cannot be read.
    """

    key: str
    source: str
    site: str
    site_ref: str
    site_name: str
    job: BackupJob
    runs: tuple[BackupRun, ...]
    state: BackupState
    level: Level
    last_success: datetime | None
    due: datetime | None
    answers: Answers
    stale: bool
    site_code: str = ""
    note: str = ""


class TicketFact(Struct, frozen=True, kw_only=True, gc=False):
    """A ticket. `overdue` is only ever true of an open ticket."""

    key: str
    source: str
    site: str
    site_ref: str
    site_name: str
    ticket: Ticket
    level: Level
    overdue: bool
    mine: bool
    answers: Answers
    stale: bool
    site_code: str = ""


class RequestFact(Struct, frozen=True, kw_only=True, gc=False):
    """A catalogue request."""

    key: str
    source: str
    site: str
    site_ref: str
    site_name: str
    request: CatalogueRequest
    level: Level
    overdue: bool
    mine: bool
    answers: Answers
    stale: bool
    site_code: str = ""


class SiteFact(Struct, frozen=True, kw_only=True, gc=False):
    """A site with all that is known of it; the parts are sorted worst first.

    `state`, `level` and `since` are of its health. `trouble` is the level of its
    worst part, `trouble_since` when that began.
    """

    key: str
    source: str
    site: Site
    state: SiteState
    level: Level
    since: datetime | None
    acknowledged: bool
    downtime: bool
    health: tuple[Health, ...]
    backups: tuple[BackupFact, ...]
    tickets: tuple[TicketFact, ...]
    requests: tuple[RequestFact, ...]
    trouble: Level
    answers: Answers
    stale: bool
    trouble_since: datetime | None = None


class Unmatched(Struct, frozen=True, kw_only=True, gc=False):
    """A site reference that is in no register, with what would fix it."""

    source: str
    stream: Stream
    site_ref: str
    count: int
    nearest: str = ""
    nearest_code: str = ""


class SourceFact(Struct, frozen=True, kw_only=True, gc=False):
    """A source, its age and what could not be placed or read."""

    key: str
    status: SourceStatus
    level: Level
    age: float | None
    stale: bool
    rejected: tuple[Rejected, ...]
    unmatched: tuple[Unmatched, ...]


class AlertFact(Struct, frozen=True, kw_only=True, gc=False):
    """An alert: a rule that is true of a subject.

    `fingerprint` is rule, source and key of the subject. `since` is when the
    condition was first seen, `fired` when the hold time had passed. `digest`
    changes when the fact beneath changes. `blind` says that its source is
    stale: the alert is kept although nobody can see whether it still holds.
    """

    fingerprint: str
    rule: str
    severity: Level
    subject: str
    site: str
    site_name: str
    summary: str
    text: str
    life: AlertLife
    since: datetime
    fired: datetime | None
    cleared: datetime | None
    digest: str
    blind: bool
    acknowledged_by: str = ""
    acknowledged_until: datetime | None = None
    bell: bool = False
    source: str = ""
    key: str = ""


class Situation(Struct, frozen=True, kw_only=True):
    """Everything, assessed at `now`; all tuples are sorted worst first.

    `sites_by_key` and the rest are for looking things up, not for order.
    `unplaced_health` is what monitoring says of hosts that match no site; the
    `homeless` are all other facts that match none, backups before tickets before
    requests. `serial` tells these facts from others (`insight.changes`), 0 for none.
    `partial` says that these are the worst only, as they were kept: the rest is being read.
    `lists` says whether all lists begin as they will, or the Overview alone.
    Of a partial one `tally` is what all of it counts to, None where that is not known.
    """

    now: datetime
    sites: tuple[SiteFact, ...] = ()
    backups: tuple[BackupFact, ...] = ()
    tickets: tuple[TicketFact, ...] = ()
    requests: tuple[RequestFact, ...] = ()
    alerts: tuple[AlertFact, ...] = ()
    sources: tuple[SourceFact, ...] = ()
    notices: tuple[str, ...] = ()
    sites_by_key: dict[str, SiteFact] = {}
    unplaced_health: tuple[Health, ...] = ()
    homeless: tuple[BackupFact | TicketFact | RequestFact, ...] = ()
    serial: int = 0
    partial: bool = False
    lists: bool = True
    tally: Tally | None = None
