"""Speaks the high-level API v2 of GLPI 11.

Written from its source and documentation, not tried against a real one. What makes
it particular:

- OAuth2: a token for login and password of the account and of a client. A token
  that has expired is 401 or, in some versions, 400 "Invalid OAuth token".
- Lists are bare arrays; Content-Range tells how many there are in all, 206 that there
  are more. `limit` is 100 unless asked otherwise.
- An RSQL filter is compared with the column, so a time in it is naive and in the zone
  of the account; answers have offsets.
- Deleted tickets are in the list, and say so.
- The API does not tell rights. An account that sees no ticket at all, or has the simplified
  interface, is taken for one without the right to see tickets.
- Tickets have no due date; people are a team of names with addresses that end in their number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from adapters.glpi.api import PAGE, Account, Found, Note, NoteKind, Notes, Page, Question
from adapters.glpi.highlevel_rows import Named, NestedTicket, row_of
from adapters.glpi.oauth import OAuthSession, problem_of
from adapters.glpi.options import TYPE_NUMBERS, GlpiOptions
from adapters.glpi.places import place
from adapters.glpi.rights import PROFILE_HINT
from adapters.glpi.text import rich
from adapters.glpi.tickets import CLOSED, SOLVED, Row, maybe_utc
from adapters.glpi.time import asked_since
from adapters.shared.json_text import decode_json
from smic_tui.contract.actions import Refused, Verb
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.text import fold

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

_TICKETS = "/Assistance/Ticket"
_PLACES = {"entities": "/Administration/Entity", "locations": "/Dropdowns/Location"}
_EXCERPT = 200
_EVERYTHING = frozenset({Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE})

T = TypeVar("T")


class _Profile(Struct):
    name: str = ""
    interface: str = ""


class _Who(Struct):
    user_id: int = 0
    name: str = ""
    current_time: str = ""
    active_profile: _Profile | None = None


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
    user: Named | None = None


class _TimelineEntry(Struct):
    item: _NoteItem


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
        self._zone = zone
        self._session = OAuthSession(http, options, secret)
        self._who = _Who()
        self._who_since = 0

    # -- who we are --------------------------------------------------------------

    @property
    def sessions(self) -> int:
        """How many sessions were opened."""
        return self._session.opened

    async def account(
        self, *, identify: bool = False, clock: bool = False, thorough: bool = False
    ) -> Account:
        """Prove as much of the rights as this API tells."""
        unknown = not self._who_since or self._who_since != self._session.opened
        if clock or thorough or identify or unknown:
            self._who = await self._json(_Who, "/session")
            self._who_since = self._session.opened
        profile = self._who.active_profile or _Profile()
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
            id=self._who.user_id,
            login=self._who.name,
            verbs=_EVERYTHING,
            remarks=(_("GLPI 11's API does not tell the rights of the account."),),
            clock=maybe_utc(self._who.current_time, self._zone) if clock or thorough else None,
        )

    async def close(self) -> None:
        """Forget the token; it expires by itself."""
        self._session.forget()

    # -- reading -----------------------------------------------------------------

    async def page(self, question: Question, start: int) -> Page:
        """Return up to `PAGE` of the tickets that this source is about."""
        raws, total = await self._rows(_TICKETS, self._filter(question), start)
        return Page([self._found(raw) for raw in raws], total)

    async def count(self, question: Question) -> int | None:
        """Return how many of the tickets that this source is about there are.

        None from a version that does not take this question.
        """
        try:
            return await self._count(_TICKETS, self._filter(question))
        except BadAnswer:
            return None

    async def numbers(self, question: Question) -> set[int]:
        """Return the numbers of the tickets that this source is about."""
        parts, numbers, total = self._filter(question), set[int](), 1
        while len(numbers) < total:
            raws, total = await self._rows(_TICKETS, parts, len(numbers))
            some = {self._number(raw) for raw in raws} - numbers
            if not some:
                break
            numbers |= some
        return numbers

    async def count_places(self) -> int | None:
        """Return how many entities or locations there are."""
        return await self._count(_PLACES[self._options.as_], [])

    def _filter(self, question: Question) -> list[str]:
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
            parts.append(f'date_mod=gt="{asked_since(question.since, self._zone)}"')
        if question.lately is not None:
            lately = asked_since(question.lately, self._zone)
            parts.append(f'(status.id=out=({SOLVED},{CLOSED}),date_mod=gt="{lately}")')
        if question.numbers is not None:
            first, last = question.numbers
            parts.append(f"id=ge={first};id=le={last}")
        return parts

    async def ticket(self, number: int) -> Row | None:
        """Return a ticket; None if there is none, or none that the account may see."""
        answer = await self._session.call("GET", f"{_TICKETS}/{number}")
        if answer.status == 404:
            return None
        self._session.accept(answer)
        ticket = await self._http.decode(NestedTicket, answer)
        try:
            row = row_of(ticket, self._zone)
        except ValueError as error:
            raise self._http.bad_answer(
                _("ticket {number} cannot be used: {reason}").format(number=number, reason=error),
                answer.body,
            ) from None
        return None if row.deleted else row

    async def names(self, numbers: set[int]) -> dict[int, str]:
        """Return nothing: tickets bring the names of people."""
        return dict.fromkeys(numbers, "")

    async def places(self, since: datetime | None, start: int) -> Page:
        """Return up to `PAGE` entities or locations, as sites. GLPI cannot filter by change."""
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

    async def notes(self, number: int) -> Notes:
        """Return followups and solutions of a ticket."""
        notes: list[Note] = []
        hidden: set[NoteKind] = set()
        kinds: tuple[tuple[NoteKind, str], ...] = (
            ("followup", "Followup"),
            ("solution", "Solution"),
        )
        for kind, name in kinds:
            path = f"{_TICKETS}/{number}/Timeline/{name}"
            answer = await self._session.call("GET", path)
            if answer.status == 403:
                hidden.add(kind)
                continue
            self._session.accept(answer)
            for entry in await self._http.decode(list[msgspec.Raw], answer):
                item = self._note(entry)
                author = item.user.id if item.user else None
                notes.append(Note(id=item.id, kind=kind, author=author, text=item.content or ""))
        return Notes(notes, frozenset(hidden))

    async def find_person(self, name: str) -> int | None:
        """Return the number of the person with a login."""
        params = {"filter": f"username=={_quoted(name)}", "limit": "2"}
        answer = await self._list("/Administration/User", params)
        for user in await self._http.decode(list[_User], answer):
            if (user.username or "").casefold() == name.casefold():
                return user.id
        return None

    # -- writing -----------------------------------------------------------------

    async def add_note(self, number: int, kind: NoteKind, text: str) -> None:
        """Write a followup or a solution."""
        name = "Followup" if kind == "followup" else "Solution"
        path = f"{_TICKETS}/{number}/Timeline/{name}"
        await self._write("POST", path, {"content": rich(text)})

    async def assign(self, number: int, person: int) -> None:
        """Add a person to the team; the others stay."""
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
        for category in await self._http.decode(list[Named], answer):
            parts = [fold(part.strip()) for part in category.path.split(">")]
            if category.id is not None and parts in (wanted, wanted[-1:]):
                return category.id
        raise Refused(_("GLPI has no category {name}").format(name=name))

    async def _write(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        answer = await self._session.call(method, path, body=body)
        if answer.status in (200, 201, 204):
            return
        if answer.status in (401, 405):
            self._session.accept(answer)
        told = problem_of(answer).text
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

    async def _count(self, path: str, parts: list[str]) -> int | None:
        params = {"limit": "1"} | ({"filter": ";".join(parts)} if parts else {})
        return _told_total(await self._list(path, params))

    async def _list(self, path: str, params: Mapping[str, str]) -> Answer:
        answer = await self._session.call("GET", path, params)
        self._session.accept(answer)
        return answer

    async def _json(self, type_: type[T], path: str) -> T:
        answer = await self._session.call("GET", path)
        self._session.accept(answer)
        return await self._http.decode(type_, answer)

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
            ticket = decode_json(raw, NestedTicket)
            row = row_of(ticket, self._zone)
        except (msgspec.DecodeError, ValueError) as error:
            return Found(number, _rejected(raw, _("ticket {number}").format(number=number), error))
        self._verify(ticket, raw)
        return Found(number, row, row.updated)

    def _verify(self, ticket: NestedTicket, raw: msgspec.Raw) -> None:
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


def _total(answer: Answer, otherwise: int) -> int:
    """Return how many there are in all; `otherwise` if the answer does not tell."""
    told = _told_total(answer)
    if told is not None:
        return told
    return otherwise + 1 if answer.status == 206 else otherwise


def _told_total(answer: Answer) -> int | None:
    told = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(told) if told.isdecimal() else None


def _rejected(raw: msgspec.Raw, where: str, error: Exception) -> Rejected:
    sample = bytes(raw)[:_EXCERPT].decode(errors="replace")
    return Rejected(where=where, reason=str(error), sample=sample)


def _quoted(text: str) -> str:
    """Return a value for RSQL. Quotes cannot be escaped in all versions: they are left out."""
    return '"' + text.replace("\\", "").replace('"', "") + '"'
