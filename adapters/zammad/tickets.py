"""Makes tickets or catalogue requests of Zammad's tickets.

As its documentation and source say: with `expand`, tickets name their group, state,
priority, customer and owner; times are ISO 8601 in UTC; nobody is the owner "-".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from adapters.shared.json_text import decode_json
from adapters.shared.row_by_row import read_each
from adapters.ticketing.words import DeskWords
from adapters.zammad.options import ZammadOptions
from smic_tui.contract.batch import Rejected
from smic_tui.i18n import _
from smic_tui.records import CatalogueRequest, Ticket, TicketStatus

NOBODY = "-"
_CLOSED = ("closed", "merged", "removed")
_BY_TYPE = {
    "new": TicketStatus.NEW,
    "pending reminder": TicketStatus.WAITING,
    "pending action": TicketStatus.WAITING,
    "closed": TicketStatus.CLOSED,
    "merged": TicketStatus.CLOSED,
    "removed": TicketStatus.CLOSED,
}


class State(Struct, frozen=True):
    """A state of tickets; `state_type` is one of Zammad's own seven."""

    id: int
    name: str
    state_type: str = ""
    active: bool = True

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do."""
        return self.state_type in _CLOSED


class ZammadTicket(Struct, frozen=True):
    """The parts of a ticket that are used; `fields` is all of it."""

    id: int
    state: str
    created_at: datetime
    updated_at: datetime
    title: str = ""
    group: str = ""
    priority: str = ""
    customer: str | None = ""
    owner: str | None = NOBODY
    escalation_at: datetime | None = None
    # Filled in by `decode`: no attribute of Zammad's has an empty name.
    fields: Mapping[str, Any] = msgspec.field(name="", default_factory=dict)

    @property
    def holder(self) -> str:
        """The owner; empty if there is none."""
        return "" if self.owner in (NOBODY, None) else str(self.owner)


def decode(raws: Iterable[msgspec.Raw]) -> tuple[list[ZammadTicket], list[Rejected]]:
    """Return the tickets, and those that cannot be read."""
    return read_each(raws, _ticket, lambda _number, _raw: _("a ticket"))


def _ticket(raw: msgspec.Raw) -> ZammadTicket:
    ticket = decode_json(raw, ZammadTicket)
    if ticket.created_at.tzinfo is None or ticket.updated_at.tzinfo is None:
        raise ValueError(_("its times have no time zone"))
    return msgspec.structs.replace(ticket, fields=decode_json(raw, dict[str, Any]))


class Converter:
    """Makes records of tickets, as one source is configured."""

    def __init__(self, options: ZammadOptions) -> None:
        self._options = options
        self._base = options.url.rstrip("/")
        self.words = DeskWords(options.statuses, options.stages, options.waiting_on)

    def learn(self, states: Iterable[State]) -> None:
        """Take note of what the types of the states say."""
        self.words.learn(
            {
                state.name: _BY_TYPE[state.state_type]
                for state in states
                if state.state_type in _BY_TYPE
            }
        )

    def status(self, state: State) -> TicketStatus:
        """Return the status: by the configuration, the type of the state, or its name."""
        return self.words.ticket_status(state.name, state.closed)

    def record(self, ticket: ZammadTicket, state: State) -> Ticket | CatalogueRequest:
        """Return the ticket as the record that this source gives."""
        options, words = self._options, self.words
        due = ticket.escalation_at
        common: dict[str, Any] = {
            "key": str(ticket.id),
            "subject": ticket.title,
            "requester": ticket.customer or "",
            "owner": ticket.holder,
            "site": _text(ticket, options.site_field),
            "created": ticket.created_at.astimezone(UTC),
            "updated": ticket.updated_at.astimezone(UTC),
            "due": due.astimezone(UTC) if due is not None and due.tzinfo else None,
            "url": f"{self._base}/#ticket/zoom/{ticket.id}",
        }
        if options.as_ == "requests":
            return CatalogueRequest(
                software=_text(ticket, options.software_field),
                stage=words.stage(state.name, state.closed),
                stage_label=state.name,
                member=_text(ticket, options.member_field),
                waiting_on=words.request_actor(state.name, state.closed),
                **common,
            )
        status = self.status(state)
        return Ticket(
            status=status,
            status_label=state.name,
            priority=options.priorities.get(ticket.priority, 3),
            queue=ticket.group,
            supplier=_text(ticket, options.supplier_field),
            waiting_on=words.ticket_actor(state.name, not status.is_open),
            **common,
        )


def _text(ticket: ZammadTicket, name: str) -> str:
    value = ticket.fields.get(name) if name else None
    if isinstance(value, list):
        return ", ".join(str(each) for each in value if each not in (None, ""))
    return "" if value is None or isinstance(value, dict) else str(value)
