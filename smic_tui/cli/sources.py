"""Finds the sources that a command line names, and says which of them failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.config.errors import unknown_word
from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.i18n import _, phrase
from smic_tui.model.snapshot import Snapshot


def named(settings: Settings, names: Sequence[str]) -> list[str]:
    """Returns the enabled sources with these names; all enabled ones if there are no names.

    Raises `CommandError` for a source that does not exist or is not enabled.
    """
    enabled = [source.name for source in settings.sources.values() if source.enabled]
    for name in names:
        if name not in settings.sources:
            raise CommandError(
                Exit.USAGE, unknown_word(name, settings.sources, _("no such source"))
            )
        if name not in enabled:
            raise CommandError(
                Exit.USAGE, _("the source {source} is not enabled").format(source=name)
            )
    return [name for name in enabled if not names or name in names]


def statuses(snapshot: Snapshot, names: Collection[str]) -> list[SourceStatus]:
    """Returns the statuses of the sources with these names."""
    return [one.status for one in snapshot.sources if one.status.name in names]


def say_failures(read: Collection[SourceStatus]) -> Exit:
    """Says which of the sources that were read just now failed, and why.

    Returns `Exit.SOURCE` if one failed.
    """
    failed = [status for status in read if status.state is not SourceState.OK]
    for status in failed:
        say(_("{source}: {error}").format(source=status.name, error=phrase(status.error)))
        if status.hint:
            say(f"  → {phrase(status.hint)}")
    return Exit.SOURCE if failed else Exit.FINE
