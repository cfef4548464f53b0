"""An adapter in a package of its own: found, configured and tested like one of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "thirdparty"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package installed by pip into a folder, without network."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--no-compile"]
    command += ["--disable-pip-version-check", "--target", str(target), str(PACKAGE)]
    subprocess.run(command, check=True, timeout=120)
    return target


def run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ, PYTHONPATH=str(installed), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run(
        [sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        env=env,
        timeout=120,
    )


def test_it_passes_the_kit_in_one_line(installed: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_dumps.py"
    test.write_text((PACKAGE / "test_dumps.py").read_text("utf-8"), "utf-8")
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    passed = int(done.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert passed >= 20


def test_the_program_finds_its_kind(installed: Path) -> None:
    script = (
        "from smic_tui.collecting import registry\n"
        "assert 'dumps' in registry.kinds()\n"
        "found = registry.find('dumps')\n"
        "print(f'{found.__module__}:{found.__name__}')"
    )
    done = run(installed, "-c", script)
    assert done.stdout.strip() == "smic_tui_dumps.adapter:DumpsAdapter", done.stderr


def test_it_is_not_there_without_being_installed(tmp_path: Path) -> None:
    script = "from smic_tui.collecting import registry; print('dumps' in registry.kinds())"
    assert run(tmp_path, "-c", script).stdout.strip() == "False"
