"""The settings of kind `ping`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from adapters.shared.durations import Duration
from smic_tui.i18n import _

Port = Annotated[int, Meta(ge=0, le=65535)]


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to probe."""

    site: Annotated[str, Meta(description="Site of the host: its code or name.", min_length=1)]
    address: Annotated[
        str,
        Meta(description="Name or address of the host.", pattern=r"^[^\s/\[\]]+$", min_length=1),
    ]
    port: Annotated[
        Port, Meta(description="TCP port to connect to; 0 sends an ICMP echo request instead.")
    ] = 0
    service: Annotated[
        str,
        Meta(
            description="Name of the service behind the port, which must accept; empty for the "
            "host itself, which is up even when it refuses the port."
        ),
    ] = ""

    @property
    def key(self) -> str:
        """What tells it from the others."""
        where = f"{self.address}:{self.port}" if self.port else self.address
        return f"{self.site}/{where}"


class PingOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Probes of sites that no monitoring system watches: whether they answer."""

    targets: Annotated[
        tuple[Target, ...], Meta(description="The addresses to probe, one table each.")
    ] = ()
    path: Annotated[
        str,
        Meta(
            description="CSV file with more targets: a header with site;address;port;service, of "
            "which the last two may be missing or empty."
        ),
    ] = ""
    witness: Annotated[
        str,
        Meta(
            description="ADDRESS or ADDRESS:PORT of a near machine that always answers, such as "
            "your own router: if it does not answer, your own line is down, and no site."
        ),
    ] = ""
    timeout: Annotated[Duration, Meta(description="How long one attempt may take.")] = "3s"
    attempts: Annotated[
        int, Meta(description="After how many failed attempts a target is down.", ge=1, le=10)
    ] = 2
    parallel: Annotated[
        int, Meta(description="How many targets are probed at once.", ge=1, le=256)
    ] = 16
    spread: Annotated[
        Duration, Meta(description="Time over which the probes of one reading are spread.")
    ] = "20s"
    slow: Annotated[
        Duration | None, Meta(description="An answer that takes this long or longer is a warning.")
    ] = None

    def __post_init__(self) -> None:
        """Refuse a source without targets and one that has two of the same."""
        if not self.targets and not self.path:
            raise ValueError(_("targets or path is needed"))
        keys = [target.key for target in self.targets]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(_("the target {key} is there twice").format(key=sorted(twice)[0]))
