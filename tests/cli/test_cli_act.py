"""smic-tui act and outbox, with a ticket system that answers as Redmine does."""

from __future__ import annotations

import json
import subprocess
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from smic_tui.cli.act import _moment
from smic_tui.cli.main import run
from smic_tui.collecting.hub_publisher import HubPublisher
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import Stream, Ticket, TicketStatus
from tests.cli.program import Program
from tests.fakes.misbehaving import MisbehavingServer, Mode
from tests.fakes.redmine import FakeRedmine

CONFIG = """\
{top}
[sources.desk]
kind = "redmine"
url = "{url}"
api_key = {{ env = "DESK_KEY" }}
request_timeout = "5s"
projects = ["assistance"]
{more}
[sources.wishes]
kind = "redmine"
as = "requests"
url = "{url}"
api_key = {{ env = "DESK_KEY" }}
projects = ["catalogue"]
"""


class Office:
    """The program with a desk behind it, in this process: starting one takes a second."""

    def __init__(
        self,
        program: Program,
        server: MisbehavingServer,
        redmine: FakeRedmine,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.program, self.server, self.redmine, self._capsys = program, server, redmine, capsys
        self.key = "agent-key"
        self.configure()

    @property
    def env(self) -> dict[str, str]:
        config = str(self.program.home / "config.toml")
        return {**self.program.env, "SMIC_TUI_CONFIG": config, "DESK_KEY": self.key}

    def configure(self, top: str = "", more: str = "") -> None:
        text = CONFIG.format(url=self.server.url, top=top, more=more)
        (self.program.home / "config.toml").write_text(text)

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and everything that was said."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env.items():
                patch.setenv(name, value)
            code = run(arguments)
        out, err = self._capsys.readouterr()
        return code, out + err

    def notes(self, number: int) -> list[str]:
        return [row["notes"] for row in self.redmine.journals.get(number, [])]


@pytest.fixture
def office(program: Program, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    redmine = FakeRedmine()
    for _number in range(3):
        redmine.add()
    redmine.add("catalogue", 1)
    with MisbehavingServer(redmine) as server:
        office = Office(program, server, redmine, capsys)
        code, said = office("sync")
        assert code == 0, said
        yield office


def test_a_comment_is_sent_and_confirmed(office: Office) -> None:
    code, said = office("act", "comment", "desk", "1", "Toner remplacé", "--by", "Agent Un")
    assert (code, office.notes(1)) == (0, ["Toner remplacé"]), said
    assert "done" in said
    code, said = office("outbox")
    assert code == 0
    assert "Imprimante 1" in said
    assert "Toner remplacé" in said
    assert "Agent Un" in said


def test_what_is_confirmed_is_in_the_cache(office: Office) -> None:
    code, said = office("act", "resolve", "desk", "2", "Réglé")
    assert code == 0, said
    _code, said = office("list", "tickets", "--cached", "--json", "--where", "id:2")
    assert json.loads(said)[0]["status"] == "resolved"


def test_assign_status_and_stage(office: Office) -> None:
    assert office("act", "assign", "desk", "1")[0] == 0
    assert office.redmine.issues[1]["assigned_to"]["name"] == "Agent Un"
    assert office("act", "assign", "desk", "1", "Agent Deux")[0] == 0
    assert office.redmine.issues[1]["assigned_to"]["name"] == "Agent Deux"
    assert office("act", "status", "desk", "1", "waiting", "pièce commandée")[0] == 0
    assert office.notes(1)[-1] == "pièce commandée"
    assert office("act", "stage", "wishes", "4", "installing")[0] == 0
    assert office.redmine.issues[4]["status"] == 9


def test_a_dry_run_does_nothing(office: Office) -> None:
    code, said = office("act", "resolve", "desk", "1", "Réglé", "--dry-run")
    assert code == 0
    for word in ("desk", "Imprimante 1", "resolve", "Réglé"):
        assert word in said
    assert office.notes(1) == []
    assert "empty" in office("outbox")[1]


def test_later_it_waits_and_can_be_withdrawn(office: Office) -> None:
    assert office("act", "comment", "desk", "1", "x", "--later")[0] == 0
    assert office("act", "comment", "desk", "2", "y", "--later")[0] == 0
    assert office.notes(1) == []
    code, said = office("outbox", "withdraw", "1", "--dry-run")
    assert (code, "would be done" in said) == (0, True)
    assert office("outbox", "withdraw", "1")[0] == 0
    assert office("outbox", "withdraw", "1")[0] == 1  # it is withdrawn already
    code, said = office("outbox", "send")
    assert (code, office.notes(1), office.notes(2)) == (0, [], ["y"]), said
    code, said = office("outbox", "dismiss", "1", "2")
    assert code == 0, said
    assert "empty" in office("outbox")[1]


def test_without_a_line_it_waits_and_is_sent_when_it_is_back(office: Office) -> None:
    office.server.mode = Mode.STOPPED
    code, said = office("act", "comment", "desk", "1", "x", "--wait", "0.2")
    assert code == 1
    assert "refuses the connection" in said
    office.server.mode = Mode.OK
    code, said = office("outbox", "send")
    assert (code, office.notes(1)) == (0, ["x"]), said


def test_a_conflict_is_shown_with_both_versions_and_decided(office: Office) -> None:
    office.redmine.set_status(1, 5)
    office.redmine.set_status(2, 5)
    for number in ("1", "2"):
        code, said = office("act", "comment", "desk", number, "x")
        assert code == 1, said
        assert "changed meanwhile" in said
    code, said = office("outbox", "show", "1")
    assert code == 1
    row = next(line for line in said.splitlines() if line.startswith("Status "))
    assert row.split() == ["Status", "new", "closed"]
    assert office("outbox", "keep", "1")[0] == 0
    assert office("outbox", "withdraw", "2")[0] == 0
    code, said = office("outbox", "send")
    assert (code, office.notes(1), office.notes(2)) == (0, ["x"], []), said


def test_a_refusal_has_its_own_code_and_stays(office: Office) -> None:
    office.redmine.workflow = {1, 2}
    code, said = office("act", "resolve", "desk", "1", "Réglé")
    assert code == 3
    assert "workflow" in said
    code, listed = office("outbox", "--json")
    assert code == 1
    assert json.loads(listed)[0]["state"] == "refused"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("comment", "desc", "1", "x"), 'did you mean "desk"'),
        (("comment", "desk", "77", "x"), "no record 77"),
        (("comment", "desk", "1", "  "), "words"),
        (("stage", "desk", "1", "done"), "no record 1"),
        (("ack", "desk", "1"), "no record 1"),
        (("status", "desk", "1", "merry"), "merry"),
    ],
)
def test_wrong_usage(office: Office, arguments: tuple[str, ...], word: str) -> None:
    code, said = office("act", *arguments)
    assert (code, word in said) == (2, True), said


