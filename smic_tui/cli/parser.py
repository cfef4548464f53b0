"""The parser of the command line.

It names all commands, but declares the arguments of a command only when that command runs.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from smic_tui import __version__
from smic_tui.i18n import _

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "smic-tui"
_ARGUMENT = re.compile(r"argument ([^:]+)[\u00a0 ]?: (.*)", re.DOTALL)


class HelpText(argparse.HelpFormatter):
    """Help as wide as the terminal.

    argparse makes one for each argument that is declared, and asks `shutil` for the width:
    its import alone takes as long as declaring all of them.
    """

    def __init__(self, prog: str, **options: Any) -> None:
        options.setdefault("width", _width() - 2)
        super().__init__(prog, **options)


def _width() -> int:
    """Returns the cells of the terminal, or what COLUMNS says; 80 where nothing is known."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 80
    except (ValueError, OSError):
        return 80


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are wholly in the reader's language."""

    def error(self, message: str) -> NoReturn:
        """Ends the program with a message of argparse's."""
        # Not every version of argparse looks this one up in the catalogue.
        found = _ARGUMENT.fullmatch(message)
        if found is not None:
            message = _("argument {name}: {message}").format(name=found[1], message=found[2])
        super().error(message)


class Command(_Parser):
    """The parser of one command, whose arguments are declared at their first use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", HelpText)
        super().__init__(*args, **kwargs)
        self.declare: Callable[[Command], None] | None = None

    def fill(self) -> None:
        """Declares the arguments, also those of the commands below this one."""
        if self.declare is not None:
            declare, self.declare = self.declare, None
            _add_common(self, absent=argparse.SUPPRESS)
            declare(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Declares the arguments, then parses."""
        self.fill()
        return super().parse_known_args(args, namespace)


