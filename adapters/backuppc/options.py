"""The settings of kind `backuppc`."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, field

from adapters.http.options import HttpOptions
from adapters.shared.durations import Duration
from adapters.shared.plans import (
    PatternPlan,
    check_site_of_backups,
    is_excluded,
    plan_for,
    site_of_backup,
)
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")


class BackupPcPlan(PatternPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to know of some of BackupPC's hosts. The first that fits a host counts."""

    host: Annotated[str, Meta(description="Name of the host, or a pattern: 173*.")] = "*"
    application: Annotated[str, Meta(description="What is backed up; empty: the host's name.")] = ""
    site: Annotated[str, Meta(description="Site that is backed up; empty: as the host tells.")] = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """That of the host's name."""
        return (self.host,)


class BackupPcOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A BackupPC server, by its metrics over HTTP or by its files."""

    url: Annotated[
        str,
        Meta(
            description="Address of its page, e.g. https://backup.example/backuppc/index.cgi, "
            "without name and password."
        ),
    ] = ""
    path: Annotated[
        str,
        Meta(
            description="Instead of `url`: BackupPC's folder (TopDir), e.g. /var/lib/backuppc, "
            "whose files pc/HOST/backups are read."
        ),
    ] = ""
    hosts: Annotated[
        str,
        Meta(
            description="With `path`: BackupPC's list of hosts (ConfDir/hosts), for a host that is "
            "taken out of it keeps its folder. Empty: conf/hosts in `path`, or that of a package "
            "whose folder `path` is."
        ),
    ] = ""
    user: Annotated[str, Meta(description="Name for HTTP Basic authentication.")] = ""
    password: Annotated[
        Secret | None, Meta(description="Password for HTTP Basic authentication.")
    ] = None
    site: Annotated[
        str,
        Meta(
            description="How a host tells its site: empty for its name, or a regular expression "
            r"with a group of that name, e.g. ^(?P<site>\d{5})."
        ),
    ] = ""
    sites: Annotated[
        dict[str, str], Meta(description="Host = site, for those whose name does not tell it.")
    ] = field(default_factory=dict)
    plans: Annotated[
        tuple[BackupPcPlan, ...],
        Meta(
            description="What BackupPC does not know of its hosts. By HTTP, a plan without period "
            "and calendar takes the period from BackupPC."
        ),
    ] = ()
    grace: Annotated[
        Duration, Meta(description="How long a missing run is late, where no plan says otherwise.")
    ] = "6h"
    exclude: Annotated[
        tuple[str, ...], Meta(description="Names or patterns of hosts that are not shown.")
    ] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be used; msgspec reports the ValueError."""
        if bool(self.url) == bool(self.path):
            raise ValueError(_("exactly one of path and url is needed"))
        if self.url:
            super().__post_init__()
            if not _ADDRESS.fullmatch(self.url):
                raise ValueError(
                    _("url: http://… or https://… is expected, without name, password and query")
                )
        if "\0" in self.path + self.hosts:
            raise ValueError(_("path must not contain a NUL character"))
        if self.hosts and not self.path:
            raise ValueError(_("hosts: it belongs to `path`; the page tells its hosts itself"))
        if bool(self.password) != bool(self.user):
            raise ValueError(_("user and password belong together"))
        if self.path and self.user:
            raise ValueError(_("user: files are read without"))
        check_site_of_backups(self.site)

    def site_of(self, host: str) -> str:
        """Return the site that a host is at."""
        if plan_site := self.plan_of(host).site:
            return plan_site
        if host in self.sites:
            return self.sites[host]
        return site_of_backup(self.site, host, otherwise=host)

    def plan_of(self, host: str) -> BackupPcPlan:
        """Return the plan of a host; one that says nothing but its grace if none fits."""
        return plan_for(self.plans, host, otherwise=BackupPcPlan(grace=self.grace))

    def shows(self, host: str) -> bool:
        """Whether a host is to be shown."""
        return not is_excluded(host, self.exclude)
