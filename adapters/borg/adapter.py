"""Kind `borg`: archives in Borg repositories, read without locking or writing.

Tried with borg 1.2. Its exit status is 2 for every error, so the `msgid` in its JSON log says what
happened (borg's documentation, "Frontends").
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta, Struct

from adapters.repositories.adapter import Access, Reading, RepositoriesAdapter, newest_first
from adapters.repositories.options import RepositoriesOptions, RepositoryOptions
from adapters.repositories.subprocesses import Finished, ssh_refuses
from adapters.shared.json_text import decode_json
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _, ngettext
from smic_tui.records import BackupRun, RunResult

# "ssh://…" or "user@host:path"; anything else is a path.
_REMOTE = re.compile(r"(?!file://)(?:\w+://|[^/]+:)")

_NO_KEY = (
    "PassphraseWrong",
    "PasswordRetriesExceeded",
    "NoPassphraseFailure",
    "PasscommandFailure",
)
_NOT_FORESEEN = "Exception"
_DAMAGED = (
    "IntegrityError",
    "Repository.CheckNeeded",
    "Repository.InvalidRepository",
    _NOT_FORESEEN,
)
# How an error of Python that borg did not foresee is shown: EACCES, whatever the language.
_NO_RIGHT = re.compile(r"PermissionError: \[Errno 13\] .*")
_TRACE = "Traceback (most recent call last):"
# In the trace of what borg did not foresee: it was reading the repository's own settings.
_ITS_CONFIG = "self.config.read_file("
# Before what a program said that borg started: ssh, or the borg at the other end.
_REMOTE_SAID = "Remote: "
_WARNING = 1
# What borg leaves while it works, until it has ended; older versions list them
# (borg's documentation, "create").
_CHECKPOINT = re.compile(r"\.checkpoint(?:\.\d+)?$")
# A line of `borg list --json-lines` about anything but a folder. Quotes in names are escaped.
_CONTENT = re.compile(rb'"type": "(?!d")')


class BorgRepository(RepositoryOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Borg repository."""

    passphrase: Annotated[
        Secret | None,
        Meta(
            description="The passphrase; absent for an unencrypted repository, and where "
            "`environment` has BORG_PASSCOMMAND."
        ),
    ] = None
    archives: Annotated[
        str,
        Meta(description="Pattern of the job's archives, e.g. mairie-*; empty: all of them."),
    ] = ""
    remote_path: Annotated[
        str, Meta(description="The borg program on the machine that has the repository.")
    ] = ""

    own_variables: ClassVar[dict[str, str]] = {
        "BORG_REPO": "repository",
        # A descriptor of this program would not reach borg.
        "BORG_PASSPHRASE_FD": "passphrase",
    }
    password_variables: ClassVar[tuple[str, ...]] = ("BORG_PASSPHRASE", "BORG_PASSCOMMAND")

    def __post_init__(self) -> None:
        """Refuse a repository whose passphrase comes in two ways."""
        super().__post_init__()
        self.check_password("passphrase", self.passphrase, needed=False)


