"""smic-tui config: checks, explains or shows the configuration."""

from __future__ import annotations

from argparse import Namespace

from smic_tui import i18n
from smic_tui.cli.exits import Exit
from smic_tui.cli.say import say
from smic_tui.cli.settings import open_settings, refused
from smic_tui.config.errors import ConfigError
from smic_tui.config.load import Loaded
from smic_tui.i18n import _
from smic_tui.system import streams


def run(options: Namespace) -> int:
    """Carries out the action; raises `CommandError` for a configuration with problems."""
    if options.action in ("schema", "reference"):
        _describe(options.action)
        return Exit.FINE
    loaded = open_settings(options, write_sample=False)
    if options.action == "check":
        if options.files:
            _check_files(loaded)
        say(_("{file}: no problem found ({by})").format(file=loaded.path, by=loaded.chosen.by))
    else:
        _show(loaded, options.origin)
    return Exit.FINE


def _check_files(loaded: Loaded) -> None:
    from smic_tui.cli.config_files import problems

    found = problems(loaded)
    if found:
        raise refused(ConfigError(loaded.path, found))


def _describe(how: str) -> None:
    from smic_tui.collecting import registry

    streams.print_data()

    if i18n.language() != "en":
        say(_("The descriptions of the keys are written in English."))
        i18n.use("en")
    if how == "schema":
        from smic_tui.cli.json_text import print_json
        from smic_tui.config.schema_doc import json_schema

        print_json(json_schema(registry))
    else:
        from smic_tui.config.reference import reference

        print(reference(registry), end="")


def _show(loaded: Loaded, with_origin: bool) -> None:
    from smic_tui.config.toml_text import settings_lines

    streams.print_data()
    origins = loaded.origins
    print(f"# {loaded.path} ({loaded.chosen.by})")
    for line, path in settings_lines(loaded.settings):
        print(f"{line}  # {origins.of(path)}" if with_origin and path is not None else line)
