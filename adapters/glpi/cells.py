"""Writes the criteria of apirest.php's search, and reads the rows that it answers.

A row has the numbers of search options as keys. A value is a text, a number,
null, or a list where there are several. Texts of GLPI 10 are escaped for HTML, those of 11 are not.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from adapters.glpi.tickets import Row, optional_utc
from adapters.glpi.time import to_utc
from smic_tui.i18n import _

ID, SUBJECT, PRIORITY, REQUESTER, OWNER, SUPPLIER, CATEGORY, GROUP = 2, 1, 3, 4, 5, 6, 7, 8
STATUS, TYPE, CREATED, CLOSED, SOLVED, DUE, CHANGED = 12, 14, 15, 16, 17, 18, 19
REQUESTER_MAIL, REQUESTER_GROUP, ENTITY, LOCATION = 34, 71, 80, 83
# All that a row needs to become a ticket.
SHOWN = (
    *(ID, SUBJECT, STATUS, PRIORITY, REQUESTER, OWNER, GROUP, SUPPLIER, ENTITY, LOCATION),
    *(CATEGORY, CREATED, CHANGED, DUE, SOLVED, CLOSED, REQUESTER_MAIL, REQUESTER_GROUP),
)

Criterion = Mapping[str, Any]
Cells = Mapping[str, Any]


class Reader:
    """Reads the cells of a GLPI that escapes texts, or does not, in one time zone."""

    def __init__(self, zone: ZoneInfo, *, escaped: bool) -> None:
        self._zone = zone
        self._escaped = escaped

    def row(self, number: int, cells: Cells) -> Row:
        """Make a ticket of a row. Raises ValueError."""
        created = _text_or_none(cells.get(str(CREATED)))
        updated = _text_or_none(cells.get(str(CHANGED)))
        if not created or not updated:
            raise ValueError(_("it does not say when it was created and changed"))
        times = {
            each: optional_utc(_text_or_none(cells.get(str(each))), self._zone)
            for each in (DUE, SOLVED, CLOSED)
        }
        owners = _numbers(cells.get(str(OWNER)))
        return Row(
            id=number,
            name=self.cell(cells, SUBJECT),
            status=whole(cells.get(str(STATUS))),
            priority=whole(cells.get(str(PRIORITY)) or 3),
            category=self.cell(cells, CATEGORY),
            entity=self.cell(cells, ENTITY),
            location=self.cell(cells, LOCATION),
            requesters=(
                *_numbers(cells.get(str(REQUESTER))),
                *self._mails(cells),
                *self._texts(cells.get(str(REQUESTER_GROUP))),
            ),
            owners=owners,
            assigned=tuple(each for each in owners if isinstance(each, int)),
            groups=self._texts(cells.get(str(GROUP))),
            suppliers=self._texts(cells.get(str(SUPPLIER))),
            created=to_utc(created, self._zone),
            updated=to_utc(updated, self._zone),
            due=times[DUE],
            done=times[SOLVED] or times[CLOSED],
        )

    def cell(self, cells: Cells, number: int) -> str:
        """Return what stands in a cell as text; "" if nothing does."""
        return ", ".join(self._texts(cells.get(str(number))))

    def text(self, text: str) -> str:
        """Return a text as it was typed."""
        return html.unescape(text) if self._escaped else text

    def _mails(self, cells: Cells) -> tuple[str, ...]:
        """Return the address of a requester who is no user of GLPI.

        A user may have another address for this ticket: then there is a number, too.
        """
        if cells.get(str(REQUESTER)) is not None:
            return ()
        return tuple(filter(None, self._texts(cells.get(str(REQUESTER_MAIL)))))

    def _texts(self, value: Any) -> tuple[str, ...]:
        return tuple(self.text(str(each)) for each in _many(value))


def hides_requesters(cells: Cells) -> bool:
    """Whether a ticket has requesters that its row does not tell.

    Of several requesters, those who are no users are null, and of their addresses there is one.
    """
    requesters = cells.get(str(REQUESTER))
    return isinstance(requesters, list) and None in requesters


def where(field: int, searchtype: str, value: Any, link: str = "AND") -> Criterion:
    """Return one criterion of a search."""
    return {"link": link, "field": field, "searchtype": searchtype, "value": value}


def any_of(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Return criteria one of which must hold."""
    return [{**each, "link": "OR"} for each in criteria]


def flat(name: str, value: Any) -> dict[str, str]:
    """Return nested lists and mappings as PHP reads them from an address."""
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, (list, tuple)):
        parts = dict(enumerate(value)).items()
    else:
        return {name: str(value)}
    found: dict[str, str] = {}
    for key, part in parts:
        found |= flat(f"{name}[{key}]", part)
    return found


def _many(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]


def _numbers(value: Any) -> tuple[str | int, ...]:
    """Return people: a text, a list of texts or null; a name where it is no number."""
    texts = [str(each).strip() for each in _many(value)]
    return tuple(int(text) if text.isdecimal() else text for text in texts if text not in ("", "0"))


def _text_or_none(value: Any) -> str | None:
    many = _many(value)
    return str(many[0]) if many else None


def whole(value: Any) -> int:
    """Return a whole number that may have come as text. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(_("{value} is no whole number").format(value=value))
    return int(value)
