"""The interface to a GLPI, whichever of its two APIs it speaks.

`adapters.glpi.apirest` and `adapters.glpi.highlevel` implement it. Every method raises
`AuthFailed`, `Unavailable` or `BadAnswer`; those that write raise `Refused` too.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from adapters.glpi.tickets import Row
from smic_tui.contract.actions import Verb
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.i18n import _
from smic_tui.records import Site

PAGE = 100
# How often rows may vanish under a reading before it gives up.
_STEPS_BACK = 10

_BREAK = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


class Account(Struct, frozen=True, kw_only=True):
    """The account that reads (0 and "" unless asked for), and what is known of its rights.

    `verbs` are for tickets; requests take `SET_STAGE` for `SET_STATUS`. `clock` (UTC)
    is what GLPI's own time would be if the configured zone were right; `version` is
    the release, where the API tells. Both only if asked for.
    """

    id: int
    login: str
    verbs: frozenset[Verb] = frozenset()
    remarks: tuple[str, ...] = ()
    clock: datetime | None = None
    version: str = ""


class Question(Struct, frozen=True, kw_only=True):
    """Asks for tickets that are over or not (None: both), and changed after `since` (UTC)."""

    over: bool | None = None
    since: datetime | None = None


class Found(Struct, frozen=True):
    """A ticket or a place on a page, or why it cannot be used; None for the root of the places.

    `updated` is its last change (UTC), if the API tells.
    """

    id: int
    content: Row | Site | Rejected | None
    updated: datetime | None = None


class Page(Struct, frozen=True):
    """A part of an answer, by number upwards; `total` is how many there are in all."""

    found: list[Found]
    total: int


class Note(Struct, frozen=True, kw_only=True):
    """A followup or solution; `author` is a number, None where the API does not tell."""

    id: int
    kind: Literal["followup", "solution"]
    author: int | None
    text: str


class GlpiApi(Protocol):
    """One of GLPI's APIs, with an account."""

    version: str

    async def account(self, *, identify: bool = False, thorough: bool = False) -> Account:
        """Prove the rights that reading needs, and return what is known of the account.

        `identify` asks who it is, `thorough` for GLPI's clock and version, too: each question
        costs as much as many tickets.
        """
        ...

    async def page(self, question: Question, start: int) -> Page:
        """Return up to `PAGE` of the tickets that this source is about."""
        ...

    async def places(self, since: datetime | None, start: int) -> Page:
        """Return up to `PAGE` of the entities or locations, as sites."""
        ...

    async def names(self, numbers: set[int]) -> dict[int, str]:
        """Return the names of people; "" where the account may not see one."""
        ...

    async def ticket(self, number: int) -> Row | None:
        """Return a ticket; None if there is none, or none that the account may see."""
        ...

    async def notes(self, number: int) -> list[Note]:
        """Return the newest followups and solutions of a ticket."""
        ...

    async def add_note(self, number: int, kind: Literal["followup", "solution"], text: str) -> None:
        """Write a followup or a solution."""
        ...

    async def assign(self, number: int, person: int) -> None:
        """Add a person to those that a ticket is assigned to."""
        ...

    async def update(self, number: int, status: int | None, category: str) -> None:
        """Set the status unless it is None, and the category unless it is ""."""
        ...

    async def find_person(self, name: str) -> int | None:
        """Return the number of the person with a login."""
        ...

    async def close(self) -> None:
        """End the session at the server, if it can be reached."""
        ...


async def pages(
    ask: Callable[[int], Awaitable[Page]], bad: Callable[[str], BadAnswer]
) -> AsyncIterator[list[Found]]:
    """Read page after page in the order of the numbers, and miss no row.

    Each page begins with the last row of the page before. If that row is not there, rows before
    it have left (solved, deleted) and moved the rest up: the reading goes back until it finds a
    row that it knows. Otherwise a full reading would take the rows that moved from one page to
    the page before for deleted.
    """
    start = last = back = 0
    while True:
        page = await ask(start)
        numbers = [found.id for found in page.found]
        if numbers != sorted(set(numbers)):
            raise bad(_("GLPI ignored the order: {numbers}").format(numbers=numbers[:10]))
        if start and (not numbers or numbers[0] > last):
            back += 1
            if back > _STEPS_BACK:
                raise Unavailable(_("GLPI's tickets change faster than they can be read"))
            start = max(0, start - PAGE)
            continue
        fresh = [found for found in page.found if found.id > last]
        if fresh:
            last = fresh[-1].id
            yield fresh
        end = start + len(numbers)
        if end >= page.total or not numbers:
            return
        start = max(end - 1, start + 1)


def plain(rich: str) -> str:
    """Return the text of GLPI's rich text, which is HTML."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", rich))).strip()


def rich(text: str) -> str:
    """Return plain text as rich text: nothing in it is markup."""
    return "<br>".join(html.escape(line, quote=False) for line in text.splitlines())
