"""The settings of kind `hub`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from adapters.http.options import HttpOptions
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _


class HubOptions(HttpOptions, frozen=True, kw_only=True):
    """The facts that a head office publishes, by HTTP or in a copy that rsync makes."""

    url: Annotated[
        str,
        Meta(
            description="Address of the published folder, http:// or https://, without name and "
            "password; or `path`.",
            pattern=r"^$|^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        ),
    ] = ""
    path: Annotated[
        str, Meta(description="A copy of the published folder, kept by rsync; or `url`.")
    ] = ""
    user: Annotated[str, Meta(description="Name of the reading account; with `password`.")] = ""
    password: Annotated[
        Secret | None, Meta(description="Where the password of `user` is (HTTP Basic).")
    ] = None
    token: Annotated[
        Secret | None, Meta(description="Where a bearer token is, instead of a password.")
    ] = None

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other, besides what HTTP refuses."""
        super().__post_init__()
        if bool(self.url) == bool(self.path):
            raise ValueError(_("either url or path is needed"))
        if bool(self.user) != (self.password is not None):
            raise ValueError(_("user and password go together"))
        if self.token is not None and self.user:
            raise ValueError(_("either token or user and password, not both"))
