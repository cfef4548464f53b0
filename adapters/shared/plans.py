"""Holds the plan of a backup, where the system that makes the backup does not know it.

Backup programs record what they did, seldom when they should have done it. So the plan of a job
stands in the configuration, with the same keys for every kind. Public.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar, get_args

from msgspec import Meta, Struct

from adapters.shared.durations import Duration, seconds
from adapters.shared.site_rules import check_pattern, site_in
from adapters.shared.values import read_calendar
from smic_tui.i18n import _
from smic_tui.records import BackupJob

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class PlanOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a backup is expected. Public: the settings of one planned backup."""

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
        """Return the job that has this plan; its periods are in seconds."""
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


class PatternPlan(PlanOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plan of all backups whose names fit its patterns (`*`, `?`, `[…]`).

    Public: the base of a kind's own settings of a plan. A kind adds the keys that hold the
    patterns, and says in `patterns` which these are.
    """

    @property
    def patterns(self) -> tuple[str, ...]:
        """One pattern for each of the names that a backup is known by."""
        raise NotImplementedError

    def fits(self, *names: str) -> bool:
        """Whether it is the plan of the backup with these names."""
        pairs = zip(names, self.patterns, strict=True)
        return all(fnmatch.fnmatchcase(name, pattern) for name, pattern in pairs)


PlanT = TypeVar("PlanT", bound=PatternPlan)


def plan_for(plans: Iterable[PlanT], *names: str, otherwise: PlanT) -> PlanT:
    """Return the first plan that fits a backup, `otherwise` if none does. Public."""
    return next((plan for plan in plans if plan.fits(*names)), otherwise)


def is_excluded(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits one of the patterns of what is not shown. Public."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def check_site_of_backups(rule: str) -> None:
    """Raise `ValueError` for what is no regular expression with a group (?P<site>…).

    Public. An empty rule is allowed: a backup's name is that of its site.
    """
    if rule:
        check_pattern(
            rule,
            invalid=_("site: not a regular expression: {reason}"),
            without_group=_("site: a group (?P<site>…) is expected"),
        )


def site_of_backup(rule: str, name: str, *, otherwise: str) -> str:
    """Return the site that a rule finds in a name; without a rule or a finding, `otherwise`.

    Public.
    """
    return (site_in(rule, name) if rule else "") or otherwise
