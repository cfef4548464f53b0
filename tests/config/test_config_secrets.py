"""Secrets: where they are found, when they are refused, and that no message holds one."""

from __future__ import annotations

import fcntl
import os
import pty
import resource
import stat
import termios
import traceback
from pathlib import Path

import pytest

from smic_tui.config import secrets
from smic_tui.contract.errors import AuthFailed
from smic_tui.contract.secret import Secret

PLANTED = "s3cr3t-planted"


def refused(secret: Secret, folder: Path) -> AuthFailed:
    with pytest.raises(AuthFailed) as caught:
        secrets.reveal(secret, folder)
    told = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert PLANTED not in told
    return caught.value


def test_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", PLANTED)
    assert secrets.reveal(Secret(env="A_TOKEN"), tmp_path) == PLANTED
    monkeypatch.delenv("A_TOKEN")
    error = refused(Secret(env="A_TOKEN"), tmp_path)
    assert "A_TOKEN" in error.message
    assert "A_TOKEN" in error.hint


def test_from_the_first_line_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{PLANTED}\r\nnot this\n")
    file.chmod(0o600)
    assert secrets.reveal(Secret(file="token"), tmp_path) == PLANTED
    file.chmod(0o400)
    assert secrets.reveal(Secret(file=str(file)), Path("/")) == PLANTED


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o602, 0o777])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "my token"
    file.write_text(PLANTED)
    file.chmod(mode)
    error = refused(Secret(file="my token"), tmp_path)
    assert f"{mode:03o}" in error.message
    assert error.hint == f"chmod 600 '{file}'"


def test_a_file_that_gives_nothing_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(Secret(file="none"), tmp_path).message
    for content in (b"", b"\nsecond line", b"\xff\xfe" + PLANTED.encode()):
        file = tmp_path / "token"
        file.write_bytes(content)
        file.chmod(stat.S_IRUSR)
        refused(Secret(file="token"), tmp_path)
        file.unlink()


def test_from_a_command(tmp_path: Path) -> None:
    command = ("printf", "%s\\nmore", PLANTED)
    assert secrets.reveal(Secret(command=command), tmp_path) == PLANTED


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    literal = "$HOME; touch x"
    assert secrets.reveal(Secret(command=("echo", literal)), tmp_path) == literal
    assert not (tmp_path / "x").exists()


def test_a_command_that_gives_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "planted"
    planted.write_text(PLANTED)
    script = tmp_path / "fails"
    script.write_text(f"#!/bin/sh\ncat {planted}\nexit 3\n")
    script.chmod(0o700)
    assert "code 3" in refused(Secret(command=("./fails",)), tmp_path).message
    assert "printed nothing" in refused(Secret(command=("true",)), tmp_path).message
    assert "No such file" in refused(Secret(command=("./none",)), tmp_path).message
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 0.2)
    script.write_text(f"#!/bin/sh\ncat {planted}\nexec sleep 60\n")
    assert "gave nothing" in refused(Secret(command=("./fails",)), tmp_path).message


def test_a_command_cannot_wait_for_an_answer(tmp_path: Path) -> None:
    assert "printed nothing" in refused(Secret(command=("cat",)), tmp_path).message


def test_a_command_has_no_terminal_and_cannot_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = "(: > /dev/tty) 2> /dev/null && echo terminal || echo none"
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - a process that has a controlling terminal
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        found = secrets.reveal(Secret(command=("sh", "-c", shell)), tmp_path)
        os._exit(0 if found == "none" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(master)
    os.close(slave)

    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 1.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(AuthFailed, match="gave nothing"):
        secrets.reveal(Secret(command=("yes", "secret")), tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    first = secrets.reveal(
        Secret(command=("sh", "-c", "echo first; yes | head -c 9000000")), tmp_path
    )
    assert first == "first"


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("pipe", "zero", "folder"):
        with pytest.raises(AuthFailed, match="cannot be read"):
            secrets.reveal(Secret(file=name), tmp_path)


def test_a_reference_is_what_is_shown() -> None:
    assert secrets.describe(Secret(env="A")) == "env A"
    assert secrets.describe(Secret(file="~/a b")) == "file ~/a b"
    assert secrets.describe(Secret(command=("pass", "show", "a b"))) == "command pass show 'a b'"
