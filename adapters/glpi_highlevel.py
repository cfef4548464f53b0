"""GLPI's high-level API v2, of version 11.

Written from its source and documentation, not tried against a real one. What makes
it particular:

- OAuth2: a token for login and password of the account and of a client. A token
  that has expired is 401 or, in some versions, 400 "Invalid OAuth token".
- Lists are bare arrays; Content-Range tells how many there are in all, 206 that there
  are more. `limit` is 100 unless asked otherwise.
- An RSQL filter is compared with the column, so a time in it is naive and in the zone
  of the account; answers have offsets.
- Deleted tickets are in the list, and say so.
- Nothing tells the rights. An account that sees no ticket at all, or has the
  simplified interface, is taken for one without the right to see them.
- No due date; people are a team of names with addresses that end in their number.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from adapters.glpi_api import PAGE, Account, Found, Note, Page, Question, asleep, plain, rich
from adapters.glpi_options import TYPE_NUMBERS, GlpiOptions
from adapters.glpi_places import place
from adapters.glpi_rights import PROFILE_HINT
from adapters.glpi_tickets import CLOSED, SOLVED, Row, optional_utc
from adapters.glpi_time import asked_since, to_utc
from adapters.json_text import decode_json
from smic_tui.contract.actions import Refused, Verb
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.text import fold

if TYPE_CHECKING:
    from adapters.http import Answer, HttpSession

PATH = "/api.php"
V2 = "/v2"
DISABLED = "high-level api is disabled"
_TICKETS = "/Assistance/Ticket"
_PLACES = {"entities": "/Administration/Entity", "locations": "/Dropdowns/Location"}
_ERRORS = (400, 401, 403, 404, 405, 422)
# A token is asked for again this long (seconds) before it expires.
_BEFORE = 60
_EXCERPT = 200
_NUMBER_IN_ADDRESS = re.compile(r"[?&]id=(\d+)|/(\d+)$")
_EVERYTHING = frozenset({Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE})

T = TypeVar("T")


class _Token(Struct):
    access_token: str
    expires_in: int = 3600


class _Profile(Struct):
    name: str = ""
    interface: str = ""


class _Session(Struct):
    user_id: int = 0
    name: str = ""
    current_time: str = ""
    active_profile: _Profile | None = None


class _Named(Struct):
    id: int | None = None
    name: str | None = None
    completename: str | None = None

    @property
    def path(self) -> str:
        return self.completename or self.name or ""


class _Member(Struct):
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


class _Ticket(Struct):
    id: int
    date_mod: str
    status: _Named | int
    date_creation: str | None = None
    date: str | None = None
    name: str | None = ""
    is_deleted: bool | int = False
    priority: int | None = 3
    type: int | None = None
    category: _Named | None = None
    entity: _Named | None = None
    location: _Named | None = None
    team: list[_Member] = []
    date_solve: str | None = None
    date_close: str | None = None


class _Place(Struct):
    id: int
    name: str | None = ""
    completename: str | None = ""
    code: str | None = ""
    tag: str | None = ""
    registration_number: str | None = ""
    address: str | None = ""
    postcode: str | None = ""
    town: str | None = ""
    phone: str | None = ""
    email: str | None = ""
    latitude: str | float | None = None
    longitude: str | float | None = None
    date_mod: str | None = None


class _Numbered(Struct):
    id: int


class _User(Struct):
    id: int
    username: str | None = ""


class _NoteItem(Struct):
    id: int
    content: str | None = ""
    user: _Named | None = None


class _TimelineEntry(Struct):
    item: _NoteItem


class _Problem(Struct):
    """An error of this API, or of OAuth."""

    status: str | int = ""
    title: str = ""
    detail: Any = None
    error: str = ""
    error_description: str = ""
    hint: str = ""
    additional_messages: list[dict[str, Any]] = []

    @property
    def text(self) -> str:
        details = self.detail if isinstance(self.detail, str) else ""
        more = [str(each.get("message", "")) for each in self.additional_messages]
        told = (self.title or self.error_description or self.error, details, self.hint, *more)
        return plain("; ".join(filter(None, told)))


class HighLevel:
    """An account at the high-level API."""

    version = "11"

    def __init__(
        self,
        http: HttpSession,
        options: GlpiOptions,
        secret: Callable[[Secret], str],
        zone: ZoneInfo,
    ) -> None:
        self._http = http
        self._options = options
        self._secret = secret
        self._zone = zone
        self._token = ""
        self._expires = 0.0
        self._opening = asyncio.Lock()
        self._session: _Session | None = None

    # -- who we are --------------------------------------------------------------

    async def account(self, *, identify: bool = False, thorough: bool = False) -> Account:
        """Prove as much of the rights as this API tells."""
        if thorough or self._session is None or identify:
            self._session = await self._json(_Session, "/session")
        session = self._session
        profile = session.active_profile or _Profile()
        if self._options.as_ in ("tickets", "requests"):
            seen = await self._list(_TICKETS, {"limit": "1"})
            if profile.interface == "helpdesk" or not _total(seen, 0):
                raise AuthFailed(
                    _("The GLPI account sees no ticket but its own (profile {profile})").format(
                        profile=profile.name or "?"
                    ),
                    hint=_(PROFILE_HINT),
                )
        return Account(
            id=session.user_id,
            login=session.name,
            verbs=_EVERYTHING,
            remarks=(_("GLPI 11's API does not tell the rights of the account."),),
            clock=optional_utc(session.current_time, self._zone) if thorough else None,
        )

    async def close(self) -> None:
        """Forget the token; it expires by itself."""
        self._token = ""

    # -- reading -----------------------------------------------------------------

    async def page(self, question: Question, start: int) -> Page:
        """Up to `PAGE` of the tickets that this source is about."""
        parts = []
        if self._options.type:
            parts.append(f"type=={TYPE_NUMBERS[self._options.type]}")
        if self._options.categories:
            numbers = ",".join(str(number) for number in self._options.categories)
            parts.append(f"category.id=in=({numbers})")
        if question.over is not None:
            operator = "in" if question.over else "out"
            parts.append(f"status.id={operator}=({SOLVED},{CLOSED})")
        if question.since is not None:
            parts.append(f'date_mod=ge="{asked_since(question.since, self._zone)}"')
        raws, total = await self._rows(_TICKETS, parts, start)
        return Page([self._found(raw) for raw in raws], total)

    async def ticket(self, number: int) -> Row | None:
        """One ticket; None if there is none, or none that may be seen."""
        answer = await self._call("GET", f"{_TICKETS}/{number}")
        if answer.status == 404:
            return None
        self._accept(answer)
        row = self._row(await self._http.decode(_Ticket, answer))
        return None if row.deleted else row

    async def names(self, numbers: set[int]) -> dict[int, str]:
        """Nothing to ask for: tickets bring names."""
        return dict.fromkeys(numbers, "")

    async def places(self, since: datetime | None, start: int) -> Page:
        """Up to `PAGE` of the entities or locations, as sites. No version filters by change."""
        raws, total = await self._rows(_PLACES[self._options.as_], [], start)
        found = []
        for raw in raws:
            number = self._number(raw)
            try:
                read = decode_json(raw, _Place)
            except msgspec.DecodeError as error:
                found.append(Found(number, _rejected(raw, f"{number}", error)))
                continue
            values = {
                name: str(value)
                for name, value in msgspec.structs.asdict(read).items()
                if value is not None
            }
            values["phonenumber"] = values.pop("phone", "")
            found.append(Found(number, place(values, number, self._options)))
        return Page(found, total)

    async def notes(self, number: int) -> list[Note]:
        """Followups and solutions of a ticket."""
        notes = []
        kinds: tuple[tuple[Literal["followup", "solution"], str], ...] = (
            ("followup", "Followup"),
            ("solution", "Solution"),
        )
        for kind, name in kinds:
            path = f"{_TICKETS}/{number}/Timeline/{name}"
            for entry in await self._json(list[msgspec.Raw], path):
                item = self._note(entry)
                author = item.user.id if item.user else None
                text = plain(item.content or "")
                notes.append(Note(id=item.id, kind=kind, author=author, text=text))
        return notes

    async def find_person(self, name: str) -> int | None:
        """The number of the person with a login."""
        params = {"filter": f"username=={_quoted(name)}", "limit": "2"}
        answer = await self._list("/Administration/User", params)
        for user in await self._http.decode(list[_User], answer):
            if (user.username or "").casefold() == name.casefold():
                return user.id
        return None

    # -- writing -----------------------------------------------------------------

    async def add_note(self, number: int, kind: Literal["followup", "solution"], text: str) -> None:
        """Write a followup or a solution."""
        name = "Followup" if kind == "followup" else "Solution"
        path = f"{_TICKETS}/{number}/Timeline/{name}"
        await self._write("POST", path, {"content": rich(text)})

    async def assign(self, number: int, person: int) -> None:
        """Add a person to the team; nobody is removed."""
        # Sent as the number of Ticket_User's types: that, unlike the word, all versions take.
        member = {"type": "User", "id": person, "role": 2}
        await self._write("POST", f"{_TICKETS}/{number}/TeamMember", member)

    async def update(self, number: int, status: int | None, category: str) -> None:
        """Change status and category."""
        fields: dict[str, Any] = {}
        if status is not None:
            fields["status"] = {"id": status}
        if category:
            fields["category"] = {"id": await self._category(category)}
        await self._write("PATCH", f"{_TICKETS}/{number}", fields)

    async def _category(self, name: str) -> int:
        last = name.split(">")[-1].strip()
        params = {"filter": f"name=={_quoted(last)}"}
        wanted = [fold(part.strip()) for part in name.split(">")]
        answer = await self._list("/Dropdowns/ITILCategory", params)
        for category in await self._http.decode(list[_Named], answer):
            parts = [fold(part.strip()) for part in category.path.split(">")]
            if category.id is not None and parts in (wanted, wanted[-1:]):
                return category.id
        raise Refused(_("GLPI has no category {name}").format(name=name))

    async def _write(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        answer = await self._call(method, path, body=body)
        if answer.status in (200, 201, 204):
            return
        if answer.status in (401, 405):
            self._accept(answer)
        told = _problem(answer).text
        raise Refused(
            _("GLPI refuses: {reason}").format(reason=told or answer.status),
            hint=_("The ticket may be closed, or the account's profile lacks the right."),
        )

    # -- questions ---------------------------------------------------------------

    async def _rows(self, path: str, parts: list[str], start: int) -> tuple[list[msgspec.Raw], int]:
        params = {"start": str(start), "limit": str(PAGE), "sort": "id"}
        if parts:
            params["filter"] = ";".join(parts)
        answer = await self._list(path, params)
        raws = await self._http.decode(list[msgspec.Raw], answer)
        return raws, _total(answer, start + len(raws))

    async def _list(self, path: str, params: Mapping[str, str]) -> Answer:
        answer = await self._call("GET", path, params)
        self._accept(answer)
        return answer

    async def _json(self, type_: type[T], path: str) -> T:
        answer = await self._call("GET", path)
        self._accept(answer)
        return await self._http.decode(type_, answer)

    def _accept(self, answer: Answer) -> None:
        """Raise the error that an unexpected status stands for."""
        if answer.status in (200, 201, 204, 206):
            return
        problem = _problem(answer)
        said = _("GLPI answered “{text}” ({code})").format(
            code=answer.status, text=problem.text or "–"
        )
        if answer.status not in (401, 403):
            raise self._http.bad_answer(said, answer.body)
        hint = _("The account's profile lacks a right: see docs/sources/glpi.md.")
        if DISABLED in problem.text.casefold():
            hint = _("Enable the API: Setup, General, API.")
        raise AuthFailed(self._http.bad_answer(said).message, hint=hint)

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Ask with a token, with another one once if it does not hold."""
        token = await self._bearer(dead="")
        answer = await self._send(method, path, params, body, token)
        if _no_token(answer):
            token = await self._bearer(dead=token)
            answer = await self._send(method, path, params, body, token)
        return answer

    async def _bearer(self, dead: str) -> str:
        async with self._opening:
            if self._token == dead or time.monotonic() > self._expires:
                self._token = ""
                opened = await self._open()
                self._token = opened.access_token
                self._expires = time.monotonic() + max(0, opened.expires_in - _BEFORE)
                self._session = None
        return self._token

    async def _open(self) -> _Token:
        options = self._options
        assert options.client_secret is not None
        assert options.password is not None
        form = {
            "grant_type": "password",
            "client_id": options.client_id,
            "client_secret": await asyncio.to_thread(self._secret, options.client_secret),
            "username": options.login,
            "password": await asyncio.to_thread(self._secret, options.password),
            "scope": "api",
        }
        try:
            answer = await self._http.request(
                "POST", PATH + "/token", form=form, expect=(200, *_ERRORS)
            )
        except BadAnswer as error:
            raise asleep(error) from None
        if answer.status != 200:
            said = _("GLPI gives no token ({reason})").format(reason=_problem(answer).text)
            raise AuthFailed(
                self._http.bad_answer(said).message,
                hint=_(
                    "Check client_id, client_secret, login and password, and that the OAuth "
                    "client has the grant 'Password' and the scope 'api'."
                ),
            )
        try:
            return decode_json(answer.body, _Token)
        except msgspec.DecodeError:
            # The answer may hold a token: it must reach no message.
            raise BadAnswer(_("GLPI's answer to a request for a token has none")) from None

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Any,
        token: str,
    ) -> Answer:
        # A change that GLPI does not make for a reason of its own is 500, too.
        failed = (500,) if method != "GET" else ()
        try:
            return await self._http.request(
                method,
                PATH + V2 + path,
                params=params,
                body=body,
                headers={"Authorization": f"Bearer {token}"},
                expect=(200, 201, 204, 206, *_ERRORS, *failed),
            )
        except BadAnswer as error:
            told = asleep(error)
            if failed and told is error:
                # A web page: nobody knows whether the change was made.
                raise Unavailable(error.message, hint=error.hint) from None
            raise told from None

    # -- rows --------------------------------------------------------------------

    def _number(self, raw: msgspec.Raw) -> int:
        try:
            return decode_json(raw, _Numbered).id
        except msgspec.DecodeError as error:
            raise self._http.bad_answer(
                _("A row of GLPI's list has no number: {reason}").format(reason=error),
                bytes(raw),
            ) from None

    def _found(self, raw: msgspec.Raw) -> Found:
        number = self._number(raw)
        try:
            ticket = decode_json(raw, _Ticket)
            row = self._row(ticket)
        except (msgspec.DecodeError, ValueError) as error:
            return Found(number, _rejected(raw, _("ticket {number}").format(number=number), error))
        self._verify(ticket, raw)
        return Found(number, row, row.updated)

    def _verify(self, ticket: _Ticket, raw: msgspec.Raw) -> None:
        """Raise `BadAnswer` for a ticket that was not asked for.

        Versions differ in whether a filter that they do not know is refused or ignored.
        """
        options, ignored = self._options, ""
        if options.type and ticket.type != TYPE_NUMBERS[options.type]:
            ignored = "type"
        category = ticket.category.id if ticket.category else None
        if options.categories and category not in options.categories:
            ignored = "categories"
        if ignored:
            raise self._http.bad_answer(
                _("GLPI ignored the filter {filter}: ticket {number} does not obey").format(
                    filter=ignored, number=ticket.id
                ),
                bytes(raw),
            )

    def _row(self, ticket: _Ticket) -> Row:
        status = ticket.status if isinstance(ticket.status, _Named) else _Named(ticket.status)
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
            requesters=_shown(ticket.team, "User", "requester", 1),
            owners=tuple(member.shown for member in owners),
            assigned=tuple(member.number for member in owners if member.number is not None),
            groups=_shown(ticket.team, "Group", "assigned", 2),
            suppliers=_shown(ticket.team, "Supplier", "assigned", 2),
            created=to_utc(created, self._zone),
            updated=to_utc(ticket.date_mod, self._zone),
            done=optional_utc(ticket.date_solve or ticket.date_close, self._zone),
            deleted=bool(ticket.is_deleted),
        )

    def _note(self, entry: msgspec.Raw) -> _NoteItem:
        """Return a note; some versions wrap it with its type, some do not."""
        try:
            return decode_json(entry, _TimelineEntry).item
        except msgspec.DecodeError:
            pass
        try:
            return decode_json(entry, _NoteItem)
        except msgspec.DecodeError as error:
            raise self._http.bad_answer(
                _("A followup in GLPI has another form than expected: {reason}").format(
                    reason=error
                ),
                bytes(entry),
            ) from None


def _shown(team: list[_Member], itemtype: str, role: str, number: int) -> tuple[str, ...]:
    return tuple(member.shown for member in team if member.is_a(itemtype, role, number))


def _total(answer: Answer, otherwise: int) -> int:
    """How many there are in all; `otherwise` if the answer does not tell."""
    told = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if told.isdecimal():
        return int(told)
    return otherwise + 1 if answer.status == 206 else otherwise


def _problem(answer: Answer) -> _Problem:
    try:
        return decode_json(answer.body, _Problem)
    except msgspec.DecodeError:
        return _Problem()


def _no_token(answer: Answer) -> bool:
    if answer.status == 401:
        return True
    return answer.status == 400 and "oauth token" in _problem(answer).title.casefold()


def _rejected(raw: msgspec.Raw, where: str, error: Exception) -> Rejected:
    sample = bytes(raw)[:_EXCERPT].decode(errors="replace")
    return Rejected(where=where, reason=str(error), sample=sample)


def _quoted(text: str) -> str:
    """Return a value for RSQL. Quotes cannot be escaped in all versions: they are left out."""
    return '"' + text.replace("\\", "").replace('"', "") + '"'
