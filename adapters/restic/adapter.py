"""Kind `restic`: snapshots in restic repositories, read without locking or writing.

Tried with restic 0.14; the exit codes and the JSON on standard error of 0.17 and
later are taken from restic's documentation ("Scripting").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from adapters.repositories.adapter import (
    Access,
    Listed,
    Reading,
    RepositoriesAdapter,
    newest_first,
)
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
# What restic says while it tries again; it says at the end what came of it.
_TRIES_AGAIN = re.compile(r".* returned error, retrying after .*")
# It could not list the snapshots; it then ends with 0 and an empty list.
_NO_LIST = re.compile(r"could not load snapshots?(?: \w+)?: .*")
# A line of `restic ls --json` about anything but a folder. Quotes within names are escaped.
_CONTENT = re.compile(rb'"type":"(?!dir")')
# In its first line, which is about the snapshot itself.
_SNAPSHOT = b'"struct_type":"snapshot"'


class ResticRepository(RepositoryOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A restic repository; the filters choose the job's snapshots where it holds several jobs."""

    password: Annotated[
        Secret | None,
        Meta(
            description="The repository's password; absent where `environment` has "
            "RESTIC_PASSWORD_FILE or RESTIC_PASSWORD_COMMAND."
        ),
    ] = None
    hosts: Annotated[tuple[str, ...], Meta(description="Only snapshots of these hosts.")] = ()
    paths: Annotated[
        tuple[str, ...], Meta(description="Only snapshots that contain all of these paths.")
    ] = ()
    tags: Annotated[
        tuple[str, ...],
        Meta(description="Only snapshots with one of these tags; a,b wants both."),
    ] = ()

    own_variables: ClassVar[dict[str, str]] = {
        "RESTIC_REPOSITORY": "repository",
        "RESTIC_REPOSITORY_FILE": "repository",
    }
    password_variables: ClassVar[tuple[str, ...]] = (
        "RESTIC_PASSWORD",
        "RESTIC_PASSWORD_FILE",
        "RESTIC_PASSWORD_COMMAND",
    )

    def __post_init__(self) -> None:
        """Refuse a repository whose password comes in no way, or in two."""
        super().__post_init__()
        self.check_password("password", self.password, needed=True)


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
    total_files_processed: int | None = None
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
        return {"RESTIC_PASSWORD": repository.password} if repository.password else {}

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
        listed, finished = await self._snapshots(repository, access, newest=self.config.newest)
        if listed.ahead:
            # They have taken the places of others: all are asked for.
            listed, finished = await self._snapshots(repository, access, newest=None)
        said = [line for line in finished.complaints if not _TRIES_AGAIN.fullmatch(line)]
        if not listed.runs and any(_NO_LIST.fullmatch(line) for line in said):
            # An empty list would say that there never was a backup.
            raise _failure(finished, repository.password_variable)
        # `--latest` counts for each combination of host and paths.
        return Reading(runs=listed.runs[: self.config.newest], oddities=(*said, *listed.complaints))

    async def holds_anything(
        self, repository: ResticRepository, access: Access, run: BackupRun
    ) -> bool:
        """List the snapshot until something comes that is no folder."""
        command, env = self._command(repository, access, "ls")
        command += ["--json", run.key.rpartition("/")[2]]
        finished = await self.run(command, env, access, until=_CONTENT)
        if finished.code != 0:
            raise _failure(finished, repository.password_variable)
        if _SNAPSHOT not in finished.stdout.partition(b"\n")[0]:
            raise BadAnswer(
                _("restic wrote something other than the files of a snapshot"),
                excerpt=finished.stdout[:400],
            )
        return _CONTENT.search(finished.stdout) is not None

    def _command(
        self, repository: ResticRepository, access: Access, verb: str
    ) -> tuple[list[str], dict[str, str]]:
        command = [self.config.binary, "--no-lock", verb]
        command += [] if self.config.cache else ["--no-cache"]
        address = str(self.path_of(access.address) or access.address)
        # Not on the command line, which everybody on the machine can read.
        return command, {**repository.environment, "RESTIC_REPOSITORY": address}

    async def _snapshots(
        self, repository: ResticRepository, access: Access, *, newest: int | None
    ) -> tuple[Listed, Finished]:
        command, env = self._command(repository, access, "snapshots")
        command += ["--json"] if newest is None else ["--json", f"--latest={newest}"]
        for option, wanted in (
            ("--host", repository.hosts),
            ("--path", repository.paths),
            ("--tag", repository.tags),
        ):
            command += [f"{option}={value}" for value in wanted]
        finished = await self.run(command, env, access)
        if finished.code != 0:
            raise _failure(finished, repository.password_variable)
        try:
            snapshots = decode_json(finished.stdout, _SNAPSHOTS) or []
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadAnswer(
                _("restic wrote something other than its list of snapshots: {reason}").format(
                    reason=error
                ),
                excerpt=finished.stdout[:400],
            ) from None
        listed = newest_first(
            snapshots,
            lambda raw: _run(repository, decode_json(raw, _Snapshot)),
            _("a snapshot cannot be read: {reason}"),
        )
        return listed, finished


def _run(repository: ResticRepository, snapshot: _Snapshot) -> BackupRun:
    summary = snapshot.summary or _Summary()
    size = 0 if summary.total_files_processed == 0 else summary.total_bytes_processed
    return BackupRun(
        key=f"{repository.key}/{snapshot.id[:16]}",
        job=repository.key,
        site=repository.site,
        application=repository.application,
        started=snapshot.time.astimezone(UTC),
        ended=summary.backup_end.astimezone(UTC) if summary.backup_end else None,
        result=RunResult.OK,
        size=size,
    )


class _Said(Struct, frozen=True):
    """Why restic ended, in its own words, and what the last program that it started said.

    `fatal` is empty where restic gave no reason of its own.
    """

    fatal: str
    helper: str
    shown: str


def _failure(finished: Finished, password_variable: str = "") -> SourceError:
    """Tell what restic's failure means: by its exit code, before 0.17 by its own messages.

    `password_variable` is the variable of the configuration that tells the password, "" where
    `password` does.
    """
    said = _said(finished)
    shown = _("restic: {said}").format(said=said.shown)
    if finished.code == _WRONG_PASSWORD or _NO_KEY.fullmatch(said.fatal):
        key = f"environment.{password_variable}" if password_variable else "password"
        return AuthFailed(shown, hint=_("Check the repository's `{key}`.").format(key=key))
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
    lines = [line for line in lines if not _TRIES_AGAIN.fullmatch(line)] or lines
    fatal = next((line.removeprefix(_FATAL) for line in lines if line.startswith(_FATAL)), "")
    if not fatal:
        fatal = next((line for line in lines if _NO_LIST.fullmatch(line)), "")
    shown = fatal or (lines[0] if lines else finished.last_words)
    helper = next((line for line in lines if _HELPER.fullmatch(line)), "")
    found = _HELPER.fullmatch(helper)
    # ssh knows better than restic why there is no connection.
    if helper and helper != shown:
        shown = f"{shown} ({helper})"
    return _Said(fatal, found["said"] if found else "", shown)
