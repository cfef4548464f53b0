"""The settings of the kinds that read backup repositories. Public."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from adapters.shared.durations import Duration
from adapters.shared.plans import PlanOptions
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

PASSWORD_IN_URL = re.compile(r"(?<=://)[^/@\s]+:[^/@\s]+(?=@)")


class RepositoryOptions(PlanOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One repository, and the plan of the backup that is kept in it."""

    site: Annotated[str, Meta(description="Site that is backed up: its code or name.")]
    application: Annotated[str, Meta(description="What is backed up.")]
    repository: Annotated[
        str | Secret,
        Meta(
            description="Path or address as the backup program takes it; a relative path starts "
            "from the folder of the configuration. A secret where the address holds a password."
        ),
    ]
    name: Annotated[str, Meta(description="Unique name of the job; empty: site/application.")] = ""
    environment: Annotated[
        dict[str, str], Meta(description="Environment variables for the backup program.")
    ] = msgspec.field(default_factory=dict)
    secret_environment: Annotated[
        dict[str, Secret],
        Meta(description="Environment variables that are secret, e.g. AWS_SECRET_ACCESS_KEY."),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse plans and addresses that cannot be used."""
        super().__post_init__()
        if not self.key.strip("/") or not self.repository:
            raise ValueError(_("site, application and repository must not be empty"))
        if isinstance(self.repository, str) and PASSWORD_IN_URL.search(self.repository):
            raise ValueError(
                _(
                    "repository: an address with a password must come from a secret, e.g. "
                    'repository = { file = "address" }'
                )
            )

    @property
    def key(self) -> str:
        """The key of the job."""
        return self.name or f"{self.site}/{self.application}"


class RepositoriesOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a kind that reads repositories; a kind says which type these are of."""

    repositories: Annotated[
        tuple[RepositoryOptions, ...], Meta(description="The repositories, one per backup job.")
    ]
    newest: Annotated[
        int, Meta(description="How many runs of each job are read.", ge=1, le=1000)
    ] = 10
    parallel: Annotated[
        int, Meta(description="How many repositories are read at the same time.", ge=1, le=16)
    ] = 2
    timeout: Annotated[Duration, Meta(description="How long reading one repository may take.")] = (
        "60s"
    )
    spread: Annotated[
        Duration,
        Meta(
            description="Time over which the readings of all repositories are spread: each refresh "
            "reads those whose turn has come. 0s: all at each refresh."
        ),
    ] = "0s"

    def __post_init__(self) -> None:
        """Refuse a source without repositories, and two with one name."""
        seen: set[str] = set()
        if not self.repositories:
            raise ValueError(_("repositories is empty: at least one is needed"))
        for each in self.repositories:
            if each.key in seen:
                raise ValueError(
                    _('repositories: two are called "{name}"; give one another `name`').format(
                        name=each.key
                    )
                )
            seen.add(each.key)
