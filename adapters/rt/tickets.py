"""Makes tickets or catalogue requests of Request Tracker's tickets.

Facts are those of RT 5.0.3's REST 2.0 as measured: times are UTC with `Z`, numbers come
as text, a time that is not set is 1970-01-01, and a field that is empty is "".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from adapters.rt.options import RtOptions
from adapters.shared.json_text import decode_json
from adapters.shared.row_by_row import read_each
from adapters.ticketing.words import DeskWords
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import CatalogueRequest, Ticket, TicketStatus

# What is asked for of each ticket, and of the accounts and queues that it names.
FIELDS = {
    "fields": "Subject,Status,Priority,Owner,Requestor,Queue,Created,LastUpdated,Due,CustomFields",
    "fields[Owner]": "RealName",
    "fields[Requestor]": "RealName",
    "fields[Queue]": "Name",
}
# The names of groups, which have no real name; asked for where there are any.
GROUPS = {"fields": "Requestor", "fields[Requestor]": "Name"}
# Of one ticket, where a few bytes more do not matter.
ONE = {**FIELDS, "fields[Requestor]": "RealName,Name"}
NOBODY = "Nobody"
# So many requestors are named.
_SHOWN = 10
# The statuses of the lifecycle that RT is delivered with.
_OWN = {
    "new": TicketStatus.NEW,
    "stalled": TicketStatus.WAITING,
    "resolved": TicketStatus.RESOLVED,
    "rejected": TicketStatus.CLOSED,
}
_UNSET = datetime(1971, 1, 1, tzinfo=UTC)


class Named(Struct, frozen=True):
    """An account, a group or a queue; `id` is an account's login, else a number."""

    id: str
    RealName: str = ""
    Name: str = ""
    type: str = ""

    @property
    def name(self) -> str:
        """What people call it; a group whose name is not known has a number only."""
        known = self.RealName or self.Name
        return known or (f"#{self.id}" if self.is_group else self.id)

    @property
    def is_group(self) -> bool:
        """Whether it is a group, whose `id` is a number."""
        return self.type == "group"


class CustomValue(Struct, frozen=True):
    """A custom field of a ticket with its values, mostly text."""

    id: str
    name: str = ""
    values: tuple[Any, ...] = ()


class RtTicket(Struct, frozen=True):
    """The parts of a ticket that are used, as the list gives them."""

    id: str
    Status: str
    Created: datetime
    LastUpdated: datetime
    Subject: str = ""
    Priority: str | int = 0
    # "" where the account may not see it.
    Queue: Named | str = ""
    Owner: Named | str = ""
    Requestor: tuple[Named, ...] | str = ()
    Due: str = ""
    CustomFields: tuple[CustomValue, ...] | str = ()

    @property
    def owner(self) -> Named | None:
        """The owner; RT has an account for "nobody"."""
        if isinstance(self.Owner, str) or self.Owner.id == NOBODY:
            return None
        return self.Owner

    @property
    def requestors(self) -> tuple[Named, ...]:
        """Those who asked: people and groups."""
        return () if isinstance(self.Requestor, str) else self.Requestor

    @property
    def requestor(self) -> str:
        """Those who asked, by name; of many the first ones."""
        names = [each.name for each in self.requestors[:_SHOWN]]
        more = len(self.requestors) - _SHOWN
        return ", ".join(names) + (f", +{more}" if more > 0 else "")

    @property
    def queue(self) -> str:
        """The queue's name."""
        return self.Queue if isinstance(self.Queue, str) else self.Queue.name

    def value(self, name: str) -> str:
        """Return what a field named in the configuration holds; see `FieldName`."""
        if name and not isinstance(self.CustomFields, str):
            for field in self.CustomFields:
                if name in (field.name, field.id):
                    texts = [each for each in field.values if isinstance(each, str) and each]
                    return ", ".join(texts)
        known = {"requestor": self.requestor, "queue": self.queue, "subject": self.Subject}
        return known.get(name, "")


class Page(Struct):
    """One answer of /tickets. `total` is null for an account that may not see all."""

    items: list[msgspec.Raw]
    total: int | None = None


