"""The build hook of hatchling: compiles the catalogues, and ships the default configuration.

It stands with the catalogues because the top level of the repository is fixed. The source
distribution contains it, the wheel does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE_FOLDER = Path(__file__).parent


def compile_catalogues(folder: Path = LOCALE_FOLDER) -> list[Path]:
    """Compiles every .po file below `folder` that is newer than its .mo file.

    Returns the .mo files that it wrote.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        # Written aside and renamed: a running program never maps half a catalogue. A build
        # has no installed package, and so no `smic_tui.system.atomic_file`.
        draft = target.with_suffix(".tmp")
        with draft.open("wb") as out:
            write_mo(out, catalogue)
        draft.replace(target)
        compiled.append(target)
    return compiled


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before every build: wheel, editable wheel and source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues()
        # An editable installation finds config.toml at the top of the checkout.
        if self.target_name == "wheel" and version == "standard":
            source = str(Path(self.root, "config.toml"))
            build_data["force_include"][source] = "smic_tui/config.toml"


if __name__ == "__main__":
    for path in compile_catalogues():
        print(path)  # noqa: T201 - a command of the Makefile
