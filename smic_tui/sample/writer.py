"""Write the sample syndicate: into a folder of the user's choice, or where the program reads it.

A folder is written under a lock and file by file, each one whole or not at all;
the marker that says what stands there is taken away first and written last, so
that a folder left half-written is written again.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from smic_tui import __version__
from smic_tui.config.shipped import shipped_config
from smic_tui.i18n import _
from smic_tui.sample.syndicate import Syndicate, compose

SEED = 17
FRESH = timedelta(hours=12)
LOCK_WAIT = 20.0

MARKER = ".sample.json"
LOCK = ".lock"
PLAYING = ".playing"
CONFIG = "config.toml"
SITES = "sites.csv"
MONITORING = "monitoring.json"
PLAN = "backup_plan.csv"
JOURNAL = "backup_journal.jsonl"
TICKETS = "tickets.csv"
REQUESTS = "requests.json"
FILES = (SITES, MONITORING, PLAN, JOURNAL, TICKETS, REQUESTS, CONFIG)


class SampleError(Exception):
    """The sample cannot be written there; the message says why and what to do."""


class Summary(Struct, frozen=True, kw_only=True):
    """What was written, `anchored` at which moment (UTC)."""

    folder: Path
    seed: int
    anchored: datetime
    members: int
    sites: int
    monitored: int
    backup_jobs: int
    backup_runs: int
    tickets: int
    open_tickets: int
    requests: int
    bad_rows: int


class _Marker(Struct, frozen=True, kw_only=True):
    seed: int
    anchored: datetime
    version: str


def write(folder: Path, *, seed: int = SEED, now: datetime | None = None) -> Summary:
    """Write the sample as of `now` (timezone-aware; the present if absent) into `folder`.

    The same seed and moment give the same bytes. A sample that is there is
    replaced. Raises `SampleError` if the folder holds something else or cannot
    be written, `ValueError` if `now` has no time zone.
    """
    now = _moment(now)
    with _locked(folder):
        return _write(folder, seed, now)


def ensure(folder: Path, *, seed: int = SEED, now: datetime | None = None) -> bool:
    """Write the sample unless one that is less than twelve hours old is there.

    Returns whether it was written. Another program that does the same at the
    same time is waited for; a sample that is being played is left to its
    player. Raises like `write`.
    """
    now = _moment(now)
    if _is_fresh(folder, now):
        return False
    with _locked(folder):
        if _is_fresh(folder, now) or is_playing(folder):
            return False
        _write(folder, seed, now)
        return True


def is_playing(folder: Path) -> bool:
    """Whether a player is changing the sample in `folder` at this moment."""
    try:
        with (folder / PLAYING).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` into `path` at one stroke: readers see the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def _moment(now: datetime | None) -> datetime:
    if now is None:
        return datetime.now(UTC).replace(microsecond=0)
    if now.tzinfo is None:
        raise ValueError("now must be timezone-aware")
    return now.astimezone(UTC).replace(microsecond=0)


def _is_fresh(folder: Path, now: datetime) -> bool:
    try:
        marker = msgspec.json.decode((folder / MARKER).read_bytes(), type=_Marker)
    except (OSError, msgspec.MsgspecError):
        return False
    age = now - marker.anchored
    return (
        timedelta(minutes=-5) <= age < FRESH
        and marker.version == __version__
        and all((folder / name).exists() for name in FILES)
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("ab")
    except OSError as error:
        raise SampleError(
            _("{folder} cannot be written: {reason}").format(folder=folder, reason=error.strerror)
        ) from error
    with lock:
        deadline = time.monotonic() + LOCK_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = _("{folder} is being written by another program; try again later")
                    raise SampleError(message.format(folder=folder)) from None
                time.sleep(0.05)
        try:
            yield
        except OSError as error:
            raise SampleError(
                _("{file} cannot be written: {reason}").format(
                    file=error.filename or folder, reason=error.strerror
                )
            ) from error


def _refuse_strangers(folder: Path) -> None:
    """Raise `SampleError` where a file of somebody's own would be replaced."""
    ours = {MARKER, LOCK, PLAYING}
    for path in folder.iterdir():
        if path.name in ours or path.name.endswith(".tmp"):
            continue
        if not (folder / MARKER).exists() and not (folder / f"{MARKER}.begun").exists():
            raise SampleError(
                _(
                    "{folder} holds {file}, which is no sample of this program; "
                    "give an empty or a new folder"
                ).format(folder=folder, file=path.name)
            )


def _write(folder: Path, seed: int, now: datetime) -> Summary:
    _refuse_strangers(folder)
    from smic_tui.sample.documents import journal_jsonl, monitoring_json, requests_json
    from smic_tui.sample.tables import BAD_ROWS, plan_csv, sites_csv, tickets_csv

    begun = folder / f"{MARKER}.begun"
    begun.touch()
    (folder / MARKER).unlink(missing_ok=True)
    _sweep(folder)
    made = compose(seed, now)
    replace_file(folder / SITES, sites_csv(made.sites))
    replace_file(folder / MONITORING, monitoring_json(made.health, now))
    replace_file(folder / PLAN, plan_csv(made.jobs))
    replace_file(folder / JOURNAL, journal_jsonl(made.runs))
    replace_file(folder / TICKETS, tickets_csv(made.tickets))
    replace_file(folder / REQUESTS, requests_json(made.requests, now))
    replace_file(folder / CONFIG, config_of_folder().encode())
    marker = _Marker(seed=seed, anchored=now, version=__version__)
    replace_file(folder / MARKER, msgspec.json.encode(marker))
    begun.unlink()
    return _summary(folder, made, BAD_ROWS)


def _sweep(folder: Path) -> None:
    """Remove what a writer that was killed left behind."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def config_of_folder() -> str:
    """The shipped configuration, reading the files beside it."""
    return shipped_config().read_text(encoding="utf-8").replace("{sample}/", "")


def _summary(folder: Path, made: Syndicate, bad_rows: int) -> Summary:
    return Summary(
        folder=folder,
        seed=made.seed,
        anchored=made.now,
        members=len({site.member.code for site in made.sites}),
        sites=len(made.sites),
        monitored=sum(1 for one in made.health if not one.service),
        backup_jobs=len(made.jobs),
        backup_runs=len(made.runs),
        tickets=len(made.tickets),
        open_tickets=sum(ticket.is_open for ticket in made.tickets),
        requests=len(made.requests),
        bad_rows=bad_rows,
    )
