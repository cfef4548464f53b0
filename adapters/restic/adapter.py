"""Kind `restic`: snapshots in restic repositories, read without locking or writing.

Tried with restic 0.14; the exit codes and the JSON on standard error of 0.17 and
later are taken from restic's documentation ("Scripting").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from adapters.repositories.adapter import Access, Reading, RepositoriesAdapter, newest_first
from adapters.repositories.options import RepositoriesOptions, RepositoryOptions
from adapters.repositories.subprocesses import Finished, ssh_refuses
from adapters.shared.json_text import decode_json
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.records import BackupRun, RunResult

# "sftp:", "rest:", "s3:" and the like; a path has no such beginning.
_REMOTE = re.compile(r"[a-z0-9]+:")

# Exit codes since 0.17; before, every failure is 1.
_NO_REPOSITORY, _WRONG_PASSWORD = 10, 12

# What restic 0.14 says when it ends (internal/errors/fatal.go and its callers), after "Fatal: ".
# Only whole messages count, and only restic's own: a path or a host may contain any word.
_FATAL = "Fatal: "
_NO_KEY = re.compile(r"wrong password or no key found|an empty password is not .*")
_CANNOT_OPEN = re.compile(r"unable to open config file(?:: .*)?")
_DAMAGED = re.compile(r"config cannot be loaded: .*|load <\w+/\w+>: invalid data returned")
# How Go and the library for sftp end a message about a missing right.
_NO_RIGHT = re.compile(r".*: (?:permission denied|.*\(SSH_FX_PERMISSION_DENIED\))")
_HELPER = re.compile(r"subprocess \S+: (?P<said>.*)")


class ResticRepository(RepositoryOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A restic repository; the filters choose the job's snapshots where it holds several jobs."""

    password: Annotated[Secret, Meta(description="The repository's password.")]
    hosts: Annotated[tuple[str, ...], Meta(description="Only snapshots of these hosts.")] = ()
    paths: Annotated[
        tuple[str, ...], Meta(description="Only snapshots that contain all of these paths.")
    ] = ()
    tags: Annotated[
        tuple[str, ...],
        Meta(description="Only snapshots with one of these tags; a,b wants both."),
    ] = ()


