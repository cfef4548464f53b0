"""Turns HTTP's statuses and the errors of its library into the contract's three errors.

`Redactor` is public.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from adapters.http.options import HttpOptions
from adapters.http.tls import FingerprintMismatchError
from smic_tui.contract import redaction
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.i18n import _

if TYPE_CHECKING:
    import httpx

HIDDEN = "***"

_LONGEST_PAUSE = 86400.0
# Of a header that a message quotes: servers may send tens of kilobytes.
_LONGEST_WORD = 300

# OpenSSL's X509_V_ERR_* numbers that a setting of ours can answer.
_SELF_SIGNED = (18, 19)
_UNKNOWN_ISSUER = (2, 20, 21)
_NOT_YET_VALID = (9,)
_EXPIRED = (10,)
_OTHER_NAME = (62, 64)
# What RFC 5280 asks of certificates and many an in-house authority leaves out; checked for the
# system's authorities from Python 3.13 on.
_LACKS_EXTENSIONS = range(80, 95)

# Not errors of TLS: it waits for the next words of the other end.
_WAITS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)

# TLS alerts by which a server refuses the client's certificate, or that there is none.
_CLIENT_UNKNOWN = (
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_REVOKED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "TLSV1_ALERT_UNKNOWN_CA",
)


class Redactor(redaction.Redactor):
    """Hides the secrets of one source in what is said of it, the shortest ones too. Public."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(secrets, mark=HIDDEN, shortest=1)


def brief(text: str) -> str:
    """Return as much of a server's word as a message can show."""
    return text if len(text) <= _LONGEST_WORD else text[:_LONGEST_WORD] + "…"


