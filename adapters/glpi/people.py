"""Finds the people of tickets, whom the search of apirest.php gives as numbers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from adapters.glpi.cells import ID, Reader, any_of, where
from adapters.glpi.errors import RightMissing
from adapters.glpi.search import Search
from adapters.glpi.session import Session
from smic_tui.contract.actions import Refused
from smic_tui.contract.errors import AuthFailed
from smic_tui.i18n import _

# People asked for at once: the question is a part of the address, of which servers take 8 kB.
_AT_ONCE = 20
_MOST = 200
# Of a person: login, first name, last name.
_LOGIN, _FIRST, _LAST = 1, 9, 34
# CommonITILActor::REQUESTER.
_REQUESTER = 1


class _Actor(Struct):
    """Somebody's part in a ticket: a user, or an address where `users_id` is 0."""

    type: int = 0
    users_id: int = 0
    alternative_email: str | None = ""


class People:
    """The users that the account may see."""

    def __init__(self, search: Search, session: Session, reader: Reader) -> None:
        self._search = search
        self._session = session
        self._reader = reader

    async def names(self, numbers: set[int]) -> dict[int, str]:
        """Return the names of people, many with one question; "" where one may not be seen.

        Who has left lies in GLPI's bin, and keeps a name there.
        """
        names = dict.fromkeys(numbers, "")
        try:
            for deleted in (False, True):
                wanted = sorted(number for number, name in names.items() if not name)
                for at in range(0, len(wanted), _AT_ONCE):
                    names |= await self._some(wanted[at : at + _AT_ONCE], deleted)
        except AuthFailed:
            # Without the right to see users their numbers are shown.
            return names
        return names

    async def find(self, login: str) -> int | None:
        """Return the number of the person with a login. Raises `Refused` without the right."""
        criteria = [where(_LOGIN, "contains", f"^{login}$")]
        try:
            found = await self._search.rows("User", criteria, (ID, _LOGIN))
        except RightMissing as error:
            raise Refused(error.message, hint=_("The profile needs to see users.")) from None
        for cells in found.data:
            if self._reader.cell(cells, _LOGIN).casefold() == login.casefold():
                return self._search.number(cells)
        return None

    async def requesters(self, ticket: int) -> list[str | int]:
        """Return the requesters of a ticket: users, and addresses of those who are no users."""
        path = f"/Ticket/{ticket}/Ticket_User"
        params = {"range": f"0-{_MOST - 1}", "get_hateoas": "false"}
        actors = await self._session.json(list[_Actor], path, params)
        people = [
            actor.users_id or self._reader.text(actor.alternative_email or "").strip()
            for actor in actors
            if actor.type == _REQUESTER
        ]
        return [each for each in people if each]

    async def _some(self, numbers: Sequence[int], deleted: bool) -> dict[int, str]:
        some = any_of([where(ID, "equals", number) for number in numbers])
        shown = (ID, _LOGIN, _FIRST, _LAST)
        names = {}
        for cells in (await self._search.rows("User", some, shown, deleted=deleted)).data:
            name = f"{self._reader.cell(cells, _FIRST)} {self._reader.cell(cells, _LAST)}".strip()
            names[self._search.number(cells)] = name or self._reader.cell(cells, _LOGIN)
        return names
