"""Declares the arguments of `act` and `outbox`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from smic_tui.i18n import _
from smic_tui.records import Stage, TicketStatus

# The actions of `smic-tui outbox`; `smic_tui.cli.outbox` carries them out.
BOX_ACTIONS = ("list", "show", "withdraw", "keep", "dismiss", "send")


def add_act(
    parser: argparse.ArgumentParser, add_common: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Adds a command for each verb of `act`; `add_common` adds the options of all commands."""
    verbs = parser.add_subparsers(
        title=_("what to do"), dest="verb", metavar=_("VERB"), required=True
    )

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=summary, description=summary)
        add_common(verb)
        verb.add_argument("source", metavar="SOURCE", help=_("the source, as `list` shows it"))
        verb.add_argument(
            "key", metavar=_("KEY"), help=_("the record's number or name within its source")
        )
        _add_how(verb)
        return verb

    def text(verb: argparse.ArgumentParser, help: str, *, needed: bool = False) -> None:
        verb.add_argument(
            "text", metavar=_("TEXT"), nargs=None if needed else "?", default="", help=help
        )

    text(add("comment", _("Add a comment.")), _("the comment"), needed=True)
    assign = add("assign", _("Assign it to somebody, or to the source's own account."))
    assign.add_argument(
        "person",
        metavar=_("PERSON"),
        nargs="?",
        default="",
        help=_("the person (default: the source's own account)"),
    )
    status = add("status", _("Change its status."))
    status.add_argument(
        "value", choices=[each.value for each in TicketStatus], help=_("the new status")
    )
    text(status, _("a comment with it"))
    text(add("resolve", _("Resolve it.")), _("what solved it"))
    stage = add("stage", _("Bring a catalogue request to another stage."))
    stage.add_argument("value", choices=[each.value for each in Stage], help=_("the new stage"))
    text(stage, _("a note with it"))
    ack = add("ack", _("Acknowledge trouble in monitoring."))
    text(ack, _("a word for colleagues"))
    _add_until(ack, needed=False)
    add("unack", _("Remove the acknowledgement in monitoring."))
    for name, summary in (
        ("downtime", _("Announce a downtime in monitoring.")),
        ("silence", _("Silence its alerts in monitoring.")),
    ):
        down = add(name, summary)
        text(down, _("why"))
        _add_until(down, needed=True)
        down.add_argument(
            "--from",
            dest="start",
            metavar=_("WHEN"),
            help=_("its beginning: a duration from now or a time (default: now)"),
        )
    add("end-downtime", _("End the downtime in monitoring."))
    add("unsilence", _("End the silence in monitoring."))


def add_outbox(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `outbox`."""
    parser.add_argument(
        "action",
        choices=BOX_ACTIONS,
        nargs="?",
        default="list",
        metavar=_("ACTION"),
        help=_(
            "list (default); show with both versions; withdraw what is not sent; keep: send it "
            "although the record changed, or once more; dismiss what is over; send now"
        ),
    )
    parser.add_argument(
        "numbers", metavar=_("NUMBER"), nargs="*", type=int, help=_("the entries, as listed")
    )
    parser.add_argument("--json", action="store_true", help=_("print one JSON object per entry"))
    _add_wait(parser)
    _add_dry_run(parser)


def _add_until(parser: argparse.ArgumentParser, *, needed: bool) -> None:
    parser.add_argument(
        "--until",
        metavar=_("WHEN"),
        required=needed,
        help=_("its end: a duration (4h, 2d) or a time (18:00)"),
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", metavar=_("NAME"), help=_("your name (default: the login)"))
    parser.add_argument(
        "--later", action="store_true", help=_("put it into the outbox only; do not send it now")
    )
    _add_wait(parser)
    _add_dry_run(parser)


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        metavar=_("SECONDS"),
        type=float,
        default=30.0,
        help=_("how long to wait for the source's own word (default: 30)"),
    )


def _add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help=_("say what would be done, and do nothing")
    )
