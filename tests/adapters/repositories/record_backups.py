"""Records what the real restic and borg answer.

Each case is a repository in some condition. The answers go to `recordings/`, with
the path of the repositories written as /srv/backup.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

RECORDINGS = Path(__file__).parent / "recordings"
SHOWN = "/srv/backup"


class Recorder:
    """Repositories of one program in a folder of their own."""

    def __init__(self, program: str, env: dict[str, str]) -> None:
        self.program = program
        self.base = Path(tempfile.mkdtemp(prefix="record-"))
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.base / "home"), **env}
        self.cases: dict[str, dict[str, str | int]] = {}
        (self.base / "home").mkdir()
        (self.base / "src").mkdir()
        (self.base / "src" / "file").write_text("contents")

    def do(self, *args: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *args],
            check=check,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.base,
            env={**self.env, **env},
            start_new_session=True,
        )

    def copy(self, name: str, of: str, change: Callable[[Path], None]) -> None:
        shutil.copytree(self.base / of, self.base / name)
        change(self.base / name)

    def record(self, case: str, *args: str, **env: str) -> None:
        done = self.do(*args, check=False, **env)
        self.cases[case] = {
            "code": done.returncode,
            "stdout": self.shown(done.stdout),
            "stderr": self.shown(done.stderr),
        }

    def shown(self, text: str) -> str:
        text = text.replace(str(self.base), SHOWN)
        return re.sub(r"(Platform: |Linux: |PID: |CWD: )[^\\\n]*", r"\1…", text)

    def save(self, version: str) -> None:
        path = RECORDINGS / f"{self.program}-{version}.json"
        path.write_text(json.dumps(self.cases, indent=1, ensure_ascii=False) + "\n", "utf-8")
        shutil.rmtree(self.base)
        print(f"{path}: {', '.join(self.cases)}")


def shorten(path: Path, length: int) -> None:
    path.chmod(0o600)
    os.truncate(path, length)


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def restic() -> None:
    it = Recorder("restic", {"RESTIC_PASSWORD": "sesame"})
    version = it.do("version").stdout.split()[1]
    for name in ("good", "empty"):
        it.do("init", "-r", name)
    for host in ("mairie-a", "mairie-a", "mairie-b"):
        it.do("-r", "good", "backup", "src", "--host", host, "--tag", "nightly")
    it.copy("truncated", "good", lambda at: shorten(sorted((at / "snapshots").iterdir())[0], 10))
    it.copy("keyless", "good", lambda at: empty(at / "keys"))
    it.copy("broken-config", "good", lambda at: shorten(at / "config", 20))

    def ask(case: str, repository: str, **env: str) -> None:
        it.record(
            case,
            "--no-lock",
            "snapshots",
            "--json",
            "--latest=10",
            "--no-cache",
            RESTIC_REPOSITORY=repository,
            **env,
        )

    for name in ("good", "empty", "truncated", "keyless", "broken-config"):
        ask(name, str(it.base / name))
    ask("wrong-password", str(it.base / "good"), RESTIC_PASSWORD="nonsense")
    ask("no-password", str(it.base / "good"), RESTIC_PASSWORD="")
    ask("missing", str(it.base / "missing"))
    ask("refused", "rest:http://127.0.0.1:9/")
    ask("no-ssh", "sftp:nobody@127.0.0.1:/x")
    it.save(version.rpartition(".")[0])


def borg() -> None:
    yes = {"BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}
    it = Recorder("borg", {"BORG_PASSPHRASE": "sesame", "TZ": "UTC", **yes})
    version = it.do("--version").stdout.split()[1]
    for name, mode in (("good", "repokey"), ("empty", "repokey"), ("plain", "none")):
        it.do("init", "-e", mode, name)
    for number in (1, 2, 3):
        it.do("create", f"good::nightly-{number}", "src")

    def segments(at: Path) -> list[Path]:
        return sorted((at / "data" / "0").iterdir(), key=lambda each: int(each.name))

    it.copy("short-segment", "good", lambda at: shorten(segments(at)[-2], 100))
    it.copy("lost-segment", "good", lambda at: segments(at)[-2].unlink())

    def ask(case: str, repository: str, **env: str) -> None:
        private = {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", **env}
        args = ("--log-json", "list", "--json", "--bypass-lock", "--last", "10")
        it.record(case, *args, BORG_REPO=repository, **private)

    for name in ("good", "empty", "plain", "short-segment", "lost-segment"):
        ask(name, str(it.base / name))
    ask("wrong-passphrase", str(it.base / "good"), BORG_PASSPHRASE="nonsense")
    ask("missing", str(it.base / "missing"))
    ask("not-a-repository", str(it.base / "src"))
    ask("no-ssh", "ssh://127.0.0.1:9/x", BORG_RSH="ssh -oBatchMode=yes")
    of_restic = it.base / "of-restic"
    of_restic.mkdir()
    (of_restic / "config").write_bytes(b"\xb0\xb1")  # what is encrypted is not UTF-8
    ask("of-restic", str(of_restic))
    server = it.base / "ssh"
    server.write_text("#!/bin/sh\nexec borg serve\n")
    server.chmod(0o755)
    ask("of-restic-by-ssh", f"ssh://nas{of_restic}", BORG_RSH=str(server))
    it.save(version.rpartition(".")[0])


if __name__ == "__main__":
    restic()
    borg()
