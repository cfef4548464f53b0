"""The HTTP session against a real server on loopback that misbehaves."""

from __future__ import annotations

import asyncio
import gc
import gzip
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.errors import HIDDEN, Redactor, retry_after
from adapters.http.session import Credentials, HttpOptions, HttpSession, Validators, basic
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request, json_reply

ROWS = {"rows": [{"id": number, "name": "Île-d'Aix"} for number in range(50)]}


class Rows(msgspec.Struct):
    rows: list[dict[str, Any]]


def context(folder: Path = Path(), transport: Any = None) -> Context:
    return Context(
        source="test", folder=folder, timezone="UTC", secret=lambda _: "", transport=transport
    )


def session(url: str, **options: Any) -> HttpSession:
    return HttpSession(msgspec.convert({"url": url, **options}, HttpOptions), context(CERTS))


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer(lambda request: json_reply(ROWS), drip_interval=0.05) as server:
        yield server


@pytest.fixture
async def http(server: MisbehavingServer) -> AsyncIterator[HttpSession]:
    http = session(server.url, request_timeout="0.5s", connect_timeout="0.5s")
    yield http
    await http.close()


async def error_of(http: HttpSession, kind: type[SourceError], path: str = "/rows") -> Any:
    with pytest.raises(SourceError) as raised:
        await http.json(Rows, "GET", path)
    assert type(raised.value) is kind
    await http.close()
    return raised.value


async def test_answers_are_decoded_counted_and_dated(
    server: MisbehavingServer, http: HttpSession
) -> None:
    answer = await http.json(Rows, "GET", "/rows", params={"a": "b c", "since": ">=2026"})
    assert answer.rows == ROWS["rows"]
    assert server.requests[0].query == {"a": "b c", "since": ">=2026"}
    assert http.requests == 1
    assert http.bytes_received == len(json_reply(ROWS).body)
    assert http.remote_time is not None
    assert abs((datetime.now(UTC) - http.remote_time).total_seconds()) < 5


async def test_bytes_are_counted_as_they_travel_not_as_they_unpack() -> None:
    packed = gzip.compress(msgspec.json.encode(ROWS))
    reply = Reply(body=packed, headers={"Content-Encoding": "gzip"})
    with MisbehavingServer(lambda request: reply) as server:
        http = session(server.url)
        assert (await http.json(Rows, "GET", "/")).rows == ROWS["rows"]
        assert http.bytes_received == len(packed)
        await http.close()


async def test_a_large_answer_is_decoded_off_the_event_loop() -> None:
    """How long the loop is held all the same is measured by `benchmarks/bench_loop.py`."""
    decoding: set[threading.Thread] = set()

    class Row(msgspec.Struct):
        id: int
        name: str

        def __post_init__(self) -> None:
            decoding.add(threading.current_thread())

    many = {"rows": [{"id": number, "name": "x" * 80} for number in range(10_000)]}
    with MisbehavingServer(lambda request: json_reply(many)) as server:
        http = session(server.url)
        await http.json(msgspec.defstruct("Many", [("rows", list[Row])]), "GET", "/")
        await http.close()
    assert decoding
    assert threading.current_thread() not in decoding


@pytest.mark.parametrize("mode", [Mode.STATUS500, Mode.FROZEN, Mode.STOPPED, Mode.CUT, Mode.DRIP])
async def test_trouble_that_may_pass_is_unavailable_and_it_recovers(
    server: MisbehavingServer, http: HttpSession, mode: Mode
) -> None:
    await http.json(Rows, "GET", "/rows")
    server.mode = mode
    await error_of(http, Unavailable)
    server.mode = Mode.OK
    assert (await http.json(Rows, "GET", "/rows")).rows


async def test_a_dripping_answer_meets_a_deadline(
    server: MisbehavingServer, http: HttpSession
) -> None:
    """A dripping answer never trips `timeout=`: put a deadline around the whole request."""
    server.mode = Mode.DRIP
    async with asyncio.timeout(30):
        error = await error_of(http, Unavailable)
    assert "0.5s" in error.message
    assert "request_timeout" in error.hint


async def test_a_close_delimited_body_that_was_cut_is_a_bad_answer(
    server: MisbehavingServer, http: HttpSession
) -> None:
    """Truncation: RemoteProtocolError, *except* a close-delimited body: 200 and short JSON."""
    server.mode = Mode.TRUNCATED
    error = await error_of(http, BadAnswer)
    assert "ends in the middle" in error.message
    assert error.excerpt.startswith(b'{"rows": [{')
    assert not (await http.request("GET", "/rows")).end_announced
    server.mode = Mode.OK
    assert (await http.request("GET", "/rows")).end_announced


