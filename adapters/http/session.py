"""Sends requests over HTTP, bounded in time, size and number, and tells errors apart. Public.

Only this package imports httpx, and only at the first request. Adapters import this module when
they first read, and take `HttpOptions` from `adapters.http.options`: asyncio alone would cost a
command that reads no source 35 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from adapters.http.bodies import ACCEPTED, PIECE, DamagedBodyError, UnknownCodingError, Unpacker
from adapters.http.errors import Redactor, brief, failure, moment, refusal, too_slow
from adapters.http.messages import Answer, Credentials, Validators, basic
from adapters.http.options import HttpOptions
from adapters.http.proxies import Proxy, proxy_of
from adapters.http.tls import HandshakeGuard, tls_context
from adapters.shared.durations import seconds
from adapters.shared.json_text import decode_json
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.i18n import _

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Credentials", "HttpOptions", "HttpSession", "Validators", "basic"]

T = TypeVar("T")

JSON = "application/json"
_HTML = ("text/html", "application/xhtml+xml")
_REDIRECTS = 3
# Below this, handing the work to a thread costs more than doing it.
_SMALL = 64 * 1024
_EXCERPT = 4096
# msgspec's whole message about a document that ends too early.
_TRUNCATED = "Input data was truncated"


class HttpSession:
    """The connections to one server.

    `credentials` is called off the event loop, at the beginning of each
    `signed_in` reading; what it returns is forgotten at the reading's end.
    Whatever the server or the line does, every method raises `AuthFailed`,
    `Unavailable` or `BadAnswer`, and nothing else.
    """

    def __init__(
        self,
        options: HttpOptions,
        context: Context,
        credentials: Callable[[], Credentials] | None = None,
    ) -> None:
        self.options = options
        self.requests = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.remote_time: datetime | None = None
        self._context = context
        self._ask_credentials = credentials
        self._credentials: Credentials | None = None
        self._readings = 0
        self._redactor = Redactor()
        self._client: httpx.AsyncClient | None = None
        self._proxy: Proxy | None = None
        self._opening = asyncio.Lock()
        self._slots = asyncio.Semaphore(options.max_connections)

    def remarks(self) -> tuple[str, ...]:
        """What a person should know about the safety of this connection."""
        remarks = []
        if self.options.url.startswith("http://"):
            if self._ask_credentials and not _is_loopback(self.options.url):
                remarks.append(_("The secret travels in clear: use https."))
        elif not self.options.verify and not self.options.fingerprint:
            remarks.append(
                _(
                    "THE CERTIFICATE IS NOT VERIFIED (verify = false): anyone on the way can read "
                    "the secret. Use ca_file or fingerprint."
                )
            )
        return tuple(remarks)

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[None]:
        """Ask for the credentials and use them until the end of the block."""
        if self._ask_credentials is not None:
            credentials = await asyncio.to_thread(self._ask_credentials)
            for value in credentials.headers.values():
                if not (value.isascii() and value.isprintable()):
                    raise AuthFailed(
                        _("The secret for {host} has a character that no header may have").format(
                            host=self.options.host
                        )
                    )
            self._credentials = credentials
            self._redactor = Redactor(credentials.secrets)
        self._readings += 1
        try:
            yield
        finally:
            self._readings -= 1
            if not self._readings:
                self._credentials = None
                self._redactor = Redactor()

    async def json(
        self,
        type_: type[T],
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Ask, and decode the JSON answer as `type_`."""
        answer = await self.request(method, path, params=params, body=body, headers=headers)
        return await self.decode(type_, answer)

    async def decode(self, type_: type[T], answer: Answer) -> T:
        """Decode the body as JSON, in a thread when it is large."""
        try:
            if len(answer.body) < _SMALL:
                return decode_json(answer.body, type_)
            return await asyncio.to_thread(decode_json, answer.body, type_)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self.bad_answer(
                _("{host} sent JSON that cannot be used: {reason}").format(
                    host=self.options.host, reason=_json_reason(error)
                ),
                answer.body,
            ) from None

    async def request(
        self,
        method: str,
        path: str = "",
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = JSON,
        expect: tuple[int, ...] = (200,),
        unless: Validators | None = None,
    ) -> Answer:
        """Send one request and read the whole answer.

        `path` is appended to the configured address. `body` is sent as JSON, `form` as
        a web form is. With `unless`, an unchanged answer comes back as 304 without a
        body. A status other than the expected ones, and HTML where none was asked for,
        are errors.
        """
        url = self.options.url.rstrip("/") + path if path else self.options.url
        sent = {"Accept": accept, **(unless.headers() if unless else {}), **(headers or {})}
        if self._credentials is not None:
            sent.update(self._credentials.headers)
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            sent["Content-Type"] = JSON
        elif form is not None:
            content = urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        expect = (*expect, 304) if unless else expect
        async with self._slots:
            client = await self._open()
            for _hop in range(_REDIRECTS):
                answer = await self._exchange(client, method, url, params, content, sent, expect)
                if isinstance(answer, Answer):
                    break
                url, params = answer, None
            else:
                raise BadAnswer(_("{host} redirects in a circle").format(host=self.options.host))
        if not answer.not_modified:
            self._refuse_html(answer, accept)
        return answer

    async def close(self) -> None:
        """Close the connections. A later request opens new ones."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    def bad_answer(self, message: str, body: bytes = b"", *, hint: str = "") -> BadAnswer:
        """Return a `BadAnswer` with the secrets taken out of message and excerpt."""
        return BadAnswer(
            self._redactor.text(message), hint=hint, excerpt=self._redactor.data(body[:_EXCERPT])
        )

    async def _open(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._client is None:
                # The import alone takes 100 ms, the system's authorities 20 ms.
                self._client = await asyncio.to_thread(self._new_client)
        return self._client

    def _new_client(self) -> httpx.AsyncClient:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        options = self.options
        proxy = self._proxy = proxy_of(options)
        verify: Any = False
        if options.url.startswith("https://") and self._context.transport is None:
            verify = tls_context(options, self._context.folder)
        try:
            return httpx.AsyncClient(
                verify=verify,
                # The environment says through which proxy, and nothing else: no .netrc.
                trust_env=False,
                proxy=None
                if proxy is None
                else httpx.Proxy(
                    proxy.url, auth=(proxy.user, proxy.password) if proxy.user else None
                ),
                transport=self._context.transport,
                follow_redirects=False,
                timeout=httpx.Timeout(
                    seconds(options.request_timeout), connect=seconds(options.connect_timeout)
                ),
                limits=httpx.Limits(max_connections=options.max_connections),
                headers={"User-Agent": "smic-tui", "Accept-Encoding": ACCEPTED},
                # A session cookie would answer for credentials that no longer hold.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        except ImportError:
            raise BadAnswer(
                _("The proxy {proxy} is one of SOCKS, which needs the package socksio").format(
                    proxy=proxy
                ),
                hint=_("Install socksio beside smic-tui, or use an HTTP proxy."),
            ) from None
        except (ValueError, httpx.InvalidURL):
            raise BadAnswer(_("The proxy {proxy} is not an address").format(proxy=proxy)) from None

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        headers: Mapping[str, str],
        expect: tuple[int, ...],
    ) -> Answer | str:
        """Return the answer, or the address on the same server that it redirects to."""
        import httpx

        extensions: dict[str, Any] = {"trace": HandshakeGuard()}
        if self.options.server_name:
            extensions["sni_hostname"] = self.options.server_name
        what = f"{method} {urlsplit(url).path}"
        self.requests += 1
        self.bytes_sent += len(content or b"")
        try:
            # httpx's own time limits start anew with every byte that drips in.
            async with (
                asyncio.timeout(seconds(self.options.request_timeout)),
                client.stream(
                    method,
                    url,
                    params=params,
                    content=content,
                    headers=headers,
                    extensions=extensions,
                ) as response,
            ):
                if response.status_code in expect:
                    body = await self._read(response)
                else:
                    body = await self._beginning(response)
        except TimeoutError:
            raise too_slow(self.options, self._proxy) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # OSError: a TLS alert that comes after the handshake is let through by httpx.
            raise failure(error, self.options, self._proxy) from None
        self.remote_time = moment(response.headers.get("date")) or self.remote_time
        if response.status_code in expect:
            return _answer(response, body)
        if target := _same_server(method, response, url):
            return target
        excerpt = self._redactor.data(body)
        raise refusal(response, excerpt, self.options, self._redactor.text(what), self._proxy)

    async def _read(self, response: httpx.Response) -> bytes:
        """Read the whole body. Raises `BadAnswer` when it is too large or cannot be unpacked."""
        limit = self.options.max_bytes
        body = await self._unpacked(response, limit + 1)
        if len(body) > limit:
            raise BadAnswer(
                _("{host} sent more than {limit} bytes").format(
                    host=self.options.host, limit=limit
                ),
                hint=_("If so much is right, raise `max_bytes`."),
            )
        return body

    async def _beginning(self, response: httpx.Response) -> bytes:
        """Read as much of an unexpected answer as a message can show."""
        try:
            return await self._unpacked(response, _EXCERPT)
        except BadAnswer:
            # The status is what matters; of this body nothing can be shown.
            return b""

    async def _unpacked(self, response: httpx.Response, limit: int) -> bytes:
        """Read the body to its end, or to `limit` bytes of what it unpacks to."""
        body = bytearray()
        before = 0
        try:
            if response.is_stream_consumed:
                # A transport of a test that answers from memory has unpacked it.
                return response.content[:limit]
            unpacker = Unpacker(response.headers.get("content-encoding", ""))
            async for chunk in response.aiter_raw():
                self.bytes_received += response.num_bytes_downloaded - before
                before = response.num_bytes_downloaded
                for piece in unpacker.unpack(chunk):
                    body += piece[: limit - len(body)]
                    if len(body) >= limit:
                        return bytes(body)
                    if len(piece) == PIECE:
                        # Much of it: others may use the loop meanwhile.
                        await asyncio.sleep(0)
            unpacker.end()
        except UnknownCodingError as error:
            raise self.bad_answer(
                _("{host} sent an answer packed as {coding}, which was not asked for").format(
                    host=self.options.host, coding=brief(str(error))
                )
            ) from None
        except DamagedBodyError:
            raise BadAnswer(
                _("{host} sent an answer that cannot be unpacked").format(host=self.options.host)
            ) from None
        return bytes(body)

    def _refuse_html(self, answer: Answer, accept: str) -> None:
        if answer.content_type in _HTML and accept not in _HTML:
            raise self.bad_answer(
                _("{host} sent a web page instead of {wanted}").format(
                    host=self.options.host, wanted=accept
                ),
                answer.body,
                hint=_("Check `url`; the server may also show a login or maintenance page.")
                if self._proxy is None
                else _("The page may be the proxy's own: {proxy}.").format(proxy=self._proxy),
            )


def _answer(response: httpx.Response, body: bytes) -> Answer:
    headers = response.headers
    return Answer(
        status=response.status_code,
        content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        body=body,
        date=moment(headers.get("date")),
        validators=Validators(headers.get("etag", ""), headers.get("last-modified", "")),
        headers=headers,
        end_announced=response.status_code == 304
        or "content-length" in headers
        or "chunked" in headers.get("transfer-encoding", "").lower(),
    )


def _same_server(method: str, response: httpx.Response, url: str) -> str:
    """Return where a redirect leads on the same server, else "": credentials go nowhere else."""
    location = response.headers.get("location", "")
    if method not in ("GET", "HEAD") or response.status_code not in (301, 302, 303, 307, 308):
        return ""
    if not location:
        return ""
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
    except ValueError:  # what the server sent is no address
        return ""
    return target if (here.scheme, here.netloc) == (there.scheme, there.netloc) else ""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _json_reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    if isinstance(error, RecursionError):
        return _("it is nested too deeply")
    if str(error) == _TRUNCATED:
        return _("it ends in the middle")
    return _("it is malformed")
