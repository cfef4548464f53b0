"""Decides through which proxy a server is asked, as the settings or the environment say.

The variables are read as curl and Python read them: `https_proxy`, `all_proxy` and `no_proxy` in
small letters before the same in capitals, and an address without a scheme is one of http. Unlike
there, an entry of `no_proxy` may be an IPv6 address in brackets or a network, and one that cannot
be read costs nothing.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from adapters.http.options import HttpOptions
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _

# `socks` is what desktops write; they mean version 5, which is the only one that is known here.
_SCHEMES = {
    "http": "http",
    "https": "https",
    "socks": "socks5",
    "socks5": "socks5",
    "socks5h": "socks5h",
}
_ADDRESS = re.compile(r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<rest>[^\s]+)", re.IGNORECASE)
_LONGEST, _LONGEST_HOST = 2000, 300
_PORTS = {"http": 80, "https": 443}


class Proxy(Struct, frozen=True):
    """A proxy: its address without name and password, and where it is set.

    `setting` is the key of the configuration or the variable of the environment.
    """

    url: str
    setting: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.url!r}, {self.setting!r})"

    def __str__(self) -> str:
        return f"{self.url} ({self.setting})"

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, for which httpx needs another package."""
        return self.url.startswith("socks")


def proxy_of(options: HttpOptions, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy between here and the server of a source, None if there is none.

    Raises `BadAnswer` that names the variable of an address that cannot be used.
    """
    if options.proxy:
        return Proxy(options.proxy.rstrip("/"), "proxy")
    if not options.proxy_from_environment:
        return None
    environ = os.environ if environ is None else environ
    url = urlsplit(options.url)
    _variable, exceptions = _first(environ, "no_proxy")
    if is_excepted(exceptions, url.hostname or "", url.port or _PORTS[url.scheme]):
        return None
    variable, value = _first(environ, f"{url.scheme}_proxy")
    if variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
        # In a CGI program that one is a header of whoever asks.
        variable = ""
    if not variable:
        # One that is set and empty means: no proxy.
        variable, value = _first(environ, "all_proxy")
    return read_proxy(variable, value) if value else None


def _first(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if variable in environ:
            return variable, environ[variable].strip()
    return "", ""


def read_proxy(variable: str, value: str) -> Proxy:
    """Return the proxy that a variable names. Raises `BadAnswer`, which quotes no password."""
    found = _ADDRESS.fullmatch(value[:_LONGEST])
    scheme = _SCHEMES.get((found["scheme"] or "http").lower()) if found else None
    if found is None:
        raise _unusable(variable, _("it is no address"))
    if scheme is None:
        raise _unusable(
            variable,
            _("{scheme} is not known; http, https and socks5 are").format(
                scheme=found["scheme"].lower()
            ),
        )
    account, _at, where = found["rest"].rpartition("@")
    # A password may have any of these signs in it, so only what follows the last @ is looked at.
    host = where.partition("/")[0]
    try:
        parts = urlsplit(f"//{host}")
        if not parts.hostname or (parts.port is None and host.endswith(":")):
            raise ValueError
        if len(host) > _LONGEST_HOST:
            raise ValueError
    except ValueError:
        raise _unusable(variable, _("it names no host and port")) from None
    user, _colon, password = account.partition(":")
    return Proxy(f"{scheme}://{host}", variable, unquote(user), unquote(password))


def _unusable(variable: str, reason: str) -> BadAnswer:
    return BadAnswer(
        _("The variable {variable} names a proxy that cannot be used: {reason}").format(
            variable=variable, reason=reason
        ),
        hint=_("Correct {variable}, or set `proxy` and `proxy_from_environment = false`.").format(
            variable=variable
        ),
    )


def is_excepted(exceptions: str, host: str, port: int | None) -> bool:
    """Whether a list such as `no_proxy` has the host: by name, domain, address or network."""
    host = host.lower().rstrip(".")
    address = _address(host)
    for entry in re.split(r"[,\s]+", exceptions.lower()):
        if entry == "*":
            return True
        if entry and _is_meant(entry, host, address, port):
            return True
    return False


def _is_meant(
    entry: str,
    host: str,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None,
    port: int | None,
) -> bool:
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(\d+))?", entry)
    if bracketed:
        entry, wanted = bracketed[1], bracketed[2]
    elif entry.count(":") == 1:
        entry, _colon, wanted = entry.partition(":")
    else:
        wanted = None
    if wanted and (not wanted.isdecimal() or port != int(wanted)):
        return False
    if address is not None:
        try:
            # An address alone is a network of one; one with a zone is the same without.
            return address in ipaddress.ip_network(entry.partition("%")[0], strict=False)
        except ValueError:
            return False
    name = entry.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
