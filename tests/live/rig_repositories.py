"""What the rigs of backup repositories share: one repository with its runs, and copies of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from smic_tui.records import Stream

PASSWORD = "sésame, ouvre-toi"
RUNS = 12
NAMES = tuple(f"mairie-{number}" for number in range(20))


class RepositoriesRig(ABC):
    """Real repositories in a folder of their own, one for each site.

    `secret_key` is the key of a repository's settings that names its password.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    secret_key: ClassVar[str]
    daemon = None
    address = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "home").mkdir()
        (folder / "src").mkdir()
        (folder / "src" / "file").write_text("contents")
        self._make(NAMES[0])
        for _number in range(RUNS):
            self._back_up(NAMES[0])
        for name in NAMES[1:]:
            shutil.copytree(folder / NAMES[0], folder / name)
        self.version = self._version()

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        repositories = [
            {
                "repository": str(self.folder / name),
                "name": name,
                "site": str(17000 + number),
                "application": "compta",
                self.secret_key: {"env": "RIGHT"},
            }
            for number, name in enumerate(NAMES)
        ]
        return {"kind": self.kind, "repositories": repositories, "newest": 100, **overrides}

    def secrets(self) -> Mapping[str, str]:
        return {"RIGHT": PASSWORD, "WRONG": "sésame, ferme-toi"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        table = self.settings()
        for repository in table["repositories"]:
            repository[self.secret_key] = {"env": "WRONG"}
        return table

    def unreachable(self) -> dict[str, Any]:
        table = self.settings()
        for repository in table["repositories"]:
            repository["repository"] = str(self.folder / "nowhere" / repository["name"])
        return table

    def expected(self, stream: Stream) -> set[str]:
        """Jobs are the repositories."""
        if stream is Stream.BACKUP_JOBS:
            return set(NAMES)
        return {f"{name}/{run[:16]}" for name in NAMES for run in self._runs(name)}

    def change_one(self) -> tuple[Stream, str]:
        before = self.expected(Stream.BACKUP_RUNS)
        self._back_up(NAMES[1])
        (new,) = self.expected(Stream.BACKUP_RUNS) - before
        return Stream.BACKUP_RUNS, new

    def delete_one(self) -> tuple[Stream, str]:
        before = self.expected(Stream.BACKUP_RUNS)
        self._forget_one(NAMES[2])
        (gone,) = before - self.expected(Stream.BACKUP_RUNS)
        return Stream.BACKUP_RUNS, gone

    @abstractmethod
    def _version(self) -> str:
        """What the program calls its version."""

    @abstractmethod
    def _make(self, name: str) -> None:
        """Make an empty repository."""

    @abstractmethod
    def _back_up(self, name: str) -> None:
        """Add a run."""

    @abstractmethod
    def _forget_one(self, name: str) -> None:
        """Take one of its first runs away."""

    @abstractmethod
    def _runs(self, name: str) -> set[str]:
        """The identifiers of its runs, past the adapter."""

    def _do(self, *command: str, **env: str) -> str:
        """Run the program in the rig's folder, without a terminal."""
        return subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), **env},
        ).stdout