def with_names(ticket: RtTicket, groups: Mapping[str, str]) -> RtTicket:
    """Return the ticket with its groups named."""
    if not any(each.is_group for each in ticket.requestors):
        return ticket
    named = tuple(
        msgspec.structs.replace(each, Name=groups.get(each.id, "")) if each.is_group else each
        for each in ticket.requestors
    )
    return msgspec.structs.replace(ticket, Requestor=named)


class _Numbered(Struct):
    id: str | int


def decode(raws: Iterable[msgspec.Raw]) -> tuple[list[RtTicket], list[Rejected], int]:
    """Return the tickets, those that cannot be read, and the highest number of either."""
    raws = list(raws)
    tickets, rejected = read_each(raws, _ticket, lambda _number, raw: _place(raw))
    return tickets, rejected, max(map(_number, raws), default=0)


def _ticket(raw: msgspec.Raw) -> RtTicket:
    ticket = decode_json(raw, RtTicket)
    if ticket.Created.tzinfo is None or ticket.LastUpdated.tzinfo is None:
        raise ValueError(_("its times have no time zone"))
    if not _number(raw):
        raise ValueError(_("it has no number"))
    return ticket


def _place(raw: msgspec.Raw) -> str:
    number = _number(raw)
    return _("ticket {number}").format(number=number) if number else _("a ticket")


class Converter:
    """Makes records of tickets, as one source is configured."""

    def __init__(self, options: RtOptions) -> None:
        self._options = options
        self._base = options.url.rstrip("/")
        self.words = DeskWords(options.statuses, options.stages, options.waiting_on)
        self.words.learn(_OWN)
        self._priorities = sorted(
            ((int(least), rank) for least, rank in options.priorities.items()), reverse=True
        )

    def ended_by_configuration(self) -> list[str]:
        """Return the statuses that count as open in RT, maybe, and not here."""
        if self._options.as_ == "requests":
            return [name for name, stage in self._options.stages.items() if not stage.is_open]
        return [name for name, status in self._options.statuses.items() if not status.is_open]

    def record(self, ticket: RtTicket, closed: bool) -> Ticket | CatalogueRequest:
        """Return the ticket as the record that this source gives."""
        options, words = self._options, self.words
        common: dict[str, Any] = {
            "key": ticket.id,
            "subject": ticket.Subject,
            "requester": ticket.requestor,
            "owner": ticket.owner.name if ticket.owner else "",
            "site": ticket.value(options.site_field),
            "created": ticket.Created.astimezone(UTC),
            "updated": ticket.LastUpdated.astimezone(UTC),
            "due": _due(ticket.Due),
            "url": f"{self._base}/Ticket/Display.html?id={ticket.id}",
        }
        if options.as_ == "requests":
            return CatalogueRequest(
                software=ticket.value(options.software_field),
                stage=words.stage(ticket.Status, closed),
                stage_label=ticket.Status,
                member=ticket.value(options.member_field),
                waiting_on=words.request_actor(ticket.Status, closed),
                **common,
            )
        return Ticket(
            status=words.ticket_status(ticket.Status, closed),
            status_label=ticket.Status,
            priority=self._priority(ticket.Priority),
            queue=ticket.queue,
            supplier=ticket.value(options.supplier_field),
            waiting_on=words.ticket_actor(ticket.Status, closed),
            **common,
        )

    def _priority(self, given: str | int) -> int:
        try:
            number = int(given)
        except ValueError:
            return 3
        return next((rank for least, rank in self._priorities if number >= least), 3)


def _due(given: str) -> datetime | None:
    """Return a due date; None where RT says 1970-01-01T00:00:00Z, which means none."""
    try:
        due = datetime.fromisoformat(given)
    except ValueError:
        return None
    return due.astimezone(UTC) if due.tzinfo is not None and due >= _UNSET else None


def _number(raw: msgspec.Raw) -> int:
    try:
        return int(decode_json(raw, _Numbered).id)
    except (msgspec.DecodeError, ValueError):
        return 0
