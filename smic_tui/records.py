"""What is known about sites, backups, tickets and catalogue requests.

Records are immutable and say where they come from (`source`, `key`). Every
time is timezone-aware UTC. A reference to a site (`site`) is the text that the
source uses; `smic_tui.insight.matching` turns it into a site of the register.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Stream(StrEnum):
    """The kinds of record that a source can give."""

    SITES = "sites"
    HEALTH = "health"
    BACKUP_JOBS = "backup_jobs"
    BACKUP_RUNS = "backup_runs"
    TICKETS = "tickets"
    REQUESTS = "requests"


# Records refer to nothing that could refer back: without gc=False, collections
# over 50,000 of them hold the event loop for 50 ms and more.
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

    `code` is the INSEE code or the syndicate's own; it is what other sources
    refer to best. `kind` is the field's word (mairie, CCAS, école, syndicat,
    EPCI). `latitude` and `longitude` are WGS 84 degrees, absent where nobody
    knows them. `line` is the access line (RTC, ADSL, fibre, 4G).
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
    """What monitoring says of a host or a service.

    Hosts are up, down or unreachable; services are ok, warning, critical or
    unknown; anything not yet checked is pending.
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

    `service` is empty for the host itself. `since` is when the state began,
    `checked` when it was last verified, both absent if monitoring does not know.
    """

    site: str
    host: str
    service: str = ""
    state: HealthState
    since: datetime | None = None
    checked: datetime | None = None
    output: str = ""
    acknowledged: bool = False
    downtime: bool = False
    url: str = ""


class BackupJob(Record, frozen=True, kw_only=True):
    """A backup that is planned: what, by which protocol, how often.

    The plan is a `period` in seconds between two successes, or a `calendar` in
    cron syntax read in the configured time zone; with neither, no run can be
    late. `grace` is how many seconds after the moment it was due a missing run
    is late and not yet overdue. `closed` lists weekdays (0 is Monday) on which
    no run is expected; `holidays` says whether French public holidays are such
    days too.
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


class RunResult(StrEnum):
    """How a run of a backup ended, or that it has not.

    `unknown` stands for whatever ran since `started` in a place that cannot be
    read: what is known of the job before it does not tell its state now.
    """

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    RUNNING = "running"
    UNKNOWN = "unknown"


class BackupRun(Record, frozen=True, kw_only=True):
    """One run of a backup job.

    It belongs to the job whose key is `job`; where a source does not know the
    plan, `job` is empty and the run is matched by site and application.
    `size` is bytes.
    """

    job: str = ""
    site: str = ""
    application: str = ""
    started: datetime
    ended: datetime | None = None
    result: RunResult
    size: int | None = None
    message: str = ""


class TicketStatus(StrEnum):
    """A ticket's status, the same words for every ticket system."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self not in (TicketStatus.RESOLVED, TicketStatus.CLOSED)


class Actor(StrEnum):
    """Who must act next."""

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
    created: datetime
    updated: datetime
    due: datetime | None = None
    supplier: str = ""
    waiting_on: Actor = Actor.US
    url: str = ""


class Stage(StrEnum):
    """How far a catalogue request has come."""

    ASKED = "asked"
    ANALYSED = "analysed"
    WORKING_GROUP = "working group"
    ORDERED = "ordered"
    INSTALLING = "installing"
    DONE = "done"
    REFUSED = "refused"

    @property
    def is_open(self) -> bool:
        """Whether the request still goes on."""
        return self not in (Stage.DONE, Stage.REFUSED)


class CatalogueRequest(Record, frozen=True, kw_only=True):
    """A member asks for a software of the shared library.

    `waiting_on` is who must act next; `stage_label` is the source's own word.
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
    created: datetime
    updated: datetime
    due: datetime | None = None
    url: str = ""


RECORD_TYPES: dict[Stream, type[Record]] = {
    Stream.SITES: Site,
    Stream.HEALTH: Health,
    Stream.BACKUP_JOBS: BackupJob,
    Stream.BACKUP_RUNS: BackupRun,
    Stream.TICKETS: Ticket,
    Stream.REQUESTS: CatalogueRequest,
}
