"""Asks GLPI's high-level API with an OAuth token, and tells what its refusals mean.

From its source: a token that is not valid is 401 or, in some versions, 400 "Invalid
OAuth token"; a change that GLPI does not make for a reason of its own is 500.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.glpi.options import GlpiOptions
from adapters.glpi.pages import ask
from adapters.glpi.text import plain
from adapters.shared.json_text import decode_json
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

PATH = "/api.php"
V2 = "/v2"
_DEAD = "invalid oauth token"
DISABLED = "high-level api is disabled"
_ERRORS = (400, 401, 403, 404, 405, 422)
# A token is asked for again this long (seconds) before it expires.
_BEFORE = 60


class _Token(Struct):
    access_token: str
    expires_in: int = 3600


class Problem(Struct):
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
        """What the error says, for a person."""
        details = self.detail if isinstance(self.detail, str) else ""
        more = [str(each.get("message", "")) for each in self.additional_messages]
        told = (self.title or self.error_description or self.error, details, self.hint, *more)
        return plain("; ".join(filter(None, told)))


class OAuthSession:
    """An account at the high-level API. `opened` counts how many tokens it was given."""

    def __init__(
        self, http: HttpSession, options: GlpiOptions, secret: Callable[[Secret], str]
    ) -> None:
        self.opened = 0
        self._http = http
        self._options = options
        self._secret = secret
        self._token = ""
        self._expires = 0.0
        self._opening = asyncio.Lock()

    def forget(self) -> None:
        """Forget the token; it expires by itself."""
        self._token = ""

    def accept(self, answer: Answer) -> None:
        """Raise the error that an unexpected status stands for."""
        if answer.status in (200, 201, 204, 206):
            return
        problem = problem_of(answer)
        said = _("GLPI answered “{text}” ({code})").format(
            code=answer.status, text=problem.text or "–"
        )
        if answer.status not in (401, 403):
            raise self._http.bad_answer(said, answer.body)
        hint = _("The account's profile lacks a right: see docs/sources/glpi.md.")
        if DISABLED in problem.text.casefold():
            hint = _("Enable the API: Setup, General, API.")
        raise AuthFailed(self._http.bad_answer(said).message, hint=hint)

    async def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Ask with a token; if it is not valid any more, once again with a new one."""
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
                self.opened += 1
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
        answer = await ask(self._http, "POST", PATH + "/token", form=form, expect=(200, *_ERRORS))
        if answer.status != 200:
            said = _("GLPI gives no token ({reason})").format(reason=problem_of(answer).text)
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
        return await ask(
            self._http,
            method,
            PATH + V2 + path,
            params=params,
            body=body,
            headers={"Authorization": f"Bearer {token}"},
            expect=(200, 201, 204, 206, *_ERRORS, *failed),
        )


def problem_of(answer: Answer) -> Problem:
    """Return the error that an answer tells of; an empty one if it tells of none."""
    try:
        return decode_json(answer.body, Problem)
    except msgspec.DecodeError:
        return Problem()


def _no_token(answer: Answer) -> bool:
    if answer.status == 401:
        return True
    return answer.status == 400 and problem_of(answer).title.casefold() == _DEAD
