"""The icinga2 kind against a real Icinga 2 with a satellite whose line is cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.icinga2.adapter import Icinga2Adapter
from adapters.icinga2.options import Icinga2Options
from smic_tui.collecting.check_ages import CheckAges
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import Context
from smic_tui.records import Health, HealthState
from tests.fakes.reading import Reading, read
from tests.live.rig_icinga2 import NODE
from tests.live.rig_icinga2_zones import INTERVAL, SATELLITE, IcingaZonesRig

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

Make = Callable[..., Icinga2Adapter]
SWITCH = "/v1/objects/icingaapplications/app"


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IcingaZonesRig]:
    rig = IcingaZonesRig(tmp_path_factory.mktemp("icinga2-zones"))
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.fixture
async def make(zones: IcingaZonesRig) -> AsyncIterator[Make]:
    made: list[Icinga2Adapter] = []

    def make(**options: Any) -> Icinga2Adapter:
        settings = {
            "url": zones.master.url,
            "ca_file": str(zones.master.ca_file),
            "server_name": NODE,
            "user": "smic-tui",
            "password": {"env": "ICINGA"},
            "site": "vars.insee",
            **options,
        }
        context = Context(
            source="s", folder=Path("/"), timezone="UTC", secret=lambda _: "the-reader"
        )
        made.append(Icinga2Adapter(msgspec.convert(settings, Icinga2Options), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def outdated(reading: Reading, after: timedelta = timedelta()) -> set[str]:
    """The hosts whose check the collector finds too old, so much time later."""
    judge = CheckAges(Source(name="", kind="icinga2"))
    judged = judge.judged({}, reading.rows, (), datetime.now(UTC) + after)
    return {key for key, row in judged.items() if isinstance(row, Health) and row.outdated}


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)


async def test_all_is_new_while_all_is_connected(make: Make) -> None:
    adapter = make()
    reading = await read(adapter)
    assert outdated(reading) == set()
    assert reading.rows["sat-17801"].valid_for == 120
    assert (await adapter.probe()).remarks == ()


async def test_a_host_down_from_its_first_check_tells_since_when(make: Make) -> None:
    row = (await read(make())).rows["first-17805"]
    assert row.state is HealthState.DOWN
    assert row.since is not None
    assert timedelta() <= datetime.now(UTC) - row.since < timedelta(minutes=5)


async def test_a_host_that_serves_two_sites(make: Make) -> None:
    row = (await read(make())).rows["multi-17803"]
    assert (row.site, row.more_sites) == ("17803", ("17804",))


async def test_a_passive_host(make: Make, zones: IcingaZonesRig) -> None:
    assert outdated(await read(make()), timedelta(hours=20)) >= {"first-17805"}
    assert "nsca-17802" not in outdated(await read(make()), timedelta(hours=20))
    assert "nsca-17802" in outdated(await read(make()), timedelta(hours=25))
    zones.master.report("nsca-17802", "", 0, "for an hour", ttl=3600)
    row = (await read(make())).rows["nsca-17802"]
    assert row.valid_for == 3600


async def test_a_result_that_was_seen_long_before_it_came(
    make: Make, zones: IcingaZonesRig
) -> None:
    """Of an interval of 30 s, seen 465 s ago: `last_check` is now, and proves nothing."""
    host = "slow-17806"
    # Icinga takes no result that is older than the last one.
    path = f"/v1/objects/hosts/{host}"
    zones.master.call("POST", path, {"attrs": {"enable_active_checks": False}})
    zones.master.call("POST", path, {"attrs": {"last_check_result": None}})
    try:
        zones.master.report(host, "", 0, "handed in late", ago=465)
        zones.master.call("POST", path, {"attrs": {"enable_active_checks": True}})
        reading = await read(make())
        row = reading.rows[host]
        assert row.checked is not None
        assert timedelta(seconds=460) < datetime.now(UTC) - row.checked < timedelta(seconds=500)
        assert host in outdated(reading)
    finally:
        zones.master.call("POST", path, {"attrs": {"enable_active_checks": True}})


async def test_a_satellite_that_is_away_and_comes_back(make: Make, zones: IcingaZonesRig) -> None:
    adapter = make()
    first = await read(adapter)
    assert first.rows["sat-17801"].state is HealthState.UP
    zones.cable.cut()
    try:
        await asyncio.sleep(3 * INTERVAL)
        # The server answers, and other checks go on: this one's age tells.
        cut = await read(adapter)
        assert "sat-17801" in outdated(cut, timedelta(minutes=2, seconds=1))
        assert cut.rows["sat-17801"].state is HealthState.UP
        remarks = (await adapter.probe()).remarks
        assert any("Not connected" in one and SATELLITE in one for one in remarks)
        # Meanwhile it sees its host go down, and nobody hears of it.
        zones.state(2)
        await asyncio.sleep(4 * INTERVAL)
        assert (await read(adapter)).rows["sat-17801"].state is HealthState.UP
        zones.satellite.call("POST", SWITCH, {"attrs": {"enable_host_checks": False}})
        await asyncio.sleep(INTERVAL)
        # As if the last reading were well after what it saw, and not within the overlap.
        reading = await read(adapter)
        cursor = msgspec.json.decode(reading.cursor) | {"since": time.time()}
    finally:
        zones.cable.mend()
    try:

        def replayed() -> bool:
            answer = zones.master.call("GET", "/v1/objects/hosts/sat-17801")
            return bool(answer["results"][0]["attrs"]["state"] == 1)

        await until(replayed)
        assert zones.last_check("sat-17801") < cursor["since"]
        again = await read(adapter, msgspec.json.encode(cursor).decode())
        assert again.full
        assert again.rows["sat-17801"].state is HealthState.DOWN
    finally:
        zones.state(0)
        zones.satellite.call("POST", SWITCH, {"attrs": {"enable_host_checks": True}})
    await until(lambda: zones.last_check("sat-17801") > time.time() - 3 * INTERVAL)
    assert not any("Not connected" in one for one in (await make().probe()).remarks)
