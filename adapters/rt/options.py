"""The settings of kind `rt`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from adapters.http.options import HttpOptions
from adapters.ticketing.options import ActorTable, StageTable, StatusTable
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

FieldName = Annotated[
    str,
    Meta(
        description="A custom field by its name or number, or one of 'requestor', 'queue', "
        "'subject'; empty for none."
    ),
]


class RtOptions(HttpOptions, frozen=True, kw_only=True):
    """A Request Tracker 5, whose tickets are support tickets or catalogue requests."""

    token: Annotated[
        Secret | None,
        Meta(description="Where the account's authentication token is; or else user and password."),
    ] = None
    user: Annotated[str, Meta(description="Name of the account, where there is no token.")] = ""
    password: Annotated[
        Secret | None,
        Meta(
            description="Where the account's password is. A password opens a session, which spares "
            "RT the quarter of a second that each check of a token or password takes."
        ),
    ] = None
    as_: Annotated[
        Literal["tickets", "requests"],
        Meta(description="What the tickets are: support tickets or catalogue requests."),
    ] = field(name="as", default="tickets")
    queues: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[^\x00-\x1f]+$")], ...],
        Meta(description="Names of the queues to read.", min_length=1),
    ]
    closed_days: Annotated[
        int,
        Meta(description="For how many days after its last change a closed one is read.", ge=0),
    ] = 30
    site_field: Annotated[FieldName, Meta(description="What tells the site.")] = ""
    supplier_field: Annotated[FieldName, Meta(description="What tells the supplier.")] = ""
    software_field: Annotated[
        FieldName, Meta(description="Requests: what tells the software wanted.")
    ] = "subject"
    member_field: Annotated[FieldName, Meta(description="Requests: what tells the member.")] = ""
    statuses: StatusTable = field(default_factory=dict)
    stages: StageTable = field(default_factory=dict)
    waiting_on: ActorTable = field(default_factory=dict)
    priorities: Annotated[
        dict[Annotated[str, Meta(pattern=r"^\d+$")], Annotated[int, Meta(ge=1, le=5)]],
        Meta(description="From this priority in RT on = 1 (most urgent) to 5."),
    ] = field(default_factory=lambda: {"0": 4, "50": 3, "75": 2, "100": 1})
    notes: Annotated[
        Literal["comment", "correspond"],
        Meta(
            description="How the text of an action is added: a comment stays within the team, "
            "correspond is an answer that RT sends to the requestor."
        ),
    ] = "comment"

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other; msgspec reports the ValueError."""
        super().__post_init__()
        if bool(self.user) != bool(self.password):
            raise ValueError(_("user and password belong together"))
        if bool(self.token) == bool(self.password):
            raise ValueError(_("either token is needed, or user and password"))
