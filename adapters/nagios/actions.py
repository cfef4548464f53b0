"""Gives Nagios commands: through its command file, or through cmd.cgi over HTTP.

Facts are those of Nagios 4.4 as measured. What makes writing particular:

- The command file is a pipe whose reader is Nagios: writing blocks when Nagios is dead, so it
  is opened without blocking, and refused when nobody reads.
- cmd.cgi wants the hidden id of its form, which is in its cookie, too. It answers a refusal with
  200 and a page. It takes times in its own zone and format, which the form shows.
- Neither tells what became of a command, and Nagios does not carry out all of them: only its
  status, which it writes some seconds later, shows what it did.
"""

from __future__ import annotations

import asyncio
import errno
import html
import os
import re
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from adapters.nagios import texts
from adapters.nagios.rows import Downtime, Row
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb
from smic_tui.contract.errors import Unavailable
from smic_tui.i18n import _
from smic_tui.records import Health, HealthState

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

VERBS = frozenset({Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.DOWNTIME, Verb.END_DOWNTIME})
_WELL = (HealthState.UP, HealthState.OK, HealthState.PENDING)
# cmd_typ of cmd.cgi, for a host and for a service.
_TYPES = {
    Verb.ACKNOWLEDGE: ("33", "34"),
    Verb.UNACKNOWLEDGE: ("51", "52"),
    Verb.DOWNTIME: ("55", "56"),
    Verb.END_DOWNTIME: ("78", "79"),
}
_NAMES = {
    Verb.ACKNOWLEDGE: "ACKNOWLEDGE_{}_PROBLEM",
    Verb.UNACKNOWLEDGE: "REMOVE_{}_ACKNOWLEDGEMENT",
    Verb.DOWNTIME: "SCHEDULE_{}_DOWNTIME",
    Verb.END_DOWNTIME: "DEL_{}_DOWNTIME",
}
# The four settings of date_format in nagios.cfg.
_WRITINGS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S")
_INPUT = re.compile(r"NAME='(\w+)'\s+VALUE='([^']*)'", re.IGNORECASE)
_MESSAGE = re.compile(r"CLASS='(error|info)Message'>(.{0,1000}?)(?:<BR|</DIV|</P)", re.I | re.S)
# What cmd.cgi says when it has passed the command on (cmd.c, commit_command_data).
_ACCEPTED = "Your command request was successfully submitted to "
_HTML = "text/html"


def snapshot_of(
    action: Action, row: Row | None, record: Health | None, downtimes: list[Downtime]
) -> RecordSnapshot:
    """Return the record, and whether the effect is there; the status is some seconds old."""
    if row is None or record is None:
        return RecordSnapshot(record=None)
    here = [each for each in downtimes if (each.host, each.service) == (row.host, row.service)]
    match action.verb:
        case Verb.ACKNOWLEDGE:
            done = row.acknowledged
        case Verb.UNACKNOWLEDGE:
            done = not row.acknowledged
        case Verb.DOWNTIME:
            ours = [each for each in here if _is_ours(action, each)]
            done = action.baseline != "" and bool(ours)
            if done and any(_runs(each) for each in ours):
                record = replace(record, downtime=True)
        case _:
            done = not any(_runs(each) for each in here)
            if done:
                record = replace(record, downtime=False)
    ids = sorted(each.id for each in here)
    baseline = action.baseline or msgspec.json.encode(ids).decode()
    return RecordSnapshot(record=record, done=done, baseline=baseline)


class Order:
    """An action on a row that was checked, with the values that Nagios's commands need."""

    def __init__(self, action: Action, row: Row, downtimes: list[Downtime]) -> None:
        if action.verb not in VERBS:
            raise Refused(_("Nagios knows nothing like that"))
        if action.verb is Verb.ACKNOWLEDGE and row.state in _WELL:
            raise Refused(
                _("{name} is {state}: there is nothing to acknowledge").format(
                    name=row.key, state=row.state
                )
            )
        self.verb = action.verb
        self.row = row
        self.text = action.text
        self.author = texts.for_the_line(action.by)
        self.start = action.start or datetime.now(UTC)
        self.end = self.start
        self.ending = [
            each.id
            for each in downtimes
            if (each.host, each.service) == (row.host, row.service) and _runs(each)
        ]
        if action.verb is Verb.DOWNTIME:
            if action.until is None:
                raise Refused(_("Nagios wants to know when a downtime ends"))
            self.end = action.until

    def lines(self) -> list[str]:
        """The commands for the command file."""
        kind = "SVC" if self.row.service else "HOST"
        name = _NAMES[self.verb].format(kind)
        where = ";".join(filter(None, (self.row.host, self.row.service)))
        if self.verb is Verb.END_DOWNTIME:
            return [f"{name};{number}" for number in self.ending]
        if self.verb is Verb.UNACKNOWLEDGE:
            return [f"{name};{where}"]
        comment = texts.for_the_line(self.text) or texts.NO_WORD
        if self.verb is Verb.ACKNOWLEDGE:
            # Sticky (until it is well again), with a notification, and not persistent.
            return [f"{name};{where};2;1;0;{self.author};{comment}"]
        start, end = int(self.start.timestamp()), int(self.end.timestamp())
        times = f"{start};{end};1;0;{end - start}"
        return [f"{name};{where};{times};{self.author};{comment}"]


async def through_file(path: Path, order: Order) -> None:
    """Write the commands into the command file, all at once."""
    now = int(time.time())
    text = "".join(f"[{now}] {line}\n" for line in order.lines())
    if text:
        await asyncio.to_thread(_write, path, text.encode())


