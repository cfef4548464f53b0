"""Runs a command line: sets the language, runs the command, and returns an exit code."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from smic_tui import i18n
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.cli.terminal import fenced
from smic_tui.i18n import _

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
    i18n.use(_language_option(arguments))
    _translate_argparse()
    from smic_tui.cli.parser import build_parser

    try:
        options = build_parser(arguments).parse_args(arguments)
    except SystemExit as ending:  # argparse has reported an error or printed help
        return int(ending.code or 0)
    if options.command not in _WITHOUT_GARBAGE:
        gc.enable()
    try:
        code = _command(options.command)(options)
        sys.stdout.flush()
        return code
    except CommandError as error:
        say(str(error))
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return Exit.FINE
    except OSError as error:
        reason = error.strerror or str(error)
        say(
            _("{file}: {reason}").format(file=error.filename, reason=reason)
            if error.filename
            else reason
        )
        _silence_stdout()
        return Exit.OUTPUT


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


def _silence_stdout() -> None:
    """Points standard output to nowhere, so that the last flush does not fail again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
