"""The settings of kind `bacula`."""

from __future__ import annotations

import fnmatch
import re
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, field

from adapters.shared.plans import PlanOptions
from adapters.sql.options import DatabaseOptions
from smic_tui.i18n import _

_WILD = re.compile(r"[*?\[]")


class BaculaPlan(PlanOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the runs of some of Bacula's jobs are expected. The first that fits a job counts."""

    job: Annotated[str, Meta(description="Name of the job, or a pattern: compta-*.")] = "*"
    client: Annotated[str, Meta(description="Name of the client, or a pattern: 173*-fd.")] = "*"
    application: Annotated[
        str, Meta(description="What is backed up; empty: the name of the job.")
    ] = ""
    site: Annotated[
        str, Meta(description="Site that is backed up; empty: as the client tells.")
    ] = ""

    def fits(self, job: str, client: str) -> bool:
        """Whether it is the plan of a job of a client."""
        return fnmatch.fnmatchcase(job, self.job) and fnmatch.fnmatchcase(client, self.client)

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
        if self.timezone:
            try:
                ZoneInfo(self.timezone)
            except (ValueError, OSError, KeyError):
                raise ValueError(
                    _('timezone: "{zone}" is not an IANA time zone').format(zone=self.timezone)
                ) from None
        if self.site:
            try:
                groups = re.compile(self.site).groupindex
            except re.error as error:
                raise ValueError(
                    _("site: not a regular expression: {reason}").format(reason=error)
                ) from None
            if "site" not in groups:
                raise ValueError(_("site: a group (?P<site>…) is expected"))

    def site_of(self, client: str) -> str:
        """Return the site that a client is at."""
        if client in self.clients:
            return self.clients[client]
        found = re.search(self.site, client) if self.site else None
        return (found["site"] or client) if found else client

    def plan_of(self, job: str, client: str) -> BaculaPlan:
        """Return the plan of a job; one that says nothing if none fits."""
        return next((plan for plan in self.plans if plan.fits(job, client)), BaculaPlan())

    def shows(self, job: str) -> bool:
        """Whether a job is to be shown."""
        return not any(fnmatch.fnmatchcase(job, pattern) for pattern in self.exclude)