def writable(path: Path) -> bool:
    """Whether the command file is a pipe that we may write to."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode) and os.access(path, os.W_OK)
    except OSError:
        return False


def _write(path: Path, text: bytes) -> None:
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise Unavailable(
                _("Nobody reads {path}: Nagios is not running").format(path=path)
            ) from None
        if error.errno == errno.ENOENT:
            raise Unavailable(
                _("There is no {path}").format(path=path),
                hint=_("Nagios makes it when it starts; `command_file` in nagios.cfg tells it."),
            ) from None
        raise Refused(
            _("{path} cannot be written: {reason}").format(path=path, reason=error.strerror),
            hint=_("The account that runs smic-tui must be in the group that may write it."),
        ) from None
    try:
        if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
            raise Refused(_("{path} is no command file: it is no pipe").format(path=path))
        # Up to PIPE_BUF (4096 bytes) it is all or nothing.
        if os.write(pipe, text) != len(text):
            raise Unavailable(_("{path} took only a part").format(path=path))
    except BlockingIOError:
        raise Unavailable(
            _("{path} is full: Nagios has stopped reading it").format(path=path)
        ) from None
    finally:
        os.close(pipe)


async def through_cgi(http: HttpSession, order: Order, zone: str) -> None:
    """Fill in the form of cmd.cgi, for each of the commands."""
    kind = _TYPES[order.verb][1 if order.row.service else 0]
    targets: list[dict[str, str]] = [{"host": order.row.host}]
    if order.row.service:
        targets[0]["service"] = order.row.service
    if order.verb is Verb.END_DOWNTIME:
        targets = [{"down_id": str(number)} for number in order.ending]
    for target in targets:
        asked = {"cmd_typ": kind, **target}
        form = await http.request("GET", "/cmd.cgi", params=asked, accept=_HTML)
        page = form.body.decode("utf-8", "replace")
        fields = {name: html.unescape(value) for name, value in _INPUT.findall(page)}
        if not fields.get("nagFormId"):
            raise Refused(_error_in(page) or _("cmd.cgi shows no form that could be filled in"))
        wanted = {
            **asked,
            "cmd_mod": "2",
            "nagFormId": fields["nagFormId"],
            "com_author": order.author,
            "com_data": texts.for_the_cgi(order.text) or texts.NO_WORD,
            "btnSubmit": "Commit",
        }
        if order.verb is Verb.ACKNOWLEDGE:
            wanted |= {"sticky_ack": "on", "send_notification": "on"}
        if order.verb is Verb.DOWNTIME:
            wanted |= _times(order, fields, zone)
        cookie = {"Cookie": f"NagFormId={fields['nagFormId']}"}
        done = await http.request("POST", "/cmd.cgi", form=wanted, headers=cookie, accept=_HTML)
        answer = done.body.decode("utf-8", "replace")
        if not any(words.startswith(_ACCEPTED) for words in _messages(answer, "info")):
            raise Refused(
                _("Nagios refuses: {reason}").format(reason=_error_in(answer) or "?"),
                hint=_("Look at authorized_for_all_host_commands and _service_ in cgi.cfg."),
            )


def _times(order: Order, fields: dict[str, str], zone: str) -> dict[str, str]:
    """Return start and end as the CGI writes them, by the example in its form, which is now."""
    shown = fields.get("start_time", "")
    now = datetime.now(UTC)
    guesses: list[tuple[timedelta, str, datetime]] = []
    for writing in _WRITINGS:
        try:
            local = datetime.strptime(shown, writing)
        except ValueError:
            continue
        guesses.append((abs(local.replace(tzinfo=UTC) - now), writing, local))
    if not guesses:
        raise Refused(
            _("cmd.cgi writes times in a way that is not known: {time}").format(time=shown)
        )
    _distance, writing, local = min(guesses)
    ahead = local.replace(tzinfo=UTC) - now
    ahead = timedelta(minutes=15 * round(ahead / timedelta(minutes=15)))
    if abs(ahead) > timedelta(hours=14):
        raise Refused(_("The clock of cmd.cgi is wrong: it shows {time}").format(time=shown))
    there: tzinfo = timezone(ahead)
    here = ZoneInfo(zone)
    if now.astimezone(here).utcoffset() == ahead:
        there = here  # a zone with a name also knows the next change of the clocks
    return {
        "start_time": order.start.astimezone(there).strftime(writing),
        "end_time": order.end.astimezone(there).strftime(writing),
        "fixed": "1",
        "trigger": "0",
        "childoptions": "0",
        "hours": "2",
        "minutes": "0",
    }


def _error_in(page: str) -> str:
    """Return the first error that a page of cmd.cgi shows; "" if it shows none."""
    return next(_messages(page, "error"), "")


def _messages(page: str, kind: str) -> Iterator[str]:
    """Yield the messages of a page that it marks as "error" or "info", without their markup."""
    for marked, text in _MESSAGE.findall(page):
        if marked.lower() == kind:
            yield " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", text)).split())


def _is_ours(action: Action, downtime: Downtime) -> bool:
    """Whether a downtime came after the baseline and is as the action wants it.

    The author is the account when cmd.cgi was used.
    """
    try:
        before = msgspec.json.decode(action.baseline or "[]", type=list[int])
    except msgspec.DecodeError:
        before = []
    return (
        downtime.id not in before
        and texts.is_from(downtime.comment, action.text)
        and action.until is not None
        and abs(downtime.end - action.until.timestamp()) <= 1
    )


def _runs(downtime: Downtime) -> bool:
    return downtime.start <= time.time() + 1 and downtime.end > time.time()