def test_an_account_that_may_only_read(office: Office) -> None:
    office.key = "a-key"
    assert office("sync")[0] == 0
    code, said = office("act", "comment", "desk", "1", "x")
    assert (code, "can only be read" in said) == (2, True), said


@pytest.mark.parametrize(("top", "more"), [("read_only = true", ""), ("", "read_only = true")])
def test_read_only(office: Office, top: str, more: str) -> None:
    assert office("act", "comment", "desk", "1", "x", "--later")[0] == 0
    office.configure(top, more)
    code, said = office("act", "comment", "desk", "1", "y")
    assert (code, "read_only" in said) == (2, True), said
    assert office("outbox", "send", "--wait", "0.2")[0] == 1
    assert office.notes(1) == []


def test_a_shared_account_names_the_person(office: Office) -> None:
    office.configure(more="signed = true")
    code, said = office("act", "comment", "desk", "1", "Toner remplacé", "--by", "Agent Un")
    assert (code, office.notes(1)) == (0, ["Toner remplacé\n\n— Agent Un"]), said
    code, said = office("act", "resolve", "desk", "1", "--by", "Agent Un")
    assert (code, office.notes(1)[1:]) == (0, [""]), said  # nothing to sign


def test_doctor_says_what_the_account_may(office: Office) -> None:
    _code, said = office("doctor", "desk")
    assert "comment, assign, change the status, resolve" in said
    office.configure(top="read_only = true")
    assert "assign" not in office("doctor", "desk")[1]
    office.configure()
    office.key = "a-key"
    assert "assign" not in office("doctor", "desk")[1]