class BorgOptions(RepositoriesOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the borg kind."""

    repositories: Annotated[
        tuple[BorgRepository, ...], Meta(description="The repositories, one per backup job.")
    ]
    binary: Annotated[str, Meta(description="The borg program.", min_length=1)] = "borg"


class _Archive(Struct, frozen=True):
    id: str
    name: str
    start: str


class _Encryption(Struct, frozen=True):
    mode: str = ""


class _Answer(Struct, frozen=True):
    archives: list[msgspec.Raw]
    encryption: _Encryption = _Encryption()


class _Found(Struct, frozen=True, kw_only=True):
    """The archives that are backups, newest first; `took_places`: others were among the newest."""

    runs: tuple[BackupRun, ...]
    oddities: tuple[str, ...]
    took_places: bool


class _Log(Struct, frozen=True):
    type: str = ""
    levelname: str = ""
    message: str = ""
    msgid: str = ""


class BorgAdapter(RepositoriesAdapter):
    """Reads the archives of Borg repositories."""

    kind = "borg"
    config_type = BorgOptions
    package = "borgbackup"

    def secrets_of(self, repository: BorgRepository) -> Mapping[str, Secret]:
        """The passphrase, in the variable that borg takes it from."""
        return {"BORG_PASSPHRASE": repository.passphrase} if repository.passphrase else {}

    def path_of(self, address: str) -> Path | None:
        """Tell a path from "ssh://…" and "user@host:path"."""
        local = not _REMOTE.match(address)
        return self.local_path(address.removeprefix("file://")) if local else None

    def filters_of(self, repository: BorgRepository) -> Mapping[str, str]:
        """The pattern of archives."""
        return {"archives": repository.archives} if repository.archives else {}

    async def version(self) -> str:
        """Return e.g. "borg 1.2.4"."""
        return (await self.about("--version")).strip()

    async def read(self, repository: BorgRepository, access: Access) -> Reading:
        """Ask for the newest archives."""
        found = await self._archives(repository, access, newest=self.config.newest)
        if found.took_places:
            # They have taken the places of others: all are asked for.
            found = await self._archives(repository, access, newest=None)
        return Reading(runs=found.runs[: self.config.newest], oddities=found.oddities)

    async def holds_anything(
        self, repository: BorgRepository, access: Access, run: BackupRun
    ) -> bool:
        """List the archive until something comes that is no folder."""
        arguments = ["--json-lines", f"::{run.message}"]
        finished, log = await self._list(repository, access, arguments, until=_CONTENT)
        if finished.code not in (0, _WARNING):
            raise _failure(finished, log, repository)
        return _CONTENT.search(finished.stdout) is not None

    async def _list(
        self,
        repository: BorgRepository,
        access: Access,
        arguments: list[str],
        until: re.Pattern[bytes] | None = None,
    ) -> tuple[Finished, list[_Log]]:
        path = self.path_of(access.address)
        address = str(path or access.address)
        command = [self.config.binary, "--log-json", "list", "--bypass-lock"]
        if repository.remote_path:
            command += ["--remote-path", repository.remote_path]
        command += arguments
        # One system call, and not in a thread: a cancellation there would lose the folder.
        folder = tempfile.TemporaryDirectory(prefix="smic-tui-borg-", ignore_cleanup_errors=True)
        try:
            stand_in = Path(folder.name) / "repository"
            if path is not None and await asyncio.to_thread(_stand_in_for, path, stand_in):
                address = str(stand_in)
            env = _environment(Path(folder.name))
            if repository.password_variable:
                # An empty passphrase would go before it.
                del env["BORG_PASSPHRASE"]
            env |= repository.environment
            finished = await self.run(command, {**env, "BORG_REPO": address}, access, until)
        finally:
            await asyncio.to_thread(folder.cleanup)
        return finished, _log(finished.complaints, str(stand_in), str(path))

    async def _archives(
        self, repository: BorgRepository, access: Access, *, newest: int | None
    ) -> _Found:
        arguments = ["--json"] if newest is None else ["--json", "--last", str(newest)]
        if repository.archives:
            arguments += ["--glob-archives", repository.archives]
        finished, log = await self._list(repository, access, arguments)
        if finished.code not in (0, _WARNING):
            raise _failure(finished, log, repository)
        try:
            answer = decode_json(finished.stdout, _Answer)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadAnswer(
                _("borg wrote something other than its list of archives: {reason}").format(
                    reason=error
                ),
                excerpt=finished.stdout[:400],
            ) from None
        if repository.passphrase and answer.encryption.mode == "none":
            raise BadAnswer(
                _("the repository is not encrypted, although a passphrase is configured"),
                hint=_("Another repository may have been put in its place."),
            )
        listed = newest_first(
            answer.archives,
            lambda raw: _run(repository, decode_json(raw, _Archive)),
            _("an archive cannot be read: {reason}"),
        )
        runs = tuple(run for run in listed.runs if not _CHECKPOINT.search(run.message))
        checkpoints = len(listed.runs) - len(runs)
        warnings = [
            entry.message
            for entry in log
            if entry.type == "log_message" and entry.levelname in ("WARNING", "ERROR", "CRITICAL")
        ]
        if checkpoints:
            warnings.append(
                ngettext(
                    "{count} archive is a checkpoint: borg left it while it worked, and did not "
                    "end",
                    "{count} archives are checkpoints: borg left them while it worked, and did "
                    "not end",
                    checkpoints,
                ).format(count=checkpoints)
            )
        return _Found(
            runs=runs,
            oddities=(*warnings, *listed.complaints),
            took_places=newest is not None and bool(checkpoints or listed.ahead),
        )


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables that keep borg from asking, and from changing what it remembers.

    Borg remembers where it saw a repository and asks when that changes. Reading
    must not change that memory, so borg gets an empty one, in which every repository is
    new.
    """
    return {
        "TZ": "UTC",  # borg writes naive local times, in the zone of its environment
        "BORG_PASSPHRASE": "",  # without it, it asks on standard error, amid the JSON
        "BORG_SECURITY_DIR": str(folder / "security"),
        "BORG_CACHE_DIR": str(folder / "cache"),
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        "BORG_EXIT_CODES": "legacy",
        "BORG_RSH": "ssh -oBatchMode=yes",
    }


def _stand_in_for(path: Path, stand_in: Path) -> bool:
    """Make a folder of links to the parts of a repository; False if it cannot be listed.

    Even when it only lists, borg writes a new index into a repository whose index
    does not fit its last commit: after a crash, or in the midst of a backup. In the
    stand-in it writes beside the links.
    """
    stand_in.mkdir()
    try:
        names = [entry.name for entry in path.iterdir()]
    except OSError:
        return False  # borg says why, and better
    for name in names:
        if not name.startswith("lock."):
            (stand_in / name).symlink_to(path / name)
    return True


def _run(repository: BorgRepository, archive: _Archive) -> BackupRun:
    started = datetime.fromisoformat(archive.start)
    if started.tzinfo is None:
        started = started.replace(tzinfo=UTC)
    return BackupRun(
        key=f"{repository.key}/{archive.id[:16]}",
        job=repository.key,
        site=repository.site,
        application=repository.application,
        started=started.astimezone(UTC),
        result=RunResult.OK,
        message=archive.name,
    )


def _log(lines: list[str], stand_in: str, path: str) -> list[_Log]:
    """Return what borg logged about the repository at `path`.

    A line that is not its JSON is a warning of its own.
    """
    log = []
    for line in lines:
        line = line.replace(stand_in, path)
        try:
            log.append(msgspec.json.decode(line, type=_Log))
        except msgspec.DecodeError:
            log.append(_Log(type="log_message", levelname="WARNING", message=line))
    return log


def _said(finished: Finished, log: list[_Log]) -> tuple[str, str]:
    """Return the identifier and the words of what made borg end."""
    decisive = next((entry for entry in log if entry.msgid and entry.levelname), None)
    if decisive is None:
        last = log[-1].message if log else finished.last_words
        return "", last.partition("\n")[0]
    words = decisive.message.partition("\n")[0]
    if decisive.msgid == _NOT_FORESEEN:
        words = next((error for error in map(_error_of_trace, log) if error), words)
    # ssh knows better than borg why there is no connection.
    remote = [entry.message for entry in log if entry.message.startswith(_REMOTE_SAID)]
    return decisive.msgid, f"{words} ({remote[-1]})" if remote else words


def _error_of_trace(entry: _Log) -> str:
    """Return the line that names the error at the end of a trace; "" if the entry is no trace."""
    if not entry.message.startswith(_TRACE):
        return ""
    return entry.message.partition("\n\nPlatform:")[0].splitlines()[-1]


def _lacks_right(log: list[_Log]) -> bool:
    """Whether a file may not be read, here or by the borg at the other end, or ssh is refused."""
    return any(
        _NO_RIGHT.fullmatch(_error_of_trace(entry))
        or ssh_refuses(entry.message.removeprefix(_REMOTE_SAID))
        for entry in log
    )


def _failure(finished: Finished, log: list[_Log], repository: BorgRepository) -> SourceError:
    """Tell what borg's failure means: by the identifier in its log."""
    msgid, words = _said(finished, log)
    said = _("borg: {said}").format(said=words)
    if msgid in _NO_KEY:
        variable = repository.password_variable
        key = f"environment.{variable}" if variable else "passphrase"
        return AuthFailed(said, hint=_("Check the repository's `{key}`.").format(key=key))
    if _lacks_right(log):
        return AuthFailed(
            said,
            hint=_("Give the account that runs smic-tui the right to read the repository."),
        )
    if any(_error_of_trace(entry) and _ITS_CONFIG in entry.message for entry in log):
        return BadAnswer(
            _("borg: the file config of the repository is not one of Borg's"),
            hint=_("Check `repository`: another program's may be there, or it is damaged."),
            excerpt=finished.stderr[:400],
        )
    if msgid in _DAMAGED:
        return BadAnswer(
            said,
            hint=_("The repository may be damaged: see `borg check`."),
            excerpt=finished.stderr[:400],
        )
    if msgid == "Repository.DoesNotExist":
        return Unavailable(said, hint=_("Check `repository`: nothing is there."))
    return Unavailable(said)
