"""The wheel, built from the source distribution as an installer would, and run from it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import smic_tui
from smic_tui.config.shipped import shipped_config

ROOT = Path(__file__).parent.parent
PACKAGES = ("smic_tui", "widgets", "adapters")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_what_the_program_needs(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = names_in(wheel)
    assert {
        "smic_tui/__main__.py",
        "smic_tui/config.toml",
        "smic_tui/locale/fr/LC_MESSAGES/smic_tui.mo",
        "smic_tui/sample/data/charente-maritime.json",
        "smic_tui/py.typed",
        "widgets/__init__.py",
        "widgets/py.typed",
        "adapters/py.typed",
        "adapters/__init__.py",
    } <= names
    assert any(name.endswith("share/man/man1/smic-tui.1") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    ours = ("smic_tui/", "widgets/", "adapters/", f"smic_tui-{smic_tui.__version__}.")
    assert [name for name in names if not name.startswith(ours)] == []
    unwanted = re.compile(r"tests?/|\.po$|hatch_build|babel\.cfg|__pycache__")
    assert [name for name in names if unwanted.search(name)] == []


def test_every_module_of_the_checkout_is_in_the_wheel(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    modules = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.parent.name != "locale"
    }
    assert modules - names_in(wheel) == set()


def test_the_source_distribution_can_be_developed(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Makefile",
        ".ci/constraints.txt",
        ".ci/make-venv",
        "CONTRIBUTING.md",
        "config.toml",
        "smic_tui/locale/hatch_build.py",
        "smic_tui/locale/fr/LC_MESSAGES/smic_tui.po",
        "tests/test_packaging.py",
    } <= names
    made_again = re.compile(r"__pycache__|\.pyc$|(^|/)(\.venv|\.sample|\.\w+_cache|dist)/")
    assert [name for name in names if made_again.search(name)] == []


def test_the_program_runs_from_the_wheel_alone(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(site),
        "LANG": "fr_FR.UTF-8",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    where = run("-c", "import smic_tui, adapters, widgets; print(smic_tui.__path__[0])")
    assert where.stdout.strip() == str(site / "smic_tui")
    shown = run("-m", "smic_tui", "config", "show")
    assert shown.stdout.splitlines()[0].startswith(f"# {site}/smic_tui/config.toml")
    status = run("-m", "smic_tui", "status")
    assert status.returncode == 1, status.stderr
    assert "712 sites" in status.stdout
    assert "en panne" in status.stdout


def test_the_shipped_configuration_of_a_checkout() -> None:
    assert shipped_config() == ROOT / "config.toml"


def test_the_man_page_is_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "smic-tui.1"
    recipe = (ROOT / "Makefile").read_text().split("\nman:")[1].split("\n\n")[0]
    assert "argparse-manpage" in recipe
    subprocess.run(
        [
            "make",
            "-s",
            "-o",
            "catalogues",
            "man",
            f"BIN={Path(sys.executable).parent}",
            f"MAN={made}",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    def words(text: str) -> list[str]:
        """Return the page's words without its date: each Python breaks lines of usage elsewhere."""
        return re.sub(r'^(\.TH \S+ "1") "[^"]*"', r"\1", text).split()

    assert words(made.read_text()) == words((ROOT / "docs/smic-tui.1").read_text()), "make man"


def imported_packages() -> set[str]:
    """The packages of others that the code imports, whether at once or late."""
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            # The build has its own requirements.
            if path.parent.name == "locale":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {*PACKAGES}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [entry for group in project["optional-dependencies"].values() for entry in group]
    declared = {re.split(r"[\[><=!~]", entry)[0] for entry in [*project["dependencies"], *extras]}
    # zoneinfo finds tzdata where the system has no zones.
    # SQLAlchemy imports the databases' drivers.
    used_by_others = {"tzdata", "psycopg", "pymysql"}
    # Textual's own interface is made of rich's strips and styles.
    assert (imported_packages() - {"rich"}) | used_by_others == declared
