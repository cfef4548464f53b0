"""A proxy that counts: what goes over the line, below HTTP and TLS, in both directions."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class CountingProxy:
    """Passes connections on to the server at `address` and counts their bytes.

        with CountingProxy("http://127.0.0.1:3000") as line:
            ... line.url ...
            line.received, line.sent, line.connections

    `received` is what the server sent, headers and TLS included.
    """

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.received = 0
        self.sent = 0
        self.connections = 0

    @property
    def url(self) -> str:
        """The server's address, by way of this proxy."""
        port = self._listener.getsockname()[1]
        return urlunsplit(self._parts._replace(netloc=f"127.0.0.1:{port}"))

    def __enter__(self) -> CountingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._listener.close()
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _peer = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        port = self._parts.port or (443 if self._parts.scheme == "https" else 80)
        with near:
            try:
                far = socket.create_connection((self._parts.hostname or "", port))
            except OSError:
                return
            with far:
                with self._lock:
                    self.connections += 1
                    self._sockets |= {near, far}
                up = threading.Thread(target=self._pass_on, args=(near, far, False), daemon=True)
                up.start()
                self._pass_on(far, near, True)
                up.join()
                with self._lock:
                    self._sockets -= {near, far}

    def _pass_on(self, source: socket.socket, target: socket.socket, received: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                with self._lock:
                    if received:
                        self.received += len(chunk)
                    else:
                        self.sent += len(chunk)
                target.sendall(chunk)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
