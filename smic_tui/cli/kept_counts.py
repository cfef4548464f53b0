"""The counts that are kept, for a command that needs no more: no configuration is examined,
no cache read, nothing assessed.
"""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from smic_tui import i18n
from smic_tui.cli.chosen import cache_folder, overrides
from smic_tui.config.chosen import choose, read_text
from smic_tui.config.digest import settings_digest
from smic_tui.config.errors import ConfigError
from smic_tui.startup import status_counts
from smic_tui.startup.status_counts import StatusCountsFile


def kept(options: Namespace, now: datetime) -> StatusCountsFile | None:
    """What holds at `now` (UTC), with its language set; None if it must be assessed."""
    if options.sync:
        return None
    try:
        chosen = choose(options.config)
        text = read_text(chosen.path)
    except ConfigError:
        return None
    digest = settings_digest(text, overrides(options))
    found = status_counts.load(cache_folder(options, chosen), digest, now)
    if found is None or not (options.cached or found.all_read):
        return None
    i18n.use(options.language or found.language)
    return found
