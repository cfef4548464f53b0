"""The nagios kind against a real Nagios 4.4, by its CGIs and by its status file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.nagios.adapter import NagiosAdapter
from adapters.nagios.options import NagiosOptions
from smic_tui.collecting.check_ages import CheckAges
from smic_tui.config.schema import Source
from smic_tui.contract.actions import Action, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import Health, HealthState, Stream
from tests.fakes.reading import Reading, failure, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_nagios import DOWN_EVERY, HOSTS, NagiosRig

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

Make = Callable[..., NagiosAdapter]


@pytest.fixture(scope="module")
def nagios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NagiosRig]:
    """A Nagios all of whose objects have been checked once."""
    rig = NagiosRig(tmp_path_factory.mktemp("nagios"))
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.fixture
async def make(nagios: NagiosRig, tmp_path: Path) -> AsyncIterator[Make]:
    made: list[NagiosAdapter] = []

    def make(by_file: bool = False, **overrides: Any) -> NagiosAdapter:
        secrets = nagios.secrets()
        table = (nagios.settings_by_file if by_file else nagios.settings)(**overrides)
        del table["kind"]
        context = Context(
            source="it",
            folder=tmp_path,
            timezone="Europe/Paris",
            secret=lambda wanted: secrets[wanted.env],
        )
        made.append(NagiosAdapter(msgspec.convert(table, NagiosOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def wish(verb: Verb, key: str, **fields: Any) -> Action:
    at = datetime.now(UTC)
    values: dict[str, Any] = {"id": f"{verb}-{at.timestamp()}", "source": "it", "by": "Agent Un"}
    return Action(
        **(values | {"stream": Stream.HEALTH, "key": key, "verb": verb, "at": at} | fields)
    )


async def until_done(adapter: NagiosAdapter, action: Action) -> RecordSnapshot:
    """Look until Nagios has written its status with the effect in it."""
    deadline = time.monotonic() + 20
    while not (standing := await adapter.inspect(action)).done:
        assert time.monotonic() < deadline, f"{action.verb} has no effect"
        await asyncio.sleep(0.5)
    return standing


async def send(adapter: NagiosAdapter, action: Action) -> Action:
    before = await adapter.inspect(action)
    assert not before.done
    action = replace(action, baseline=before.baseline)
    await adapter.apply(action, before)
    return action


async def test_by_http_and_by_file(make: Make, nagios: NagiosRig) -> None:
    by_http = make()
    reading = await read(by_http)
    http = by_http._session()
    print(f"\nfirst: {http.requests} requests, {http.bytes_received} bytes received")
    assert set(reading.rows) == nagios.expected(Stream.HEALTH)
    assert not reading.rejected
    by_file = (await read(make(by_file=True))).rows
    assert set(by_file) == set(reading.rows)
    for key, row in by_file.items():
        other = reading.rows[key]
        assert (row.state, row.site, row.since) == (other.state, other.site, other.since), key
        # Texts with accents come as "".
        assert other.output in (row.output, "")
    down = [key for key, row in by_file.items() if row.state is HealthState.DOWN]
    assert len(down) == len(range(0, HOSTS, DOWN_EVERY))
    assert "durée" in by_file["17001-rtr"].output
    assert reading.rows["17001-rtr"].output == ""
    assert {row.state for row in by_file.values() if row.service} == {
        HealthState.OK,
        HealthState.WARNING,
        HealthState.CRITICAL,
        HealthState.UNKNOWN,
    }


async def test_custom_variables_by_http(make: Make) -> None:
    adapter = make(site="vars.INSEE")
    assert (await read(adapter)).rows["17001-rtr!disque"].site == "17001"


async def test_what_changes_is_little(make: Make, nagios: NagiosRig) -> None:
    adapter = make()
    first = await read(adapter)
    nagios.command("PROCESS_HOST_CHECK_RESULT;17003-rtr;1;parti")
    nagios.command("ACKNOWLEDGE_SVC_PROBLEM;17005-rtr;disque;2;0;0;test;vu")
    deadline = time.monotonic() + 20
    while True:
        second: Reading = await read(adapter, first.cursor)
        assert not second.full
        rows = second.rows
        # What was checked just before the first reading comes once more, as it was.
        gone = "17003-rtr" in rows and rows["17003-rtr"].state is HealthState.DOWN
        if gone and "17005-rtr!disque" in rows and rows["17005-rtr!disque"].acknowledged:
            break
        assert time.monotonic() < deadline
        await asyncio.sleep(0.5)
    nagios.command("REMOVE_SVC_ACKNOWLEDGEMENT;17005-rtr;disque")
    while True:
        third = await read(adapter, second.cursor)
        if "17005-rtr!disque" in third.rows and not third.rows["17005-rtr!disque"].acknowledged:
            break
        assert time.monotonic() < deadline + 20
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("way", ["cgi", "pipe"])
@pytest.mark.parametrize("key", ["17050-rtr", "17060-rtr!disque"])
async def test_acknowledged_and_taken_back(
    make: Make, nagios: NagiosRig, way: str, key: str
) -> None:
    pipe = {"command_file": str(nagios.commands)}
    adapter = make(user="agent") if way == "cgi" else make(by_file=True, **pipe)
    await read(adapter)
    assert adapter.capabilities()
    kind = "servicecomment" if "!" in key else "hostcomment"
    before = nagios.counted(kind)
    action = await send(adapter, wish(Verb.ACKNOWLEDGE, key, text="vu; l'onduleur a grillé"))
    assert (await until_done(adapter, action)).record.acknowledged  # type: ignore[union-attr]
    assert nagios.counted(kind) == before + 1
    back = await send(adapter, wish(Verb.UNACKNOWLEDGE, key))
    await until_done(adapter, back)
    assert nagios.counted(kind) == before


def outdated(reading: Reading) -> set[str]:
    """The hosts and services whose check the collector finds too old."""
    judged = CheckAges(Source(name="", kind="nagios")).judged({}, reading.rows, (), now())
    return {key for key, row in judged.items() if isinstance(row, Health) and row.outdated}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("by_file", [False, True])
async def test_every_check_has_an_age_of_its_own(
    make: Make, nagios: NagiosRig, by_file: bool
) -> None:
    adapter = make(by_file)
    first = await read(adapter)
    assert outdated(first) == set()
    # Checked each hour; the file tells the interval, the CGI what is planned.
    checked = first.rows["17301-rtr"]
    assert checked.valid_for is not None
    assert checked.valid_for >= 2 * 3600
    passive = "17302-rtr" if by_file else "17303-rtr"
    nagios.command(f"DISABLE_HOST_CHECK;{passive}")
    nagios.hand_in(passive, 1, "seen five days ago", ago=5 * 86_400)
    await asyncio.to_thread(nagios._until, lambda: nagios.shown(passive)["current_state"] == "1")
    second = await read(adapter)
    row = second.rows[passive]
    assert row.checked is not None
    assert timedelta(days=4) < now() - row.checked < timedelta(days=6)
    assert outdated(second) == {passive}
    assert any(f"{passive}, 5 " in remark for remark in (await adapter.probe()).remarks)
    nagios.hand_in(passive, 0, "again")
    await asyncio.to_thread(nagios._until, lambda: nagios.shown(passive)["current_state"] == "0")
    assert outdated(await read(adapter)) == set()


async def test_what_is_handed_in_late_is_seen_by_the_counts(make: Make, nagios: NagiosRig) -> None:
    adapter = make()
    first = await read(adapter)
    assert not (await read(adapter, first.cursor)).full
    nagios.hand_in("17304-rtr", 1, "seen ten minutes ago", ago=600)
    await asyncio.to_thread(
        nagios._until, lambda: nagios.shown("17304-rtr")["current_state"] == "1"
    )
    second = await read(adapter, first.cursor)
    assert second.full
    assert second.rows["17304-rtr"].state is HealthState.DOWN
    assert not (await read(adapter, second.cursor)).full


HOSTILE = {
    "semicolons": "a;b; c",
    "markup": "<b>débit</b> & x &amp; y",
    "quotes": 'dit "oui" l\'onduleur',
    "backslashes": "C:\\temp \\n",
    "pictures": "👩🏽\u200d💻 🇫🇷",
    "lines": "un\ndeux\r\n\ttrois",
    "signs alone": ";;<>",
    "long": "x" * 1500,
    "long accents": "é" * 1500,
    "long pictures": "👩" * 1500,
    "macros": "$HOSTNAME$ `x` | {y} = #z",
    "none": "",
}


@pytest.mark.parametrize("way", ["cgi", "pipe", "pipe beside cgi"])
async def test_whatever_a_downtime_says_it_is_recognised_and_made_once(
    make: Make, nagios: NagiosRig, way: str
) -> None:
    pipe = {"command_file": str(nagios.commands)}
    adapter = {
        "cgi": lambda: make(user="agent"),
        "pipe": lambda: make(by_file=True, **pipe),
        "pipe beside cgi": lambda: make(user="agent", **pipe),
    }[way]()
    until = now().replace(microsecond=0) + timedelta(hours=2)
    before = nagios.counted("hostdowntime")
    sent = []
    for minutes, text in enumerate(HOSTILE.values()):
        action = wish(
            Verb.DOWNTIME, "17400-rtr", text=text, until=until + timedelta(minutes=minutes)
        )
        sent.append(await send(adapter, action))
    for action in sent:
        await until_done(adapter, action)
    assert nagios.counted("hostdowntime") == before + len(HOSTILE)
    end = await send(adapter, wish(Verb.END_DOWNTIME, "17400-rtr"))
    await until_done(adapter, end)
    await asyncio.to_thread(nagios._until, lambda: nagios.counted("hostdowntime") == before)


@pytest.mark.parametrize("way", ["cgi", "pipe"])
@pytest.mark.parametrize("key", ["17100-rtr", "17110-rtr!disque"])
async def test_downtimes(make: Make, nagios: NagiosRig, way: str, key: str) -> None:
    pipe = {"command_file": str(nagios.commands)}
    adapter = make(user="agent") if way == "cgi" else make(by_file=True, **pipe)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    action = wish(Verb.DOWNTIME, key, text="travaux d'été", until=until)
    action = await send(adapter, action)
    assert (await until_done(adapter, action)).record.downtime  # type: ignore[union-attr]
    kind = "servicedowntime" if "!" in key else "hostdowntime"
    assert nagios.counted(kind) == 1
    # Another of the same words is not taken for this one.
    assert not (await adapter.inspect(replace(action, baseline=""))).done
    end = await send(adapter, wish(Verb.END_DOWNTIME, key))
    await until_done(adapter, end)
    nagios._until(lambda: nagios.counted(kind) == 0)


async def test_cmd_cgi_without_the_right(make: Make) -> None:
    adapter = make()
    action = wish(Verb.ACKNOWLEDGE, "17150-rtr")
    with pytest.raises(Refused, match="not authorized") as raised:
        await adapter.apply(action, await adapter.inspect(action))
    assert "authorized_for_all_host_commands" in raised.value.hint


async def test_what_is_up_has_nothing_to_acknowledge(make: Make) -> None:
    adapter = make(user="agent")
    action = wish(Verb.ACKNOWLEDGE, "17007-rtr")
    with pytest.raises(Refused, match="nothing to acknowledge"):
        await adapter.apply(action, await adapter.inspect(action))


async def test_probe(make: Make) -> None:
    probe = await make().probe()
    assert (probe.version, probe.account) == ("4.4.6", "lecture")
    assert any("accents" in remark for remark in probe.remarks)
    assert (await make(by_file=True).probe()).remarks == ()


async def test_an_account_that_sees_nothing(make: Make) -> None:
    adapter = make(user="aveugle")
    error = await failure(adapter, AuthFailed)
    assert "aveugle" in error.message
    with pytest.raises(AuthFailed):
        await adapter.inspect(wish(Verb.ACKNOWLEDGE, "17150-rtr"))


class TestNagios(LiveSuite):
    rig_fixture = "nagios"


async def test_names_with_accents_are_set_aside_and_counted(make: Make, nagios: NagiosRig) -> None:
    await asyncio.to_thread(nagios.rename_with_accents)
    by_http = await read(make())
    assert len(by_http.rejected) == len(nagios.hosts)
    assert "accents" in by_http.rejected[0].reason
    by_file = await read(make(by_file=True))
    assert set(by_file.rows) == nagios.expected(Stream.HEALTH)
    assert "17001-rtr!réseau" in by_file.rows


async def test_frozen_and_killed(make: Make, nagios: NagiosRig) -> None:
    """Last. The CGIs go on answering; the pipe has a reader that reads no more, then none."""
    pipe = {"command_file": str(nagios.commands)}
    adapters = [
        make(updated_within="5s", **pipe),
        make(by_file=True, updated_within="5s", **pipe),
    ]
    cursors = [(await read(adapter)).cursor for adapter in adapters]
    action = wish(Verb.ACKNOWLEDGE, "17200-rtr")
    standing = await adapters[0].inspect(action)
    nagios.nagios.freeze()
    await asyncio.sleep(8)
    for adapter, cursor in zip(adapters, cursors, strict=True):
        for each in (None, cursor):
            with pytest.raises(Unavailable, match="not written its status"):
                await read(adapter, each)
        with pytest.raises(Unavailable):
            await adapter.inspect(action)
    nagios.nagios.thaw()
    await asyncio.sleep(3)
    assert (await read(adapters[0])).full
    patient = make(**pipe)
    await asyncio.to_thread(nagios.nagios.stop)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await patient.apply(action, standing)
    assert time.monotonic() - began < 5
