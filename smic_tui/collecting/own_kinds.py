"""Reads the kinds of source that this program itself declares, as entry points of its package.

`pyproject.toml` is the only list of them; an installation writes it into the folder
`smic_tui-VERSION.dist-info`. The file is read directly: `importlib.metadata` costs more to import
than all that most commands do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from smic_tui.contract.adapter import ENTRY_POINT_GROUP

DISTRIBUTION = "smic-tui"

_FOLDER = DISTRIBUTION.replace("-", "_") + "-"
_SUFFIX = ".dist-info"
_FILE = "entry_points.txt"


@lru_cache(1)
def own_kinds() -> Mapping[str, str]:
    """Return "module:class" of the adapter of each of our kinds.

    It is empty where the package is not installed, as in a checkout that is run as it is.
    """
    text = _declared()
    return MappingProxyType(dict(_points(_declared_otherwise() if text is None else text)))


def _declared() -> str | None:
    """Return the entry points of the first installation on the path of modules."""
    for place in sys.path:
        try:
            with os.scandir(place or ".") as entries:
                names = [each.name for each in entries if _is_ours(each.name)]
        except OSError:
            continue
        for name in names:
            try:
                with open(os.path.join(place, name, _FILE), encoding="utf-8") as file:  # noqa: PTH118, PTH123
                    return file.read()
            except OSError:
                continue
    return None


def _is_ours(name: str) -> bool:
    return name.endswith(_SUFFIX) and name.lower().startswith(_FOLDER)


def _declared_otherwise() -> str:
    """Return the entry points of an installation that is no folder, such as a zip archive."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution(DISTRIBUTION).read_text(_FILE) or ""
    except PackageNotFoundError:
        return ""


def _points(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and references of the group of adapters in a file of entry points."""
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif section == ENTRY_POINT_GROUP and "=" in line:
            name, _equals, reference = line.partition("=")
            yield name.strip(), reference.strip()
