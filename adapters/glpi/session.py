"""Keeps a session with apirest.php: opens it when it is needed, and again when it is dead.

Facts are those of GLPI 10.0 as recorded, and of its source:

- A session keeps the rights and entities that the account had when it was opened, even when the
  account is disabled meanwhile: so it is opened anew from time to time.
- A session dies after some idle time (PHP's, 24 minutes), is killed, or lost: 401. It
  is opened again, once.
- After logging in only the account's default entity is active: the session activates all
  entities that the account may see. `"entities_id": "all"`, as documented, is read as 0: the key is
  left out.
- Maintenance and a dead database are pages with status 200.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from adapters.glpi.errors import SESSION_DEAD, error_of, failure_of
from adapters.glpi.options import GlpiOptions
from adapters.glpi.pages import ask
from adapters.shared.json_text import decode_json
from smic_tui.contract.errors import BadAnswer, SourceError
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

PATH = "/apirest.php"
_ERRORS = (400, 401, 403, 404, 405, 413)
# After so many seconds a session is opened anew, so that changed rights are noticed.
LIFETIME = 600.0

T = TypeVar("T")


class _Token(Struct):
    session_token: str


class Session:
    """The session of one account. `opened` counts how often it was opened."""

    def __init__(
        self, http: HttpSession, options: GlpiOptions, secret: Callable[[Secret], str]
    ) -> None:
        self.http = http
        self.opened = 0
        self._options = options
        self._secret = secret
        self._token = ""
        self._opened_at = 0.0
        self._opening = asyncio.Lock()

    async def json(self, type_: type[T], path: str, params: Mapping[str, str] | None = None) -> T:
        """Ask for something that has to be there."""
        answer = await self.call("GET", path, params or {})
        code, text = error_of(answer)
        if code:
            raise failure_of(self.http, answer, code, text)
        return await self.http.decode(type_, answer)

    async def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """Ask within the session, opening it again once if it is dead."""
        token = await self._valid(dead="")
        answer = await self._send(method, path, params or {}, body, token)
        if error_of(answer)[0] in SESSION_DEAD:
            token = await self._valid(dead=token)
            answer = await self._send(method, path, params or {}, body, token)
        return answer

    async def close(self) -> None:
        """End the session at the server, if it can be reached."""
        token, self._token = self._token, ""
        if token:
            try:
                async with self.http.signed_in():
                    await self._kill(token)
            except SourceError:
                pass  # it ends by itself

    async def renew(self) -> None:
        """Open the session anew if it is old: what the account may do is settled when it opens."""
        async with self._opening:
            if self._token and time.monotonic() - self._opened_at >= LIFETIME:
                before, self._token = self._token, ""
                await self._kill(before)

    async def _kill(self, token: str) -> None:
        try:
            async with asyncio.timeout(2):
                await self._send("GET", "/killSession", {}, None, token)
        except (SourceError, TimeoutError):
            pass  # it ends by itself

    async def _valid(self, dead: str) -> str:
        """Return the session's token; a new one if it is `dead`, which GLPI no longer knows."""
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
            from adapters.http.messages import basic

            assert options.password is not None
            password = await asyncio.to_thread(self._secret, options.password)
            authorization = basic(options.login, password).headers["Authorization"]
        headers = {"Authorization": authorization}
        answer = await self._send("GET", "/initSession", {}, None, "", headers)
        code, text = error_of(answer)
        if code:
            raise failure_of(self.http, answer, code, text)
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
            raise failure_of(self.http, answer, code, text)
        self.opened += 1
        self._opened_at = time.monotonic()
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
        return await ask(
            self.http,
            method,
            PATH + path,
            params=params or None,
            body=body,
            headers={**sent, **(headers or {})},
            expect=(200, 201, 206, 207, *_ERRORS),
        )
