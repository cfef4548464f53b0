"""The records of sites, backups, tickets and catalogue requests, as sources give them.

Records are immutable and name where they come from (`source`, `key`). Every time is
timezone-aware UTC. A reference to a site (`site`) is the text that the source uses;
`smic_tui.insight.matching` finds the site of the register that it means.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

# A decoder refuses a time without a zone: nothing could be compared with it.
ZonedTime = Annotated[datetime, Meta(tz=True)]


class Stream(StrEnum):
    """The kinds of record that a source can give."""

    SITES = "sites"
    HEALTH = "health"
    BACKUP_JOBS = "backup_jobs"
    BACKUP_RUNS = "backup_runs"
    TICKETS = "tickets"
    REQUESTS = "requests"


# A record never takes part in a circle of references, so the garbage collector may ignore
# it (gc=False). Collecting over 50,000 records would hold the event loop for 50 ms and more.
class Record(Struct, frozen=True, kw_only=True, gc=False):
    """Base of all records.

    `key` is the record's natural key within its source and stream, stable
    across readings. `source` is the name of the source in the configuration;
    the intake sets it, adapters leave it empty.
    """

    key: str
    source: str = ""


class Contact(Struct, frozen=True, kw_only=True, gc=False):
    """A person or an office to call about a site."""

    name: str = ""
    role: str = ""
    phone: str = ""
    email: str = ""


class Site(Record, frozen=True, kw_only=True):
    """A place where the syndicate runs computing for a member.

    `code` is the INSEE code or a code of the syndicate's own; other sources should refer
    to the site by it. `kind` is the usual word for it (mairie, CCAS, école, syndicat,
    EPCI). `latitude` and `longitude` are WGS 84 degrees, None where not known. `line` is
    the access line (RTC, ADSL, fibre, 4G).
    """

    code: str
    name: str
    member: str = ""
    member_code: str = ""
    kind: str = ""
    address: str = ""
    population: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    line: str = ""
    supplier: str = ""
    contacts: tuple[Contact, ...] = ()
    equipment: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    url: str = ""


class HealthState(StrEnum):
    """The state of a host or a service in monitoring.

    A host is up, down or unreachable; a service is ok, warning, critical or unknown;
    either is pending before its first check.
    """

    UP = "up"
    OK = "ok"
    PENDING = "pending"
    WARNING = "warning"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    CRITICAL = "critical"
    DOWN = "down"


class Health(Record, frozen=True, kw_only=True):
    """The state of one monitored object, a host or one of its services.

    `service` is empty for the host itself. `since` is when the state began, `checked` when
    it was last verified, by our clock; both are None if monitoring does not know. `valid_for`
    is for how many seconds after `checked` the state may be believed, as the interval of the
    check allows; None if monitoring does not tell. `outdated` says that `state` is the last
    one known and tells of the past only: the collector sets it where `checked` and `valid_for`
    say so, an adapter where its source says so in another way. `more_sites` are further
    references to sites that the same host serves.
    """

    site: str
    host: str
    service: str = ""
    state: HealthState
    since: ZonedTime | None = None
    checked: ZonedTime | None = None
    valid_for: int | None = None
    outdated: bool = False
    more_sites: tuple[str, ...] = ()
    output: str = ""
    acknowledged: bool = False
    downtime: bool = False
    url: str = ""


class BackupJob(Record, frozen=True, kw_only=True):
    """A planned backup: of which application, by which protocol, how often.

    The plan is a `period` in seconds between two successes, or a `calendar` in cron syntax,
    in the configured time zone; with neither, no run can be late. For `grace` seconds after
    it was due, a missing run is late; after that it is overdue. No run is expected on
    `closed` weekdays (0 is Monday), nor on French public holidays if `holidays` is true.
    """

    site: str
    application: str
    protocol: str = ""
    period: int | None = None
    calendar: str = ""
    grace: int = 0
    closed: tuple[int, ...] = ()
    holidays: bool = False
    url: str = ""

    @property
    def is_planned(self) -> bool:
        """Whether something tells when it should run."""
        return bool(self.calendar or self.period)


class RunResult(StrEnum):
    """How a run of a backup ended, or that it is still running.

    `unknown` stands for runs since `started` in a place that cannot be read: earlier runs
    of the job do not tell its present state.
    """

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    RUNNING = "running"
    UNKNOWN = "unknown"


# Most runs leave most fields as they are: what is not written need not be read either.
class BackupRun(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One run of a backup job.

    The run belongs to the job whose key is `job`. If the source does not know the plan,
    `job` is empty, and site and application decide to which job the run belongs. `size`
    is in bytes, of all that the run holds and not of what it added; 0 where it saved nothing,
    None where the source does not say. `changes_only` is true of an incremental or differential
    run: such a run is small by nature, and may be empty.
    """

    job: str = ""
    site: str = ""
    application: str = ""
    started: ZonedTime
    ended: ZonedTime | None = None
    result: RunResult
    size: int | None = None
    message: str = ""
    changes_only: bool = False


class TicketStatus(StrEnum):
    """The status of a ticket, with the same words for every ticket system."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Whether the ticket is neither resolved nor closed."""
        return self not in (TicketStatus.RESOLVED, TicketStatus.CLOSED)


class Actor(StrEnum):
    """The party that must act next."""

    US = "us"
    MEMBER = "member"
    SUPPLIER = "supplier"
    WORKING_GROUP = "working group"
    NOBODY = "nobody"


class Ticket(Record, frozen=True, kw_only=True):
    """A support ticket. `priority` runs from 1 (most urgent) to 5.

    `status_label` is the source's own word for `status`.
    """

    subject: str
    status: TicketStatus
    status_label: str = ""
    priority: int = 3
    requester: str = ""
    owner: str = ""
    site: str = ""
    queue: str = ""
    created: ZonedTime
    updated: ZonedTime
    due: ZonedTime | None = None
    supplier: str = ""
    waiting_on: Actor = Actor.US
    url: str = ""


class Stage(StrEnum):
    """The stage of a catalogue request."""

    ASKED = "asked"
    ANALYSED = "analysed"
    WORKING_GROUP = "working group"
    ORDERED = "ordered"
    INSTALLING = "installing"
    DONE = "done"
    REFUSED = "refused"

    @property
    def is_open(self) -> bool:
        """Whether the request is neither done nor refused."""
        return self not in (Stage.DONE, Stage.REFUSED)


class CatalogueRequest(Record, frozen=True, kw_only=True):
    """The request of a member for software of the shared catalogue.

    `waiting_on` is the party that must act next; `stage_label` is the source's own word
    for `stage`.
    """

    subject: str
    software: str = ""
    stage: Stage
    stage_label: str = ""
    site: str = ""
    member: str = ""
    requester: str = ""
    owner: str = ""
    waiting_on: Actor = Actor.US
    created: ZonedTime
    updated: ZonedTime
    due: ZonedTime | None = None
    url: str = ""


RECORD_TYPES: dict[Stream, type[Record]] = {
    Stream.SITES: Site,
    Stream.HEALTH: Health,
    Stream.BACKUP_JOBS: BackupJob,
    Stream.BACKUP_RUNS: BackupRun,
    Stream.TICKETS: Ticket,
    Stream.REQUESTS: CatalogueRequest,
}


def is_open(record: Record) -> bool:
    """Whether a record is a ticket or request that is not over."""
    if isinstance(record, Ticket):
        return record.status.is_open
    return isinstance(record, CatalogueRequest) and record.stage.is_open
