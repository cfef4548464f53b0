"""A server on loopback that can be made to misbehave while it runs.

    with MisbehavingServer(respond) as server:      # respond(Request) -> Reply
        ... server.url ...
        server.mode = Mode.FROZEN

    with MisbehavingServer(forward_to("http://127.0.0.1:3000")) as server:
        ...

It lives in its own threads, so that it also serves programs under test that run
in another process or that block.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CERTS = Path(__file__).parent / "certs"


class Mode(StrEnum):
    """What the server does with whatever is asked."""

    OK = "ok"
    STOPPED = "stopped"  # refuses connections, as a stopped service
    FROZEN = "frozen"  # accepts and never answers, as a process under SIGSTOP
    STATUS500 = "status500"  # 500 with an HTML page
    HTML = "html"  # 200 with an HTML page, as a maintenance page
    TRUNCATED = "truncated"  # half of the body, close-delimited: looks like a whole answer
    CUT = "cut"  # half of the announced body, then the connection breaks
    DRIP = "drip"  # the body at one byte per `drip_interval`


@dataclass(frozen=True)
class Request:
    """What a client asked; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str = ""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


Respond = Callable[[Request], Reply]


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """Return `value` as a JSON answer; `Retry_After="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), headers=named)


def forward_to(base: str, cafile: Path | None = None) -> Respond:
    """Return a responder that passes everything to the server at `base`, as a proxy does."""
    parts = urlsplit(base)

    def respond(request: Request) -> Reply:
        target = (parts.hostname or "", parts.port)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=cafile)
            context.check_hostname = False
            link: http.client.HTTPConnection = http.client.HTTPSConnection(
                *target, timeout=60, context=context
            )
        else:
            link = http.client.HTTPConnection(*target, timeout=60)
        try:
            headers = {
                name: text
                for name, text in request.headers.items()
                if name not in ("connection", "host")
            }
            link.request(request.method, request.target, request.body or None, headers)
            answer = link.getresponse()
            body = answer.read()
            dropped = ("connection", "transfer-encoding", "content-length", "content-type")
            return Reply(
                answer.status,
                body,
                answer.headers.get("Content-Type", ""),
                {n: t for n, t in answer.headers.items() if n.lower() not in dropped},
            )
        finally:
            link.close()

    return respond


class MisbehavingServer:
    """An HTTP server whose `mode` may be switched at any time from any thread.

    `requests` is everything that reached it, in order. With `certificate` (a
    PEM file with certificate and key) it speaks HTTPS; with `client_authority`
    it wants a certificate signed by it, whose name it gives to `on_client`.
    """

    def __init__(
        self,
        respond: Respond,
        *,
        certificate: Path | None = None,
        client_authority: Path | None = None,
        on_client: Callable[[str], None] = lambda name: None,
        drip_interval: float = 1.0,
    ) -> None:
        self.respond = respond
        self.drip_interval = drip_interval
        self.requests: list[Request] = []
        self.port = 0
        self.on_client = on_client
        self._tls = _tls(certificate, client_authority) if certificate else None
        self._mode = Mode.OK
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        """Switch. Answers that are frozen or dripping go on as the new mode says."""
        with self._changed:
            self._mode = mode
            self._changed.notify_all()
        if mode is Mode.STOPPED:
            self._stop_listening()
            self._break_connections()
        elif self._server is None:
            self._listen()

    def __enter__(self) -> MisbehavingServer:
        self._listen()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.mode = Mode.STOPPED

    def _listen(self) -> None:
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def _stop_listening(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def _break_connections(self) -> None:
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _wait_while(self, mode: Mode, seconds: float | None = None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._mode is not mode, seconds)


def _tls(certificate: Path, client_authority: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_authority)
    return context


def _linger(secured: ssl.SSLSocket) -> None:
    """Let the client read the alert: closing with its bytes unread would reset the connection."""
    secured.settimeout(1)
    with suppress(OSError):
        socket.socket.shutdown(secured, socket.SHUT_WR)
        while _received(secured):
            pass


def _received(secured: ssl.SSLSocket) -> bytes:
    # Beneath TLS: the handshake has failed, so SSLSocket.recv would not read.
    with socket.socket(fileno=socket.dup(secured.fileno())) as plain:
        plain.settimeout(1)
        return plain.recv(4096)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, owner: MisbehavingServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", owner.port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Runs in the connection's own thread: here a slow handshake delays nobody else."""
        owner = self.owner
        owner._sockets.add(request)
        try:
            owner._wait_while(Mode.FROZEN)
            if owner._tls is None:
                super().finish_request(request, client_address)
                return
            with owner._tls.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            ) as secured:
                owner._sockets.add(secured)
                try:
                    secured.do_handshake()
                except ssl.SSLError:
                    _linger(secured)
                    raise
                for part in (secured.getpeercert() or {}).get("subject", ()):
                    owner.on_client(part[0][1])
                try:
                    super().finish_request(secured, client_address)
                finally:
                    owner._sockets.discard(secured)
        except (OSError, ValueError):
            pass  # the client went away, or the server was stopped
        finally:
            owner._sockets.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if self.owner.mode is not Mode.STOPPED:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for a delayed ACK
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _handle(self) -> None:
        owner = self.server.owner
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            {name: values[-1] for name, values in parse_qs(parts.query, True).items()},
            {name.lower(): text for name, text in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            self.path,
        )
        owner.requests.append(request)
        owner._wait_while(Mode.FROZEN)
        mode = owner.mode
        if mode is Mode.STOPPED:
            self.close_connection = True
        elif mode is Mode.STATUS500:
            self._send(Reply(500, b"<html><h1>Internal Server Error</h1></html>", "text/html"))
        elif mode is Mode.HTML:
            self._send(Reply(200, b"<html><h1>Down for maintenance</h1></html>", "text/html"))
        else:
            self._send(owner.respond(request), mode)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _handle  # noqa: N815

    def _send(self, reply: Reply, mode: Mode = Mode.OK) -> None:
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        for name, text in reply.headers.items():
            if name.lower() not in ("date", "server"):
                self.send_header(name, text)
        if mode in (Mode.TRUNCATED, Mode.CUT):
            self.close_connection = True
            self.send_header("Connection", "close")
        if mode is not Mode.TRUNCATED and reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if mode in (Mode.TRUNCATED, Mode.CUT):
            self.wfile.write(reply.body[: len(reply.body) // 2])
        elif mode is Mode.DRIP:
            self._drip(reply.body)
        elif reply.status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(reply.body)

    def _drip(self, body: bytes) -> None:
        owner = self.server.owner
        for position in range(len(body)):
            owner._wait_while(Mode.DRIP, owner.drip_interval)
            if owner.mode is not Mode.DRIP:
                self.wfile.write(body[position:])
                return
            self.wfile.write(body[position : position + 1])
            self.wfile.flush()


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not become true in time"
        time.sleep(0.01)
