"""The settings of kind `bacula`."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, field

from adapters.shared.plans import (
    PatternPlan,
    check_site_of_backups,
    is_excluded,
    plan_for,
    site_of_backup,
)
from adapters.shared.zones import check_zone
from adapters.sql.options import DatabaseOptions

_WILD = re.compile(r"[*?\[]")


class BaculaPlan(PatternPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the runs of some of Bacula's jobs are expected. The first that fits a job counts."""

    job: Annotated[str, Meta(description="Name of the job, or a pattern: compta-*.")] = "*"
    client: Annotated[str, Meta(description="Name of the client, or a pattern: 173*-fd.")] = "*"
    application: Annotated[
        str, Meta(description="What is backed up; empty: the name of the job.")
    ] = ""
    site: Annotated[
        str, Meta(description="Site that is backed up; empty: as the client tells.")
    ] = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Those of the job's and the client's name."""
        return (self.job, self.client)

    @property
    def is_exact(self) -> bool:
        """Whether it names one job, which then exists even if it never ran."""
        return not _WILD.search(self.job + self.client)


class BaculaOptions(DatabaseOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue of a Bacula director."""

    timezone: Annotated[
        str, Meta(description="IANA zone of the director's clock; empty: the display's time zone.")
    ] = ""
    site: Annotated[
        str,
        Meta(
            description="How a client tells its site: empty for its name, or a regular expression "
            r"with a group of that name, e.g. ^(?P<site>\d{5})."
        ),
    ] = ""
    clients: Annotated[
        dict[str, str],
        Meta(description="Client = site, for those whose name does not tell it."),
    ] = field(default_factory=dict)
    plans: Annotated[
        tuple[BaculaPlan, ...],
        Meta(description="When runs are expected: the catalogue does not know the schedules."),
    ] = ()
    exclude: Annotated[
        tuple[str, ...], Meta(description="Names or patterns of jobs that are not shown.")
    ] = ()
    days: Annotated[
        int, Meta(description="A job that did not run for so many days is not listed.", ge=1)
    ] = 90
    newest: Annotated[
        int, Meta(description="How many runs of each job a full reading brings.", ge=1, le=1000)
    ] = 10

    def __post_init__(self) -> None:
        """Refuse what cannot be used, besides what every database refuses."""
        super().__post_init__()
        check_zone(self.timezone)
        check_site_of_backups(self.site)

    def site_of(self, client: str) -> str:
        """Return the site that a client is at."""
        if client in self.clients:
            return self.clients[client]
        return site_of_backup(self.site, client, otherwise=client)

    def plan_of(self, job: str, client: str) -> BaculaPlan:
        """Return the plan of a job; one that says nothing if none fits."""
        return plan_for(self.plans, job, client, otherwise=BaculaPlan())

    def shows(self, job: str) -> bool:
        """Whether a job is to be shown."""
        return not is_excluded(job, self.exclude)
