"""Makes tickets or catalogue requests of GLPI's tickets, whichever API they came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from adapters.glpi.options import STATUS_NUMBERS, GlpiOptions
from adapters.glpi.time import to_utc
from smic_tui.i18n import N_, _
from smic_tui.records import Actor, CatalogueRequest, Stage, Ticket, TicketStatus
from smic_tui.text import fold

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

NEW, ASSIGNED, PLANNED, PENDING, SOLVED, CLOSED = STATUS_NUMBERS.values()
DONE = frozenset({SOLVED, CLOSED})

# The names that GLPI itself shows: the search gives numbers only.
LABELS = {
    NEW: N_("New"),
    ASSIGNED: N_("Processing (assigned)"),
    PLANNED: N_("Processing (planned)"),
    PENDING: N_("Pending"),
    SOLVED: N_("Solved"),
    CLOSED: N_("Closed"),
}
STATUSES = {
    NEW: TicketStatus.NEW,
    ASSIGNED: TicketStatus.OPEN,
    PLANNED: TicketStatus.OPEN,
    PENDING: TicketStatus.WAITING,
    SOLVED: TicketStatus.RESOLVED,
    CLOSED: TicketStatus.CLOSED,
}
_STAGES = {
    NEW: Stage.ASKED,
    ASSIGNED: Stage.ANALYSED,
    PLANNED: Stage.INSTALLING,
    PENDING: Stage.WORKING_GROUP,
    SOLVED: Stage.DONE,
    CLOSED: Stage.DONE,
}
ACTORS = {
    Stage.WORKING_GROUP: Actor.WORKING_GROUP,
    Stage.ORDERED: Actor.SUPPLIER,
    Stage.DONE: Actor.NOBODY,
    Stage.REFUSED: Actor.NOBODY,
}

PATH_SEPARATOR = " > "


class Row(Struct, frozen=True, kw_only=True):
    """One ticket. People are numbers where the API gives numbers, else names.

    `requesters` are users, addresses of people who are no users, and groups.
    `assigned` are the numbers of the owners, in either API.
    Times are UTC. `done` is when it was solved or closed; it is None where the API does not
    tell, and then the last change counts. `status_label` is empty where the API gives
    the number only.
    """

    id: int
    name: str
    status: int
    status_label: str = ""
    priority: int = 3
    category: str = ""
    entity: str = ""
    location: str = ""
    requesters: tuple[str | int, ...] = ()
    owners: tuple[str | int, ...] = ()
    assigned: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    created: datetime
    updated: datetime
    due: datetime | None = None
    done: datetime | None = None
    deleted: bool = False

    @property
    def people(self) -> set[int]:
        """The numbers whose names are needed."""
        return {who for who in (*self.requesters, *self.owners) if isinstance(who, int)}

    def ended_before(self, moment: datetime) -> bool:
        """Whether it was over before `moment`."""
        return self.status in DONE and (self.done or self.updated) < moment


class Stages:
    """Translates status and category of a request into stages, and back."""

    def __init__(self, options: GlpiOptions) -> None:
        named = {STATUS_NUMBERS[name]: stage for name, stage in options.stages.items()}
        self._by_status = _STAGES | named
        self._named = named
        self._categories = options.category_stages
        self._without_stage = options.category_without_stage
        self._by_category = {_path(n): stage for n, stage in options.category_stages.items()}
        # GLPI 11's API gives a category's own name only.
        lasts = [path[-1] for path in self._by_category]
        self._by_name = {
            path[-1]: stage
            for path, stage in self._by_category.items()
            if lasts.count(path[-1]) == 1
        }

    def stage(self, status: int, category: str) -> Stage:
        """Return the stage. A category cannot contradict a status that says it is over."""
        by_status = self._by_status.get(status, Stage.ANALYSED)
        by_category = self._meant_by(category)
        if by_category is None or by_category.is_open == (status in DONE):
            return by_status
        return by_category

    def _meant_by(self, category: str) -> Stage | None:
        path = _path(category)
        found = self._by_category.get(path)
        return self._by_name.get(path[0]) if found is None and len(path) == 1 else found

    def has(self, stage: Stage) -> bool:
        """Whether a status or a category means a stage."""
        return stage in (*self._by_status.values(), *self._categories.values())

    def ways(self, stage: Stage, category: str = "") -> list[tuple[int | None, str]]:
        """Return the changes that lead to a stage: a status or None, and a category or "".

        The best first. A category alone leaves the status of an open ticket as it is. Out of a
        `category` that means a stage, a status leads only together with a category that means
        none.
        """
        ways: list[tuple[int | None, str]] = [
            (None if stage.is_open else SOLVED, name)
            for name, each in self._categories.items()
            if each is stage
        ]
        # What the configuration says comes before what GLPI's words suggest.
        statuses = sorted(self._by_status, key=lambda status: (status not in self._named, status))
        meant = [status for status in statuses if self._by_status[status] is stage]
        staying = [(status, "") for status in meant]
        outside = self._outside(category)
        leaving = [(status, outside) for status in meant] if outside else []
        here = self._meant_by(category)
        # A request that goes on is no longer what a category says that means an end.
        ends = here is not None and not here.is_open
        return [*ways, *leaving, *staying] if ends else [*ways, *staying, *leaving]

    def _outside(self, category: str) -> str:
        """Return the category without a stage to which a request goes from this one, "" if none.

        It is the configured one, or the nearest above this one.
        """
        if self._meant_by(category) is None:
            return ""
        if self._without_stage:
            return self._without_stage
        parts = category.split(PATH_SEPARATOR)
        while parts := parts[:-1]:
            above = PATH_SEPARATOR.join(parts)
            if self._meant_by(above) is None:
                return above
        return ""


class Converter:
    """Makes records of tickets, as one source is configured."""

    def __init__(self, options: GlpiOptions) -> None:
        self._options = options
        self.stages = Stages(options)

    def record(self, row: Row, names: Mapping[int, str]) -> Ticket | CatalogueRequest:
        """Return the ticket as the record that this source gives."""
        as_request = self._options.as_ == "requests"
        return self._request(row, names) if as_request else self._ticket(row, names)

    def _ticket(self, row: Row, names: Mapping[int, str]) -> Ticket:
        status = STATUSES.get(row.status, TicketStatus.OPEN)
        supplier = ", ".join(row.suppliers)
        return Ticket(
            key=str(row.id),
            subject=row.name,
            status=status,
            status_label=_label(row),
            # GLPI: 1 very low to 5 very high and 6 major.
            priority=min(5, max(1, 6 - row.priority)),
            requester=_people(row.requesters, names),
            owner=_people((*row.owners, *row.groups), names),
            site=self._site(row),
            queue=row.category,
            created=row.created,
            updated=row.updated,
            due=row.due,
            supplier=supplier,
            waiting_on=waiting_on(status, supplier),
            url=self._url(row),
        )

    def _request(self, row: Row, names: Mapping[int, str]) -> CatalogueRequest:
        stage = self.stages.stage(row.status, row.category)
        by_category = self._options.software_field == "category"
        return CatalogueRequest(
            key=str(row.id),
            subject=row.name,
            software=row.category.split(PATH_SEPARATOR)[-1] if by_category else row.name,
            stage=stage,
            stage_label=_label(row),
            site=self._site(row),
            member=part_of(row.entity, 1),
            requester=_people(row.requesters, names),
            owner=_people((*row.owners, *row.groups), names),
            waiting_on=ACTORS.get(stage, Actor.US),
            created=row.created,
            updated=row.updated,
            due=row.due,
            url=self._url(row),
        )

    def _site(self, row: Row) -> str:
        path = row.location if self._options.site_field == "location" else row.entity
        level = self._options.site_level
        if level is not None:
            return part_of(path, level)
        # The root of the entities is the syndicate itself, above all members.
        whole = self._options.site_field == "location" or PATH_SEPARATOR not in path
        return path if whole else path.partition(PATH_SEPARATOR)[2]

    def _url(self, row: Row) -> str:
        return f"{self._options.base}/front/ticket.form.php?id={row.id}"


def part_of(path: str, level: int) -> str:
    """Return one part of `Root > Member > Site`; the nearest one if the path is shorter."""
    parts = path.split(PATH_SEPARATOR)
    return parts[max(-len(parts), min(level, len(parts) - 1))].strip()


def optional_utc(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return a time that may be absent, as UTC; GLPI also writes 0000-00-00 for none."""
    if not text or text.startswith("0000"):
        return None
    return to_utc(text, zone)


def maybe_utc(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return a time as UTC; None also for one that cannot be read."""
    try:
        return optional_utc(text, zone)
    except ValueError:
        return None


def waiting_on(status: TicketStatus, supplier: str) -> Actor:
    """Return who must act next on a ticket, which may wait for a supplier."""
    if not status.is_open:
        return Actor.NOBODY
    if status is not TicketStatus.WAITING:
        return Actor.US
    return Actor.SUPPLIER if supplier else Actor.MEMBER


def _label(row: Row) -> str:
    known = LABELS.get(row.status)
    return row.status_label or (_(known) if known else str(row.status))


def _people(who: tuple[str | int, ...], names: Mapping[int, str]) -> str:
    return ", ".join(
        each if isinstance(each, str) else names.get(each) or f"#{each}" for each in who
    )


def _path(category: str) -> tuple[str, ...]:
    return tuple(fold(part.strip()) for part in category.split(">"))
