"""Speaks JSON-RPC with a Zabbix frontend: signs in, asks several questions at once.

Facts are those of Zabbix 6.0 and 7.0 as measured; what 6.4 and 7.2 do otherwise is from their
documentation, not tried. What makes this API particular:

- Errors are HTTP 200 with `error`, whose code is the same for a wrong token, a missing right and
  a wrong parameter: only the beginning of the message in `data` tells which it is.
- Up to 6.2 the token goes in the body (`auth`), and Bearer is refused; from 6.4 on it goes
  in a header, and from 7.2 on nowhere else. `apiinfo.version` refuses both.
- Numbers are strings.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.actions import Refused
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, SourceError, Unavailable
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import Credentials, HttpSession

_PATH = "/api_jsonrpc.php"
_BEARER_FROM = (6, 4)
# How Zabbix's messages begin. "Not authorised" is 5.0's, "Login name or" that of versions before.
_ENDED = "session terminated, re-login"
_NOT_WHO = (
    _ENDED,
    "not authorized",
    "not authorised",
    "incorrect user name or password",
    "login name or password is incorrect",
)
_NOT_ALLOWED = ("no permissions to", "you do not have permission")
_LATER = (
    "error connecting to database",
    "database error",
    "error in query [",
    "sql statement execution has failed",
)


class RpcError(Struct, frozen=True):
    """What Zabbix says instead of a result."""

    code: int = 0
    message: str = ""
    data: str = ""

    @property
    def words(self) -> str:
        """The message that says what is wrong."""
        return self.data or self.message

    def says(self, *beginnings: str) -> bool:
        """Whether its message begins so; further on come names of objects, which may be any."""
        return self.words.lower().startswith(beginnings)

    @property
    def forbids(self) -> bool:
        """Whether the account lacks a right."""
        return self.says(*_NOT_ALLOWED)

    @property
    def knows_us_not(self) -> bool:
        """Whether the token, the session or the password is not accepted."""
        return self.says(*_NOT_WHO)


class _Reply(Struct):
    id: int
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: RpcError | None = None


class Call(Struct, frozen=True):
    """One question: a method and its parameters."""

    method: str
    params: Any


class Replies:
    """The answers to the questions of one request, in their order."""

    def __init__(self, api: ZabbixApi, calls: Sequence[Call], replies: Sequence[_Reply]) -> None:
        self._api = api
        self._calls = calls
        self._replies = replies

    def error(self, number: int) -> RpcError | None:
        """Return what is wrong with one question, None if nothing is."""
        return self._replies[number].error

    def get(self, number: int, type_: type[Any]) -> Any:
        """Return the result of a question as `type_`; raise its error as one of the contract's."""
        reply = self._replies[number]
        method = self._calls[number].method
        if reply.error is not None:
            raise self._api.failure(method, reply.error)
        try:
            return msgspec.json.decode(reply.result, type=type_, strict=False)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._api.bad(
                _("Zabbix's answer to {method} has another form than expected: {reason}").format(
                    method=method, reason=error
                ),
                bytes(reply.result),
            ) from None


