"""Decides which servers to trust, by the TLS settings of a source."""

from __future__ import annotations

import hashlib
import os
import ssl
from pathlib import Path
from typing import Any

from adapters.http.options import HttpOptions
from adapters.shared.files import opened
from smic_tui.contract.errors import Unavailable
from smic_tui.i18n import _


def tls_context(options: HttpOptions, folder: Path) -> ssl.SSLContext:
    """Return the TLS settings. Reads files (20 ms and more): not for the event loop.

    Raises `Unavailable` naming the setting whose file cannot be used.
    """
    if options.fingerprint or not options.verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif options.ca_file:
        context = _trusting(folder / options.ca_file)
    else:
        context = ssl.create_default_context()
    if options.fingerprint:
        context.sslobject_class = _pinned(bytes.fromhex(options.bare_fingerprint))
    if options.client_cert:
        _identify(context, options, folder)
    return context


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        # OpenSSL would wait for a pipe.
        os.close(opened(ca_file))
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(
            _("The certificate file {file} cannot be used: {reason}").format(
                file=ca_file, reason=_reason(error)
            ),
            hint=_("ca_file must name a readable PEM file with the server's authority."),
        ) from error
    # Python from 3.13 on refuses an authority whose certificate lacks extensions that RFC 5280
    # asks for, such as Icinga 2's own. One that is named by file was chosen; names, dates and
    # signatures are checked all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _identify(context: ssl.SSLContext, options: HttpOptions, folder: Path) -> None:
    cert = folder / options.client_cert
    key = folder / options.client_key if options.client_key else None
    try:
        for file in (cert, key):
            if file is not None:
                os.close(opened(file))
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(cert, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(
            _("The client certificate {file} cannot be used: {reason}").format(
                file=cert, reason=_reason(error)
            ),
            hint=_("client_cert and client_key must name readable PEM files without passphrase."),
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or _("it is not PEM")
    return getattr(error, "strerror", None) or str(error)


def _pinned(expected: bytes) -> type[ssl.SSLObject]:
    """Return a TLS object that ends the handshake unless the certificate has this SHA-256.

    The check belongs into the handshake, because credentials are sent right after it.
    """

    class PinnedSSLObject(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True) or b""
            if hashlib.sha256(certificate).digest() != expected:
                raise FingerprintMismatchError(hashlib.sha256(certificate).hexdigest())

    return PinnedSSLObject


class FingerprintMismatchError(ssl.SSLError):
    """The server's certificate is not the pinned one; `fingerprint` is what came."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__("fingerprint mismatch")
        self.fingerprint = fingerprint


class HandshakeGuard:
    """Closes the connection of a TLS handshake that was cancelled, which httpcore leaves open.

    It is given to a request as its `trace` extension.
    """

    def __init__(self) -> None:
        self._stream: Any = None

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Note the connection when it stands, and close it when its handshake failed."""
        if event.endswith("connect_tcp.complete"):
            self._stream = info["return_value"]
        elif event.endswith("start_tls.failed") and self._stream is not None:
            await self._stream.aclose()