def build_parser(arguments: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Returns the parser of the whole command line, in the current language.

    Given `arguments`, it declares no more than they need: the arguments of a command only
    when that command is parsed, and no commands at all if `arguments` is empty.
    """
    parser = _Parser(
        prog=PROGRAM,
        formatter_class=HelpText,
        description=_(
            "One screen over the sites, backups, tickets and catalogue requests of an IT "
            "syndicate. Without a command, the dashboard opens."
        ),
        epilog=_(
            "Exit codes: 0 fine, 1 something needs attention, 2 usage or configuration, "
            "3 a source failed, 4 the cache or the output cannot be written, 70 a fault of the "
            "program, 130 interrupted."
        ),
    )
    parser.set_defaults(command="dashboard")
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {__version__}",
        help=_("show program's version number and exit"),
    )
    _add_common(parser, absent=None)
    if arguments is not None and not arguments:
        # Declaring a command takes time, and the dashboard needs none of them.
        return parser
    commands = parser.add_subparsers(
        # Without this, argparse would work the name out by formatting a help text.
        prog=PROGRAM,
        title=_("commands"),
        metavar=_("COMMAND"),
        parser_class=Command,
    )

    def add(name: str, summary: str, declare: Callable[[Command], None]) -> None:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(command=name)
        command.declare = declare
        if arguments is None:
            command.fill()

    add("dashboard", _("Open the dashboard (the same as no command)."), _nothing)
    add("status", _("Count what is down, late, failed, open, waiting and firing."), _status)
    add("list", _("List facts, worst first."), _list)
    add("site", _("Show everything about one site."), _site)
    add("sync", _("Read the sources into the cache, once or for as long as it runs."), _sync)
    add("doctor", _("Examine each source: reach, account, clock, rows, what to do."), _doctor)
    add("export", _("Write all records of the cache as JSON or CSV."), _export)
    add("config", _("Check, explain or show the configuration."), _config)
    add("sample", _("Write the sample syndicate: files and a configuration for them."), _sample)
    add("ack", _("Acknowledge an alert: somebody takes care of it."), _ack)
    add("unack", _("Remove an acknowledgement."), _unack)
    add("act", _("Change a record at the source that owns it."), _act)
    add("outbox", _("Show what is on its way to the sources, and decide about it."), _outbox)
    add("completion", _("Print the completion script of a shell."), _completion)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, absent: str | None) -> None:
    """Adds the options that may stand before and after a command.

    An option that is not given has the value `absent`. The parser of a command passes
    `argparse.SUPPRESS`, so that an option not given after the command keeps the value that
    was given before it.
    """
    group = parser.add_argument_group(_("everywhere"))
    group.add_argument(
        "--config",
        metavar=_("FILE"),
        type=Path,
        default=absent,
        help=_("the configuration; else SMIC_TUI_CONFIG, the user's own, the shipped sample"),
    )
    group.add_argument(
        "--cache",
        metavar=_("FOLDER"),
        type=Path,
        default=absent,
        help=_("the cache; else SMIC_TUI_CACHE, one per configuration in the user's cache folder"),
    )
    group.add_argument(
        "--language",
        choices=("auto", "fr", "en"),
        default=absent,
        help=_("instead of the configured language"),
    )
    group.add_argument(
        "--timezone",
        metavar=_("ZONE"),
        default=absent,
        help=_("instead of the configured time zone"),
    )
    group.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=absent or False,
        help=_("log every step, to the log file and to standard error"),
    )


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Declares no arguments, for a command that has none of its own."""


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say how fresh the facts of a command must be."""
    reading = parser.add_mutually_exclusive_group()
    reading.add_argument(
        "--cached",
        action="store_true",
        help=_("read the cache only, even when a source has never been read"),
    )
    reading.add_argument(
        "--sync", action="store_true", help=_("read every source that is due first")
    )


def _status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("print one JSON object"))
    _add_reading(parser)


def _list(parser: argparse.ArgumentParser) -> None:
    from smic_tui.model.subjects import SUBJECTS

    names = tuple(subject.name for subject in SUBJECTS)
    parser.add_argument("subject", choices=names, help=_("what to list"))
    parser.add_argument(
        "--where", metavar=_("FILTER"), default="", help=_("only what this filter lets through")
    )
    parser.add_argument(
        "--sort",
        metavar=_("FIELD"),
        default="",
        help=_("order by a field of the filter language; -FIELD for the reverse"),
    )
    parser.add_argument("--limit", metavar="N", type=_count, help=_("at most N lines"))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", dest="form", const="json", help="JSON")
    form.add_argument("--csv", action="store_const", dest="form", const="csv", help="CSV")
    form.add_argument(
        "--plain",
        action="store_const",
        dest="form",
        const="plain",
        help=_("an aligned table (the default)"),
    )
    parser.set_defaults(form="plain")
    _add_reading(parser)


def _site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "code", metavar="CODE", help=_("the site's code or its name, as a source might call it")
    )
    parser.add_argument("--json", action="store_true", help=_("print one JSON object"))
    _add_reading(parser)


def _sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="*", help=_("only these sources (all of them if none)")
    )
    parser.add_argument(
        "--watch", action="store_true", help=_("keep reading, each source at its interval")
    )
    parser.add_argument(
        "--publish",
        metavar=_("FOLDER"),
        help=_("with --watch: publish what is collected there, for thin clients"),
    )
    parser.add_argument(
        "--accept-fewer",
        action="store_true",
        help=_(
            "agree that the named sources show less than before: rows that they do not show any "
            "more are dropped"
        ),
    )


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="*", help=_("only these sources (all of them if none)")
    )
    parser.add_argument("--json", action="store_true", help=_("print one JSON object"))


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar=_("TARGET"),
        type=Path,
        help=_("a .json file for everything, or a folder for one file per stream; - for stdout"),
    )
    parser.add_argument(
        "--csv", action="store_true", help=_("in a folder: CSV files instead of JSON")
    )
    _add_reading(parser)


def _config(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        title=_("what to do"), dest="action", metavar=_("ACTION"), required=True
    )

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=summary, description=summary)
        _add_common(action, absent=argparse.SUPPRESS)
        return action

    check = add("check", _("Tell every problem of the configuration."))
    check.add_argument(
        "--files",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=_("look into the files that local sources read, too (default: yes)"),
    )
    add("schema", _("Print the JSON Schema of the configuration."))
    add("reference", _("Print the reference of all keys, in Markdown."))
    show = add("show", _("Print the configuration in effect, as TOML."))
    show.add_argument(
        "--origin", action="store_true", help=_("say of each key where its value comes from")
    )


def _sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar=_("FOLDER"), type=Path, help=_("where the files are written")
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, help=_("another syndicate: a number of your choice")
    )
    parser.add_argument(
        "--play", action="store_true", help=_("keep changing the files, until interrupted")
    )


def _ack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "fingerprint", metavar=_("ALERT"), help=_("its key, as `list alerts --json` shows it")
    )
    parser.add_argument(
        "--until",
        metavar=_("WHEN"),
        default="change",
        help=_("a duration (4h, 2d), a time (18:00), or change (default)"),
    )
    parser.add_argument("--comment", metavar=_("TEXT"), default="", help=_("a word for colleagues"))
    parser.add_argument("--by", metavar=_("NAME"), help=_("your name (default: the login)"))


def _unack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fingerprint", metavar=_("ALERT"), help=_("its key"))


def _act(parser: argparse.ArgumentParser) -> None:
    from smic_tui.cli.acting_parser import add_act

    add_act(parser, lambda verb: _add_common(verb, absent=argparse.SUPPRESS))


def _outbox(parser: argparse.ArgumentParser) -> None:
    from smic_tui.cli.acting_parser import add_outbox

    add_outbox(parser)


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help=_("the shell"))


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(
            _("a whole number is expected, not {text!r}").format(text=text)
        )
    return number