async def test_self_signed_is_refused_with_a_word_on_ca_file() -> None:
    """Self-signed and refused: ConnectError."""
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "selfsigned.pem"
    ) as server:
        error = await error_of(session(server.url), Unavailable)
        assert "ca_file" in error.hint
        assert server.requests == []


async def test_a_black_hole_is_unavailable(server: MisbehavingServer, http: HttpSession) -> None:
    """black hole: ReadTimeout"""
    server.mode = Mode.FROZEN
    error = await error_of(http, Unavailable)
    assert "within 0.5s" in error.message


async def test_a_web_page_is_not_json(server: MisbehavingServer, http: HttpSession) -> None:
    server.mode = Mode.HTML
    error = await error_of(http, BadAnswer)
    assert "web page" in error.message
    assert b"maintenance" in error.excerpt


async def test_a_refused_connection_says_so(server: MisbehavingServer, http: HttpSession) -> None:
    server.mode = Mode.STOPPED
    assert "refuses" in (await error_of(http, Unavailable)).message


async def test_a_name_that_leads_nowhere_says_so() -> None:
    error = await error_of(session("http://no-such-host.invalid"), Unavailable)
    assert "no-such-host.invalid" in error.message
    assert "url" in error.hint


async def test_the_ca_and_the_name_are_both_checked() -> None:
    """Certificates name a host: pin the CA and set the server name when connecting by address."""
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "server.pem"
    ) as server:
        assert "ca_file" in (await error_of(session(server.url), Unavailable)).hint
        error = await error_of(session(server.url, ca_file="ca.pem"), Unavailable)
        assert "server_name" in error.hint
        http = session(server.url, ca_file="ca.pem", server_name="monitoring.example")
        assert (await http.json(Rows, "GET", "/")).rows
        await http.close()


async def test_an_expired_certificate_says_so() -> None:
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "expired.pem"
    ) as server:
        http = session(server.url, ca_file="ca.pem", server_name="monitoring.example")
        assert "expired" in (await error_of(http, Unavailable)).hint


async def test_a_pinned_certificate_is_checked_before_anything_is_sent() -> None:
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "selfsigned.pem"
    ) as server:
        error = await error_of(session(server.url, fingerprint="ab" * 32), Unavailable)
        assert "fingerprint" in error.hint
        assert server.requests == []
        pem = (CERTS / "selfsigned.pem").read_text().partition("-----BEGIN PRIVATE")[0]
        import hashlib

        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        colons = ":".join(digest[i : i + 2] for i in range(0, 64, 2))
        assert digest.lower() in error.message
        http = session(server.url, fingerprint=colons)
        assert (await http.json(Rows, "GET", "/")).rows
        assert http.remarks() == ()
        await http.close()


async def test_a_handshake_that_is_given_up_leaves_no_connection() -> None:
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "selfsigned.pem"
    ) as server:
        server.mode = Mode.FROZEN
        pinned = {"fingerprint": "ab" * 32, "request_timeout": "0.2s"}
        await error_of(session(server.url, **pinned), Unavailable)
        http = session(server.url, **pinned | {"request_timeout": "60s"})
        reading = asyncio.create_task(http.request("GET"))
        await asyncio.sleep(0.1)
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()
        await http.close()
        # pytest makes an error of the warning that an unclosed socket gives here.
        gc.collect()


async def test_verification_is_switched_off_only_with_a_loud_remark() -> None:
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "selfsigned.pem"
    ) as server:
        http = session(server.url, verify=False)
        assert (await http.json(Rows, "GET", "/")).rows
        assert "NOT VERIFIED" in http.remarks()[0]
        await http.close()


async def test_a_client_certificate_is_shown_to_the_server() -> None:
    names: list[Any] = []
    with MisbehavingServer(
        lambda request: json_reply(ROWS),
        certificate=CERTS / "server.pem",
        client_authority=CERTS / "ca.pem",
        on_client=names.append,
    ) as server:
        trusting = {"ca_file": "ca.pem", "server_name": "monitoring.example"}
        http = session(server.url, client_cert="client.pem", **trusting)
        assert (await http.json(Rows, "GET", "/")).rows
        assert names == ["smic-tui"]
        await http.close()
        error = await error_of(session(server.url, **trusting), Unavailable)
        assert "client_cert" in error.hint


@pytest.mark.parametrize("key", ["ca_file", "client_cert"])
async def test_a_file_that_is_missing_or_no_pem_is_named_with_its_key(
    key: str, tmp_path: Path
) -> None:
    (tmp_path / "wrong.pem").write_text("no certificate")
    for name in ("absent.pem", "wrong.pem"):
        options = msgspec.convert({"url": "https://127.0.0.1:9", key: name}, HttpOptions)
        error = await error_of(HttpSession(options, context(tmp_path)), Unavailable)
        assert key in error.hint
        assert name in error.message


