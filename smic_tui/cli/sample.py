"""smic-tui sample: writes the sample syndicate into a folder of the person's choice."""

from __future__ import annotations

from argparse import Namespace
from threading import Event

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.i18n import _
from smic_tui.sample.folder import CONFIG, NEW_CONFIG, SampleError
from smic_tui.sample.writer import SEED, Summary, write


def run(options: Namespace) -> int:
    """Writes the sample; with --play it keeps changing the files until interrupted."""
    seed = SEED if options.seed is None else options.seed
    try:
        _say_summary(write(options.folder, seed=seed))
        if options.play:
            from smic_tui.sample.player import play

            play(options.folder, stop=Event(), seed=seed, on_change=lambda change: say(change.text))
    except SampleError as error:
        raise CommandError(Exit.OUTPUT, str(error)) from None
    return Exit.FINE


def _say_summary(summary: Summary) -> None:
    say(
        _("{members} members, {sites} sites, {jobs} backups, {tickets} tickets in {folder}").format(
            members=summary.members,
            sites=summary.sites,
            jobs=summary.backup_jobs,
            tickets=summary.tickets,
            folder=summary.folder,
        )
    )
    if summary.config_kept:
        say(
            _("{file} was edited and stays as it is; the new one is {new}").format(
                file=summary.folder / CONFIG, new=summary.folder / NEW_CONFIG
            )
        )
    say(_("look at it: {command}").format(command=f"smic-tui --config {summary.folder / CONFIG}"))
