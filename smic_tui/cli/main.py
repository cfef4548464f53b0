"""Runs a command line: sets the language, runs the command, and returns an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from smic_tui import i18n
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.fence import fenced
from smic_tui.cli.say import say
from smic_tui.i18n import _
from smic_tui.system import streams

MODULES = {
    "dashboard": "smic_tui.cli.dashboard",
    "status": "smic_tui.cli.status",
    "list": "smic_tui.cli.list_facts",
    "site": "smic_tui.cli.site",
    "sync": "smic_tui.cli.sync",
    "doctor": "smic_tui.cli.doctor",
    "export": "smic_tui.cli.export",
    "config": "smic_tui.cli.config",
    "sample": "smic_tui.cli.sample",
    "ack": "smic_tui.cli.acknowledge",
    "unack": "smic_tui.cli.acknowledge",
    "act": "smic_tui.cli.act",
    "outbox": "smic_tui.cli.outbox",
    "completion": "smic_tui.cli.completion",
}


# Commands that end soon, or that start the garbage collection themselves once it is useful.
_WITHOUT_GARBAGE = frozenset({"dashboard", "status", "list", "site"})


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns the exit code (see `Exit`).

    Data goes to standard output, messages to standard error.
    """
    # All that is imported and read stays in use: looking for garbage in it would take a
    # tenth of a start.
    gc.disable()
    try:
        with fenced():
            return _run(arguments)
    finally:
        gc.enable()


def _run(arguments: Sequence[str]) -> int:
    try:
        code = _carried_out(arguments)
        # Here, where its failure can be told: at the end of the program it cannot.
        sys.stdout.flush()
        return code
    except CommandError as error:
        say(str(error))
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        streams.silence_stdout()
        return Exit.FINE
    except OSError as error:
        reason = error.strerror or str(error)
        say(
            _("{file}: {reason}").format(file=error.filename, reason=reason)
            if error.filename
            else reason
        )
        streams.silence_stdout()
        return Exit.OUTPUT
    except Exception as error:
        _say_fault(error)
        return Exit.FAULT


def _carried_out(arguments: Sequence[str]) -> int:
    i18n.use(_language_option(arguments))
    _translate_argparse()
    from smic_tui.cli.parser import build_parser

    try:
        options = build_parser(arguments).parse_args(arguments)
    except SystemExit as ending:  # argparse has reported an error or printed help
        return int(ending.code or 0)
    if options.command not in _WITHOUT_GARBAGE:
        gc.enable()
    _read_bytes_as_text(options)
    return _command(options.command)(options)


def _read_bytes_as_text(options: Namespace) -> None:
    """Reads arguments that are not in the locale's encoding as UTF-8 or Windows-1252.

    Paths are left as they are: a file may have such a name.
    """
    for name, value in vars(options).items():
        if isinstance(value, str):
            setattr(options, name, _as_text(value))
        elif isinstance(value, list):
            setattr(options, name, [_as_text(v) if isinstance(v, str) else v for v in value])


def _as_text(argument: str) -> str:
    try:
        argument.encode()
    except UnicodeEncodeError:
        data = os.fsencode(argument)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")
    return argument


def _say_fault(error: Exception) -> None:
    """Says in one sentence that the program has a fault; the log has the rest."""
    import logging

    from smic_tui.cli import log
    from smic_tui.text import clean

    if not logging.getLogger().handlers:
        log.start(False)
    logging.getLogger(__name__).error("the command has failed", exc_info=error)
    what = clean(f"{type(error).__name__}: {error}", 300)
    text = _("a fault of the program, please report it: {error} (the log has more)")
    say(text.format(error=what))


def _command(name: str) -> Callable[[Namespace], int]:
    module = importlib.import_module(MODULES[name])
    command: Callable[[Namespace], int] = module.run
    return command


def _language_option(arguments: Sequence[str]) -> str:
    """Returns the language that the arguments name, or "auto".

    It is needed for help and usage errors, which come before the configuration is read.
    """
    for index, argument in enumerate(arguments):
        if argument == "--language" and index + 1 < len(arguments):
            wanted = arguments[index + 1]
        elif argument.startswith("--language="):
            wanted = argument.partition("=")[2]
        else:
            continue
        return wanted if wanted in i18n.LANGUAGES else "auto"
    return "auto"


def _translate_argparse() -> None:
    """Makes argparse, which uses gettext's default domain, find our catalogue."""
    import gettext

    os.environ["LANGUAGE"] = i18n.language()
    gettext.bindtextdomain(i18n.DOMAIN, str(i18n.LOCALE_FOLDER))
    gettext.textdomain(i18n.DOMAIN)
