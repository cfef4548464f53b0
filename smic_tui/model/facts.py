"""Facts: records with everything computed about them at one moment.

A fact names the sources that it `rests_on`, in the order of their names, and says whether
one of them is stale; how old it is, `Situation.freshness` knows. `key` is
"source/key of the record", unique among the facts of its kind. `site` is the
`key` of the matched `SiteFact`, empty when nothing matched; `site_ref` is the
text the source used.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from smic_tui.contract.batch import Rejected
from smic_tui.contract.status import SourceStatus
from smic_tui.model.freshness import Freshness
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.model.status_counts import StatusCounts
from smic_tui.model.trouble import SiteTrouble
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Site,
    Stream,
    Ticket,
)


# Facts refer to nothing that could refer back: see `records.Record` for gc=False.
class BackupFact(Struct, frozen=True, kw_only=True, gc=False):
    """A backup job with its runs, newest first, and its computed state.

    `due` is when a success was or will next be expected, `last_success` when
    the newest successful run started. `note` says what the state hides: a
    warning, a run that does not end, a calendar that cannot be read. `is_known`
    is false where only runs tell of the job: then `job` is put together from them.
    `doubted` is when the success of a job without a plan is too old to be called
    fresh. `is_empty` and `is_shrunk` say why the newest ended run is suspect.
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
    rests_on: tuple[str, ...]
    stale: bool
    site_code: str = ""
    note: str = ""
    is_known: bool = True
    doubted: datetime | None = None
    is_empty: bool = False
    is_shrunk: bool = False


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
    rests_on: tuple[str, ...]
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
    rests_on: tuple[str, ...]
    stale: bool
    site_code: str = ""


class SiteFact(Struct, frozen=True, kw_only=True, gc=False):
    """A site with all that is known of it; the parts are sorted worst first.

    `state`, `level` and `since` are of its health. `past` are the records among `health` that
    tell of the past only, because their source is stale or their own check is outdated: they
    count as unknown. `last_state` is the state that all records said together when they were
    checked last, however long ago. `trouble` is the level of its
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
    rests_on: tuple[str, ...]
    stale: bool
    trouble_since: datetime | None = None
    last_state: SiteState = SiteState.UNKNOWN
    past: tuple[Health, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether the own check of a host or service is older than its interval allows."""
        return any(one.outdated for one in self.past)

    @property
    def checked(self) -> datetime | None:
        """When the host or service was checked that has waited longest for it, None if unknown."""
        return min((one.checked for one in self.health if one.checked), default=None)


class UnmatchedRef(Struct, frozen=True, kw_only=True, gc=False):
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
    unmatched: tuple[UnmatchedRef, ...]


class AlertFact(Struct, frozen=True, kw_only=True, gc=False):
    """An alert: a rule that is true of a subject.

    `fingerprint` is rule, source and key of the subject. `began` is since when the
    subject is in trouble, None where nobody knows; `since` is when the condition was
    first seen, `fired` when the hold time had passed. `digest`
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
    status: AlertStatus
    since: datetime
    fired: datetime | None
    cleared: datetime | None
    digest: str
    blind: bool
    began: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_until: datetime | None = None
    bell: bool = False
    source: str = ""
    key: str = ""


FactT = TypeVar("FactT", BackupFact, TicketFact, RequestFact, SiteFact)

# By the key of the fact: what it was, and what it is; None where there is none.
Swaps = Mapping[str, tuple[FactT | None, FactT | None]]


class Changes(Struct, frozen=True, kw_only=True):
    """The facts that are other objects than before, or came, or went."""

    sites: Swaps[SiteFact]
    backups: Swaps[BackupFact]
    tickets: Swaps[TicketFact]
    requests: Swaps[RequestFact]

    def __len__(self) -> int:
        return len(self.sites) + len(self.backups) + len(self.tickets) + len(self.requests)

    def of(self, subject: str) -> Mapping[str, tuple[Any, Any]]:
        """Those of one subject of the filter language."""
        found: Mapping[str, tuple[Any, Any]] = getattr(self, subject)
        return found


class Step(Struct, frozen=True, gc=False):
    """What changed from the facts of the edition `before` to those of `after`."""

    before: object
    after: object
    changes: Changes


class Situation(Struct, frozen=True, kw_only=True):
    """Everything, assessed at `now`; all tuples are sorted worst first.

    `sites_by_key` and the rest are for looking things up, not for order. `freshness` tells
    how old facts are. `unmatched_health` is what monitoring says of hosts that match no site;
    `unmatched` are all other facts that match none, backups before tickets before
    requests. `is_partial` says that these are the worst only, as they were kept: the rest is
    being read. `lists` says whether all lists begin as they will, or the Overview alone.

    `counts` are those of everything, also of a partial situation; `troubles` are the lines of
    the Overview. Both are None in what `insight.assess` makes: see
    `insight.status_counts.count` and `insight.trouble_lines.troubles`.
    `edition` is the same object for the same facts, and None in what `insight.assess` makes;
    `steps` are the last changes that led to it, the newest last.
    """

    now: datetime
    sites: tuple[SiteFact, ...] = ()
    backups: tuple[BackupFact, ...] = ()
    tickets: tuple[TicketFact, ...] = ()
    requests: tuple[RequestFact, ...] = ()
    alerts: tuple[AlertFact, ...] = ()
    sources: tuple[SourceFact, ...] = ()
    notices: tuple[str, ...] = ()
    sites_by_key: Mapping[str, SiteFact] = {}
    freshness: Freshness = Freshness()
    unmatched_health: tuple[Health, ...] = ()
    unmatched: tuple[BackupFact | TicketFact | RequestFact, ...] = ()
    is_partial: bool = False
    lists: bool = True
    counts: StatusCounts | None = None
    troubles: tuple[SiteTrouble, ...] | None = None
    edition: object | None = None
    steps: tuple[Step, ...] = ()