def test_unknown_entries(office: Office) -> None:
    assert office("outbox", "withdraw", "9")[0] == 2
    assert office("outbox", "withdraw")[0] == 2


def test_an_outbox_that_cannot_be_kept(office: Office) -> None:
    cache = next((office.program.home / ".cache/smic-tui").glob("config-*/"))
    lock = cache / "user.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    code, said = office("act", "comment", "desk", "1", "x")
    assert (code, office.notes(1)) == (4, []), said
    lock.rmdir()


def test_the_program_that_collects_sends(office: Office, tmp_path: Path) -> None:
    watching = subprocess.Popen(
        office.program.command("sync", "--watch"),
        env=office.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=office.program.home,
    )
    try:
        code, said = office("act", "comment", "desk", "1", "x")
        assert (code, office.notes(1)) == (0, ["x"]), said
    finally:
        watching.terminate()
        watching.wait()


def test_a_downtime_lasts_from_its_beginning() -> None:
    zone = ZoneInfo("Europe/Paris")
    now = datetime.now(UTC)
    for given in ("2h", "30 min", "18:00"):
        begin = _moment(Namespace(start="26h"), "start", "--from", now, zone)
        assert begin is not None
        end = _moment(Namespace(until=given), "until", "--until", begin, zone)
        assert end is not None
        assert begin < end <= begin + timedelta(days=1)


@pytest.fixture
def behind_a_hub(office: Office) -> Office:
    """A laptop that sees the head office's `tickets`, and acts on them by `desk`."""
    now = datetime.now(UTC).replace(microsecond=0)
    row = Ticket(
        key="1", subject="Imprimante 1", status=TicketStatus.NEW, created=now, updated=now,
        source="tickets",
    )  # fmt: skip
    status = SourceStatus(name="tickets", kind="redmine", state=SourceState.OK, last_good=now)
    contents = SourceContents(status=status, rows={Stream.TICKETS: {"1": row}})
    www = office.program.home / "www"
    HubPublisher(www).publish(Snapshot(taken=now, sources=(contents,)))
    office.configure(
        more=f'actions_for = "tickets"\n[sources.siege]\nkind = "hub"\npath = "{www}"\n'
    )
    code, said = office("sync")
    assert code == 0, said
    return office


@pytest.mark.parametrize("named", ["tickets", "siege/tickets", "desk"])
def test_behind_a_hub_a_source_may_be_named_as_at_the_head_office(
    behind_a_hub: Office, named: str
) -> None:
    office = behind_a_hub
    code, said = office("act", "comment", named, "1", "Toner remplacé", "--dry-run")
    assert code == 0, said
    assert "siege/tickets" in said
    assert office("act", "comment", named, "1", "Toner remplacé", "--later")[0] == 0


def test_doctor_knows_that_a_source_only_carries_out_actions(behind_a_hub: Office) -> None:
    _code, said = behind_a_hub("doctor", "desk")
    assert "none: it carries out actions on tickets" in said
    assert "never read" not in said


def test_doctor_knows_a_clock_that_is_behind(
    office: Office,
) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=1), tick=True):
        _code, said = office("doctor", "desk")
    assert "rows, read at a time that is still to come" in said
    assert "never read" not in said
    assert "NTP" in said