class ResticOptions(RepositoriesOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the restic kind."""

    repositories: Annotated[
        tuple[ResticRepository, ...], Meta(description="The repositories, one per backup job.")
    ]
    binary: Annotated[str, Meta(description="The restic program.", min_length=1)] = "restic"
    cache: Annotated[
        bool,
        Meta(
            description="Use restic's own cache: quicker for distant repositories, but a damaged "
            "snapshot that is in the cache is not noticed."
        ),
    ] = False


class _Summary(Struct, frozen=True):
    """What restic 0.17 and later record about a backup."""

    backup_end: datetime | None = None
    total_bytes_processed: int | None = None


class _Snapshot(Struct, frozen=True):
    id: str
    time: datetime
    summary: _Summary | None = None


# Without any snapshot, some versions write null.
_SNAPSHOTS: Any = list[msgspec.Raw] | None


class _ExitError(Struct, frozen=True):
    """The error that restic 0.17 and later write as JSON."""

    message: str = ""


class ResticAdapter(RepositoriesAdapter):
    """Reads the snapshots of restic repositories."""

    kind = "restic"
    config_type = ResticOptions
    package = "restic"

    def secrets_of(self, repository: ResticRepository) -> Mapping[str, Secret]:
        """The password, in the variable that restic takes it from."""
        return {"RESTIC_PASSWORD": repository.password}

    def path_of(self, address: str) -> Path | None:
        """Tell a path from "sftp:…", "rest:…" and the like."""
        return None if _REMOTE.match(address) else self.local_path(address)

    def filters_of(self, repository: ResticRepository) -> Mapping[str, str]:
        """Hosts, paths and tags."""
        chosen = {
            "hosts": repository.hosts,
            "paths": repository.paths,
            "tags": repository.tags,
        }
        return {name: ", ".join(values) for name, values in chosen.items() if values}

    async def version(self) -> str:
        """Return e.g. "restic 0.14.0"."""
        return " ".join((await self.about("version")).split()[:2])

    async def read(self, repository: ResticRepository, access: Access) -> Reading:
        """Ask for the newest snapshots."""
        address = str(self.path_of(access.address) or access.address)
        command = [self.config.binary, "--no-lock", "snapshots", "--json"]
        command += [f"--latest={self.config.newest}"]
        command += [] if self.config.cache else ["--no-cache"]
        for option, wanted in (
            ("--host", repository.hosts),
            ("--path", repository.paths),
            ("--tag", repository.tags),
        ):
            command += [f"{option}={value}" for value in wanted]
        # Not on the command line, which everybody on the machine can read.
        env = {**repository.environment, "RESTIC_REPOSITORY": address}
        finished = await self.run(command, env, access)
        if finished.code != 0:
            raise _failure(finished)
        runs, odd = self._runs(repository, finished)
        return Reading(runs=runs, oddities=(*finished.complaints, *odd))

    def _runs(
        self, repository: ResticRepository, finished: Finished
    ) -> tuple[tuple[BackupRun, ...], tuple[str, ...]]:
        try:
            snapshots = decode_json(finished.stdout, _SNAPSHOTS) or []
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadAnswer(
                _("restic wrote something other than its list of snapshots: {reason}").format(
                    reason=error
                ),
                excerpt=finished.stdout[:400],
            ) from None
        runs, odd = newest_first(
            snapshots,
            lambda raw: _run(repository, decode_json(raw, _Snapshot)),
            _("a snapshot cannot be read: {reason}"),
        )
        # `--latest` counts for each combination of host and paths.
        return tuple(runs[: self.config.newest]), tuple(odd)


def _run(repository: ResticRepository, snapshot: _Snapshot) -> BackupRun:
    summary = snapshot.summary or _Summary()
    return BackupRun(
        key=f"{repository.key}/{snapshot.id[:16]}",
        job=repository.key,
        site=repository.site,
        application=repository.application,
        started=snapshot.time.astimezone(UTC),
        ended=summary.backup_end.astimezone(UTC) if summary.backup_end else None,
        result=RunResult.OK,
        size=summary.total_bytes_processed,
    )


class _Said(Struct, frozen=True):
    """Why restic ended, in its own words, and what the last program that it started said.

    `fatal` is empty where restic gave no reason of its own.
    """

    fatal: str
    helper: str
    shown: str


def _failure(finished: Finished) -> SourceError:
    """Tell what restic's failure means: by its exit code, before 0.17 by its own messages."""
    said = _said(finished)
    shown = _("restic: {said}").format(said=said.shown)
    if finished.code == _WRONG_PASSWORD or _NO_KEY.fullmatch(said.fatal):
        return AuthFailed(shown, hint=_("Check the repository's `password`."))
    if _NO_RIGHT.fullmatch(said.fatal) or ssh_refuses(said.helper):
        return AuthFailed(
            shown,
            hint=_("Give the account that runs smic-tui the right to read the repository."),
        )
    if finished.code == _NO_REPOSITORY or _CANNOT_OPEN.fullmatch(said.fatal):
        return Unavailable(shown, hint=_("Check `repository`: nothing can be opened there."))
    if _DAMAGED.fullmatch(said.fatal):
        return BadAnswer(
            shown,
            hint=_("The repository may be damaged: see `restic check`."),
            excerpt=finished.stderr[:400],
        )
    return Unavailable(shown)


def _said(finished: Finished) -> _Said:
    lines = finished.complaints
    for line in lines:
        if line.startswith("{"):
            try:
                if message := msgspec.json.decode(line, type=_ExitError).message:
                    return _Said(message.removeprefix(_FATAL), "", message)
            except msgspec.DecodeError:
                continue
    fatal = next((line.removeprefix(_FATAL) for line in lines if line.startswith(_FATAL)), "")
    shown = fatal or (lines[0] if lines else finished.last_words)
    helper = next((line for line in lines if _HELPER.fullmatch(line)), "")
    found = _HELPER.fullmatch(helper)
    # ssh knows better than restic why there is no connection.
    if helper and helper != shown:
        shown = f"{shown} ({helper})"
    return _Said(fatal, found["said"] if found else "", shown)
