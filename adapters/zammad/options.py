"""The settings of kind `zammad`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from adapters.http.accounts import AccountOptions
from adapters.ticketing.options import ActorTable, StageTable, StatusTable
from smic_tui.i18n import _

FieldName = Annotated[
    str,
    Meta(
        description="Name of an attribute of the ticket, also one of your own (as in Zammad's "
        "object manager), e.g. 'customer', 'organization', 'site_code'; empty for none."
    ),
]


class ZammadOptions(AccountOptions, frozen=True, kw_only=True):
    """A Zammad, whose tickets are support tickets or catalogue requests."""

    as_: Annotated[
        Literal["tickets", "requests"],
        Meta(description="What the tickets are: support tickets or catalogue requests."),
    ] = field(name="as", default="tickets")
    groups: Annotated[
        tuple[str, ...], Meta(description="Names of the groups to read.", min_length=1)
    ]
    closed_days: Annotated[
        int,
        Meta(description="For how many days after its last change a closed one is read.", ge=0),
    ] = 30
    site_field: Annotated[FieldName, Meta(description="What tells the site.")] = "organization"
    supplier_field: Annotated[FieldName, Meta(description="What tells the supplier.")] = ""
    software_field: Annotated[
        FieldName, Meta(description="Requests: what tells the software wanted.")
    ] = "title"
    member_field: Annotated[FieldName, Meta(description="Requests: what tells the member.")] = (
        "organization"
    )
    statuses: StatusTable = field(default_factory=dict)
    stages: StageTable = field(default_factory=dict)
    waiting_on: ActorTable = field(default_factory=dict)
    priorities: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=5)]],
        Meta(description="Priority in Zammad = 1 (most urgent) to 5."),
    ] = field(default_factory=lambda: {"1 low": 4, "2 normal": 3, "3 high": 2})

    def __post_init__(self) -> None:
        """Refuse a source without an account; msgspec reports the ValueError."""
        super().__post_init__()
        if not self.has_account:
            raise ValueError(_("token is needed, or user and password"))
