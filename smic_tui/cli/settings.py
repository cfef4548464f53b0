"""Loads the configuration that the options of a command line choose."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from smic_tui.cli import chosen
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.config.errors import ConfigError
from smic_tui.config.load import Loaded
from smic_tui.i18n import ngettext
from smic_tui.sample.folder import SampleError
from smic_tui.system import streams
from smic_tui.wiring import load_settings


def open_settings(options: Namespace, *, write_sample: bool = True, examine: bool = True) -> Loaded:
    """Loads the configuration; raises one `CommandError` that lists all its problems.

    Unless `examine`, a configuration that was found good before is not examined again.
    `write_sample` allows writing the sample syndicate if the configuration reads it.
    """
    try:
        loaded = load_settings(
            options.config, chosen.overrides(options), write_sample=write_sample, examine=examine
        )
    except ConfigError as error:
        raise refused(error) from None
    except SampleError as error:
        raise CommandError(Exit.OUTPUT, str(error)) from None
    if loaded.settings.display.ascii:
        streams.use_ascii()
    return loaded


def refused(error: ConfigError) -> CommandError:
    """Returns the error of a command that lists the problems of its configuration."""
    count = len(error.problems)
    head = ngettext(
        "{n} problem in the configuration", "{n} problems in the configuration", count
    ).format(n=count)
    return CommandError(Exit.USAGE, f"{head}\n{error}")


def cache_folder(options: Namespace, loaded: Loaded) -> Path:
    """Returns the cache folder of this configuration."""
    return chosen.cache_folder(options, loaded.chosen)
