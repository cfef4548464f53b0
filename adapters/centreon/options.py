"""The settings of kind `centreon`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from adapters.http.options import HttpOptions
from adapters.shared.site_rules import check_pattern
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _


class CentreonOptions(HttpOptions, frozen=True, kw_only=True):
    """A Centreon central server, its web API v2; `url` ends in /centreon as a rule."""

    user: Annotated[str, Meta(description="Login of the account, with 'Reach API Realtime'.")]
    password: Annotated[Secret, Meta(description="Where its password is.")]
    site: Annotated[
        str,
        Meta(
            description="How a host tells its site: 'host name', 'alias', or a regular expression "
            "on the host name with a group (?P<site>...). A host that gives none goes by its alias."
        ),
    ] = "host name"
    services: Annotated[bool, Meta(description="Whether services are read, not only hosts.")] = True

    def __post_init__(self) -> None:
        """Refuse a rule for sites that cannot work; msgspec reports the ValueError."""
        super().__post_init__()
        if self.site in ("host name", "alias"):
            return
        check_pattern(
            self.site,
            without_group=_(
                "site must be 'host name', 'alias' or a regular expression with a group (?P<site>…)"
            ),
        )
