"""smic-tui without a command: opens the dashboard, the one command that needs a screen."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from smic_tui.cli import log
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.settings import cache_folder, open_settings
from smic_tui.i18n import _
from smic_tui.terminal import first_paint
from smic_tui.terminal.capabilities import is_hopeless


def run(options: Namespace) -> int:
    """Opens the dashboard; raises `CommandError` without a terminal.

    It does so before it imports anything heavy.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(
            Exit.USAGE,
            _("the dashboard needs a terminal; without one: smic-tui status, list, site"),
        )
    if is_hopeless(os.environ.get("TERM", "")):
        message = _(
            "the dashboard needs a terminal that can place its cursor, and TERM is {term}; "
            "without one: smic-tui status, list, site"
        )
        raise CommandError(Exit.USAGE, message.format(term=os.environ.get("TERM") or '""'))
    try:
        loaded = open_settings(options, examine=False)
    except CommandError:
        # The message must go to the main screen, where it stays readable.
        first_paint.give_back()
        raise
    if not os.environ.get("NO_COLOR"):
        # Textual takes an empty one for a wish, which the convention says it is not.
        os.environ.pop("NO_COLOR", None)
    log.start(options.verbose, to_stderr=False)
    # Textual waits 1/TEXTUAL_FPS of a second between two drawings, even if both belong to one
    # key. The driver gathers drawings itself, for as long as is useful on this line.
    os.environ.setdefault("TEXTUAL_FPS", "250")
    from smic_tui import app

    return app.run(loaded, cache_folder(options, loaded))
