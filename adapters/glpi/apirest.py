"""Speaks apirest.php, the API of GLPI 10, which GLPI 11 still has.

Facts are those of GLPI 10.0 as recorded, and of its source. What makes it particular:

- Rows have numbers of search options as keys, people are numbers (`adapters.glpi.cells`).
- Times are naive, in the time zone of the account, in both directions.
- GLPI 10 stores texts escaped for HTML and shows them so; GLPI 11 does not.
- A page that begins beyond the end is 400 ERROR_RANGE_EXCEED_TOTAL; an empty result
  has no `data`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.glpi.api import Account, Found, NoteKind, Notes, Page, Question
from adapters.glpi.cells import (
    CATEGORY,
    CHANGED,
    ID,
    LOCATION,
    SHOWN,
    STATUS,
    SUBJECT,
    TYPE,
    Cells,
    Criterion,
    Reader,
    any_of,
    hides_requesters,
    where,
)
from adapters.glpi.errors import (
    RightMissing,
)
from adapters.glpi.options import TYPE_NUMBERS, GlpiOptions
from adapters.glpi.people import People
from adapters.glpi.places import Fields, place
from adapters.glpi.rights import PROFILE_HINT, Profile, sees_all, verbs
from adapters.glpi.search import Search
from adapters.glpi.session import Session
from adapters.glpi.tickets import Row, maybe_utc
from adapters.glpi.time import asked_since
from adapters.glpi.view import scopes_of
from adapters.glpi.writing import Writer
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

_EXCERPT = 200


class _Entity(Struct):
    id: int
    name: str = ""


class _MyEntities(Struct):
    myentities: list[_Entity]


class _Active(Struct):
    active_profile: Profile


class _Who(Struct):
    id: int = msgspec.field(name="glpiID", default=0)
    login: str = msgspec.field(name="glpiname", default="")
    now: str = msgspec.field(name="glpi_currenttime", default="")


class _FullSession(Struct):
    session: _Who


class _Config(Struct):
    version: str = ""


class _Configured(Struct):
    cfg_glpi: _Config


class _Item(Struct):
    name: str | None = ""


class Apirest:
    """A session with apirest.php. `escaped` says whether texts come escaped for HTML."""

    def __init__(
        self,
        http: HttpSession,
        options: GlpiOptions,
        secret: Callable[[Secret], str],
        zone: ZoneInfo,
        *,
        escaped: bool,
    ) -> None:
        self.version = "10" if escaped else "11"
        self._http = http
        self._options = options
        self._zone = zone
        self._session = Session(http, options, secret)
        self._reader = Reader(zone, escaped=escaped)
        self._search = Search(http, self._session)
        # What a source does not use it does not ask for: each cell costs some ten bytes.
        unused = () if options.site_field == "location" else (LOCATION,)
        self._shown = tuple(each for each in SHOWN if each not in unused)
        self._people = People(self._search, self._session, self._reader)
        self._writer = Writer(http, self._search, self._session, self._reader)
        self._who = _Who()
        self._who_since = 0
        self._profile: Profile | None = None
        self._profile_since = 0
        self._fields: Fields | None = None
        self._remarks: list[str] = []

    # -- who we are --------------------------------------------------------------

    @property
    def sessions(self) -> int:
        """How many sessions were opened."""
        return self._session.opened

    async def account(
        self, *, identify: bool = False, clock: bool = False, thorough: bool = False
    ) -> Account:
        """Prove that the account may see all tickets: GLPI does not say when it may not."""
        await self._session.renew()
        if self._profile is None or self._profile_since != self._session.opened:
            answer = await self._session.json(_Active, "/getActiveProfile")
            self._profile, self._profile_since = answer.active_profile, self._session.opened
        profile = self._profile
        if self._options.as_ in ("tickets", "requests") and not sees_all(profile):
            raise AuthFailed(
                _("The GLPI account may not see all tickets (profile {profile})").format(
                    profile=self._reader.text(profile.name) or profile.id
                ),
                hint=_(PROFILE_HINT),
            )
        # Another session may be another person's, if the token was given to somebody else.
        if clock or thorough or (identify and self._who_since != self._session.opened):
            # The answer carries the session's secrets: it must reach no message.
            try:
                self._who = (await self._session.json(_FullSession, "/getFullSession")).session
            except BadAnswer as error:
                raise BadAnswer(error.message, hint=error.hint) from None
            self._who_since = self._session.opened
        version = ""
        if thorough:
            version = (await self._session.json(_Configured, "/getGlpiConfig")).cfg_glpi.version
        return Account(
            id=self._who.id,
            login=self._who.login,
            verbs=verbs(profile),
            scopes=scopes_of(profile.entities, self._reader.text),
            remarks=tuple(self._remarks),
            clock=maybe_utc(self._who.now, self._zone) if clock or thorough else None,
            version=version,
        )

    async def close(self) -> None:
        """End the session."""
        await self._session.close()

    # -- reading -----------------------------------------------------------------

    async def page(self, question: Question, start: int) -> Page:
        """Return up to `PAGE` of the tickets that this source is about."""
        found = await self._search.rows("Ticket", self._criteria(question), self._shown, start)
        page = [await self._whole(self._found(cells), cells) for cells in found.data]
        return Page(page, found.totalcount)

    async def count(self, question: Question) -> int | None:
        """Return how many of the tickets that this source is about there are."""
        found = await self._search.rows("Ticket", self._criteria(question), (ID,), size=1)
        return found.totalcount

    async def numbers(self, question: Question) -> set[int]:
        """Return the numbers of the tickets that this source is about."""
        numbers: set[int] = set()
        criteria, total = self._criteria(question), 1
        while len(numbers) < total:
            found = await self._search.rows("Ticket", criteria, (ID,), len(numbers))
            some = {self._search.number(cells) for cells in found.data} - numbers
            if not some:
                break
            numbers |= some
            total = found.totalcount
        return numbers

    def _criteria(self, question: Question) -> list[Criterion]:
        criteria: list[Criterion] = []
        if self._options.type:
            criteria.append(where(TYPE, "equals", TYPE_NUMBERS[self._options.type]))
        if self._options.categories:
            under = [where(CATEGORY, "under", number) for number in self._options.categories]
            criteria.append({"link": "AND", "criteria": any_of(under)})
        if question.over is not None:
            # Not "notold": that leaves out a status that GLPI itself does not know.
            link = "AND" if question.over else "AND NOT"
            criteria.append(where(STATUS, "equals", "old", link))
        if question.since is not None:
            since = asked_since(question.since, self._zone)
            criteria.append(where(CHANGED, "morethan", since))
        if question.lately is not None:
            lately = asked_since(question.lately, self._zone)
            either = [
                where(STATUS, "equals", "old", "AND NOT"),
                where(CHANGED, "morethan", lately, "OR"),
            ]
            criteria.append({"link": "AND", "criteria": either})
        if question.numbers is not None:
            first, last = question.numbers
            criteria.append(where(ID, "contains", f">={first}"))
            criteria.append(where(ID, "contains", f"<={last}"))
        return criteria

    async def _whole(self, found: Found, cells: Cells) -> Found:
        """Return a ticket with what its row in the search does not tell: people, a subject."""
        row = found.content
        if not isinstance(row, Row):
            return found
        if hides_requesters(cells):
            with contextlib.suppress(RightMissing):
                people = await self._people.requesters(found.id)
                groups = [each for each in row.requesters if isinstance(each, str)]
                row = replace(row, requesters=(*people, *groups))
        if cells.get(str(SUBJECT)) == "":
            # The search cuts what stands after the mark with which it parts values.
            params = {"get_hateoas": "false"}
            item = await self._session.json(_Item, f"/Ticket/{found.id}", params)
            row = replace(row, name=self._reader.text(item.name or ""))
        return replace(found, content=row)

    async def ticket(self, number: int) -> Row | None:
        """Return a ticket; None if there is none, or none that the account may see."""
        found = await self._search.rows("Ticket", [where(ID, "equals", number)], self._shown)
        for cells in found.data:
            row = await self._whole(self._found(cells), cells)
            if row.id == number:
                if isinstance(row.content, Row):
                    return row.content
                reason = row.content.reason if isinstance(row.content, Rejected) else ""
                raise self._http.bad_answer(
                    _("ticket {number} cannot be used: {reason}").format(
                        number=number, reason=reason
                    )
                )
        return None

    async def names(self, numbers: set[int]) -> dict[int, str]:
        """Return the names of people; "" where one may not be seen."""
        return await self._people.names(numbers)

    async def places(self, since: datetime | None, start: int) -> Page:
        """Return up to `PAGE` of the entities or locations, as sites."""
        itemtype = self._itemtype
        if self._fields is None:
            # The numbers of search options differ between versions: they are asked for.
            listed = await self._session.json(dict[str, Any], f"/listSearchOptions/{itemtype}")
            self._fields = Fields(itemtype, listed)
        fields = self._fields
        changed = fields.number("date_mod")
        criteria = []
        if since is not None and changed:
            criteria.append(where(changed, "morethan", asked_since(since, self._zone)))
        try:
            found = await self._search.rows(itemtype, criteria, fields.shown, start)
        except AuthFailed:
            if self._options.as_ != "entities":
                raise
            return await self._own_entities()
        rows = []
        for cells in found.data:
            values = {name: self._reader.cell(cells, fields.number(name)) for name in fields.names}
            number = self._search.number(cells)
            updated = maybe_utc(values.get("date_mod"), self._zone)
            rows.append(Found(number, place(values, number, self._options), updated))
        return Page(rows, found.totalcount)

    async def count_places(self) -> int | None:
        """Return how many entities or locations there are; None without the right to see them."""
        try:
            return (await self._search.rows(self._itemtype, [], (ID,), size=1)).totalcount
        except RightMissing:
            return None

    @property
    def _itemtype(self) -> str:
        return "Entity" if self._options.as_ == "entities" else "Location"

    async def _own_entities(self) -> Page:
        """Return the names of entities: without the right to see them, nothing else is known."""
        self._remarks = [
            _("The profile may not see entities: their names are known, addresses are not.")
        ]
        own = await self._session.json(_MyEntities, "/getMyEntities", {"is_recursive": "true"})
        rows = {
            each.id: place({"completename": self._reader.text(each.name)}, each.id, self._options)
            for each in own.myentities
        }
        return Page([Found(number, rows[number]) for number in sorted(rows)], len(rows))

    async def notes(self, number: int) -> Notes:
        """Return the newest followups and solutions of a ticket."""
        return await self._writer.notes(number)

    # -- writing -----------------------------------------------------------------

    async def add_note(self, number: int, kind: NoteKind, text: str) -> None:
        """Write a followup or a solution; a solution also sets the status."""
        await self._writer.add_note(number, kind, text)

    async def assign(self, number: int, person: int) -> None:
        """Add a person to those that a ticket is assigned to."""
        await self._writer.assign(number, person)

    async def update(self, number: int, status: int | None, category: str) -> None:
        """Set status and category."""
        await self._writer.update(number, status, category)

    async def find_person(self, name: str) -> int | None:
        """Return the number of the person with a login."""
        return await self._people.find(name)

    # -- rows --------------------------------------------------------------------

    def _found(self, cells: Cells) -> Found:
        """Make a ticket of cells, or set them aside."""
        number = self._search.number(cells)
        try:
            row = self._reader.row(number, cells)
        except (TypeError, ValueError) as error:
            sample = msgspec.json.encode(cells)[:_EXCERPT].decode(errors="replace")
            where_ = _("ticket {number}").format(number=number)
            return Found(number, Rejected(where=where_, reason=str(error), sample=sample))
        return Found(number, row, row.updated)
