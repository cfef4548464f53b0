"""Speaks apirest.php, the API of GLPI 10, which GLPI 11 still has.

Facts are those of GLPI 10.0 as recorded, and of its source. What makes it particular:

- Rows have numbers of search options as keys, people are numbers (`adapters.glpi.cells`).
- Times are naive, in the time zone of the account, in both directions.
- GLPI 10 stores texts escaped for HTML and shows them so; GLPI 11 does not.
- A page that begins beyond the end is 400 ERROR_RANGE_EXCEED_TOTAL; an empty result
  has no `data`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from adapters.glpi.api import PAGE, Account, Found, Note, Page, Question, plain, rich
from adapters.glpi.cells import (
    CATEGORY,
    CHANGED,
    ID,
    SHOWN,
    STATUS,
    TYPE,
    Cells,
    Criterion,
    Reader,
    any_of,
    flat,
    where,
    whole,
)
from adapters.glpi.errors import BEYOND, NO_RIGHT, NOT_FOUND, error_of, failure_of
from adapters.glpi.options import TYPE_NUMBERS, GlpiOptions
from adapters.glpi.places import Fields, place
from adapters.glpi.rights import PROFILE_HINT, Profile, sees_all, verbs
from adapters.glpi.session import Session
from adapters.glpi.tickets import PATH_SEPARATOR, Row, maybe_utc
from adapters.glpi.time import asked_since
from adapters.shared.json_text import decode_json
from smic_tui.contract.actions import Refused
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.text import fold

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

_NOTES = 200
# People asked for at once: the question is a part of the address, of which servers take 8 kB.
_PEOPLE = 20
_EXCERPT = 200
# Of a person: login, first name, last name.
_LOGIN, _FIRST, _LAST = 1, 9, 34
_COMPLETE_NAME = 1


class _Found(Struct):
    totalcount: int
    data: list[dict[str, Any]] = []


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


class _TimelineItem(Struct):
    id: int
    users_id: int = 0
    content: str | None = ""


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
        self._who = _Who()
        self._who_since = 0
        self._fields: Fields | None = None
        self._remarks: list[str] = []

    # -- who we are --------------------------------------------------------------

    async def account(self, *, identify: bool = False, thorough: bool = False) -> Account:
        """Prove that the account may see all tickets: GLPI does not say when it may not."""
        profile = (await self._session.json(_Active, "/getActiveProfile")).active_profile
        if self._options.as_ in ("tickets", "requests") and not sees_all(profile):
            raise AuthFailed(
                _("The GLPI account may not see all tickets (profile {profile})").format(
                    profile=self._reader.text(profile.name) or profile.id
                ),
                hint=_(PROFILE_HINT),
            )
        # Another session may be another person's, if the token was given to somebody else.
        if thorough or (identify and self._who_since != self._session.opened):
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
            remarks=tuple(self._remarks),
            clock=maybe_utc(self._who.now, self._zone) if thorough else None,
            version=version,
        )

    async def close(self) -> None:
        """End the session."""
        await self._session.close()

    # -- reading -----------------------------------------------------------------

    async def page(self, question: Question, start: int) -> Page:
        """Return up to `PAGE` of the tickets that this source is about."""
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
        found = await self._search("Ticket", criteria, SHOWN, start)
        return Page([self._found(cells) for cells in found.data], found.totalcount)

    async def ticket(self, number: int) -> Row | None:
        """Return a ticket; None if there is none, or none that the account may see."""
        found = await self._search("Ticket", [where(ID, "equals", number)], SHOWN, 0)
        for cells in found.data:
            row = self._found(cells)
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
        """Return the names of people, many with one question; "" where one may not be seen."""
        names = dict.fromkeys(numbers, "")
        wanted = sorted(numbers)
        for at in range(0, len(wanted), _PEOPLE):
            some = [where(ID, "equals", number) for number in wanted[at : at + _PEOPLE]]
            try:
                found = await self._search("User", any_of(some), (ID, _LOGIN, _FIRST, _LAST), 0)
            except AuthFailed:
                # Without the right to see users their numbers are shown.
                return names
            for cells in found.data:
                name = (
                    f"{self._reader.cell(cells, _FIRST)} {self._reader.cell(cells, _LAST)}".strip()
                )
                names[self._number(cells)] = name or self._reader.cell(cells, _LOGIN)
        return names

    async def places(self, since: datetime | None, start: int) -> Page:
        """Return up to `PAGE` of the entities or locations, as sites."""
        itemtype = "Entity" if self._options.as_ == "entities" else "Location"
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
            found = await self._search(itemtype, criteria, fields.shown, start)
        except AuthFailed:
            if self._options.as_ != "entities":
                raise
            return await self._own_entities()
        rows = []
        for cells in found.data:
            values = {name: self._reader.cell(cells, fields.number(name)) for name in fields.names}
            number = self._number(cells)
            updated = maybe_utc(values.get("date_mod"), self._zone)
            rows.append(Found(number, place(values, number, self._options), updated))
        return Page(rows, found.totalcount)

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

    async def notes(self, number: int) -> list[Note]:
        """Return the newest followups and solutions of a ticket."""
        notes = []
        kinds: tuple[tuple[Literal["followup", "solution"], str], ...] = (
            ("followup", "ITILFollowup"),
            ("solution", "ITILSolution"),
        )
        params = {
            "range": f"0-{_NOTES - 1}",
            "sort": "id",
            "order": "DESC",
            "get_hateoas": "false",
        }
        for kind, itemtype in kinds:
            path = f"/Ticket/{number}/{itemtype}"
            for item in await self._session.json(list[_TimelineItem], path, params):
                text = plain(self._reader.text(item.content or ""))
                notes.append(Note(id=item.id, kind=kind, author=item.users_id, text=text))
        return notes

    # -- writing -----------------------------------------------------------------

    async def add_note(self, number: int, kind: Literal["followup", "solution"], text: str) -> None:
        """Write a followup or a solution; a solution also sets the status."""
        itemtype = "ITILFollowup" if kind == "followup" else "ITILSolution"
        fields = {"itemtype": "Ticket", "items_id": number, "content": rich(text)}
        await self._write("POST", f"/{itemtype}", fields)

    async def assign(self, number: int, person: int) -> None:
        """Add a person; the ticket's `_actors` would remove everyone that it does not name."""
        fields = {"tickets_id": number, "users_id": person, "type": 2}
        await self._write("POST", "/Ticket_User", fields)

    async def update(self, number: int, status: int | None, category: str) -> None:
        """Set status and category. GLPI answers true also when it does not."""
        fields: dict[str, Any] = {}
        if status is not None:
            fields["status"] = status
        if category:
            fields["itilcategories_id"] = await self._category(category)
        await self._write("PUT", f"/Ticket/{number}", fields)

    async def find_person(self, name: str) -> int | None:
        """Return the number of the person with a login."""
        found = await self._search(
            "User", [where(_LOGIN, "contains", f"^{name}$")], (ID, _LOGIN), 0
        )
        for cells in found.data:
            if self._reader.cell(cells, _LOGIN).casefold() == name.casefold():
                return self._number(cells)
        return None

    async def _category(self, name: str) -> int:
        last = name.split(">")[-1].strip()
        wanted = [fold(part.strip()) for part in name.split(">")]
        try:
            found = await self._search(
                "ITILCategory", [where(_COMPLETE_NAME, "contains", last)], (ID, _COMPLETE_NAME), 0
            )
        except AuthFailed as error:
            raise Refused(error.message, hint=_("The profile needs to see categories.")) from None
        for cells in found.data:
            parts = self._reader.cell(cells, _COMPLETE_NAME).split(PATH_SEPARATOR)
            if [fold(part.strip()) for part in parts] == wanted:
                return self._number(cells)
        raise Refused(_("GLPI has no category {name}").format(name=name))

    async def _write(self, method: str, path: str, fields: Mapping[str, Any]) -> None:
        answer = await self._session.call(method, path, body={"input": fields})
        code, text = error_of(answer)
        if not code:
            self._verify_written(answer)
            return
        if code.startswith(("ERROR_GLPI_", NO_RIGHT, NOT_FOUND, "ERROR_BAD_ARRAY")):
            raise Refused(
                _("GLPI refuses: {reason}").format(reason=plain(text) or code),
                hint=_("The ticket may be closed, or the account's profile lacks the right."),
            )
        raise failure_of(self._http, answer, code, text)

    def _verify_written(self, answer: Answer) -> None:
        """Raise `Refused` for a success whose content says no."""
        try:
            told = decode_json(answer.body, object)
        except msgspec.DecodeError as error:
            raise self._http.bad_answer(
                _("GLPI's answer to a change has another form than expected: {reason}").format(
                    reason=error
                ),
                answer.body,
            ) from None
        for part in told if isinstance(told, list) else [told]:
            if not isinstance(part, dict):
                continue
            if any(value is False for value in part.values()):
                reason = plain(str(part.get("message") or "")) or "–"
                raise Refused(_("GLPI refuses: {reason}").format(reason=reason))

    # -- questions ---------------------------------------------------------------

    async def _search(
        self, itemtype: str, criteria: Sequence[Criterion], shown: Sequence[int], start: int
    ) -> _Found:
        params = {
            "range": f"{start}-{start + PAGE - 1}",
            "sort": "2",
            "order": "ASC",
            **flat("criteria", criteria),
            **{f"forcedisplay[{at}]": str(number) for at, number in enumerate(shown)},
        }
        answer = await self._session.call("GET", f"/search/{itemtype}", params)
        code, text = error_of(answer)
        if code == BEYOND:
            return _Found(totalcount=0)
        if code:
            raise failure_of(self._http, answer, code, text)
        return await self._http.decode(_Found, answer)

    # -- rows --------------------------------------------------------------------

    def _number(self, cells: Cells) -> int:
        try:
            return whole(cells.get(str(ID)))
        except ValueError as error:
            raise self._http.bad_answer(
                _("A row of GLPI's search has no number: {reason}").format(reason=error),
                msgspec.json.encode(cells),
            ) from None

    def _found(self, cells: Cells) -> Found:
        """Make a ticket of cells, or set them aside."""
        number = self._number(cells)
        try:
            row = self._reader.row(number, cells)
        except (TypeError, ValueError) as error:
            sample = msgspec.json.encode(cells)[:_EXCERPT].decode(errors="replace")
            where_ = _("ticket {number}").format(number=number)
            return Found(number, Rejected(where=where_, reason=str(error), sample=sample))
        return Found(number, row, row.updated)
