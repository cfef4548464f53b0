"""Writes into tickets by apirest.php, and reads what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.glpi.api import Note, NoteKind, Notes
from adapters.glpi.cells import ID, Reader, where
from adapters.glpi.errors import (
    NO_RIGHT,
    NOT_FOUND,
    RightMissing,
    error_of,
    failure_of,
)
from adapters.glpi.search import Search
from adapters.glpi.session import Session
from adapters.glpi.text import plain, rich
from adapters.glpi.tickets import PATH_SEPARATOR
from adapters.shared.json_text import decode_json
from smic_tui.contract.actions import Refused
from smic_tui.i18n import _
from smic_tui.text import fold

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

_NOTES = 200
_COMPLETE_NAME = 1


class _TimelineItem(Struct):
    id: int
    users_id: int = 0
    content: str | None = ""


class Writer:
    """Followups, solutions, owners, statuses and categories of tickets."""

    def __init__(self, http: HttpSession, search: Search, session: Session, reader: Reader) -> None:
        self._http = http
        self._search = search
        self._session = session
        self._reader = reader

    async def notes(self, number: int) -> Notes:
        """Return the newest followups and solutions of a ticket."""
        notes: list[Note] = []
        hidden: set[NoteKind] = set()
        kinds: tuple[tuple[NoteKind, str], ...] = (
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
            try:
                items = await self._session.json(list[_TimelineItem], path, params)
            except RightMissing:
                hidden.add(kind)
                continue
            notes += [
                Note(id=item.id, kind=kind, author=item.users_id, text=item.content or "")
                for item in items
            ]
        return Notes(notes, frozenset(hidden))

    async def add_note(self, number: int, kind: NoteKind, text: str) -> None:
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

    async def _category(self, name: str) -> int:
        last = name.split(">")[-1].strip()
        wanted = [fold(part.strip()) for part in name.split(">")]
        try:
            found = await self._search.rows(
                "ITILCategory", [where(_COMPLETE_NAME, "contains", last)], (ID, _COMPLETE_NAME)
            )
        except RightMissing as error:
            raise Refused(error.message, hint=_("The profile needs to see categories.")) from None
        for cells in found.data:
            parts = self._reader.cell(cells, _COMPLETE_NAME).split(PATH_SEPARATOR)
            if [fold(part.strip()) for part in parts] == wanted:
                return self._search.number(cells)
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