async def test_plain_text_on_the_secure_port_and_the_reverse(server: MisbehavingServer) -> None:
    error = await error_of(session(server.url.replace("http:", "https:")), Unavailable)
    assert "http://" in error.hint
    with MisbehavingServer(
        lambda request: json_reply(ROWS), certificate=CERTS / "server.pem"
    ) as secure:
        await error_of(session(secure.url.replace("https:", "http:")), Unavailable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadAnswer),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, BadAnswer),
        (408, Unavailable),
        (410, BadAnswer),
        (422, BadAnswer),
        (429, Unavailable),
        (500, Unavailable),
        (501, BadAnswer),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (204, BadAnswer),
        (302, BadAnswer),
    ],
)
async def test_statuses(status: int, kind: type[SourceError]) -> None:
    reply = json_reply({"errors": ["nothing for you"]}, status, Retry_After="7")
    with MisbehavingServer(lambda request: reply) as server:
        error = await error_of(session(server.url), kind)
    if status != 302:
        assert str(status) in error.message
    if kind is BadAnswer and status not in (204,):
        assert b"nothing for you" in error.excerpt
    if kind is Unavailable:
        assert error.retry_after == 7.0


def test_retry_after_is_read_as_seconds_and_as_a_date_on_the_servers_clock() -> None:
    now = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert retry_after("120", now) == 120.0
    assert retry_after("Tue, 24 Nov 2026 07:31:00 GMT", now) == 60.0
    assert retry_after("Tue, 24 Nov 2026 07:00:00 GMT", now) == 0.0
    assert retry_after("9" * 400, now) == 86400.0
    assert retry_after("Fri, 31 Dec 9999 23:59:59 -2300", now) is None
    assert retry_after("-3", now) is None
    assert retry_after("soon", now) is None
    assert retry_after(None, now) is None


@given(st.text(max_size=60))
def test_retry_after_survives_any_text(text: str) -> None:
    seconds = retry_after(text, datetime(2026, 1, 1, tzinfo=UTC))
    assert seconds is None or seconds >= 0


async def test_redirects_are_followed_on_the_same_server_only() -> None:
    with MisbehavingServer(lambda request: json_reply(ROWS)) as other:

        def respond(request: Request) -> Reply:
            to = {"/here": "/rows", "/away": other.url + "/rows", "/circle": "/circle"}
            to["/nowhere"] = "http://["
            if request.path in to:
                return Reply(302, headers={"Location": to[request.path]})
            return json_reply(ROWS)

        with MisbehavingServer(respond) as server:
            http = session(server.url)
            assert (await http.json(Rows, "GET", "/here")).rows
            error = await error_of(http, BadAnswer, "/away")
            assert other.url in error.message
            assert "url" in error.hint
            assert other.requests == []
            await error_of(http, BadAnswer, "/circle")
            await error_of(http, BadAnswer, "/nowhere")


async def test_an_answer_that_is_too_large_is_given_up(server: MisbehavingServer) -> None:
    error = await error_of(session(server.url, max_bytes=1024), BadAnswer)
    assert "1024" in error.message
    assert "max_bytes" in error.hint


async def test_requests_at_once_are_bounded() -> None:
    busy, worst, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=60)

    def respond(request: Request) -> Reply:
        nonlocal busy, worst
        with lock:
            busy += 1
            worst = max(worst, busy)
        both.wait()
        time.sleep(0.03)  # long enough for a third to be seen
        with lock:
            busy -= 1
        return json_reply(ROWS)

    with MisbehavingServer(respond) as server:
        http = session(server.url, max_connections=2)
        await asyncio.gather(*(http.request("GET") for _ in range(8)))
        await http.close()
    assert worst == 2


async def test_an_unchanged_answer_is_not_sent_again() -> None:
    def respond(request: Request) -> Reply:
        if request.headers.get("if-none-match") == '"v1"':
            return Reply(304, headers={"ETag": '"v1"'})
        return json_reply(ROWS, ETag='"v1"')

    with MisbehavingServer(respond) as server:
        http = session(server.url)
        first = await http.request("GET", "/rows", unless=Validators())
        assert first.validators == Validators(etag='"v1"')
        second = await http.request("GET", "/rows", unless=first.validators)
        assert second.not_modified
        assert second.body == b""
        await http.close()


async def test_a_session_cookie_is_not_kept() -> None:
    reply = json_reply(ROWS, Set_Cookie="session=abc; path=/")
    with MisbehavingServer(lambda request: reply) as server:
        http = session(server.url)
        await http.request("GET")
        await http.request("GET")
        await http.close()
        assert all("cookie" not in request.headers for request in server.requests)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"rows": 3}', b"[1]", b"\xff\xfe", b'{"rows":' + b"[" * 100_000, b"{} {}"],
)
async def test_json_that_cannot_be_used_is_a_bad_answer(body: bytes) -> None:
    http = HttpSession(
        HttpOptions(url="http://x"),
        context(transport=httpx.MockTransport(lambda request: httpx.Response(200, content=body))),
    )
    error = await error_of(http, BadAnswer)
    assert error.excerpt == body[:400]


SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=6, max_size=30
)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_hidden_in_every_form(secret: str, before: str, after: str) -> None:
    from urllib.parse import quote, urlencode

    redactor = Redactor([secret])
    forms = [secret, quote(secret, safe=""), urlencode({"k": secret})[2:]]
    forms += [msgspec.json.encode(secret).decode()[1:-1]]
    for form in forms:
        assert form not in redactor.text(f"{before} {form} {after}")
        assert form.encode() not in redactor.data(f" {form} ".encode()).replace(
            HIDDEN.encode(), b""
        )


async def test_no_secret_reaches_an_error_its_excerpt_or_a_traceback() -> None:
    import traceback

    def respond(request: Request) -> Reply:
        echo = {"key": request.headers["x-key"], "padding": "é" * 10}
        return json_reply(echo, int(request.path[1:]))

    with MisbehavingServer(respond) as server:
        http = HttpSession(
            HttpOptions(url=server.url),
            context(),
            lambda: Credentials(headers={"X-Key": "s3cr3t-word"}, secrets=("s3cr3t-word",)),
        )
        for status in (200, 400, 401, 404, 500):
            async with http.signed_in():
                with pytest.raises(SourceError) as raised:
                    await http.json(Rows, "GET", f"/{status}")
            told = "".join(traceback.format_exception(raised.value))
            excerpt = getattr(raised.value, "excerpt", b"")
            assert "s3cr3t-word" not in told + raised.value.hint + excerpt.decode()
        assert HIDDEN.encode() in excerpt or status == 500
        await http.close()
    assert "s3cr3t" not in repr(basic("user", "s3cr3t"))


@pytest.mark.parametrize("value", ["line\nbreak", "é", "\x00"])
async def test_a_secret_that_no_header_can_carry_is_refused_without_being_told(value: str) -> None:
    http = HttpSession(
        HttpOptions(url="http://127.0.0.1:9"),
        context(),
        lambda: Credentials(headers={"X-Key": value}, secrets=(value,)),
    )
    with pytest.raises(AuthFailed) as raised:
        async with http.signed_in():
            await http.request("GET")
    assert value not in str(raised.value)


async def test_credentials_are_forgotten_after_the_reading(server: MisbehavingServer) -> None:
    asked: list[int] = []

    def ask() -> Credentials:
        asked.append(1)
        return basic("jeanne", "pässword")

    http = HttpSession(HttpOptions(url=server.url), context(), ask)
    for _reading in range(2):
        async with http.signed_in():
            await http.request("GET")
            await http.request("GET")
    await http.request("GET")
    await http.close()
    assert len(asked) == 2
    assert ["authorization" in request.headers for request in server.requests] == [
        True,
        True,
        True,
        True,
        False,
    ]


async def test_a_secret_over_plain_http_is_remarked_except_on_loopback() -> None:
    for url, expected in (("http://redmine.example", 1), ("http://127.0.0.1:3000", 0)):
        http = HttpSession(HttpOptions(url=url), context(), lambda: basic("a", "b"))
        assert len(http.remarks()) == expected


async def test_the_environments_proxy_counts_only_when_asked_for(
    server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    http = session(server.url)
    await http.request("GET")
    await http.close()
    error = await error_of(session(server.url, proxy_from_environment=True), Unavailable)
    assert "refuses" in error.message or "proxy" in error.message


async def test_a_proxy_is_used_and_named_when_it_is_missing(server: MisbehavingServer) -> None:
    http = session("http://redmine.example", proxy=server.url)
    assert (await http.json(Rows, "GET", "/rows")).rows
    await http.close()
    assert server.requests[0].target == "http://redmine.example/rows"


@pytest.mark.parametrize(
    "options",
    [
        {"url": "ftp://host"},
        {"url": "https://user:word@host"},
        {"url": "https://host/?q=1"},
        {"url": "https://host", "fingerprint": "abc"},
        {"url": "https://host", "client_key": "k.pem"},
        {"url": "https://host", "server_name": "n", "proxy": "http://p:1"},
        {"url": "https://host", "request_timeout": "soon"},
        {"url": "https://host", "tiemout": "1s"},
    ],
)
def test_settings_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, HttpOptions)


def test_the_settings_are_light_to_import() -> None:
    code = (
        "import sys, adapters.http.options; "
        "print([m for m in ('httpx', 'asyncio', 'ssl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
