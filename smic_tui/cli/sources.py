"""The sources that a command line names, and what is said of those that were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.config.errors import unknown_word
from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.i18n import _
from smic_tui.model.snapshot import Snapshot


def named(settings: Settings, names: Sequence[str]) -> list[str]:
    """The enabled sources called so, all of them if none is named."""
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
    """The statuses of these sources."""
    return [one.status for one in snapshot.sources if one.status.name in names]


def say_failures(read: Collection[SourceStatus]) -> Exit:
    """Say of each source that was read just now whether and why it failed."""
    failed = [status for status in read if status.state is not SourceState.OK]
    for status in failed:
        say(_("{source}: {error}").format(source=status.name, error=status.error))
        if status.hint:
            say(f"  → {status.hint}")
    return Exit.SOURCE if failed else Exit.FINE
