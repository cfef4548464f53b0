"""Real restic repositories, made in a folder of their own."""

from __future__ import annotations

from tests.live.rig_repositories import PASSWORD, RepositoriesRig


class ResticRig(RepositoriesRig):
    """A run is a file in a repository's folder `snapshots`."""

    name = "restic"
    kind = "restic"
    secret_key = "password"

    def _version(self) -> str:
        return self._do("restic", "version").split()[1]

    def _make(self, name: str) -> None:
        self._restic(name, "init")

    def _back_up(self, name: str) -> None:
        self._restic(name, "backup", "src", "--host", name)

    def _forget_one(self, name: str) -> None:
        self._restic(name, "forget", min(self._runs(name)))

    def _runs(self, name: str) -> set[str]:
        return {file.name for file in (self.folder / name / "snapshots").iterdir()}

    def _restic(self, name: str, *arguments: str) -> str:
        return self._do("restic", "-r", name, *arguments, RESTIC_PASSWORD=PASSWORD)
