"""The settings of kind `nagios`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import force_setattr

from adapters.http.options import HttpOptions
from adapters.shared.durations import Duration
from adapters.shared.site_rules import check_pattern
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

HOST_NAME = "host name"
VARIABLE = "vars."


class NagiosOptions(HttpOptions, frozen=True, kw_only=True):
    """A Nagios Core 4, by its CGIs (`url`) or by its status file (`path`)."""

    url: Annotated[
        str,
        Meta(
            description="Address of the folder of the CGIs, e.g. "
            "https://supervision.example/cgi-bin/nagios4; empty where `path` is given.",
            pattern=r"^$|^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        ),
    ] = ""
    path: Annotated[
        str,
        Meta(
            description="Path of Nagios's status.dat, on this machine or mounted; better than "
            "`url`, because texts with accents stay intact."
        ),
    ] = ""
    user: Annotated[str, Meta(description="Login at the web server.")] = ""
    password: Annotated[Secret | None, Meta(description="Where its password is.")] = None
    command_file: Annotated[
        str,
        Meta(
            description="Nagios's command file (nagios.cmd), if it is on this machine: actions "
            "go there instead of to cmd.cgi."
        ),
    ] = ""
    site: Annotated[
        str,
        Meta(
            description="How a host tells its site: 'host name', a custom variable "
            "('vars.INSEE'; several sites separated by commas), or a regular expression on the "
            "host name with a group (?P<site>...). A host that gives none goes by its name."
        ),
    ] = HOST_NAME
    passive_within: Annotated[
        Duration,
        Meta(
            description="For how long the result of a passive check is believed; older ones are "
            "unknown."
        ),
    ] = "1d"
    interval_length: Annotated[
        int,
        Meta(
            ge=1,
            description="Nagios's unit of time in seconds, as `interval_length` in nagios.cfg; "
            "with `path`, ages are judged by it.",
        ),
    ] = 60
    updated_within: Annotated[
        Duration,
        Meta(
            description="If Nagios has not written its status for this long, it is dead or frozen: "
            "its states are old, and it counts as unavailable."
        ),
    ] = "2m"
    checks_within: Annotated[
        Duration,
        Meta(
            description="If Nagios has executed no check at all for this long, its states are old "
            "though it runs, and it counts as unavailable."
        ),
    ] = "30m"

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other; msgspec reports the ValueError."""
        super().__post_init__()
        if bool(self.url) == bool(self.path):
            raise ValueError(_("either url is needed, or path"))
        if bool(self.user) != bool(self.password):
            raise ValueError(_("user and password belong together"))
        force_setattr(self, "url", self.url.rstrip("/"))
        if self.site != HOST_NAME and not self.site.startswith(VARIABLE):
            check_pattern(self.site)
