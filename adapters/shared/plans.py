"""The plan of a backup, where the system that made it does not know it.

Backup programs record what they did, seldom when they should have done it. So the
plan of a job stands in the configuration, the same keys for every kind.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from adapters.shared.durations import Duration, seconds
from adapters.shared.values import read_calendar
from smic_tui.i18n import _
from smic_tui.records import BackupJob

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class PlanOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a backup is expected."""

    period: Annotated[
        Duration | None, Meta(description="Longest time between two successes, e.g. 24h.")
    ] = None
    calendar: Annotated[
        str,
        Meta(description="Instead of a period: cron syntax in the display's time zone."),
    ] = ""
    grace: Annotated[
        Duration, Meta(description="How long a missing run is late and not yet overdue.")
    ] = "0s"
    closed: Annotated[
        tuple[Weekday, ...], Meta(description="Weekdays on which no run is expected.")
    ] = ()
    holidays: Annotated[
        bool, Meta(description="Whether no run is expected on public holidays.")
    ] = False
    url: Annotated[str, Meta(description="Page about this backup, for opening.")] = ""

    def __post_init__(self) -> None:
        """Refuse a calendar that is none; msgspec reports the ValueError."""
        if self.calendar:
            try:
                read_calendar(self.calendar)
            except ValueError as error:
                raise ValueError(
                    _('calendar: "{value}" is not {expected}').format(
                        value=self.calendar, expected=error
                    )
                ) from None

    def job_of(self, key: str, site: str, application: str, protocol: str) -> BackupJob:
        """Return the job that is planned so."""
        return BackupJob(
            key=key,
            site=site,
            application=application,
            protocol=protocol,
            period=round(seconds(self.period)) if self.period else None,
            calendar=self.calendar,
            grace=round(seconds(self.grace)),
            closed=tuple(sorted(get_args(Weekday).index(day) for day in set(self.closed))),
            holidays=self.holidays,
            url=self.url,
        )
