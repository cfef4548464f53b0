"""Sends requests to a Request Tracker, and spares it from checking the account each time.

RT checks a token or password with each request, which takes it a quarter of a second. With a
password the adapter opens a session as a browser would (a token opens none), and sends its cookie
instead. A cookie may outlive the right of the account, so the first request of each reading
goes without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from adapters.rt.options import RtOptions
from adapters.rt.tickets import FIELDS, Page
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import Answer, Credentials, HttpSession

T = TypeVar("T")

# RT gives no more, and does not say so.
PAGE = 100
_API = "/REST/2.0"
_COOKIE = "RT_SID_"


class Account(Struct):
    """Our account. `Timezone` is empty where it is the server's."""

    id: int
    Name: str = ""
    Timezone: str = ""


class _Version(Struct):
    Version: str


class RtSession:
    """The requests that this kind makes; use it within `http.signed_in()`."""

    def __init__(self, http: HttpSession, options: RtOptions, context: Context) -> None:
        self.http = http
        self._options = options
        self._context = context
        self._cookie = ""
        self._account: Account | None = None

    @property
    def notes(self) -> str:
        """How the text of an action is added: `comment` or `correspond`."""
        return self._options.notes

    async def version(self) -> str:
        """Return RT's version; a small request that proves the credentials."""
        return (await self.json(_Version, "/rt", proving=True)).Version

    async def sign_in(self) -> None:
        """Open a session, if there is a password. Only later requests show whether RT took it."""
        if self._options.password is None:
            return
        import asyncio

        password = await asyncio.to_thread(self._context.secret, self._options.password)
        answer = await self.http.request(
            "POST",
            "/NoAuth/Login.html",
            form={"user": self._options.user, "pass": password},
            accept="text/html",
            expect=(200, 302),
        )
        self._cookie = _session_cookie(answer.headers.get("set-cookie", ""))

    async def account(self) -> Account:
        """Return our account; a token begins with the number of its account."""
        if self._account is None:
            name = self._options.user
            if self._options.token is not None:
                import asyncio

                token = await asyncio.to_thread(self._context.secret, self._options.token)
                parts = token.split("-")
                if len(parts) != 3 or not parts[1].isdecimal():
                    raise AuthFailed(
                        _("The token does not look like one of RT's"),
                        hint=_("RT shows it once, when it is made: 1-NUMBER-LETTERS."),
                    )
                name = parts[1]
            self._account = await self.json(Account, f"/user/{name}")
        return self._account

    async def zone(self) -> ZoneInfo | None:
        """Return the zone in which RT reads times in questions; None if RT does not tell."""
        named = (await self.account()).Timezone
        if not named:
            return None
        try:
            return ZoneInfo(named)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None

    async def page(
        self, query: str, *, full: bool = True, newest: bool = False, proving: bool = False
    ) -> tuple[Page, bytes]:
        """Return a page of the tickets by number, or only the `newest` one."""
        params = {
            "query": query,
            "orderby": "id",
            "order": "DESC" if newest else "ASC",
            "per_page": "1" if newest else str(PAGE),
            **(FIELDS if full else {}),
        }
        answer = await self.request("GET", "/tickets", params=params, proving=proving)
        return await self.http.decode(Page, answer), answer.body

    async def search(self, query: str, **params: str) -> tuple[Page, bytes]:
        """Return the answer to a question, with RT's own parameters, by number from the lowest."""
        asked = {"query": query, "orderby": "id", "order": "ASC", **params}
        answer = await self.request("GET", "/tickets", params=asked)
        return await self.http.decode(Page, answer), answer.body

    async def json(self, type_: type[T], path: str, *, proving: bool = False, **more: Any) -> T:
        """Ask, and decode the answer."""
        return await self.http.decode(
            type_, await self.request("GET", path, proving=proving, **more)
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        proving: bool = False,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Answer:
        """Ask the API; with `proving` RT checks the credentials anew."""
        sent = dict(headers or {})
        if self._cookie and not proving:
            sent["Cookie"] = self._cookie
        return await self.http.request(method, _API + path, headers=sent, **more)


def credentials(options: RtOptions, context: Context) -> Credentials:
    """Return what each request carries."""
    from adapters.http.messages import Credentials, basic

    if options.token is not None:
        token = context.secret(options.token)
        return Credentials(headers={"Authorization": f"token {token}"}, secrets=(token,))
    if options.password is None:
        raise BadAnswer(_("either token is needed, or user and password"))
    return basic(options.user, context.secret(options.password))


def quoted(text: str) -> str:
    """Return a text for a question: RT reads a backslash before any character as that character."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _session_cookie(header: str) -> str:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    for name, morsel in cookies.items():
        if name.startswith(_COOKIE) and morsel.value:
            return f"{name}={morsel.value}"
    return ""
