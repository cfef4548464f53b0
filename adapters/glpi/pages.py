"""Asks for JSON, and tells what it means that GLPI answers with a web page instead.

In maintenance, and when its database is dead, GLPI 10 answers 200 with a page; so do
login pages. A web server in front of it has pages of its own for 401, 403 and 404.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from smic_tui.contract.errors import AuthFailed, SourceError, Unavailable
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

_PAGES = ("text/html", "application/xhtml+xml")
_TITLE = re.compile(rb"<title>([^<]*)", re.IGNORECASE)
# The titles of GLPI's own pages (nullHeader), as recorded: the first part names the page.
_MAINTENANCE = "maintenance mode"
_NO_DATABASE = ("mysql error", "sql error")
_BEGINNING = 4096


async def ask(
    http: HttpSession,
    method: str,
    path: str,
    *,
    expect: tuple[int, ...],
    params: Mapping[str, str] | None = None,
    body: Any = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask for JSON. The HTTP session lets web pages through: here their status counts, too."""
    answer = await http.request(
        method,
        path,
        params=params,
        body=body,
        form=form,
        headers={"Accept": "application/json", **(headers or {})},
        accept=_PAGES[0],
        expect=expect,
    )
    if answer.content_type in _PAGES:
        raise _meaning(http, answer)
    return answer


def _meaning(http: HttpSession, answer: Answer) -> SourceError:
    title = _TITLE.search(answer.body[:_BEGINNING])
    told = title[1].decode(errors="replace").casefold() if title else ""
    told = told.removesuffix("- glpi").strip()
    if told == _MAINTENANCE:
        return Unavailable(_("GLPI is in maintenance mode"))
    if told in _NO_DATABASE:
        return Unavailable(_("GLPI does not reach its database"))
    said = _("{host} sent a web page instead of {wanted}").format(
        host=http.options.host, wanted="JSON"
    )
    if answer.status in (401, 403):
        return AuthFailed(
            f"{said} ({answer.status})",
            hint=_("The web server before GLPI lets nobody pass: see its configuration."),
        )
    if answer.status >= 500:
        return Unavailable(f"{said} ({answer.status})")
    return http.bad_answer(
        said,
        answer.body,
        hint=_("Check `url`; the server may also show a login or maintenance page."),
    )
