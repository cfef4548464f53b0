"""Real borg repositories, made in a folder of their own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.live.rig_repositories import PASSWORD, RepositoriesRig


class BorgRig(RepositoriesRig):
    """A run is an archive, as borg itself lists them."""

    name = "borg"
    kind = "borg"
    secret_key = "passphrase"

    def __init__(self, folder: Path) -> None:
        self._number = 0
        self._listed: dict[str, set[str]] = {}
        super().__init__(folder)

    def _version(self) -> str:
        return self._do("borg", "--version").split()[1]

    def _make(self, name: str) -> None:
        self._borg(name, "init", "-e", "repokey")

    def _back_up(self, name: str) -> None:
        self._number += 1
        self._borg(name, "create", f"::run-{self._number}", "src")

    def _forget_one(self, name: str) -> None:
        self._borg(name, "delete", "::run-1")

    def _runs(self, name: str) -> set[str]:
        """Asked again only where something has been written."""
        if self._mark(name) not in self._listed:
            listed = json.loads(self._borg(name, "list", "--json"))
            self._listed[self._mark(name)] = {archive["id"] for archive in listed["archives"]}
        return self._listed[self._mark(name)]

    def _mark(self, name: str) -> str:
        stamp = max(file.stat().st_mtime_ns for file in (self.folder / name).rglob("*"))
        return f"{name} {stamp}"

    def _borg(self, name: str, *arguments: str) -> str:
        home = self.folder / "home"
        return self._do(
            "borg",
            *arguments,
            BORG_REPO=str(self.folder / name),
            BORG_PASSPHRASE=PASSWORD,
            BORG_RELOCATED_REPO_ACCESS_IS_OK="yes",
            BORG_CACHE_DIR=str(home / name),
            BORG_SECURITY_DIR=str(home / f"{name}-security"),
        )
