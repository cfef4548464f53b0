"""Settings of an account that a proxy or web server checks, before a server without accounts.

Public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from adapters.http.options import HttpOptions
from smic_tui.contract.adapter import Context
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.messages import Credentials


class AccountOptions(HttpOptions, frozen=True, kw_only=True):
    """A server reached with a password, a bearer token, a client certificate, or nothing."""

    user: Annotated[str, Meta(description="Name for HTTP Basic authentication, if any.")] = ""
    password: Annotated[Secret | None, Meta(description="Where its password is.")] = None
    token: Annotated[
        Secret | None, Meta(description="Where a bearer token is, instead of user and password.")
    ] = None

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other; msgspec reports the ValueError."""
        super().__post_init__()
        if bool(self.user) != bool(self.password):
            raise ValueError(_("user and password belong together"))
        if self.token and self.password:
            raise ValueError(_("either token or user and password, not both"))

    @property
    def has_account(self) -> bool:
        """Whether a secret is sent at all."""
        return self.token is not None or self.password is not None


def account_credentials(options: AccountOptions, context: Context) -> Credentials:
    """Return what each request carries."""
    from adapters.http.messages import Credentials, basic

    if options.token is not None:
        token = context.secret(options.token)
        return Credentials(headers={"Authorization": f"Bearer {token}"}, secrets=(token,))
    if options.password is not None:
        return basic(options.user, context.secret(options.password))
    return Credentials(headers={}, secrets=())
