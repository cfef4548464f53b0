"""smic-tui completion: prints the completion script of a shell."""

from __future__ import annotations

from argparse import Namespace

import shtab

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.parser import PROGRAM, build_parser
from smic_tui.i18n import _
from smic_tui.system import streams


def run(options: Namespace) -> int:
    """Prints the script. docs/usage.md says where to put it.

    Raises `CommandError` for a shell that the installed shtab does not know.
    """
    if options.shell not in shtab.SUPPORTED_SHELLS:
        message = _("this version of shtab does not know {shell}; it knows {known}").format(
            shell=options.shell, known=", ".join(shtab.SUPPORTED_SHELLS)
        )
        raise CommandError(Exit.USAGE, message)
    parser = build_parser()
    streams.print_data()
    print(shtab.complete(parser, shell=options.shell, root_prefix=PROGRAM.replace("-", "_")))
    return Exit.FINE
