"""GLPI's API of version 10, apirest.php, which version 11 still has.

Facts are those of GLPI 10.0 as recorded, and of its source. What makes it particular:

- Rows have numbers of search options as keys, people are numbers: text, a list of
  texts if several, null.
- Times are naive, in the time zone of the account, in both directions.
- Whatever is shown was escaped for HTML when it was stored; from version 11 on it
  was not.
- A session dies after some idle time (PHP's, 24 minutes), is killed, or lost: 401.
  It is opened again, once.
- After logging in only the account's default entity is active; all that it may see
  are made active. `"entities_id": "all"`, as documented, is read as 0: the key is
  left out.
- A page that begins beyond the end is 400 ERROR_RANGE_EXCEED_TOTAL; an empty result
  has no `data`.
- Maintenance and a dead database are pages with status 200.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from adapters.glpi_api import PAGE, Account, Found, Note, Page, Question, asleep, plain, rich
from adapters.glpi_errors import BEYOND, NO_RIGHT, NOT_FOUND, SESSION_DEAD, error_of, failure_of
from adapters.glpi_options import TYPE_NUMBERS, GlpiOptions
from adapters.glpi_places import Fields, place
from adapters.glpi_rights import PROFILE_HINT, Profile, sees_all, verbs
from adapters.glpi_tickets import PATH_SEPARATOR, Row, optional_utc
from adapters.glpi_time import asked_since, to_utc
from adapters.json_text import decode_json
from smic_tui.contract.actions import Refused
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.text import fold

if TYPE_CHECKING:
    from adapters.http import Answer, HttpSession

PATH = "/apirest.php"
# id, subject, status, priority, requester, owner, group, supplier, entity, location,
# category, created, changed, due, solved, closed
SHOWN = (2, 1, 12, 3, 4, 5, 8, 6, 80, 83, 7, 15, 19, 18, 17, 16)
_ERRORS = (400, 401, 403, 404, 405, 413)
_NOTES = 200
# People asked for at once: the question is a part of the address, of which servers take 8 kB.
_PEOPLE = 20
_EXCERPT = 200

Criterion = Mapping[str, Any]
T = TypeVar("T")


class _Found(Struct):
    totalcount: int
    data: list[dict[str, Any]] = []


class _Entity(Struct):
    id: int
    name: str = ""


class _MyEntities(Struct):
    myentities: list[_Entity]


class _Token(Struct):
    session_token: str


class _Active(Struct):
    active_profile: Profile


class _Session(Struct):
    id: int = msgspec.field(name="glpiID", default=0)
    login: str = msgspec.field(name="glpiname", default="")
    now: str = msgspec.field(name="glpi_currenttime", default="")


class _FullSession(Struct):
    session: _Session


class _Config(Struct):
    version: str = ""


class _Configured(Struct):
    cfg_glpi: _Config


class _TimelineItem(Struct):
    id: int
    users_id: int | str = 0
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
        self._secret = secret
        self._zone = zone
        self._escaped = escaped
        self._token = ""
        self._opening = asyncio.Lock()
        self._identity: _Session | None = None
        self._fields: Fields | None = None
        self._remarks: list[str] = []

    # -- who we are --------------------------------------------------------------

    async def account(self, *, identify: bool = False, thorough: bool = False) -> Account:
        """Prove that all tickets may be seen: rights are missing silently otherwise."""
        profile = (await self._json(_Active, "/getActiveProfile")).active_profile
        if self._options.as_ in ("tickets", "requests") and not sees_all(profile):
            raise AuthFailed(
                _("The GLPI account may not see all tickets (profile {profile})").format(
                    profile=self._text(profile.name) or profile.id
                ),
                hint=_(PROFILE_HINT),
            )
        if thorough or (identify and self._identity is None):
            # The answer carries the session's secrets: it must reach no message.
            try:
                self._identity = (await self._json(_FullSession, "/getFullSession")).session
            except BadAnswer as error:
                raise BadAnswer(error.message, hint=error.hint) from None
        who = self._identity or _Session()
        version = ""
        if thorough:
            version = (await self._json(_Configured, "/getGlpiConfig")).cfg_glpi.version
        return Account(
            id=who.id,
            login=who.login,
            verbs=verbs(profile),
            remarks=tuple(self._remarks),
            clock=optional_utc(who.now, self._zone) if thorough else None,
            version=version,
        )

    async def close(self) -> None:
        """End the session at the server, if it can be reached."""
        token, self._token = self._token, ""
        if token:
            try:
                async with asyncio.timeout(2), self._http.signed_in():
                    await self._send("GET", "/killSession", {}, None, token)
            except (SourceError, TimeoutError):
                pass  # it ends by itself

    # -- reading -----------------------------------------------------------------

    async def page(self, question: Question, start: int) -> Page:
        """Up to `PAGE` of the tickets that this source is about."""
        criteria: list[Criterion] = []
        if self._options.type:
            criteria.append(_where(14, "equals", TYPE_NUMBERS[self._options.type]))
        if self._options.categories:
            under = [_where(7, "under", number) for number in self._options.categories]
            criteria.append({"link": "AND", "criteria": _any_of(under)})
        if question.over is not None:
            # Not "notold": that leaves out a status that GLPI itself does not know.
            link = "AND" if question.over else "AND NOT"
            criteria.append(_where(12, "equals", "old", link))
        if question.since is not None:
            since = asked_since(question.since, self._zone)
            criteria.append(_where(19, "morethan", since))
        found = await self._search("Ticket", criteria, SHOWN, start)
        return Page([self._found(cells) for cells in found.data], found.totalcount)

    async def ticket(self, number: int) -> Row | None:
        """One ticket; None if there is none, or none that may be seen."""
        found = await self._search("Ticket", [_where(2, "equals", number)], SHOWN, 0)
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
        """The names of people, many with one question; "" where the account may not see one."""
        names = dict.fromkeys(numbers, "")
        wanted = sorted(numbers)
        for at in range(0, len(wanted), _PEOPLE):
            some = [_where(2, "equals", number) for number in wanted[at : at + _PEOPLE]]
            try:
                found = await self._search("User", _any_of(some), (2, 1, 9, 34), 0)
            except AuthFailed:
                # Without the right to see users their numbers are shown.
                return names
            for cells in found.data:
                name = f"{self._cell(cells, 9)} {self._cell(cells, 34)}".strip()
                names[_whole(cells.get("2"))] = name or self._cell(cells, 1)
        return names

    async def places(self, since: datetime | None, start: int) -> Page:
        """Up to `PAGE` of the entities or locations, as sites."""
        itemtype = "Entity" if self._options.as_ == "entities" else "Location"
        if self._fields is None:
            # The numbers of search options differ between versions: they are asked for.
            listed = await self._json(dict[str, Any], f"/listSearchOptions/{itemtype}")
            self._fields = Fields(itemtype, listed)
        fields = self._fields
        changed = fields.number("date_mod")
        criteria = []
        if since is not None and changed:
            criteria.append(_where(changed, "morethan", asked_since(since, self._zone)))
        try:
            found = await self._search(itemtype, criteria, fields.shown, start)
        except AuthFailed:
            if self._options.as_ != "entities":
                raise
            return await self._own_entities()
        rows = []
        for cells in found.data:
            values = {name: self._cell(cells, fields.number(name)) for name in fields.names}
            number = _whole(cells.get("2"))
            updated = optional_utc(values.get("date_mod"), self._zone)
            rows.append(Found(number, place(values, number, self._options), updated))
        return Page(rows, found.totalcount)

    async def _own_entities(self) -> Page:
        """Names and nothing else: what an account may know without the right to see entities."""
        self._remarks = [
            _("The profile may not see entities: their names are known, addresses are not.")
        ]
        own = await self._json(_MyEntities, "/getMyEntities", {"is_recursive": "true"})
        rows = {
            each.id: place({"completename": self._text(each.name)}, each.id, self._options)
            for each in own.myentities
        }
        return Page([Found(number, rows[number]) for number in sorted(rows)], len(rows))

    async def notes(self, number: int) -> list[Note]:
        """The newest followups and solutions of a ticket."""
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
            for item in await self._json(list[_TimelineItem], path, params):
                text = plain(self._text(item.content or ""))
                notes.append(Note(id=item.id, kind=kind, author=_whole(item.users_id), text=text))
        return notes

    # -- writing -----------------------------------------------------------------

    async def add_note(self, number: int, kind: Literal["followup", "solution"], text: str) -> None:
        """Write a followup or a solution; a solution also sets the status."""
        itemtype = "ITILFollowup" if kind == "followup" else "ITILSolution"
        fields = {"itemtype": "Ticket", "items_id": number, "content": rich(text)}
        await self._write("POST", f"/{itemtype}", fields)

    async def assign(self, number: int, person: int) -> None:
        """Add a person. Not by `_actors` of the ticket, which removes all that it does not name."""
        fields = {"tickets_id": number, "users_id": person, "type": 2}
        await self._write("POST", "/Ticket_User", fields)

    async def update(self, number: int, status: int | None, category: str) -> None:
        """Change status and category. GLPI answers true for what it does not do, too."""
        fields: dict[str, Any] = {}
        if status is not None:
            fields["status"] = status
        if category:
            fields["itilcategories_id"] = await self._category(category)
        await self._write("PUT", f"/Ticket/{number}", fields)

    async def find_person(self, name: str) -> int | None:
        """The number of the person with a login."""
        found = await self._search("User", [_where(1, "contains", f"^{name}$")], (2, 1), 0)
        for cells in found.data:
            if self._cell(cells, 1).casefold() == name.casefold():
                return _whole(cells.get("2"))
        return None

    async def _category(self, name: str) -> int:
        last = name.split(">")[-1].strip()
        wanted = [fold(part.strip()) for part in name.split(">")]
        try:
            found = await self._search("ITILCategory", [_where(1, "contains", last)], (2, 1), 0)
        except AuthFailed as error:
            raise Refused(error.message, hint=_("The profile needs to see categories.")) from None
        for cells in found.data:
            parts = self._cell(cells, 1).split(PATH_SEPARATOR)
            if [fold(part.strip()) for part in parts] == wanted:
                return _whole(cells.get("2"))
        raise Refused(_("GLPI has no category {name}").format(name=name))

    async def _write(self, method: str, path: str, fields: Mapping[str, Any]) -> None:
        answer = await self._call(method, path, body={"input": fields})
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
            **_flat("criteria", criteria),
            **{f"forcedisplay[{at}]": str(number) for at, number in enumerate(shown)},
        }
        answer = await self._call("GET", f"/search/{itemtype}", params)
        code, text = error_of(answer)
        if code == BEYOND:
            return _Found(totalcount=0)
        if code:
            raise failure_of(self._http, answer, code, text)
        return await self._http.decode(_Found, answer)

    async def _json(self, type_: type[T], path: str, params: Mapping[str, str] | None = None) -> T:
        answer = await self._call("GET", path, params or {})
        code, text = error_of(answer)
        if code:
            raise failure_of(self._http, answer, code, text)
        return await self._http.decode(type_, answer)

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Ask within the session, opening it again once if it is dead."""
        token = await self._session(dead="")
        answer = await self._send(method, path, params or {}, body, token)
        if error_of(answer)[0] in SESSION_DEAD:
            token = await self._session(dead=token)
            answer = await self._send(method, path, params or {}, body, token)
        return answer

    async def _session(self, dead: str) -> str:
        """Return the session's token; another than `dead`, which GLPI does not know any more."""
        async with self._opening:
            if self._token == dead:
                self._token = ""
                self._token = await self._open()
        return self._token

    async def _open(self) -> str:
        options = self._options
        if options.user_token is not None:
            token = await asyncio.to_thread(self._secret, options.user_token)
            authorization = f"user_token {token}"
        else:
            from adapters.http_messages import basic

            assert options.password is not None
            password = await asyncio.to_thread(self._secret, options.password)
            authorization = basic(options.login, password).headers["Authorization"]
        headers = {"Authorization": authorization}
        answer = await self._send("GET", "/initSession", {}, None, "", headers)
        code, text = error_of(answer)
        if code:
            raise failure_of(self._http, answer, code, text)
        try:
            opened = decode_json(answer.body, _Token).session_token
        except msgspec.DecodeError:
            # The answer may hold a token: it must reach no message.
            raise BadAnswer(
                _("GLPI's answer to initSession has no session token"),
                hint=_("Is `url` the GLPI's?"),
            ) from None
        everything = {"is_recursive": True}
        answer = await self._send("POST", "/changeActiveEntities", {}, everything, opened)
        code, text = error_of(answer)
        if code:
            raise failure_of(self._http, answer, code, text)
        self._identity = None
        return opened

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: Any,
        token: str,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Session-Token": token} if token else {}
        try:
            return await self._http.request(
                method,
                PATH + path,
                params=params or None,
                body=body,
                headers={**sent, **(headers or {})},
                expect=(200, 201, 206, 207, *_ERRORS),
            )
        except BadAnswer as error:
            raise asleep(error) from None

    # -- rows --------------------------------------------------------------------

    def _found(self, cells: dict[str, Any]) -> Found:
        """Make a row of cells, or set it aside."""
        try:
            number = _whole(cells.get("2"))
        except ValueError as error:
            raise self._http.bad_answer(
                _("A row of GLPI's search has no number: {reason}").format(reason=error),
                msgspec.json.encode(cells),
            ) from None
        try:
            row = self._row(number, cells)
        except (TypeError, ValueError) as error:
            sample = msgspec.json.encode(cells)[:_EXCERPT].decode(errors="replace")
            where = _("ticket {number}").format(number=number)
            return Found(number, Rejected(where=where, reason=str(error), sample=sample))
        return Found(number, row, row.updated)

    def _row(self, number: int, cells: dict[str, Any]) -> Row:
        times = {each: _text_or_none(cells.get(str(each))) for each in (15, 16, 17, 18, 19)}
        created, updated = times[15], times[19]
        if not created or not updated:
            raise ValueError(_("it does not say when it was created and changed"))
        owners = _numbers(cells.get("5"))
        return Row(
            id=number,
            name=self._cell(cells, 1),
            status=_whole(cells.get("12")),
            priority=_whole(cells.get("3") or 3),
            category=self._cell(cells, 7),
            entity=self._cell(cells, 80),
            location=self._cell(cells, 83),
            requesters=_numbers(cells.get("4")),
            owners=owners,
            assigned=tuple(each for each in owners if isinstance(each, int)),
            groups=self._texts(cells.get("8")),
            suppliers=self._texts(cells.get("6")),
            created=to_utc(created, self._zone),
            updated=to_utc(updated, self._zone),
            due=optional_utc(times[18], self._zone),
            done=optional_utc(times[17] or times[16], self._zone),
        )

    def _cell(self, cells: Mapping[str, Any], number: int) -> str:
        return ", ".join(self._texts(cells.get(str(number))))

    def _texts(self, value: Any) -> tuple[str, ...]:
        return tuple(self._text(str(each)) for each in _many(value))

    def _text(self, text: str) -> str:
        return html.unescape(text) if self._escaped else text


def _where(field: int, searchtype: str, value: Any, link: str = "AND") -> Criterion:
    return {"link": link, "field": field, "searchtype": searchtype, "value": value}


def _any_of(criteria: Sequence[Criterion]) -> list[Criterion]:
    return [{**each, "link": "OR"} for each in criteria]


def _flat(name: str, value: Any) -> dict[str, str]:
    """Return nested lists and mappings as PHP reads them from an address."""
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, (list, tuple)):
        parts = dict(enumerate(value)).items()
    else:
        return {name: str(value)}
    flat: dict[str, str] = {}
    for key, part in parts:
        flat |= _flat(f"{name}[{key}]", part)
    return flat


def _many(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]


def _numbers(value: Any) -> tuple[str | int, ...]:
    """Return people: a text, a list of texts or null; a name where it is no number."""
    texts = [str(each).strip() for each in _many(value)]
    return tuple(int(text) if text.isdecimal() else text for text in texts if text not in ("", "0"))


def _text_or_none(value: Any) -> str | None:
    many = _many(value)
    return str(many[0]) if many else None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(_("{value} is no whole number").format(value=value))
    return int(value)
