"""The settings of kind `alertmanager`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from adapters.http.accounts import AccountOptions
from smic_tui.records import HealthState


class AlertmanagerOptions(AccountOptions, frozen=True, kw_only=True):
    """A Prometheus Alertmanager, usually http, port 9093."""

    watchdog: Annotated[
        str,
        Meta(
            description="Name of an alert that always fires (expr: vector(1)). Without it among "
            "the alerts the source is unavailable, since a dead Prometheus looks like good news. "
            "Empty: no such alert is needed."
        ),
    ] = "Watchdog"
    filters: Annotated[
        tuple[str, ...],
        Meta(description="Matchers of the alerts to read, e.g. 'team=\"reseau\"'; none: all."),
    ] = ()
    host_label: Annotated[str, Meta(description="The label that names the host.")] = "instance"
    site_label: Annotated[
        str, Meta(description="The label that names the site; without it, the host is the site.")
    ] = "site"
    severity_label: Annotated[
        str, Meta(description="The label that tells how bad an alert is.")
    ] = "severity"
    severities: Annotated[
        dict[str, HealthState],
        Meta(
            description="Value of that label = state; any other value is a warning, and an alert "
            "without the label is critical."
        ),
    ] = field(
        default_factory=lambda: {
            "critical": HealthState.CRITICAL,
            "page": HealthState.CRITICAL,
            "error": HealthState.CRITICAL,
            "warning": HealthState.WARNING,
            "info": HealthState.WARNING,
            "none": HealthState.OK,
        }
    )
    silence_for: Annotated[
        str,
        Meta(
            description="How long a silence lasts that was given no end: Alertmanager needs one.",
            pattern=r"^\d+(\.\d+)?(s|m|h|d|w)$",
        ),
    ] = "7d"
