"""The settings of kind `glpi`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, field

from adapters.http.options import HttpOptions
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.records import Stage

StatusName = Literal["new", "assigned", "planned", "pending", "solved", "closed"]

# GLPI's own numbers (CommonITILObject), the same in all versions.
STATUS_NUMBERS: dict[str, int] = {
    "new": 1,
    "assigned": 2,
    "planned": 3,
    "pending": 4,
    "solved": 5,
    "closed": 6,
}
TYPE_NUMBERS = {"incident": 1, "request": 2}
CODE_FIELDS = ("registration_number", "tag", "code", "name", "id")

_ENDPOINT = re.compile(r"/(apirest|api)\.php(/v[\d.]+)?/?$")


class GlpiOptions(HttpOptions, frozen=True, kw_only=True):
    """A GLPI, whose tickets are support tickets or catalogue requests, or whose tree is sites."""

    user_token: Annotated[
        Secret | None,
        Meta(description="GLPI 10: where the API token of the reading account is."),
    ] = None
    app_token: Annotated[
        Secret | None,
        Meta(description="GLPI 10: where the token of the API client is, if it has one."),
    ] = None
    login: Annotated[
        str,
        Meta(description="Login of the account: GLPI 11, or GLPI 10 without a user token."),
    ] = ""
    password: Annotated[Secret | None, Meta(description="Where the password of that login is.")] = (
        None
    )
    client_id: Annotated[
        str, Meta(description="GLPI 11: identifier of the OAuth client (Setup, OAuth clients).")
    ] = ""
    client_secret: Annotated[
        Secret | None, Meta(description="GLPI 11: where the OAuth client's secret is.")
    ] = None
    as_: Annotated[
        Literal["tickets", "requests", "entities", "locations"],
        Meta(
            description="What is read: tickets as support tickets or as catalogue requests, or "
            "the entities or the locations as sites."
        ),
    ] = field(name="as", default="tickets")
    timezone: Annotated[
        str,
        Meta(
            description="Time zone (IANA name) of the times that GLPI gives, which do not name it; "
            "empty: that of the display."
        ),
    ] = ""
    type: Annotated[
        Literal["", "incident", "request"],
        Meta(description="Tickets of this type only; empty: all."),
    ] = ""
    categories: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(
            description="Numbers of the ticket categories to read, with those below them "
            "(GLPI 11's API: without); none: all."
        ),
    ] = ()
    closed_days: Annotated[
        int, Meta(description="For how many days after it was solved a ticket is read.", ge=0)
    ] = 30
    site_field: Annotated[
        Literal["entity", "location"], Meta(description="What tells the site of a ticket.")
    ] = "entity"
    site_level: Annotated[
        int | None,
        Meta(
            description="Which part of its path 'Root > Member > Site' names the site: -1 the "
            "last, 0 the first, 1 the second; without it the lowest that is known."
        ),
    ] = None
    code_field: Annotated[
        Literal["registration_number", "tag", "code", "name", "id"],
        Meta(
            description="Entities and locations: the field with the site's code; locations have "
            "'code', entities 'registration_number' and 'tag'."
        ),
    ] = "registration_number"
    software_field: Annotated[
        Literal["subject", "category"],
        Meta(description="Requests: what tells the software wanted."),
    ] = "subject"
    stages: Annotated[
        dict[StatusName, Stage],
        Meta(
            description="Requests: status in GLPI (new, assigned, planned, pending, solved, "
            "closed) = asked, analysed, working group, ordered, installing, done or refused."
        ),
    ] = field(default_factory=dict)
    category_stages: Annotated[
        dict[str, Stage],
        Meta(
            description="Requests: full name of a category in GLPI = stage; it takes precedence "
            "over the status."
        ),
    ] = field(default_factory=dict)
    category_without_stage: Annotated[
        str,
        Meta(
            description="Requests: full name of the category to which a request goes when it "
            "leaves one of `category_stages` for a stage that a status means; empty: the nearest "
            "one above it."
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Refuse an account that is none; msgspec reports the ValueError."""
        super().__post_init__()
        if not self.user_token and not (self.login and self.password):
            raise ValueError(_("either user_token, or login and password are needed"))
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError(_("client_id and client_secret belong together"))
        if self.client_id and not (self.login and self.password):
            raise ValueError(_("client_id needs login and password"))
        if self.timezone:
            from zoneinfo import ZoneInfo

            try:
                ZoneInfo(self.timezone)
            except (KeyError, ValueError, OSError):
                raise ValueError(
                    _("timezone {name} is not known").format(name=self.timezone)
                ) from None

    @property
    def base(self) -> str:
        """The path before /apirest.php, whether or not `url` names an endpoint."""
        return _ENDPOINT.sub("", self.url).rstrip("/")
