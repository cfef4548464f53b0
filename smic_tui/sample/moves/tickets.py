"""The mover of tickets: lets people call and tickets move on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

import msgspec

from smic_tui.i18n import _
from smic_tui.sample import folder as files
from smic_tui.sample.moves.change import Change
from smic_tui.sample.syndicate import Syndicate
from smic_tui.sample.tables import tickets_csv
from smic_tui.sample.tickets import (
    MEMBER,
    NOBODY,
    SUPPLIER,
    US,
    SampleTicket,
    new_ticket,
    owner,
    queue_for,
)

# With more open tickets than this, the team solves tickets faster than people call.
_MANY = 340


class TicketMover:
    """Writes the export of all tickets anew with each change."""

    def __init__(self, made: Syndicate, folder: Path, random: Random) -> None:
        self._path = folder / files.TICKETS
        self._random = random
        self._sites = made.sites
        self._tickets = list(made.tickets)

    def move(self, now: datetime) -> Change:
        """Adds the ticket of a call, or moves one of the open tickets on."""
        waiting = [index for index, one in enumerate(self._tickets) if one.is_open]
        calls = 0.3 if len(waiting) > _MANY else 0.5
        if not waiting or self._random.random() < calls:
            ticket = self._call(now)
            self._tickets.append(ticket)
            text = _("new ticket {number}: {subject}")
        else:
            index = self._random.choice(waiting)
            ticket = self._tickets[index] = self._next(self._tickets[index], now)
            text = _("ticket {number}, {status}: {subject}")
        files.replace_file(self._path, tickets_csv(self._tickets))
        words = text.format(number=ticket.number, status=ticket.status, subject=ticket.subject)
        return Change(at=now, file=files.TICKETS, text=words)

    def _call(self, now: datetime) -> SampleTicket:
        site = self._random.choice(self._sites)
        number = self._tickets[-1].number + 1
        return new_ticket(self._random, number, site, queue_for(self._random, site), now)

    def _next(self, ticket: SampleTicket, now: datetime) -> SampleTicket:
        match ticket.status:
            case "Nouveau":
                status, turn = "En cours", US
            case "En cours":
                status = self._random.choices(("En attente", "Résolu"), (35, 65))[0]
                turn = self._random.choice((MEMBER, SUPPLIER))
            case _:
                status, turn = self._random.choice((("En cours", US), ("Résolu", NOBODY)))
        return msgspec.structs.replace(
            ticket,
            status=status,
            owner=ticket.owner or owner(self._random, ticket.queue),
            updated=now,
            waiting_on=NOBODY if status == "Résolu" else turn,
        )
