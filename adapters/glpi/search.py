"""Asks apirest.php's search, whose rows have numbers of search options as keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.glpi.api import PAGE
from adapters.glpi.cells import ID, Cells, Criterion, flat, whole
from adapters.glpi.errors import BEYOND, error_of, failure_of
from adapters.glpi.session import Session
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import HttpSession


class Rows(Struct):
    """A page of a search; `totalcount` is how many rows there are in all."""

    totalcount: int
    data: list[dict[str, Any]] = []


class Search:
    """The search within one session."""

    def __init__(self, http: HttpSession, session: Session) -> None:
        self._http = http
        self._session = session

    async def rows(
        self,
        itemtype: str,
        criteria: Sequence[Criterion],
        shown: Sequence[int],
        start: int = 0,
        *,
        size: int = PAGE,
        deleted: bool = False,
    ) -> Rows:
        """Return rows by number upwards; of what lies in the bin if `deleted`."""
        params = {
            **({"is_deleted": "1"} if deleted else {}),
            "range": f"{start}-{start + size - 1}",
            "sort": "2",
            "order": "ASC",
            **flat("criteria", criteria),
            **{f"forcedisplay[{at}]": str(number) for at, number in enumerate(shown)},
        }
        answer = await self._session.call("GET", f"/search/{itemtype}", params)
        code, text = error_of(answer)
        if code == BEYOND:
            return Rows(totalcount=0)
        if code:
            raise failure_of(self._http, answer, code, text)
        return await self._http.decode(Rows, answer)

    def number(self, cells: Cells) -> int:
        """Return the number of a row. Raises `BadAnswer` for one that has none."""
        try:
            return whole(cells.get(str(ID)))
        except ValueError as error:
            raise self._http.bad_answer(
                _("A row of GLPI's search has no number: {reason}").format(reason=error),
                msgspec.json.encode(cells),
            ) from None
