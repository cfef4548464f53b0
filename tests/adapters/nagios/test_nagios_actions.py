"""What is said to Nagios, through its pipe and through cmd.cgi."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import time_machine
from msgspec.structs import replace

from adapters.nagios.adapter import NagiosAdapter
from adapters.nagios.options import NagiosOptions
from smic_tui.contract.actions import Action, ActsOnRecords, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import Health, Stream
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.nagios import FakeNagios
from tests.fakes.reading import read

Make = Callable[..., NagiosAdapter]
AT = datetime.now(UTC).replace(microsecond=0)
SOON = AT + timedelta(hours=2)


@pytest.fixture
def nagios() -> FakeNagios:
    fake = FakeNagios()
    fake.add("17001-rtr", state=1)
    fake.add("17001-rtr", "disque", 2)
    fake.add("17002-rtr")
    return fake


@pytest.fixture
def server(nagios: FakeNagios) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(nagios) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[NagiosAdapter] = []

    def make(user: str = "agent", zone: str = "Europe/Paris", **options: Any) -> NagiosAdapter:
        settings = {
            "url": f"{server.url}/cgi-bin/nagios4",
            "user": user,
            "password": {"env": "N"},
            "request_timeout": "1s",
            **options,
        }
        context = Context(source="n", folder=CERTS, timezone=zone, secret=lambda _: "word")
        made.append(NagiosAdapter(msgspec.convert(settings, NagiosOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], list[str]]]]:
    """A command file that somebody reads, and what came through it."""
    file = tmp_path / "nagios.cmd"
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)

    def lines() -> list[str]:
        try:
            return os.read(reader, 65536).decode().splitlines()
        except BlockingIOError:
            return []

    yield file, lines
    os.close(reader)


def wish(verb: Verb, key: str = "17001-rtr", **fields: Any) -> Action:
    values: dict[str, Any] = {
        "id": "1",
        "source": "n",
        "stream": Stream.HEALTH,
        "key": key,
        "verb": verb,
        "by": "Agent Un",
        "at": AT,
    }
    return Action(**(values | fields))


async def send(adapter: NagiosAdapter, action: Action) -> None:
    standing = await adapter.inspect(action)
    assert not standing.done
    assert not standing.at_once  # Nagios writes its status every few seconds
    await adapter.apply(replace(action, baseline=standing.baseline), standing)


def health(standing: RecordSnapshot) -> Health:
    assert isinstance(standing.record, Health)
    return standing.record


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (
            wish(Verb.ACKNOWLEDGE, text="vu;\n réparé"),
            "ACKNOWLEDGE_HOST_PROBLEM;17001-rtr;2;1;0;Agent Un;vu, réparé",
        ),
        (
            wish(Verb.ACKNOWLEDGE, "17001-rtr!disque", by="Un;Deux"),
            "ACKNOWLEDGE_SVC_PROBLEM;17001-rtr;disque;2;1;0;Un,Deux;smic-tui",
        ),
        (
            wish(Verb.DOWNTIME, text="travaux", start=AT, until=SOON),
            f"SCHEDULE_HOST_DOWNTIME;17001-rtr;{int(AT.timestamp())};{int(SOON.timestamp())}"
            ";1;0;7200;Agent Un;travaux",
        ),
    ],
    # Without the times of now, which every worker would read differently.
    ids=["host", "service", "downtime"],
)
async def test_one_line_through_the_pipe(
    make: Make, pipe: tuple[Path, Callable[[], list[str]]], action: Action, line: str
) -> None:
    file, lines = pipe
    await send(make(command_file=str(file)), action)
    (came,) = lines()
    stamp, _blank, command = came.partition(" ")
    assert abs(int(stamp.strip("[]")) - time.time()) < 60
    assert command == line


async def test_taken_back_through_the_pipe(
    make: Make, nagios: FakeNagios, pipe: tuple[Path, Callable[[], list[str]]]
) -> None:
    file, lines = pipe
    adapter = make(command_file=str(file))
    nagios.acknowledge("17001-rtr", "disque")
    nagios.add_downtime("17001-rtr")
    nagios.add_downtime("17001-rtr", "disque")
    nagios.add_downtime("17001-rtr", start=int(time.time() + 3600), in_effect=False)
    await send(adapter, wish(Verb.UNACKNOWLEDGE, "17001-rtr!disque"))
    await send(adapter, wish(Verb.END_DOWNTIME))
    await send(adapter, wish(Verb.END_DOWNTIME, "17001-rtr!disque"))
    assert [line.partition(" ")[2] for line in lines()] == [
        "REMOVE_SVC_ACKNOWLEDGEMENT;17001-rtr;disque",
        "DEL_HOST_DOWNTIME;1",
        "DEL_SVC_DOWNTIME;2",
    ]


async def test_the_pipe_of_a_dead_nagios_does_not_block(make: Make, tmp_path: Path) -> None:
    """The command FIFO blocks when the daemon is dead."""
    file = tmp_path / "nagios.cmd"
    adapter = make(command_file=str(file))
    action = wish(Verb.ACKNOWLEDGE)
    standing = await adapter.inspect(action)
    assert adapter.capabilities() == {}
    with pytest.raises(Unavailable, match="There is no"):
        await adapter.apply(action, standing)
    os.mkfifo(file)
    with pytest.raises(Unavailable, match="not running"):
        await adapter.apply(action, standing)
    file.unlink()
    file.write_text("")
    with pytest.raises(Refused, match="pipe"):
        await adapter.apply(action, standing)
    assert file.read_text() == ""


async def test_the_pipe_of_a_frozen_nagios_fills_up(
    make: Make, pipe: tuple[Path, Callable[[], list[str]]]
) -> None:
    file, _lines = pipe
    writer = os.open(file, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    finally:
        os.close(writer)
    with pytest.raises(Unavailable, match="stopped reading"):
        await send(make(command_file=str(file)), wish(Verb.ACKNOWLEDGE))


@pytest.mark.parametrize(
    ("key", "types"), [("17001-rtr", "33 55 78 51"), ("17001-rtr!disque", "34 56 79 52")]
)
async def test_the_form_of_cmd_cgi(make: Make, nagios: FakeNagios, key: str, types: str) -> None:
    """cmd.cgi needs a cookie and a hidden form id."""
    adapter = make()
    await send(adapter, wish(Verb.ACKNOWLEDGE, key, text="vu, réparé"))
    await send(adapter, wish(Verb.DOWNTIME, key, text="travaux", until=SOON))
    host, _mark, service = key.partition("!")
    nagios.add_downtime(host, service)
    await send(adapter, wish(Verb.END_DOWNTIME, key))
    nagios.acknowledge(host, service)
    await send(adapter, wish(Verb.UNACKNOWLEDGE, key))
    assert [form["cmd_typ"] for form in nagios.commands] == types.split()
    acknowledged, downtime, ended, _taken_back = nagios.commands
    assert (acknowledged["host"], acknowledged.get("service", "")) == (host, service)
    assert (acknowledged["com_data"], acknowledged["sticky_ack"]) == ("vu, réparé", "on")
    assert downtime["fixed"] == "1"
    assert ended["down_id"] == "1"


@pytest.mark.parametrize(
    "writing", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S"]
)
@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "America/Martinique"])
async def test_times_as_the_form_shows_them(
    make: Make, nagios: FakeNagios, writing: str, zone: str
) -> None:
    nagios.zone, nagios.writing = zone, writing
    await send(make(), wish(Verb.DOWNTIME, start=AT, until=SOON))
    (form,) = nagios.commands
    for name, moment in (("start_time", AT), ("end_time", SOON)):
        assert form[name] == moment.astimezone(ZoneInfo(zone)).strftime(writing)


async def test_a_downtime_over_the_change_of_the_clocks(make: Make, nagios: FakeNagios) -> None:
    with time_machine.travel(datetime(2027, 3, 27, 12, tzinfo=UTC)):
        for row in nagios.objects.values():
            row["last_check"] = int(time.time())
        until = datetime(2027, 3, 28, 12, tzinfo=UTC)
        await send(make(), wish(Verb.DOWNTIME, until=until))
    assert nagios.commands[0]["start_time"] == "2027-03-27 13:00:00"
    assert nagios.commands[0]["end_time"] == "2027-03-28 14:00:00"


async def test_a_form_whose_clock_is_wrong(make: Make, nagios: FakeNagios) -> None:
    for writing in ("%d %B", "1999-01-01 00:00:00"):
        nagios.writing = writing
        with pytest.raises(Refused):
            await send(make(), wish(Verb.DOWNTIME, until=SOON))
    assert nagios.commands == []


async def test_a_refusal_is_a_page(make: Make, nagios: FakeNagios) -> None:
    with pytest.raises(Refused, match="not authorized"):
        await send(make("lecture"), wish(Verb.ACKNOWLEDGE))
    nagios.form_id = ""
    with pytest.raises(Refused, match="form"):
        await send(make(), wish(Verb.ACKNOWLEDGE))
    assert nagios.commands == []


async def test_a_refusal_may_quote_anything(
    make: Make, nagios: FakeNagios, server: MisbehavingServer
) -> None:
    """cmd.cgi marks a refusal as one; what it quotes in it says nothing."""
    said = "Your command request was successfully submitted to nobody"
    page = f"<P><DIV CLASS='errorMessage'>Bad comment: {said}</DIV></P>".encode()

    def respond(request: Request) -> Reply:
        return Reply(200, page, "text/html") if request.method == "POST" else nagios(request)

    server.respond = respond
    with pytest.raises(Refused, match="Bad comment"):
        await send(make(), wish(Verb.ACKNOWLEDGE))


async def test_what_is_well_has_nothing_to_acknowledge(make: Make, nagios: FakeNagios) -> None:
    """Nagios takes such a command without a word and does nothing."""
    with pytest.raises(Refused, match="nothing to acknowledge"):
        await send(make(), wish(Verb.ACKNOWLEDGE, "17002-rtr"))
    assert nagios.commands == []


async def test_only_the_status_shows_that_it_was_done(make: Make, nagios: FakeNagios) -> None:
    adapter = make()
    action = wish(Verb.ACKNOWLEDGE)
    assert not (await adapter.inspect(action)).done
    nagios.acknowledge("17001-rtr")
    standing = await adapter.inspect(action)
    assert (standing.done, health(standing).acknowledged) == (True, True)
    assert not (await adapter.inspect(wish(Verb.UNACKNOWLEDGE))).done


@pytest.mark.parametrize("text", ["travaux", "travaux d'été", ""])
async def test_our_downtime_and_others(make: Make, nagios: FakeNagios, text: str) -> None:
    adapter = make()
    action = wish(Verb.DOWNTIME, text=text, until=SOON)
    end = int(SOON.timestamp())
    nagios.add_downtime("17001-rtr", comment=text or "smic-tui", end=end)
    before = await adapter.inspect(action)
    assert not before.done
    action = replace(action, baseline=before.baseline)
    nagios.add_downtime("17001-rtr", "disque", comment=text or "smic-tui", end=end)
    nagios.add_downtime("17001-rtr", comment=text or "smic-tui", end=end + 60)
    nagios.add_downtime("17001-rtr", comment="autre", end=end)
    assert not (await adapter.inspect(action)).done
    nagios.add_downtime("17001-rtr", comment=text or "smic-tui", end=end)
    standing = await adapter.inspect(action)
    assert (standing.done, health(standing).downtime) == (True, True)


@pytest.mark.parametrize("until", [None, AT - timedelta(hours=1)])
async def test_an_end_that_makes_no_sense(make: Make, until: datetime | None) -> None:
    with pytest.raises(Refused):
        await send(make(), wish(Verb.DOWNTIME, until=until))


async def test_what_can_be_done(make: Make, pipe: tuple[Path, Callable[[], list[str]]]) -> None:
    adapter = make()
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    four = {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.DOWNTIME, Verb.END_DOWNTIME}
    assert adapter.capabilities() == {Stream.HEALTH: four}
    adapter = make(command_file=str(pipe[0]))
    await read(adapter)
    assert adapter.capabilities() == {Stream.HEALTH: four}


async def test_by_file_without_a_pipe(nagios: FakeNagios, tmp_path: Path) -> None:
    (tmp_path / "status.dat").write_text(nagios.status_dat())
    context = Context(source="n", folder=tmp_path, timezone="UTC", secret=lambda _: "")
    adapter = NagiosAdapter(NagiosOptions(path="status.dat"), context)
    await read(adapter)
    assert adapter.capabilities() == {}
    with pytest.raises(Refused, match="command_file"):
        await send(adapter, wish(Verb.ACKNOWLEDGE))


async def test_what_is_gone_and_what_is_not_shown(make: Make) -> None:
    for key in ("17009-rtr", "17001-rtr!nothing"):
        assert (await make().inspect(wish(Verb.ACKNOWLEDGE, key))).record is None
        with pytest.raises(Refused):
            await make().apply(wish(Verb.ACKNOWLEDGE, key), RecordSnapshot(record=None))
    with pytest.raises(AuthFailed):
        await make("aveugle").inspect(wish(Verb.ACKNOWLEDGE))


async def test_bad_credentials_and_no_line(
    make: Make, nagios: FakeNagios, server: MisbehavingServer
) -> None:
    adapter, action = make(), wish(Verb.ACKNOWLEDGE)
    standing = await adapter.inspect(action)
    nagios.passwords["agent"] = "other"
    with pytest.raises(AuthFailed):
        await adapter.apply(action, standing)
    server.mode = Mode.STOPPED
    with pytest.raises(Unavailable):
        await adapter.apply(action, standing)


HOSTILE = (
    "a;b <c> & \"d\" 'e' \\ é 👩🏽\u200d💻\nline two",
    "a;b<c>",
    " ; ",
    "x" * 1200,
    "é" * 900,
)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("text", HOSTILE, ids=["signs", "ascii signs", "blank", "ascii", "accents"])
async def test_a_lost_answer_neither_loses_nor_doubles_a_downtime(
    make: Make, nagios: FakeNagios, server: MisbehavingServer, committed: bool, text: str
) -> None:
    nagios.obeys_after = 0
    adapter = make()
    action = wish(Verb.DOWNTIME, text=text, until=SOON)
    before = await adapter.inspect(action)
    action = replace(action, baseline=before.baseline)

    def cut(request: Request) -> Reply:
        if request.method != "POST":
            return nagios(request)
        if committed:
            nagios(request)
        return Reply(503)

    server.respond = cut
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)
    server.respond = nagios
    assert (await adapter.inspect(action)).done is committed
    if not committed:
        await adapter.apply(action, before)
        assert (await adapter.inspect(action)).done
    assert len(nagios.downtimes) == 1


@pytest.mark.parametrize("text", HOSTILE, ids=["signs", "ascii signs", "blank", "ascii", "accents"])
async def test_what_went_through_the_pipe_is_recognised(
    make: Make,
    nagios: FakeNagios,
    pipe: tuple[Path, Callable[[], list[str]]],
    text: str,
) -> None:
    file, lines = pipe
    nagios.obeys_after = 0
    adapter = make(command_file=str(file))
    action = wish(Verb.DOWNTIME, text=text, until=SOON)
    before = await adapter.inspect(action)
    action = replace(action, baseline=before.baseline)
    await adapter.apply(action, before)
    (line,) = lines()
    nagios.take_line(line)
    assert (await adapter.inspect(action)).done
