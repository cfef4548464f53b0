"""Through which proxy a server is asked, and what is said when the proxy is at fault."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.options import HttpOptions
from adapters.http.proxies import Proxy, is_excepted, proxy_of, read_proxy
from adapters.http.session import HttpSession, basic
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from tests.fakes.misbehaving import MisbehavingServer, Reply, Request, json_reply

PASSWORD = "Soleil:7@fois/é"
QUOTED = "Soleil%3A7%40fois%2F%C3%A9"


def options(url: str = "https://glpi.example", **more: Any) -> HttpOptions:
    return msgspec.convert({"url": url, "proxy_from_environment": True, **more}, HttpOptions)


@pytest.mark.parametrize(
    ("environ", "url", "setting"),
    [
        ({"https_proxy": "http://mandataire:3128"}, "http://mandataire:3128", "https_proxy"),
        ({"HTTPS_PROXY": "http://mandataire:3128"}, "http://mandataire:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "mandataire:3128"}, "http://mandataire:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "mandataire"}, "http://mandataire", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://mandataire:3128/"}, "http://mandataire:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": " 10.17.0.1:3128 "}, "http://10.17.0.1:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, "http://[fd00::1]:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "HTTPS://mandataire:443"}, "https://mandataire:443", "HTTPS_PROXY"),
        ({"ALL_PROXY": "socks://h:1"}, "socks5://h:1", "ALL_PROXY"),
        ({"all_proxy": "socks5h://h:1"}, "socks5h://h:1", "all_proxy"),
        # The small letters come first, as for curl.
        ({"https_proxy": "a:1", "HTTPS_PROXY": "b:2"}, "http://a:1", "https_proxy"),
        ({"ALL_PROXY": "socks://h:1", "https_proxy": "a:1"}, "http://a:1", "https_proxy"),
        ({"http_proxy": "a:1"}, None, ""),
        ({"https_proxy": "", "ALL_PROXY": "a:1"}, None, ""),
        ({}, None, ""),
    ],
)
def test_the_variables(environ: dict[str, str], url: str | None, setting: str) -> None:
    found = proxy_of(options(), environ)
    assert (found and found.url, found.setting if found else "") == (url, setting)


def test_the_setting_comes_first_and_the_environment_only_when_asked() -> None:
    environ = {"HTTPS_PROXY": "http://other:1", "NO_PROXY": "*"}
    named = options(proxy="http://mandataire:3128")
    assert proxy_of(named, environ) == Proxy("http://mandataire:3128", "proxy")
    assert proxy_of(options(proxy_from_environment=False), {"HTTPS_PROXY": "http://o:1"}) is None
    # A header of whoever asks a CGI program is no setting.
    cgi = {"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}
    assert proxy_of(options("http://glpi.example"), cgi) is None


@pytest.mark.parametrize(
    ("value", "user", "password"),
    [
        (f"http://agent:{QUOTED}@mandataire:3128", "agent", PASSWORD),
        ("http://agent:a@b@mandataire:3128", "agent", "a@b"),
        ("http://agent:a#b@mandataire:3128", "agent", "a#b"),
        ("agent:mot@mandataire:3128", "agent", "mot"),
        ("http://agent@mandataire:3128", "agent", ""),
        ("http://domaine%5Cagent:x@mandataire:3128", "domaine\\agent", "x"),
    ],
)
def test_credentials_are_read_and_never_told(value: str, user: str, password: str) -> None:
    proxy = read_proxy("HTTPS_PROXY", value)
    assert (proxy.url, proxy.user, proxy.password) == ("http://mandataire:3128", user, password)
    for shown in (str(proxy), repr(proxy)):
        assert shown.count("mandataire:3128") == 1
        assert "@" not in shown
        assert user not in shown


@pytest.mark.parametrize(
    "value",
    [
        "socks4://mandataire:1080",
        "ftp://mandataire",
        "http://",
        "http://agent:le-mot@",
        "http://agent:le-mot@mandataire:port",
        "http://agent:le-mot@mandataire:",
        "http://agent:le-mot@[::1",
        "deux mots",
        "x" * 5000,
    ],
)
def test_a_variable_that_cannot_be_used_is_named(value: str) -> None:
    with pytest.raises(BadAnswer) as raised:
        proxy_of(options(), {"ALL_PROXY": value})
    assert "ALL_PROXY" in raised.value.message
    assert "le-mot" not in raised.value.message + raised.value.hint


@given(st.text(max_size=60))
def test_any_text_is_a_proxy_or_refused(value: str) -> None:
    with suppress(BadAnswer):
        assert read_proxy("HTTPS_PROXY", value).host


@pytest.mark.parametrize(
    ("exceptions", "host", "port", "meant"),
    [
        ("*", "glpi.example", 443, True),
        ("glpi.example", "glpi.example", 443, True),
        ("GLPI.Example.", "glpi.example", 443, True),
        (".example", "glpi.example", 443, True),
        ("*.example", "glpi.example", 443, True),
        ("example", "glpi.example", 443, True),
        ("ample", "glpi.example", 443, False),
        ("glpi.example:8443", "glpi.example", 8443, True),
        ("glpi.example:8443", "glpi.example", 443, False),
        ("autre.example, glpi.example", "glpi.example", 443, True),
        ("autre.example glpi.example", "glpi.example", 443, True),
        ("10.0.0.0/8", "10.17.3.4", 443, True),
        ("10.0.0.0/8", "11.17.3.4", 443, False),
        ("10.17.3.4", "10.17.3.4", 443, True),
        ("10.17.3.4:443", "10.17.3.4", 443, True),
        ("[::1]", "::1", 443, True),
        ("[::1]:443", "::1", 443, True),
        ("[::1]:444", "::1", 443, False),
        ("::1", "::1", 443, True),
        ("fe80::/10", "fe80::17", 443, True),
        ("fe80::/10", "glpi.example", 443, False),
        ("[fe80::/10", "fe80::17", 443, False),
        ("10.0.0.0/99,,;[", "10.17.3.4", 443, False),
        ("", "glpi.example", 443, False),
    ],
)
def test_exceptions(exceptions: str, host: str, port: int, meant: bool) -> None:
    assert is_excepted(exceptions, host, port) is meant


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_list_of_exceptions_is_read(exceptions: str, host: str) -> None:
    is_excepted(exceptions, host, 443)


def session(url: str, **more: Any) -> HttpSession:
    settings = msgspec.convert({"url": url, "request_timeout": "2s", **more}, HttpOptions)
    context = Context(source="s", folder=Path("/"), timezone="UTC", secret=lambda _: "")
    return HttpSession(settings, context)


async def error_of(kind: type[SourceError], url: str, **more: Any) -> Any:
    http = session(url, **more)
    try:
        with pytest.raises(SourceError) as raised:
            await http.request("GET")
    finally:
        await http.close()
    assert type(raised.value) is kind, raised.value
    return raised.value


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_a_dead_proxy_is_not_the_server(environment: pytest.MonkeyPatch) -> None:
    for url in ("http://glpi.example", "https://glpi.example"):
        error = await error_of(Unavailable, url, proxy="http://127.0.0.1:9")
        assert "proxy http://127.0.0.1:9 (proxy) refuses" in error.message
        assert "glpi.example" in error.hint
    environment.setenv("HTTPS_PROXY", "agent:le-mot@127.0.0.1:9")
    error = await error_of(Unavailable, "https://glpi.example", proxy_from_environment=True)
    assert "HTTPS_PROXY" in error.message
    assert "le-mot" not in error.message + error.hint


async def test_a_proxy_whose_name_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(host: str, *more: Any, **named: Any) -> Any:
        raise socket.gaierror(number, "no")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    number = socket.EAI_NONAME
    error = await error_of(
        Unavailable, "http://glpi.example", proxy="http://mandataire.invalid:3128"
    )
    assert "mandataire.invalid" in error.message
    assert "`proxy`" in error.hint
    number = socket.EAI_AGAIN
    error = await error_of(Unavailable, "http://glpi.example")
    assert "Name resolution does not work here" in error.message
    assert "glpi.example" in error.message


async def test_the_environment_of_the_field(environment: pytest.MonkeyPatch) -> None:
    with MisbehavingServer(lambda request: json_reply({})) as server:
        environment.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        for exceptions in ("[::1],127.0.0.0/8", "fe80::/10,127.0.0.1", "localhost,127.0.0.1"):
            environment.setenv("no_proxy", exceptions)
            http = session(server.url, proxy_from_environment=True)
            await http.request("GET")
            await http.close()
        environment.setenv("no_proxy", "[::1],fe80::/10")
        error = await error_of(Unavailable, server.url, proxy_from_environment=True)
        assert "HTTP_PROXY" in error.message
    environment.delenv("HTTP_PROXY")
    environment.setenv("ALL_PROXY", "socks://127.0.0.1:9")
    error = await error_of(BadAnswer, "https://glpi.example", proxy_from_environment=True)
    assert "ALL_PROXY" in error.message
    assert "socksio" in error.message


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (407, AuthFailed, "wants to know who asks"),
        (403, AuthFailed, "does not lead to"),
        (503, Unavailable, "does not lead to"),
        (502, Unavailable, "does not lead to"),
    ],
)
@pytest.mark.parametrize("url", ["http://glpi.example", "https://glpi.example"])
async def test_a_proxy_that_refuses(
    url: str, status: int, kind: type[SourceError], words: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"CONNECT glpi" if url.startswith("https") else b"GET http://glpi")
        writer.write(f"HTTP/1.1 {status} No\r\nX-Squid-Error: ERR 0\r\n".encode())
        writer.write(b"Content-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        error = await error_of(kind, url, proxy=address)
    assert words in error.message
    assert address in error.message


async def test_a_proxy_that_is_no_name(environment: pytest.MonkeyPatch) -> None:
    for name in ("\u0301", "\x80", "a\x1bb"):
        environment.setenv("https_proxy", f"http://{name}:3128")
        error = await error_of(BadAnswer, "https://glpi.example", proxy_from_environment=True)
        assert "https_proxy" in error.message


async def test_a_proxy_is_told_who_asks(environment: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        return json_reply({})

    with MisbehavingServer(answer) as server:
        where = server.url.removeprefix("http://")
        environment.setenv("http_proxy", f"agent:{QUOTED}@{where}")
        http = session("http://glpi.example", proxy_from_environment=True)
        await http.request("GET")
        await http.close()
    told = asked[0].headers["proxy-authorization"]
    assert told == basic("agent", PASSWORD).headers["Authorization"]
