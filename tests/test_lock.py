"""The lock that `make` installs from: whole, exact, for every Python, and of no one machine."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LINES = [
    line
    for line in (ROOT / ".ci" / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
PINS = [Requirement(line) for line in LINES]
PYTHONS = ("3.11", "3.12", "3.13")


def declared() -> list[Requirement]:
    """Return every requirement of the project: to build, to run, of an extra, to develop."""
    project = PROJECT["project"]
    texts = [*PROJECT["build-system"]["requires"], *project["dependencies"]]
    for group in project["optional-dependencies"].values():
        texts += group
    for group in PROJECT["dependency-groups"].values():
        texts += [entry for entry in group if isinstance(entry, str)]
    return [Requirement(text) for text in texts]


def pinned(name: str, python: str) -> set[str]:
    """Return the versions that the lock gives for a package on Linux and that Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    return {
        specifier.version
        for pin in PINS
        if pin.name.replace("_", "-").lower() == name.replace("_", "-").lower()
        if pin.marker is None or pin.marker.evaluate(environment)
        for specifier in pin.specifier
    }


@pytest.mark.parametrize("python", PYTHONS)
def test_each_requirement_is_pinned_to_one_version_that_it_allows(python: str) -> None:
    wrong = []
    for requirement in declared():
        versions = pinned(requirement.name, python)
        if len(versions) != 1 or not requirement.specifier.contains(versions.pop()):
            wrong.append(str(requirement))
    assert not wrong, "make lock"


def test_pins_are_exact_and_name_no_place() -> None:
    for pin in PINS:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert pin.url is None
    assert not [line for line in LINES if line.startswith("-")], "options name hosts or folders"


def test_the_pythons_that_are_claimed_are_those_that_are_tried() -> None:
    prefix = "Programming Language :: Python :: 3."
    classifiers: list[str] = PROJECT["project"]["classifiers"]
    claimed = [text.removeprefix(prefix) for text in classifiers if text.startswith(prefix)]
    assert [f"3.{minor}" for minor in claimed] == list(PYTHONS)
    assert PROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"
