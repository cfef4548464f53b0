"""The settings of kind `proxmox-backup`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, field

from adapters.http.options import HttpOptions
from adapters.shared.durations import Duration
from adapters.shared.plans import (
    PatternPlan,
    check_site_of_backups,
    plan_for,
    site_of_backup,
)
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

_TOKEN = re.compile(r"[^\s:/!@]+@[^\s:/!@]+![^\s:/!@]+")


class ProxmoxBackupPlan(PatternPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When backups of some groups are expected. The first that fits a group counts."""

    group: Annotated[
        str, Meta(description="A group as STORE/NAMESPACE/TYPE/ID, or a pattern: */vm/1*.")
    ] = "*"
    application: Annotated[
        str, Meta(description="What is backed up; empty: the group's comment, else its name.")
    ] = ""
    site: Annotated[str, Meta(description="Site that is backed up; empty: as the group tells.")] = (
        ""
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """That of the group's key."""
        return (self.group,)


class ProxmoxBackupOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Proxmox Backup Server; `url` is e.g. https://pbs.example:8007."""

    token: Annotated[
        str,
        Meta(description="Name of the API token: USER@REALM!NAME, e.g. smic@pbs!tui."),
    ]
    secret: Annotated[Secret, Meta(description="The token's secret.")]
    datastores: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")], ...],
        Meta(description="The datastores to read.", min_length=1),
    ]
    site: Annotated[
        str,
        Meta(
            description="How a group tells its site: empty for its ID, or a regular expression "
            r"with a group of that name, e.g. ^(?P<site>\d{5})."
        ),
    ] = ""
    site_from: Annotated[
        Literal["id", "comment"], Meta(description="Where the site is looked for in a group.")
    ] = "id"
    groups: Annotated[
        dict[str, str],
        Meta(description="TYPE/ID = site, for groups that do not tell it, e.g. vm/100."),
    ] = field(default_factory=dict)
    plans: Annotated[
        tuple[ProxmoxBackupPlan, ...],
        Meta(description="When backups are expected: the server does not know the schedules."),
    ] = ()
    newest: Annotated[
        int, Meta(description="How many backups of each group are kept.", ge=1, le=1000)
    ] = 10
    tasks_since: Annotated[
        Duration, Meta(description="How far back failed attempts are looked for.")
    ] = "7d"

    def __post_init__(self) -> None:
        """Refuse what cannot be used; msgspec reports the ValueError."""
        super().__post_init__()
        if not _TOKEN.fullmatch(self.token):
            raise ValueError(_("token: USER@REALM!NAME is expected"))
        check_site_of_backups(self.site)

    def site_of(self, group: str, comment: str) -> str:
        """Return the site of a group (TYPE/ID)."""
        if group in self.groups:
            return self.groups[group]
        _kind, _slash, ident = group.partition("/")
        text = ident if self.site_from == "id" else comment
        if not self.site:
            return text or ident
        return site_of_backup(self.site, text, otherwise=ident)

    def plan_of(self, key: str) -> ProxmoxBackupPlan:
        """Return the plan of a group; one that says nothing if none fits."""
        return plan_for(self.plans, key, otherwise=ProxmoxBackupPlan())
