"""The settings of the kinds that read backup repositories. Public."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

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

    # Variables that the adapter sets itself, with the key to use instead.
    own_variables: ClassVar[dict[str, str]] = {}
    # Variables that tell a password, of which one may be used.
    password_variables: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse plans, addresses and variables that cannot be used."""
        super().__post_init__()
        for name in self.given_variables:
            if name in self.own_variables:
                raise ValueError(
                    _("environment: {variable} is set by smic-tui; use `{key}`").format(
                        variable=name, key=self.own_variables[name]
                    )
                )
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
    def given_variables(self) -> frozenset[str]:
        """The names of the variables that the configuration gives to the program."""
        return frozenset((*self.environment, *self.secret_environment))

    @property
    def password_variable(self) -> str:
        """The variable of the configuration that tells the password; "" if none does."""
        return next((name for name in self.password_variables if name in self.given_variables), "")

    def check_password(self, key: str, given: Secret | None, *, needed: bool) -> None:
        """Raise `ValueError` unless the password comes in one way.

        `key` is the setting that may hold it, `given` its value.
        """
        ways = [name for name in self.password_variables if name in self.given_variables]
        ways = [f"environment.{name}" for name in ways]
        if given is not None:
            ways.insert(0, key)
        if len(ways) > 1:
            raise ValueError(
                _("the password is given twice: {ways}; keep one").format(ways=", ".join(ways))
            )
        if needed and not ways:
            raise ValueError(
                _("a password is needed: `{key}`, or in `environment` one of {variables}").format(
                    key=key, variables=", ".join(self.password_variables)
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

    look_inside: Annotated[
        Literal["local", "all", "none"],
        Meta(
            description="Which repositories are looked into, once for each new backup, whether it "
            "holds any file, where the program does not record it: those on this machine, all, or "
            "none."
        ),
    ] = "local"

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
