"""smic-tui without a command: the dashboard. The one command that needs a screen."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from smic_tui.cli import log
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.i18n import _
from smic_tui.terminal import first_paint


def run(options: Namespace) -> int:
    """Open it; refused where no terminal is, before anything heavy is imported."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(
            Exit.USAGE,
            _("the dashboard needs a terminal; without one: smic-tui status, list, site"),
        )
    try:
        loaded = open_settings(options, examine=False)
    except CommandError:
        # What is wrong must be read on the screen where it stays.
        first_paint.give_back()
        raise
    log.start(options.verbose, to_stderr=False)
    # Between two drawings Textual waits for such a part of a second, also between those that
    # one key asks for. The driver gathers them, for as long as it is worth on this line.
    os.environ.setdefault("TEXTUAL_FPS", "250")
    from smic_tui import app

    return app.run(loaded, cache_folder(options, loaded))
