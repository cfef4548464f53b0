"""Reads BackupPC's own list of a host's backups: the file pc/HOST/backups.

From BackupPC's documentation ("Storage layout") and its source, as 4.4 writes it: one
line per backup, fields by tabs: number, type, start, end, files, size, existing files
and size, new files and size, errors, bad files, bad shares, and more. `active` is one
that goes on; `partial` was interrupted, and one without an end is a failed attempt.
"""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.shared.ahead import newest_of, told_ahead, without_those_ahead
from adapters.shared.epochs import LATEST
from smic_tui.i18n import _, ngettext
from smic_tui.records import BackupRun, RunResult

_TYPES = ("full", "incr", "partial", "active")
_START, _END, _SIZE, _ERRORS = 2, 3, 5, 10


def read_backups(
    data: bytes, name: str, site: str, application: str, newest: int
) -> tuple[list[BackupRun], list[tuple[int, str]]]:
    """Return the newest backups of a host, and the lines that are none with the reason.

    Backups that are dated ahead of the clock are told with the first line.
    """
    runs: dict[str, BackupRun] = {}
    odd: list[tuple[int, str]] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            run = _run(line.split("\t"), name, site, application)
        except ValueError as error:
            odd.append((number, str(error)))
        else:
            runs[run.key] = run
    ordered, ahead = without_those_ahead(runs.values(), datetime.now(UTC))
    if ahead:
        odd.append((1, told_ahead(len(ahead), max(run.started for run in ahead))))
    return newest_of(ordered, newest)[::-1], odd


def _run(fields: list[str], name: str, site: str, application: str) -> BackupRun:
    if len(fields) <= _ERRORS or not fields[0].isdigit() or fields[1] not in _TYPES:
        raise ValueError(_("not a backup: number, type and times are expected"))
    started, ended = _moment(fields[_START]), _moment(fields[_END])
    if started is None:
        raise ValueError(_("the start is no time: {value}").format(value=fields[_START][:40]))
    kind = fields[1]
    errors = int(fields[_ERRORS]) if fields[_ERRORS].isdigit() else 0
    if kind == "active":
        result = RunResult.RUNNING
    elif kind == "partial" or ended is None:
        result = RunResult.FAILED
    else:
        result = RunResult.WARNING if errors else RunResult.OK
    message = kind
    if errors:
        said = ngettext("{count} error", "{count} errors", errors).format(count=errors)
        message += f", {said}"
    return BackupRun(
        key=f"{name}/{fields[0]}/{int(started.timestamp())}",
        job=name,
        site=site,
        application=application,
        started=started,
        # An interrupted backup may carry the end of the one before it.
        ended=ended if kind != "active" and ended and ended >= started else None,
        result=result,
        size=int(fields[_SIZE]) if fields[_SIZE].isdigit() else None,
        message=message,
        changes_only=kind == "incr",
    )


def _moment(text: str) -> datetime | None:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) < LATEST:
        return None
    return datetime.fromtimestamp(int(text[:12]), UTC)
