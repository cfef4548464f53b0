"""The settings of kind `redmine`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, field

from adapters.http.options import HttpOptions
from adapters.ticketing.options import ActorTable, StageTable, StatusTable
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

# What Redmine filters by and every issue shows, so that an ignored filter is noticed.
VERIFIABLE = (
    "assigned_to_id",
    "author_id",
    "category_id",
    "fixed_version_id",
    "priority_id",
)
_CUSTOM = re.compile(r"cf_\d+")

FieldName = Annotated[
    str,
    Meta(
        description="A custom field by its name or number, or one of 'author', 'category', "
        "'project', 'subject', 'tracker', 'version'; empty for none."
    ),
]


class RedmineOptions(HttpOptions, frozen=True, kw_only=True):
    """A Redmine, whose issues are support tickets or catalogue requests."""

    api_key: Annotated[Secret, Meta(description="Where the API key of the reading account is.")]
    as_: Annotated[
        Literal["tickets", "requests"],
        Meta(description="What the issues are: support tickets or catalogue requests."),
    ] = field(name="as", default="tickets")
    projects: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$")], ...],
        Meta(description="Identifiers of the projects to read (as in their address); none: all."),
    ] = ()
    subprojects: Annotated[
        bool, Meta(description="Whether the projects' subprojects are read too.")
    ] = False
    trackers: Annotated[
        tuple[str, ...], Meta(description="Names of the trackers to read; none: all.")
    ] = ()
    filters: Annotated[
        dict[str, str],
        Meta(
            description="Further filters, e.g. {category_id = '3', cf_7 = 'Oui'}; several values "
            "with |. Allowed: cf_NUMBER, " + ", ".join(VERIFIABLE) + "."
        ),
    ] = field(default_factory=dict)
    closed_days: Annotated[
        int, Meta(description="For how many days after its closing an issue is still read.", ge=0)
    ] = 30
    site_field: Annotated[FieldName, Meta(description="What tells the site.")] = ""
    requester_field: Annotated[FieldName, Meta(description="What tells who asked.")] = "author"
    supplier_field: Annotated[FieldName, Meta(description="What tells the supplier.")] = ""
    software_field: Annotated[
        FieldName, Meta(description="Requests: what tells the software wanted.")
    ] = "subject"
    member_field: Annotated[FieldName, Meta(description="Requests: what tells the member.")] = ""
    statuses: StatusTable = field(default_factory=dict)
    stages: StageTable = field(default_factory=dict)
    waiting_on: ActorTable = field(default_factory=dict)
    priorities: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=5)]],
        Meta(
            description="Priority in Redmine = 1 (most urgent) to 5; otherwise the default "
            "priority is 3 and its neighbours 2 and 4."
        ),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse filters whose effect cannot be verified; msgspec reports the ValueError."""
        super().__post_init__()
        for name, value in self.filters.items():
            if name not in VERIFIABLE and not _CUSTOM.fullmatch(name):
                raise ValueError(
                    _(
                        "filters has {name}: Redmine ignores a filter that it does not know, so "
                        "only {allowed} and cf_NUMBER are allowed"
                    ).format(name=name, allowed=", ".join(VERIFIABLE))
                )
            if not value or value[0] in "<>=!~*^$":
                raise ValueError(
                    _("filters has {name} = '{value}': only plain values are allowed").format(
                        name=name, value=value
                    )
                )
            if name in VERIFIABLE and not all(part.isdecimal() for part in value.split("|")):
                raise ValueError(
                    _("filters has {name} = '{value}': a number was expected").format(
                        name=name, value=value
                    )
                )
