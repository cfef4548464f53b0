"""Reads BackupPC's page of metrics (4.4: `?action=metrics&format=json`).

Seen at 4.4.0: `full_age` and `incr_age` are the *starts* of the newest full and
incremental backup, in epoch seconds, -1 where there is none. Periods are days, with a
fraction, negative when that kind is switched off. Of a failed attempt the page tells the reason,
and not when it began or ended. An account that is neither administrator nor user of a host gets
the page without that host, and no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from adapters.shared.epochs import LATEST
from smic_tui.i18n import _
from smic_tui.records import BackupRun, RunResult

_DAY = 86_400
_RUNNING = ("Status_backup_in_progress", "Status_backup_starting")
_FAILED = ("Reason_backup_failed", "Reason_backup_canceled_by_user")


class Host(Struct, frozen=True):
    """What the page says of one host."""

    full_age: int | None = None
    full_duration: float | None = None
    full_period: float | str | None = None
    full_size: float | None = None
    incr_age: int | None = None
    incr_duration: float | None = None
    incr_period: float | str | None = None
    error: str | None = None
    reason: str | None = None
    state: str | None = None
    disabled: int | str | None = None


class Server(Struct, frozen=True):
    """What the page says of BackupPC itself."""

    version: str | None = None


class Page(Struct, frozen=True):
    """The page. Hosts are decoded one by one: a strange one costs the others nothing."""

    server: Server | None = None
    hosts: dict[str, msgspec.Raw] | None = None


def period_of(host: Host) -> int | None:
    """Return the seconds between two backups, full or incremental; None if none are planned."""
    if _number(host.disabled) > 0:
        return None
    periods = [_number(host.incr_period), _number(host.full_period)]
    planned = [days for days in periods if days > 0]
    return round(min(planned) * _DAY) if planned else None


def runs_of(
    name: str, site: str, application: str, host: Host, seen: Mapping[str, datetime]
) -> list[BackupRun]:
    """Return the newest full and incremental backup, and the attempt that goes on or failed.

    `seen` is when such an attempt was first heard of: the page does not say.
    """
    runs = []
    for level, age, duration, size in (
        ("full", host.full_age, host.full_duration, host.full_size),
        ("incr", host.incr_age, host.incr_duration, None),
    ):
        if age is None or not 0 < age < LATEST:
            continue
        ended = age + max(duration or 0, 0)
        runs.append(
            BackupRun(
                key=f"{name}/{level}/{age}",
                job=name,
                site=site,
                application=application,
                started=datetime.fromtimestamp(age, UTC),
                ended=datetime.fromtimestamp(ended, UTC) if ended < LATEST else None,
                result=RunResult.OK,
                size=int(size) if size is not None and size >= 0 else None,
                message=level,
                changes_only=level == "incr",
            )
        )
    attempt = attempt_of(name, host)
    if attempt and (begun := seen.get(attempt)):
        running = host.state in _RUNNING
        runs.append(
            BackupRun(
                key=attempt,
                job=name,
                site=site,
                application=application,
                started=begun,
                ended=None if running else begun,
                result=RunResult.RUNNING if running else RunResult.FAILED,
                message=host.error or (_("in progress") if running else _("failed")),
            )
        )
    return runs


def attempt_of(name: str, host: Host) -> str:
    """Return the key of an attempt that goes on or failed, "" if there is none.

    After the next success the key is another.
    """
    newest = max(host.full_age or 0, host.incr_age or 0, 0)
    if host.state in _RUNNING:
        return f"{name}/running-after/{newest}"
    if host.reason in _FAILED:
        return f"{name}/failed-after/{newest}"
    return ""


def _number(value: float | str | None) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return 0.0
