"""The settings of kind `prometheus`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from adapters.http.accounts import AccountOptions
from adapters.shared.durations import Duration
from smic_tui.i18n import _


class Check(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query to Prometheus, whose answer has one sample for each host or service.

    Without thresholds a sample of 1 or more is up (or ok) and any other down (or critical).
    """

    query: Annotated[
        str, Meta(description="PromQL, e.g. 'probe_success{job=\"sites\"}'.", min_length=1)
    ]
    service: Annotated[
        str, Meta(description="Name of the service that it checks; empty for the host itself.")
    ] = ""
    job: Annotated[
        str,
        Meta(
            description="The scrape job of the samples: if a target of it does not answer, the "
            "state is unknown, and a job without any target makes the source unavailable. "
            "Without `job`, the samples of a dead exporter go missing unnoticed."
        ),
    ] = ""
    warning: Annotated[float | None, Meta(description="From this value on it is a warning.")] = None
    critical: Annotated[float | None, Meta(description="From this value on it is critical.")] = None
    falling: Annotated[
        bool, Meta(description="Whether the thresholds are lower bounds, as for free space.")
    ] = False
    unit: Annotated[str, Meta(description="Unit that is written after the value.")] = ""

    @property
    def has_thresholds(self) -> bool:
        """Whether the value is a quantity, not a yes or no."""
        return self.warning is not None or self.critical is not None


class PrometheusOptions(AccountOptions, frozen=True, kw_only=True):
    """A Prometheus server, usually http, port 9090."""

    checks: Annotated[
        tuple[Check, ...], Meta(description="The queries, one table each.", min_length=1)
    ]
    host_label: Annotated[str, Meta(description="The label that names the host.")] = "instance"
    site_label: Annotated[
        str, Meta(description="The label that names the site; without it, the host is the site.")
    ] = "site"
    scraped_within: Annotated[
        Duration,
        Meta(
            description="If a target's last scrape is older, its state is not known any more; if "
            "that of a whole job is, the source counts as unavailable."
        ),
    ] = "10m"

    def __post_init__(self) -> None:
        """Refuse two checks of the same name: their rows could not be told apart."""
        super().__post_init__()
        names = [check.service for check in self.checks]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(
                _("two checks have the service {name!r}").format(name=sorted(twice)[0])
            )
