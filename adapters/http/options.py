"""The settings that every kind of source reached by HTTP shares. Public.

Every load of a configuration imports this module: it imports nothing heavy.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from adapters.shared.durations import Duration
from smic_tui.i18n import _

MEBIBYTE = 1024 * 1024


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a server is and how to be sure that it is the right one.

    A kind's `config_type` extends this and adds its own keys. Relative paths
    start from the folder of the configuration.
    """

    url: Annotated[
        str,
        Meta(
            description="Address of the server, http:// or https://, without name and password.",
            pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        ),
    ]
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file of the authorities to trust instead of the system's, for a "
            "server whose certificate comes from its own authority."
        ),
    ] = ""
    fingerprint: Annotated[
        str,
        Meta(
            description="SHA-256 fingerprint of the server's certificate, in hexadecimal: this "
            "certificate and no other is trusted, whatever its name, dates and authority."
        ),
    ] = ""
    server_name: Annotated[
        str,
        Meta(description="Name in the server's certificate, where it is not the one in `url`."),
    ] = ""
    verify: Annotated[
        bool,
        Meta(
            description="false accepts any certificate, also a thief's: for an hour of testing. "
            "`doctor` complains of it. Use ca_file or fingerprint instead."
        ),
    ] = True
    client_cert: Annotated[
        str, Meta(description="PEM file of the certificate that the server wants from clients.")
    ] = ""
    client_key: Annotated[
        str, Meta(description="PEM file of its key, where it is not in the same file.")
    ] = ""
    proxy: Annotated[
        str,
        Meta(
            description="Proxy to go through, e.g. http://proxy:3128.",
            pattern=r"^$|^(https?|socks5h?)://[^\s/?#@]+/?$",
        ),
    ] = ""
    proxy_from_environment: Annotated[
        bool,
        Meta(
            description="Whether HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY count, in small "
            "letters or capitals. Name and password of a proxy may stand in the address there."
        ),
    ] = False
    connect_timeout: Annotated[
        Duration, Meta(description="How long the server may take to accept the connection.")
    ] = "10s"
    request_timeout: Annotated[
        Duration, Meta(description="How long one answer may take, to its last byte.")
    ] = "60s"
    max_bytes: Annotated[
        int, Meta(description="Largest answer that is read, in bytes.", ge=1024)
    ] = 64 * MEBIBYTE
    max_connections: Annotated[
        int, Meta(description="How many requests may be under way at once.", ge=1, le=32)
    ] = 4

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other; msgspec reports the ValueError."""
        if self.fingerprint and not re.fullmatch(r"[0-9A-Fa-f]{64}", self.bare_fingerprint):
            raise ValueError(
                _("fingerprint must be the 64 hexadecimal digits of a SHA-256 fingerprint")
            )
        if self.client_key and not self.client_cert:
            raise ValueError(_("client_key needs client_cert"))
        if self.server_name and self.proxy.startswith("http"):
            raise ValueError(
                _("server_name does not work through an HTTP proxy: use fingerprint instead")
            )

    @property
    def bare_fingerprint(self) -> str:
        """The fingerprint without colons and blanks."""
        return re.sub(r"[:\s]", "", self.fingerprint).lower()

    @property
    def host(self) -> str:
        """Host and port of the server, for messages."""
        return urlsplit(self.url).netloc