class ZabbixApi:
    """One account at one frontend."""

    def __init__(self, options: ZabbixOptions, context: Context) -> None:
        self.version = ""
        self._options = options
        self._context = context
        self._http: HttpSession | None = None
        self._token = ""
        self._password = ""

    @property
    def http(self) -> HttpSession:
        """The connection, opened when first used."""
        if self._http is None:
            from adapters.http.session import HttpSession

            self._http = HttpSession(self._options, self._context, self._credentials)
        return self._http

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[None]:
        """Ask as the account until the end of the block."""
        async with self.http.signed_in():
            if not self.version:
                self.version = (await self._plain(Call("apiinfo.version", []))).get(0, str)
            if self._options.user and not self._token:
                await self._log_in()
            try:
                yield
            except AuthFailed:
                self.version = self._token = ""
                raise

    async def ask(self, *calls: Call) -> Replies:
        """Ask several questions with one request; a session that has ended is opened anew."""
        replies = await self._ask(calls)
        error = replies.error(0)
        if self._options.user and error is not None and error.says(_ENDED):
            await self._log_in()
            replies = await self._ask(calls)
        return replies

    async def _ask(self, calls: Sequence[Call]) -> Replies:
        bodies = [self._body(number, call) for number, call in enumerate(calls)]
        headers = {"Authorization": f"Bearer {self._token}"} if self._by_header else {}
        answer = await self.http.request("POST", _PATH, body=bodies, headers=headers)
        try:
            replies = await self.http.decode(list[_Reply], answer)
        except SourceError:
            # An error of the request as a whole comes alone, and not in a list.
            error = _single_error(answer.body)
            if error is None:
                raise
            raise self.failure(calls[0].method, error) from None
        by_id = {reply.id: reply for reply in replies}
        if set(by_id) != set(range(len(calls))):
            raise self.bad(
                _("Zabbix answered {count} of {asked} questions").format(
                    count=len(replies), asked=len(calls)
                ),
                answer.body,
            )
        return Replies(self, calls, [by_id[number] for number in range(len(calls))])

    async def act(self, call: Call) -> None:
        """Have Zabbix do something; raises `Refused` with what Zabbix says against it."""
        replies = await self.ask(call)
        error = replies.error(0)
        if error is None:
            return
        if error.knows_us_not or error.says(*_LATER):
            raise self.failure(call.method, error)
        raise Refused(
            _("Zabbix refuses: {reason}").format(reason=error.words),
            hint=_("Look at the role of the account and its rights on the host group."),
        )

    def failure(self, method: str, error: RpcError) -> SourceError:
        """Return an error of Zabbix's as one of the contract's."""
        if error.knows_us_not:
            return AuthFailed(
                _("Zabbix does not accept the account: {reason}").format(reason=error.words),
                hint=_("Is the token right and not expired, the account enabled?"),
            )
        if error.forbids:
            return AuthFailed(
                _("Zabbix does not let the account call {method}: {reason}").format(
                    method=method, reason=error.words
                ),
                hint=_("Allow it in the account's role: access to the API, and this method."),
            )
        if error.says(*_LATER):
            return Unavailable(
                _("Zabbix cannot answer now: {reason}").format(reason=error.words),
                hint=_("Its frontend does not reach its database."),
            )
        return self.bad(
            _("Zabbix answers {method} with an error: {reason}").format(
                method=method, reason=error.words
            )
        )

    def bad(self, message: str, body: bytes = b"") -> SourceError:
        """Return a `BadAnswer` without secrets."""
        return self.http.bad_answer(message, body)

    async def close(self) -> None:
        """Close the connections; the session expires by itself, as the account's settings say."""
        if self._http is not None:
            await self._http.close()

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """The first two numbers of the version."""
        return tuple(int(part) for part in self.version.split(".")[:2] if part.isdigit())

    @property
    def _by_header(self) -> bool:
        return self.version_numbers >= _BEARER_FROM

    def _credentials(self) -> Credentials:
        from adapters.http.session import Credentials

        secret = self._options.token or self._options.password
        assert secret is not None
        value = self._context.secret(secret)
        if self._options.token is not None:
            self._token = value
        else:
            self._password = value
        return Credentials(headers={}, secrets=(value,))

    def _body(self, number: int, call: Call) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "method": call.method, "params": call.params, "id": number}
        if not self._by_header:
            body["auth"] = self._token
        return body

    async def _plain(self, call: Call) -> Replies:
        """Ask one question without an account."""
        body = {"jsonrpc": "2.0", "method": call.method, "params": call.params, "id": 0}
        answer = await self.http.request("POST", _PATH, body=body)
        return Replies(self, [call], [await self.http.decode(_Reply, answer)])

    async def _log_in(self) -> None:
        # `username` since 5.4; `user` is gone in 6.4.
        params = {"username": self._options.user, "password": self._password}
        self._token = (await self._plain(Call("user.login", params))).get(0, str)


def _single_error(body: bytes) -> RpcError | None:
    class Whole(Struct):
        error: RpcError

    try:
        return msgspec.json.decode(body, type=Whole).error
    except msgspec.DecodeError:
        return None
