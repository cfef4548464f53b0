"""The settings of kind `icinga2`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from adapters.http.options import HttpOptions
from adapters.shared.durations import Duration
from adapters.shared.site_rules import check_pattern
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _


class Icinga2Options(HttpOptions, frozen=True, kw_only=True):
    """An Icinga 2 server, its API (usually https, port 5665)."""

    user: Annotated[
        str, Meta(description="Name of the ApiUser; empty when client_cert proves who asks.")
    ] = ""
    password: Annotated[Secret | None, Meta(description="Where the ApiUser's password is.")] = None
    site: Annotated[
        str,
        Meta(
            description="How a host tells its site: 'host name', 'display name', a custom variable "
            "such as 'vars.insee' (a list where the host serves several sites), or a regular "
            "expression on the host name with a group (?P<site>...). A host that gives none "
            "goes by its display name."
        ),
    ] = "host name"
    filter: Annotated[
        str,
        Meta(
            description="Icinga filter on hosts, e.g. '\"mairies\" in host.groups'; it also "
            "chooses the services, which are those of these hosts."
        ),
    ] = ""
    checks_within: Annotated[
        Duration,
        Meta(
            description="When Icinga has executed no check at all for so long, its states are old "
            "and it counts as unavailable."
        ),
    ] = "15m"
    passive_within: Annotated[
        Duration,
        Meta(
            description="For how long the result of a passive check is believed, unless it was "
            "handed in with a `ttl` of its own; older ones are unknown."
        ),
    ] = "1d"
    web_url: Annotated[
        str,
        Meta(
            description="Address of Icinga Web, to open a host or service in a browser.",
            pattern=r"^$|^https?://\S+$",
        ),
    ] = ""
    web_module: Annotated[
        Literal["icingadb", "monitoring"],
        Meta(description="Which module of Icinga Web shows hosts and services."),
    ] = "icingadb"

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other; msgspec reports the ValueError."""
        super().__post_init__()
        if bool(self.user) != bool(self.password):
            raise ValueError(_("user and password belong together"))
        if not self.user and not self.client_cert:
            raise ValueError(_("user and password are needed, or client_cert"))
        if self.site not in ("host name", "display name") and not self.site.startswith("vars."):
            check_pattern(
                self.site,
                without_group=_(
                    "site must be 'host name', 'display name', 'vars.…' or a regular "
                    "expression with a group (?P<site>…)"
                ),
            )
