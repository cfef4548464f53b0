"""Backup scripts of a house: real shells that append to files, and logrotate."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smic_tui.records import Stream

SITES = 40
RUNS = 12

_SCRIPT = """
began=$1; tar -czf "$3/$2.tgz" -C "$3" src; code=$?
printf '{"site":"%s","application":"compta","started":%s,"ended":%s,"result":%s,"period":"1d"}\\n' \
    "$2" "$began" "$((began + 60))" "$code" >>"$3/journal/$2.jsonl"
"""
_ROTATE = "{journal}/*.jsonl {{ rotate 3\n nocompress\n missingok\n create\n {user}\n}}\n"


class JournalRig:
    """A folder with a file for each site, one line for each night."""

    name = "journal"
    kind = "journal"
    daemon = None
    address = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        self.journal.mkdir()
        (folder / "src").mkdir()
        (folder / "src" / "file").write_text("contents\n")
        self.version = "sh, tar"
        self._nights = 0
        for _night in range(RUNS):
            self._night([str(17000 + site) for site in range(SITES)])

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {"kind": "journal", "path": str(self.journal), **overrides}

    def secrets(self) -> Mapping[str, str]:
        return {}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return None

    def unreachable(self) -> dict[str, Any]:
        return self.settings(path=str(self.folder / "nowhere"))

    def expected(self, stream: Stream) -> set[str]:
        """What stands in the files, read another way."""
        lines = [
            json.loads(line)
            for file in self.journal.iterdir()
            for line in file.read_text().splitlines()
        ]
        if stream is Stream.BACKUP_JOBS:
            return {f"{line['site']}/compta" for line in lines}
        starts = [datetime.fromtimestamp(line["started"], UTC) for line in lines]
        return {
            f"{line['site']}/compta/{start:%Y-%m-%dT%H:%M:%SZ}"
            for line, start in zip(lines, starts, strict=True)
        }

    def change_one(self) -> tuple[Stream, str]:
        before = self.expected(Stream.BACKUP_RUNS)
        self._night(["17003"])
        (new,) = self.expected(Stream.BACKUP_RUNS) - before
        return Stream.BACKUP_RUNS, new

    def delete_one(self) -> tuple[Stream, str]:
        """A file is thrown away with its lines; they are found missing by a full reading."""
        before = self.expected(Stream.BACKUP_RUNS)
        (self.journal / "17004.jsonl").unlink()
        return Stream.BACKUP_RUNS, min(before - self.expected(Stream.BACKUP_RUNS))

    def rotate(self) -> None:
        """Rotate as the machine's own logrotate does."""
        config, state = self.folder / "rotate.conf", self.folder / "state"
        # The folders of pytest are root's own, which logrotate wants to be told.
        user = "su root root" if os.geteuid() == 0 else ""
        config.write_text(_ROTATE.format(journal=self.journal, user=user))
        config.chmod(0o644)
        subprocess.run(["/usr/sbin/logrotate", "-f", "-s", str(state), str(config)], check=True)

    def _night(self, sites: list[str]) -> None:
        self._nights += 1
        for site in sites:
            began = str(1_795_000_000 + self._nights * 3600)
            subprocess.run(["sh", "-c", _SCRIPT, "sh", began, site, str(self.folder)], check=True)
