"""Real restic repositories, made in a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smic_tui.records import Stream

PASSWORD = "sésame, ouvre-toi"
SNAPSHOTS = 12
REPOSITORIES = 20


class ResticRig:
    """One repository with its runs, and copies of it for the other sites."""

    name = "restic"
    kind = "restic"
    daemon = None
    address = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "src").mkdir()
        (folder / "src" / "file").write_text("contents")
        self._restic("mairie-0", "init")
        for _number in range(SNAPSHOTS):
            self._backup("mairie-0")
        for number in range(1, REPOSITORIES):
            shutil.copytree(folder / "mairie-0", folder / f"mairie-{number}")
        self.version = self._restic("mairie-0", "version").split()[1]

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        repositories = [
            {
                "repository": str(self._folder / f"mairie-{number}"),
                "name": f"mairie-{number}",
                "site": str(17000 + number),
                "application": "compta",
                "password": {"env": "RIGHT"},
            }
            for number in range(REPOSITORIES)
        ]
        return {"kind": "restic", "repositories": repositories, "newest": 100, **overrides}

    def secrets(self) -> Mapping[str, str]:
        return {"RIGHT": PASSWORD, "WRONG": "sésame, ferme-toi"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        table = self.settings()
        for repository in table["repositories"]:
            repository["password"] = {"env": "WRONG"}
        return table

    def unreachable(self) -> dict[str, Any]:
        table = self.settings()
        for repository in table["repositories"]:
            repository["repository"] = str(self._folder / "nowhere" / repository["name"])
        return table

    def expected(self, stream: Stream) -> set[str]:
        """Jobs are the repositories; a run is a file in a repository's folder `snapshots`."""
        names = [f"mairie-{number}" for number in range(REPOSITORIES)]
        if stream is Stream.BACKUP_JOBS:
            return set(names)
        return {
            f"{name}/{file.name[:16]}"
            for name in names
            for file in (self._folder / name / "snapshots").iterdir()
        }

    def change_one(self) -> tuple[Stream, str]:
        before = self.expected(Stream.BACKUP_RUNS)
        self._backup("mairie-1")
        (new,) = self.expected(Stream.BACKUP_RUNS) - before
        return Stream.BACKUP_RUNS, new

    def delete_one(self) -> tuple[Stream, str]:
        before = self.expected(Stream.BACKUP_RUNS)
        oldest = min((self._folder / "mairie-2" / "snapshots").iterdir())
        self._restic("mairie-2", "forget", oldest.name)
        (gone,) = before - self.expected(Stream.BACKUP_RUNS)
        return Stream.BACKUP_RUNS, gone

    def _backup(self, name: str) -> None:
        self._restic(name, "backup", "src", "--host", name)

    def _restic(self, name: str, *arguments: str) -> str:
        return subprocess.run(
            ["restic", "-r", name, *arguments],
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self._folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder),
                "RESTIC_PASSWORD": PASSWORD,
            },
        ).stdout
