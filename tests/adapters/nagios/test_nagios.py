"""The nagios kind against CGIs and a status file as those of Nagios 4.4 are."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.nagios.adapter import NagiosAdapter
from adapters.nagios.options import NagiosOptions
from adapters.nagios.statusdat import read_status
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.records import HealthState
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode
from tests.fakes.nagios import FakeNagios
from tests.fakes.reading import failure, read

Make = Callable[..., NagiosAdapter]


@pytest.fixture
def nagios() -> FakeNagios:
    fake = FakeNagios()
    for code in (17001, 17002, 17003):
        fake.add(f"{code}-rtr")
        fake.add(f"{code}-rtr", "disque")
        fake.variables[f"{code}-rtr"] = {"INSEE": str(code)}
    return fake


@pytest.fixture
def server(nagios: FakeNagios) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(nagios) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[NagiosAdapter] = []

    def make(password: str = "word", **options: Any) -> NagiosAdapter:
        settings = {
            "url": f"{server.url}/cgi-bin/nagios4/",
            "user": "lecture",
            "password": {"env": "N"},
            "request_timeout": "1s",
            **options,
        }
        context = Context(source="n", folder=CERTS, timezone="UTC", secret=lambda _: password)
        made.append(NagiosAdapter(msgspec.convert(settings, NagiosOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


@pytest.fixture
def by_file(nagios: FakeNagios, tmp_path: Path) -> Make:
    def make(**options: Any) -> NagiosAdapter:
        (tmp_path / "status.dat").write_text(nagios.status_dat())
        context = Context(source="n", folder=tmp_path, timezone="UTC", secret=lambda _: "")
        settings = {"path": "status.dat", **options}
        return NagiosAdapter(msgspec.convert(settings, NagiosOptions), context)

    return make


@pytest.mark.parametrize("way", ["http", "file"])
@pytest.mark.parametrize(
    ("service", "state", "checked", "expected"),
    [
        ("", 0, True, "up"),
        ("", 1, True, "down"),
        ("", 2, True, "unreachable"),
        ("", 0, False, "pending"),
        ("disque", 0, True, "ok"),
        ("disque", 1, True, "warning"),
        ("disque", 2, True, "critical"),
        ("disque", 3, True, "unknown"),
        ("disque", 0, False, "pending"),
    ],
)
async def test_states(
    make: Make,
    by_file: Make,
    nagios: FakeNagios,
    way: str,
    service: str,
    state: int,
    checked: bool,
    expected: str,
) -> None:
    """Host status 2/4/8 = up/down/unreachable, service 2/4/8/16 = ok/warning/unknown/critical;
    0 to 3 in status.dat."""
    nagios.add("17001-rtr", service, state, checked=checked)
    adapter = make() if way == "http" else by_file()
    key = f"17001-rtr!{service}" if service else "17001-rtr"
    assert (await read(adapter)).rows[key].state == expected


@pytest.mark.parametrize("way", ["http", "file"])
async def test_what_a_record_holds(make: Make, by_file: Make, nagios: FakeNagios, way: str) -> None:
    """Times are ms in the JSON, seconds in the file."""
    at = 1_795_500_000
    nagios.add("17001-rtr", "disque", 1, last_state_change=at, output="DISK 92 %")
    nagios.acknowledge("17001-rtr", "disque")
    nagios.add_downtime("17002-rtr")
    nagios.objects["17003-rtr", ""] |= {"last_state_change": 0, "last_hard_state_change": 0}
    rows = (await read(make() if way == "http" else by_file())).rows
    row = rows["17001-rtr!disque"]
    assert (row.host, row.service, row.output) == ("17001-rtr", "disque", "DISK 92 %")
    assert row.since == datetime.fromtimestamp(at, UTC)
    assert row.checked is not None
    assert (row.acknowledged, row.downtime) == (True, False)
    assert (rows["17002-rtr"].acknowledged, rows["17002-rtr"].downtime) == (False, True)
    assert rows["17003-rtr"].since is None
    assert bool(row.url) == (way == "http")


async def test_accents_are_lost_in_the_json_and_intact_in_the_file(
    make: Make, by_file: Make, nagios: FakeNagios
) -> None:
    """Strings with accents come as "" in the JSON but intact in status.dat."""
    nagios.add("17001-rtr", "disque", output="92 % occupés")
    nagios.add("17001-rtr", "réseau", 2)
    nagios.add("17001-rtr", "température", 2)
    adapter = make()
    reading = await read(adapter)
    assert reading.rows["17001-rtr!disque"].output == ""
    # Two services of the same lost name: neither is taken for the other.
    assert set(reading.rows) & {"17001-rtr!", "17001-rtr!(null)"} == set()
    (lost,) = reading.rejected
    assert lost.where == "17001-rtr!(null)"
    assert "path" in lost.reason
    assert any("accents" in remark for remark in (await adapter.probe()).remarks)
    rows = (await read(by_file())).rows
    assert rows["17001-rtr!disque"].output == "92 % occupés"
    assert rows["17001-rtr!réseau"].state is HealthState.CRITICAL
    assert "17001-rtr!température" in rows


async def test_a_file_of_another_encoding(
    by_file: Make, nagios: FakeNagios, tmp_path: Path
) -> None:
    nagios.add("17001-rtr", "réseau", output="délai")
    adapter = by_file()
    (tmp_path / "status.dat").write_bytes(nagios.status_dat().encode("cp1252"))
    assert (await read(adapter)).rows["17001-rtr!réseau"].output == "délai"


@pytest.mark.parametrize("way", ["http", "file"])
@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("host name", "17001-rtr"),
        ("vars.INSEE", "17001"),
        ("vars._insee", "17001"),
        ("vars.NONE", "17001-rtr"),
        (r"^(?P<site>\d{5})", "17001"),
        (r"^(?P<site>x)", "17001-rtr"),
    ],
)
async def test_sites(make: Make, by_file: Make, way: str, site: str, expected: str) -> None:
    rows = (await read((make if way == "http" else by_file)(site=site))).rows
    assert rows["17001-rtr"].site == expected
    assert rows["17001-rtr!disque"].site == expected


# -- doubts --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_code", "kind"), [(1, BadAnswer), (2, Unavailable), (6, BadAnswer), (9, BadAnswer)]
)
async def test_an_error_is_a_200(
    make: Make, nagios: FakeNagios, type_code: int, kind: type[SourceError]
) -> None:
    """Errors are HTTP 200 with type_code other than 0."""
    nagios.type_code = type_code
    assert "it went wrong" in (await failure(make(), kind)).message


async def test_no_hosts_means_no_rights(make: Make) -> None:
    adapter = make(user="aveugle")
    error = await failure(adapter, AuthFailed)
    assert "aveugle" in error.message
    assert "authorized_for_all_hosts" in error.hint
    with pytest.raises(AuthFailed):
        await adapter.probe()


async def test_a_wrong_password(make: Make) -> None:
    error = await failure(make("other-word"), AuthFailed)
    assert "other-word" not in str(error)


@pytest.mark.parametrize("way", ["http", "file"])
async def test_a_killed_daemon_leaves_old_states(
    make: Make, by_file: Make, nagios: FakeNagios, way: str
) -> None:
    """A killed daemon leaves stale data: watch last_data_update."""
    adapter = make() if way == "http" else by_file()
    first = await read(adapter)
    nagios.written = time.time() - 600
    if way == "file":
        by_file()
    for cursor in (None, first.cursor):
        with pytest.raises(Unavailable, match="10 min"):
            await read(adapter, cursor)
    with pytest.raises(Unavailable):
        await adapter.probe()


@pytest.mark.parametrize("way", ["http", "file"])
async def test_a_nagios_that_checks_nothing(
    make: Make, by_file: Make, nagios: FakeNagios, way: str
) -> None:
    for row in nagios.objects.values():
        row["last_check"] -= 7200
    error = await failure(make() if way == "http" else by_file(), Unavailable)
    assert "newest check" in error.message


async def test_a_nagios_that_was_ended(
    make: Make, by_file: Make, nagios: FakeNagios, tmp_path: Path
) -> None:
    nagios.ended = True
    assert "says nothing" in (await failure(make(), Unavailable)).message
    adapter = by_file()
    (tmp_path / "status.dat").unlink()
    assert "status_file" in (await failure(adapter, Unavailable)).hint


async def test_files_that_are_none(by_file: Make, nagios: FakeNagios, tmp_path: Path) -> None:
    adapter = by_file()
    for text in ("", "[Unit]\nDescription=x\n", nagios.status_dat()[:-20]):
        (tmp_path / "status.dat").write_text(text)
        await failure(adapter, BadAnswer)
    nagios.objects.clear()
    (tmp_path / "status.dat").write_text(nagios.status_dat())
    await failure(adapter, BadAnswer)


@pytest.mark.parametrize("way", ["http", "file"])
async def test_rows_that_cannot_be_are_set_aside(
    make: Make, by_file: Make, nagios: FakeNagios, way: str
) -> None:
    nagios.add("17001-rtr", "disque", last_state_change=10**17)
    if way == "file":
        nagios.add("17002-rtr", "disque", 7)
    reading = await read(make() if way == "http" else by_file())
    assert len(reading.rejected) == (1 if way == "http" else 2)
    assert "17001-rtr!disque" not in reading.rows
    assert "17001-rtr" in reading.rows


@given(st.text(alphabet="hostau{}=\n\té;0 ", max_size=300))
def test_whatever_the_file_holds(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "status.dat"
    file.write_text(f"info {{\n\tcreated=1795500000\n\t}}\nhoststatus {{\n{text}\n\t}}\n")
    try:
        status = read_status(file, {})
    except (Unavailable, BadAnswer):
        return
    assert status.written == 1_795_500_000


# -- what changes --------------------------------------------------------------


async def test_nothing_new_is_little(make: Make, nagios: FakeNagios) -> None:
    for number in range(300):
        nagios.add(f"more-{number}", last_check=time.time() - 600)
    for row in nagios.objects.values():
        row["last_check"] = int(time.time()) - 600
    adapter = make()
    first = await read(adapter)
    full = adapter._session().bytes_received
    second = await read(adapter, first.cursor)
    assert (second.full, second.rows) == (False, {})
    assert adapter._session().bytes_received - full < full * 0.05


async def test_what_was_checked_since(make: Make, nagios: FakeNagios) -> None:
    for row in nagios.objects.values():
        row["last_check"] = int(time.time()) - 600
    adapter = make()
    first = await read(adapter)
    nagios.objects["17002-rtr", "disque"] |= {"state": 2, "last_check": int(time.time())}
    second = await read(adapter, first.cursor)
    assert set(second.rows) == {"17002-rtr!disque"}
    assert second.rows["17002-rtr!disque"].state is HealthState.CRITICAL


async def test_what_last_check_does_not_tell(make: Make, nagios: FakeNagios) -> None:
    for row in nagios.objects.values():
        row["last_check"] = int(time.time()) - 600
    adapter = make()
    last = await read(adapter)
    nagios.acknowledge("17001-rtr", "disque")
    nagios.add_downtime("17002-rtr")
    last = await read(adapter, last.cursor)
    assert set(last.rows) == {"17001-rtr!disque", "17002-rtr"}
    assert last.rows["17001-rtr!disque"].acknowledged
    assert last.rows["17002-rtr"].downtime
    nagios.comments.clear()
    nagios.objects["17001-rtr", "disque"]["acknowledged"] = False
    last = await read(adapter, last.cursor)
    assert set(last.rows) == {"17001-rtr!disque"}
    assert not last.rows["17001-rtr!disque"].acknowledged


async def test_when_everything_is_read_again(make: Make, nagios: FakeNagios) -> None:
    adapter = make()
    first = await read(adapter)
    assert not (await read(adapter, first.cursor)).full
    assert (await read(adapter, "0")).full
    assert (await read(make(site="vars.INSEE"), first.cursor)).full  # it knows no variables yet
    nagios.started += 10
    assert (await read(adapter, first.cursor)).full
    nagios.started -= 10
    for number in range(30):
        nagios.add(f"new-{number}")
        nagios.acknowledge(f"new-{number}")
    assert (await read(adapter, first.cursor)).full


@pytest.mark.parametrize("mode", [Mode.STOPPED, Mode.FROZEN, Mode.STATUS500])
async def test_no_answer(make: Make, server: MisbehavingServer, mode: Mode) -> None:
    adapter = make()
    await read(adapter)
    server.mode = mode
    await failure(adapter, Unavailable)
    server.mode = Mode.OK
    await read(adapter)


@pytest.mark.parametrize("mode", [Mode.HTML, Mode.TRUNCATED])
async def test_half_an_answer(make: Make, server: MisbehavingServer, mode: Mode) -> None:
    server.mode = mode
    await failure(make(), BadAnswer)


async def test_probe(make: Make, by_file: Make, tmp_path: Path) -> None:
    probe = await make().probe()
    assert (probe.version, probe.account, probe.remarks) == ("4.4.6", "lecture", ())
    assert probe.remote_time is not None
    assert (await by_file().probe()).version == "4.4.6"
    remarks = (await by_file(command_file=str(tmp_path / "nagios.cmd")).probe()).remarks
    assert any("nagios.cmd" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "either"),
        ({"url": "http://127.0.0.1:9", "path": "status.dat"}, "either"),
        ({"path": "status.dat", "user": "x"}, "belong together"),
        ({"path": "status.dat", "site": "(?P<code>x)"}, "group"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(settings, NagiosOptions)


# -- the own age of each check -----------------------------------------------------


@pytest.mark.parametrize("way", ["http", "file"])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"next_check": 300, "check_interval": 5}, 900),
        ({"next_check": 30, "check_interval": 0.5, "retry_interval": 0.5}, 120),
        ({"next_check": 86_400, "check_interval": 1440}, 3 * 86_400),
        ({"next_check": 0, "check_interval": 0, "retry_interval": 0}, 7200),
        ({"next_check": 300, "active": False}, 7200),
    ],
)
async def test_for_how_long_a_check_is_believed(
    make: Make, by_file: Make, nagios: FakeNagios, way: str, row: dict[str, Any], expected: int
) -> None:
    """Three intervals, two minutes at least; what is passive as long as configured."""
    last = int(time.time()) - 20
    for service in ("", "disque"):
        planned = {"last_check": last, "next_check": last + row["next_check"]}
        nagios.objects["17001-rtr", service] |= row | planned
    rows = (await read((make if way == "http" else by_file)(passive_within="2h"))).rows
    assert [rows[f"17001-rtr{end}"].valid_for for end in ("", "!disque")] == [expected] * 2


@pytest.mark.parametrize("way", ["http", "file"])
async def test_a_check_that_is_planned_for_tomorrow_is_believed_until_then(
    make: Make, by_file: Make, nagios: FakeNagios, way: str
) -> None:
    """Outside its check period Nagios plans the next one for the beginning of the next."""
    last = int(time.time()) - 40_000
    nagios.objects["17001-rtr", ""] |= {"last_check": last, "next_check": last + 50_000}
    row = (await read(make() if way == "http" else by_file())).rows["17001-rtr"]
    assert row.valid_for is not None
    assert row.valid_for >= 50_000


async def test_another_unit_of_time(by_file: Make, nagios: FakeNagios) -> None:
    for row in nagios.objects.values():
        row |= {"check_interval": 300, "retry_interval": 60}
    assert (await read(by_file(interval_length=1))).rows["17001-rtr"].valid_for == 900
    assert (await by_file(interval_length=1).probe()).remarks == ()
    (remark,) = (await by_file().probe()).remarks
    assert "about 1 s" in remark


@pytest.mark.parametrize("minutes", [-600, -7, 0, 9])
async def test_another_clock_makes_no_check_old(
    make: Make, nagios: FakeNagios, minutes: int
) -> None:
    nagios.clock_ahead = 60 * minutes
    row = (await read(make())).rows["17001-rtr"]
    assert row.checked is not None
    assert abs(row.checked.timestamp() - time.time()) < 95


@pytest.mark.parametrize("service", ["", "disque"])
async def test_a_result_whose_time_lies_behind_is_found_by_the_counts(
    make: Make, nagios: FakeNagios, service: str
) -> None:
    """What NSCA hands in has the time when it was seen."""
    adapter = make()
    first = await read(adapter)
    assert not (await read(adapter, first.cursor)).full
    past = int(time.time()) - 600
    nagios.objects["17003-rtr", service] |= {"state": 1, "last_check": past}
    # A process that has not read everything knows that something changed, not what.
    for reader in (adapter, make()):
        second = await read(reader, first.cursor)
        assert second.full
        key = f"17003-rtr!{service}" if service else "17003-rtr"
        assert second.rows[key].state in (HealthState.DOWN, HealthState.WARNING)
        assert not (await read(reader, second.cursor)).full


async def test_changes_that_explain_the_counts_do_not_lead_to_a_full_reading(
    make: Make, nagios: FakeNagios
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    for service, state in (("", 1), ("disque", 2), ("", 0)):
        nagios.objects["17001-rtr", service] |= {"state": state, "last_check": int(time.time())}
        reading = await read(adapter, cursor)
        assert not reading.full
        cursor = reading.cursor


async def test_names_that_are_lost_do_not_lead_to_full_readings(
    make: Make, nagios: FakeNagios
) -> None:
    nagios.add("17001-rtr", "réseau", 2)
    adapter = make()
    first = await read(adapter)
    assert first.full
    assert not (await read(adapter, first.cursor)).full


@pytest.mark.parametrize("way", ["http", "file"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("17001,17002", ("17001", "17002")),
        ("17001 ; 17002;17001", ("17001", "17002")),
        ("Mairie, La Rochelle", ("Mairie, La Rochelle",)),
        ("", ("17001-rtr",)),
    ],
)
async def test_a_host_that_serves_several_sites(
    make: Make, by_file: Make, nagios: FakeNagios, way: str, value: str, expected: tuple[str, ...]
) -> None:
    nagios.variables["17001-rtr"]["SITES"] = value
    rows = (await read((make if way == "http" else by_file)(site="vars.SITES"))).rows
    for key in ("17001-rtr", "17001-rtr!disque"):
        assert (rows[key].site, *rows[key].more_sites) == expected


@pytest.mark.parametrize("way", ["http", "file"])
async def test_the_doctor_counts_what_is_old(
    make: Make, by_file: Make, nagios: FakeNagios, way: str
) -> None:
    assert (await (make if way == "http" else by_file)().probe()).remarks == ()
    past = int(time.time()) - 5 * 86_400
    nagios.objects["17001-rtr", ""] |= {"active": False, "last_check": past}
    nagios.objects["17002-rtr", "disque"] |= {"last_check": int(time.time()) + 3600}
    old, early = (await (make if way == "http" else by_file)().probe()).remarks
    assert "1 check is older" in old
    assert "17001-rtr, 5 d" in old
    assert "17002-rtr, disque" in early
