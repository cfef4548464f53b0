"""Reads tickets as GLPI's high-level API gives them: nested, with a team of people."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from msgspec import Struct

from adapters.glpi.tickets import Row, optional_utc
from adapters.glpi.time import to_utc
from smic_tui.i18n import _

_NUMBER_IN_ADDRESS = re.compile(r"[?&]id=(\d+)|/(\d+)$")


class Named(Struct):
    """A reference; a category or location has its own name only, an entity its path too."""

    id: int | None = None
    name: str | None = None
    completename: str | None = None

    @property
    def path(self) -> str:
        """The fullest name that there is."""
        return self.completename or self.name or ""


class _Member(Struct):
    """Somebody of the team; the number is in the address, in later versions also beside it."""

    role: str | int = ""
    id: int | None = None
    type: str = ""
    name: str | None = None
    display_name: str | None = None
    href: str = ""

    @property
    def number(self) -> int | None:
        found = _NUMBER_IN_ADDRESS.search(self.href)
        return self.id if self.id is not None or not found else int(found[1] or found[2])

    def is_a(self, itemtype: str, role: str, number: int) -> bool:
        kind = self.type or itemtype
        address = f"/{itemtype.lower()}.form.php" in self.href.lower()
        return self.role in (role, number) and kind == itemtype and (bool(self.type) or address)

    @property
    def shown(self) -> str:
        return self.display_name or self.name or ""


class NestedTicket(Struct):
    """The parts of a ticket that are used; a version may leave some out."""

    id: int
    date_mod: str
    status: Named | int
    date_creation: str | None = None
    date: str | None = None
    name: str | None = ""
    is_deleted: bool | int = False
    priority: int | None = 3
    type: int | None = None
    category: Named | None = None
    entity: Named | None = None
    location: Named | None = None
    team: list[_Member] = []
    date_solve: str | None = None
    date_close: str | None = None


def row_of(ticket: NestedTicket, zone: ZoneInfo) -> Row:
    """Make a ticket. Raises ValueError."""
    status = ticket.status if isinstance(ticket.status, Named) else Named(ticket.status)
    created = ticket.date or ticket.date_creation
    if status.id is None or not created:
        raise ValueError(_("it has no status or does not say when it was created"))
    owners = [member for member in ticket.team if member.is_a("User", "assigned", 2)]
    return Row(
        id=ticket.id,
        name=ticket.name or "",
        status=status.id,
        status_label=status.name or "",
        priority=ticket.priority or 3,
        category=ticket.category.path if ticket.category else "",
        entity=ticket.entity.path if ticket.entity else "",
        location=ticket.location.path if ticket.location else "",
        requesters=(
            *_shown(ticket.team, "User", "requester", 1),
            *_shown(ticket.team, "Group", "requester", 1),
        ),
        owners=tuple(member.shown for member in owners),
        assigned=tuple(member.number for member in owners if member.number is not None),
        groups=_shown(ticket.team, "Group", "assigned", 2),
        suppliers=_shown(ticket.team, "Supplier", "assigned", 2),
        created=to_utc(created, zone),
        updated=to_utc(ticket.date_mod, zone),
        done=optional_utc(ticket.date_solve or ticket.date_close, zone),
        deleted=bool(ticket.is_deleted),
    )


def _shown(team: list[_Member], itemtype: str, role: str, number: int) -> tuple[str, ...]:
    return tuple(member.shown for member in team if member.is_a(itemtype, role, number))
