"""Writes the sample syndicate into a folder, with a configuration that reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from smic_tui import __version__
from smic_tui.config.shipped import shipped_config
from smic_tui.i18n import _
from smic_tui.sample import folder as files
from smic_tui.sample.folder import (
    Marker,
    SampleError,
    digest_of,
    is_edited,
    is_playing,
    locked,
    replace_file,
    rewriting,
)
from smic_tui.sample.syndicate import Syndicate, compose

SEED = 17


class Summary(Struct, frozen=True, kw_only=True):
    """What a sample that was written holds; `anchored` is the moment that it shows (UTC).

    `bad_rows` counts the rows of the register that are no sites: the sample has some on
    purpose, because people leave such rows in a sheet that they keep by hand. `config_kept`
    says that the configuration there was edited and stays: the new one is in `NEW_CONFIG`.
    """

    folder: Path
    seed: int
    anchored: datetime
    members: int
    sites: int
    monitored_sites: int
    backup_jobs: int
    backup_runs: int
    tickets: int
    open_tickets: int
    requests: int
    bad_rows: int
    config_kept: bool = False


def write(folder: Path, *, seed: int = SEED, now: datetime | None = None) -> Summary:
    """Writes the sample as of `now` (timezone-aware; the present if absent) into `folder`.

    The same seed and moment give the same bytes. It replaces a sample that is already
    there. Raises `SampleError` if the folder holds other files, is being played or cannot
    be written, and `ValueError` if `now` has no time zone.
    """
    now = to_second(now)
    with locked(folder):
        if is_playing(folder):
            message = _("the sample in {folder} is being played by another program")
            raise SampleError(message.format(folder=folder))
        return write_locked(folder, compose(seed, now))


def to_second(now: datetime | None) -> datetime:
    """Returns the moment in UTC without its fraction of a second; the present if absent.

    Raises `ValueError` if `now` has no time zone.
    """
    if now is None:
        now = datetime.now(UTC)
    if now.tzinfo is None:
        raise ValueError("now must be timezone-aware")
    return now.astimezone(UTC).replace(microsecond=0)


def write_locked(folder: Path, made: Syndicate) -> Summary:
    """Writes `made`; the caller holds the lock of the folder. Raises `OSError`."""
    from smic_tui.sample.documents import journal_jsonl, monitoring_json, requests_json
    from smic_tui.sample.tables import BAD_ROWS, plan_csv, sites_csv, tickets_csv

    config = config_beside_files(folder).encode()
    edited = is_edited(folder, config)
    # Of one that was edited it is not known any more which one it was.
    digest = "" if edited else digest_of(config)
    marker = Marker(seed=made.seed, anchored=made.now, version=__version__, config=digest)
    with rewriting(folder, marker):
        replace_file(folder / files.SITES, sites_csv(made.sites))
        replace_file(folder / files.MONITORING, monitoring_json(made.health, made.now))
        replace_file(folder / files.PLAN, plan_csv(made.jobs))
        replace_file(folder / files.JOURNAL, journal_jsonl(made.runs))
        replace_file(folder / files.TICKETS, tickets_csv(made.tickets))
        replace_file(folder / files.REQUESTS, requests_json(made.requests, made.now))
        replace_file(folder / (files.NEW_CONFIG if edited else files.CONFIG), config)
    return Summary(
        folder=folder,
        seed=made.seed,
        anchored=made.now,
        members=len({site.member.code for site in made.sites}),
        sites=len(made.sites),
        monitored_sites=sum(1 for one in made.health if not one.service),
        backup_jobs=len(made.jobs),
        backup_runs=len(made.runs),
        tickets=len(made.tickets),
        open_tickets=sum(ticket.is_open for ticket in made.tickets),
        requests=len(made.requests),
        bad_rows=BAD_ROWS,
        config_kept=edited,
    )


def config_beside_files(folder: Path) -> str:
    """Returns the shipped configuration, changed to read the files in `folder`.

    It names them by absolute paths, so that it can be copied to another place.
    """
    # What stands within the quotation marks of JSON may stand within those of TOML.
    path = msgspec.json.encode(str(folder.absolute())).decode()[1:-1]
    return shipped_config().read_text(encoding="utf-8").replace("{sample}/", f"{path}/")
