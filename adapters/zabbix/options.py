"""The settings of kind `zabbix`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

from adapters.http.options import HttpOptions
from adapters.shared.durations import Duration
from adapters.shared.site_rules import check_pattern
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

HOST_NAME = "host name"
VISIBLE_NAME = "visible name"
_NAMED = ("tag.", "macro.", "inventory.")
Severity = Literal["not classified", "information", "warning", "average", "high", "disaster"]
SEVERITIES: tuple[Severity, ...] = (
    "not classified",
    "information",
    "warning",
    "average",
    "high",
    "disaster",
)


class ZabbixOptions(HttpOptions, frozen=True, kw_only=True):
    """A Zabbix frontend with its API; `url` is its address, without api_jsonrpc.php."""

    token: Annotated[
        Secret | None, Meta(description="Where the API token is; better than a password.")
    ] = None
    user: Annotated[str, Meta(description="Login of the account, when there is no API token.")] = ""
    password: Annotated[Secret | None, Meta(description="Where its password is.")] = None
    site: Annotated[
        str,
        Meta(
            description="How a host tells its site: 'visible name', 'host name', a tag "
            "('tag.insee'), a macro ('macro.{$INSEE}'), a field of its inventory "
            "('inventory.site_zip'), or a regular expression on the visible name with a group "
            "(?P<site>...). If a host gives none, its visible name is used."
        ),
    ] = VISIBLE_NAME
    groups: Annotated[
        tuple[str, ...],
        Meta(description="Only hosts of these host groups; all that the account sees if empty."),
    ] = ()
    triggers: Annotated[
        Literal["problems", "all"],
        Meta(
            description="'problems': only triggers that are in the state problem; 'all': also "
            "those that are well, which are tens of thousands in a large installation."
        ),
    ] = "problems"
    severity: Annotated[
        Severity, Meta(description="Triggers of a lesser severity are left out.")
    ] = "information"
    critical_from: Annotated[
        Severity,
        Meta(description="From this severity on a problem is critical, below it a warning."),
    ] = "average"
    down: Annotated[
        str,
        Meta(
            description="Regular expression for names of triggers: a host is down while such a "
            "trigger is in the state problem. Without one, pings and the availability of its "
            "interfaces tell."
        ),
    ] = r"(?i)ICMP ping$|agent is not available|injoignable"
    heartbeat: Annotated[
        tuple[str, ...],
        Meta(
            description="Beginnings of keys of items that get a value every few minutes as long as "
            "the Zabbix server works; the first one that has items counts.",
            min_length=1,
        ),
    ] = ("zabbix[", "icmpping", "agent.ping", "system.", "")
    checks_within: Annotated[
        Duration,
        Meta(
            description="If these items have had no value for this long, Zabbix's states are old, "
            "and it counts as unavailable."
        ),
    ] = "15m"

    proxies_within: Annotated[
        Duration,
        Meta(
            description="If a proxy has not been heard of for this long, what it watches is not "
            "known any more."
        ),
    ] = "5m"

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other; msgspec reports the ValueError."""
        super().__post_init__()
        if bool(self.user) != bool(self.password):
            raise ValueError(_("user and password belong together"))
        if bool(self.token) == bool(self.user):
            raise ValueError(_("either token is needed, or user and password"))
        try:
            re.compile(self.down)
        except re.error as error:
            raise ValueError(
                _("down is no regular expression: {reason}").format(reason=error)
            ) from error
        if self.site not in (VISIBLE_NAME, HOST_NAME) and not self.site.startswith(_NAMED):
            check_pattern(self.site)
