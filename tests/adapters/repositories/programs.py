"""Stand-ins for restic and borg that give recorded answers and note how they were called."""

from __future__ import annotations

import json
from pathlib import Path

RECORDINGS = Path(__file__).parent / "recordings"


class Player:
    """A program that answers for each repository, known by its last name, as was recorded.

    `binary` is its path. How it was called for a repository is in `args`, `env`
    and `stdin`.
    """

    def __init__(self, folder: Path, recording: str, variable: str) -> None:
        self.folder = folder / "player"
        self.binary = self.folder / recording.partition("-")[0]
        if self.folder.exists():
            return
        self.folder.mkdir()
        for case, answer in json.loads((RECORDINGS / f"{recording}.json").read_text()).items():
            self.answer(case, answer["code"], answer["stdout"], answer["stderr"])
        self.script(
            f"""
            name=$(basename "${variable}")
            test -n "$name" || {{ echo "{self.binary.name} 9.9.9 stand-in"; exit 0; }}
            at={self.folder}/$name
            mkdir -p "$at"
            case " $* " in *" ls "*|*" --json-lines "*)
            printf '%s\\n' "$@" >>"$at/looked"
            test -f "$at/content" && exec cat "$at/content"
            echo '{{"struct_type":"snapshot"}}'
            echo '{{"name":"f","type":"file"}}'
            echo '{{"type": "-", "path": "f"}}'
            exit 0
            esac
            printf '%s\\n' "$@" >"$at/args"
            env >"$at/env"
            cat >"$at/stdin"
            nice >"$at/nice"
            test -f "$at/stdout" || {{ echo "nothing was recorded for $name" >&2; exit 99; }}
            cat "$at/stdout"
            cat "$at/stderr" >&2
            exit "$(cat "$at/code")"
            """
        )

    def script(self, text: str) -> None:
        lines = [line.strip() for line in text.strip().splitlines()]
        self.binary.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        self.binary.chmod(0o755)

    def answer(self, case: str, code: int, stdout: str, stderr: str = "") -> None:
        at = self.folder / case
        at.mkdir(exist_ok=True)
        (at / "code").write_text(str(code))
        (at / "stdout").write_text(stdout)
        (at / "stderr").write_text(stderr)

    def holds(self, case: str, content: str) -> None:
        """What the program lists of every backup of a repository; without this, a file."""
        at = self.folder / case
        at.mkdir(exist_ok=True)
        (at / "content").write_text(content)

    def looked(self, case: str) -> list[str]:
        """The arguments with which it was asked what backups hold."""
        at = self.folder / case / "looked"
        return at.read_text().splitlines() if at.exists() else []

    def args(self, case: str) -> list[str]:
        return (self.folder / case / "args").read_text().splitlines()

    def env(self, case: str) -> dict[str, str]:
        lines = (self.folder / case / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def said(self, case: str, what: str) -> str:
        return (self.folder / case / what).read_text().strip()