def moment(value: str | None) -> datetime | None:
    """Return an HTTP date as UTC, or None if there is none that can be read."""
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; `now` is the server's clock.

    A server that asks for more than a day is taken at its word for a day.
    """
    if not value:
        return None
    if value.strip().isdecimal():
        wanted = float(value)
    elif until := moment(value):
        wanted = max(0.0, (until - now).total_seconds())
    else:
        return None
    return min(wanted, _LONGEST_PAUSE)


def refusal(
    response: httpx.Response, excerpt: bytes, options: HttpOptions, what: str
) -> SourceError:
    """Return the error that a status other than the expected ones stands for.

    `what` was asked for (method and path); `excerpt` is the redacted beginning
    of the answer.
    """
    status = response.status_code
    said = _("{host} answered {status} {reason} to {what}").format(
        host=options.host, status=status, reason=brief(response.reason_phrase), what=what
    )
    if status == 401:
        return AuthFailed(said, hint=_("Check the account and its secret in the configuration."))
    if status == 403:
        return AuthFailed(said, hint=_("The account lacks a right that is needed for reading."))
    if status == 407:
        return AuthFailed(said, hint=_("The proxy wants to know who asks: see `proxy`."))
    if status in (408, 425, 429) or (status >= 500 and status not in (501, 505)):
        now = moment(response.headers.get("date")) or datetime.now(UTC)
        return Unavailable(said, retry_after=retry_after(response.headers.get("retry-after"), now))
    if 300 <= status < 400:
        location = response.headers.get("location", "")
        return BadAnswer(
            _("{host} sends to another address: {location}").format(
                host=options.host, location=brief(location)
            ),
            hint=_("Set `url` to the address where the server really is."),
            excerpt=excerpt,
        )
    if status in (404, 410):
        return BadAnswer(
            said, hint=_("Check `url`: its path may be missing or wrong."), excerpt=excerpt
        )
    return BadAnswer(said, excerpt=excerpt)


def failure(
    error: httpx.HTTPError | httpx.InvalidURL | OSError, options: HttpOptions
) -> SourceError:
    """Return the error that an exception of the HTTP library stands for.

    The library's text is not passed on: it may quote a header, and so a secret.
    """
    import httpx

    host = options.host
    causes = list(_causes(error))
    waits = any(isinstance(cause, _WAITS) for cause in causes)
    tls = next(
        (one for one in causes if isinstance(one, ssl.SSLError) and not isinstance(one, _WAITS)),
        None,
    )
    if tls is not None:
        return _tls_failure(tls, options)
    if waits and isinstance(error, (httpx.ConnectTimeout, httpx.ConnectError)):
        return Unavailable(
            _("{host} takes the connection, and does not answer within {time}").format(
                host=host, time=options.connect_timeout
            ),
            hint=_("The program there may be frozen, or the machine overloaded."),
        )
    if isinstance(error, httpx.ConnectTimeout):
        return Unavailable(
            _("{host} did not accept the connection within {time}").format(
                host=host, time=options.connect_timeout
            )
        )
    if isinstance(error, httpx.TimeoutException):
        return too_slow(options)
    if isinstance(error, httpx.ProxyError):
        return Unavailable(
            _("The proxy {proxy} does not lead to {host}").format(proxy=options.proxy, host=host),
            hint=_("Check `proxy`."),
        )
    if isinstance(error, httpx.ConnectError):
        return _unreachable(error, options)
    if isinstance(error, httpx.LocalProtocolError):
        return BadAnswer(
            _("The request to {host} cannot be sent").format(host=host),
            hint=_("The account or its secret contains a character that no header may have."),
        )
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL)):
        return BadAnswer(_("{url} is not an address").format(url=options.url))
    # RemoteProtocolError, ReadError, WriteError: the line or the server broke off.
    return Unavailable(_("{host} broke off in the middle of the answer").format(host=host))


def too_slow(options: HttpOptions) -> Unavailable:
    """Return the error for an answer that is not complete in time."""
    return Unavailable(
        _("{host} did not answer in full within {time}").format(
            host=options.host, time=options.request_timeout
        ),
        hint=_("If the line is slow and the server well, raise `request_timeout`."),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _unreachable(error: Exception, options: HttpOptions) -> Unavailable:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return Unavailable(
                _("The name {host} leads nowhere: {reason}").format(
                    host=options.host, reason=cause.strerror or cause
                ),
                hint=_("Check `url`, and whether name resolution works here."),
            )
        if isinstance(cause, ConnectionRefusedError):
            return Unavailable(
                _("{host} refuses the connection: nothing listens there").format(host=options.host)
            )
        if isinstance(cause, OSError) and cause.strerror:
            return Unavailable(
                _("{host} cannot be reached: {reason}").format(
                    host=options.host, reason=cause.strerror
                )
            )
    return Unavailable(_("{host} cannot be reached").format(host=options.host))


def _tls_failure(error: ssl.SSLError, options: HttpOptions) -> Unavailable:
    host = options.host
    if isinstance(error, FingerprintMismatchError):
        return Unavailable(
            _("{host} shows another certificate than the trusted one: {fingerprint}").format(
                host=host, fingerprint=error.fingerprint
            ),
            hint=_("If the server's certificate was renewed on purpose, change `fingerprint`."),
        )
    if error.reason in _CLIENT_UNKNOWN:
        return Unavailable(
            _("{host} does not accept who we are: {reason}").format(host=host, reason=error.reason),
            hint=_("The server wants a certificate from its clients: see `client_cert`."),
        )
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Unavailable(
            _("No secure connection to {host}: {reason}").format(
                host=host, reason=error.reason or error.__class__.__name__
            ),
            hint=_("Check whether `url` should begin with http:// or name another port."),
        )
    said = _("The certificate of {host} is not accepted: {reason}").format(
        host=host, reason=error.verify_message
    )
    code = error.verify_code
    if code in _SELF_SIGNED:
        hint = _("Save the server's authority as a PEM file and name it in `ca_file`.")
    elif code in _UNKNOWN_ISSUER:
        hint = _("Name the PEM file of the authority that signed it in `ca_file`.")
    elif code in _OTHER_NAME:
        hint = _("Set `server_name` to the name in the certificate, or correct `url`.")
    elif code in _EXPIRED:
        hint = _("The certificate has expired: renew it on the server.")
    elif code in _LACKS_EXTENSIONS:
        hint = _(
            "The authority makes certificates that lack what RFC 5280 asks for. Name its PEM file "
            "in `ca_file`: one that is named there is trusted as it is."
        )
    elif code in _NOT_YET_VALID:
        hint = _("The certificate is not valid yet: compare the clocks of both machines.")
    else:
        hint = _("See `ca_file`, `fingerprint` and `server_name`.")
    return Unavailable(said, hint=hint)
