"""Real borg repositories, made in a folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smic_tui.records import Stream

PASSPHRASE = "sésame, ouvre-toi"
ARCHIVES = 12
REPOSITORIES = 20


class BorgRig:
    """One repository with its archives, and copies of it for the other sites."""

    name = "borg"
    kind = "borg"
    daemon = None
    address = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        (folder / "home").mkdir()
        (folder / "src").mkdir()
        (folder / "src" / "file").write_text("contents")
        self._borg("mairie-0", "init", "-e", "repokey")
        for _number in range(ARCHIVES):
            self._create("mairie-0")
        for number in range(1, REPOSITORIES):
            shutil.copytree(folder / "mairie-0", folder / f"mairie-{number}")
        self._names: dict[str, set[str]] = {}
        self.version = self._borg("mairie-0", "--version").split()[1]

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        repositories = [
            {
                "repository": str(self._folder / f"mairie-{number}"),
                "name": f"mairie-{number}",
                "site": str(17000 + number),
                "application": "compta",
                "passphrase": {"env": "RIGHT"},
            }
            for number in range(REPOSITORIES)
        ]
        return {"kind": "borg", "repositories": repositories, "newest": 100, **overrides}

    def secrets(self) -> Mapping[str, str]:
        return {"RIGHT": PASSPHRASE, "WRONG": "sésame, ferme-toi"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        table = self.settings()
        for repository in table["repositories"]:
            repository["passphrase"] = {"env": "WRONG"}
        return table

    def unreachable(self) -> dict[str, Any]:
        table = self.settings()
        for repository in table["repositories"]:
            repository["repository"] = str(self._folder / "nowhere" / repository["name"])
        return table

    def expected(self, stream: Stream) -> set[str]:
        """Jobs are the repositories; a run is an archive, as borg itself lists them."""
        names = [f"mairie-{number}" for number in range(REPOSITORIES)]
        if stream is Stream.BACKUP_JOBS:
            return set(names)
        return {f"{name}/{id[:16]}" for name in names for id in self._archives(name)}

    def change_one(self) -> tuple[Stream, str]:
        before = self._archives("mairie-1")
        self._create("mairie-1")
        (new,) = self._archives("mairie-1") - before
        return Stream.BACKUP_RUNS, f"mairie-1/{new[:16]}"

    def delete_one(self) -> tuple[Stream, str]:
        before = self._archives("mairie-2")
        self._borg("mairie-2", "delete", "::run-1")
        (gone,) = before - self._archives("mairie-2")
        return Stream.BACKUP_RUNS, f"mairie-2/{gone[:16]}"

    def _archives(self, name: str) -> set[str]:
        """Asked again only where something has been written."""
        stamp = max(file.stat().st_mtime_ns for file in (self._folder / name).rglob("*"))
        mark = f"{name} {stamp}"
        if mark not in self._names:
            listed = json.loads(self._borg(name, "list", "--json"))
            stamp = max(file.stat().st_mtime_ns for file in (self._folder / name).rglob("*"))
            mark = f"{name} {stamp}"
            self._names[mark] = {archive["id"] for archive in listed["archives"]}
        return self._names[mark]

    def _create(self, name: str) -> None:
        self._number += 1
        self._borg(name, "create", f"::run-{self._number}", "src")

    def _borg(self, name: str, *arguments: str) -> str:
        return subprocess.run(
            ["borg", *arguments],
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self._folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder / "home"),
                "BORG_REPO": str(self._folder / name),
                "BORG_PASSPHRASE": PASSPHRASE,
                "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
                "BORG_CACHE_DIR": str(self._folder / "home" / name),
                "BORG_SECURITY_DIR": str(self._folder / "home" / f"{name}-security"),
            },
        ).stdout
