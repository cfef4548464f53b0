"""The icinga2 kind against a real Icinga 2 on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.icinga2.adapter import Icinga2Adapter
from adapters.icinga2.options import Icinga2Options
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import HealthState
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.reading import Reading, failure, read
from tests.live.rig_icinga2 import DOWN_EVERY, HOSTS, NODE, SERVICES, IcingaRig

pytestmark = pytest.mark.live

OBJECTS = HOSTS * (1 + len(SERVICES))
Make = Callable[..., Icinga2Adapter]


def new_adapter(rig: IcingaRig, **options: Any) -> Icinga2Adapter:
    settings = {
        "url": rig.url,
        "ca_file": str(rig.ca_file),
        "server_name": NODE,
        "user": "smic-tui",
        "password": {"env": "ICINGA"},
        "site": "vars.insee",
        "request_timeout": "5s",
        **options,
    }
    password = settings.pop("value", "the-reader")
    context = Context(source="s", folder=Path("/"), timezone="UTC", secret=lambda _: password)
    return Icinga2Adapter(msgspec.convert(settings, Icinga2Options), context)


@pytest.fixture
async def make(icinga: IcingaRig) -> AsyncIterator[Make]:
    made: list[Icinga2Adapter] = []

    def make(**options: Any) -> Icinga2Adapter:
        made.append(new_adapter(icinga, **options))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def eventually(
    adapter: Icinga2Adapter, cursor: str, wanted: Callable[[Reading], bool]
) -> Reading:
    """Read on from the cursor until what was done at the source has arrived."""
    for _attempt in range(50):
        reading = await read(adapter, cursor)
        if wanted(reading):
            return reading
        await asyncio.sleep(0.1)
    raise AssertionError("it did not arrive")


async def test_everything_is_read_with_its_site_and_state(make: Make) -> None:
    adapter = make()
    started = time.monotonic()
    reading = await read(adapter)
    assert time.monotonic() - started < 5
    assert reading.full
    assert reading.rejected == []
    assert len(reading.rows) == OBJECTS
    for number in range(HOSTS):
        host = reading.rows[f"rtr-{17000 + number}"]
        assert host.site == str(17000 + number)
        assert host.state is (HealthState.UP if number % DOWN_EVERY else HealthState.DOWN)
        assert host.checked is not None
        for service in SERVICES:
            row = reading.rows[f"rtr-{17000 + number}!{service}"]
            assert (row.site, row.service) == (host.site, service)
    assert reading.rows["rtr-17001"].output.endswith("durée = 8.2 ms")
    assert reading.rows["rtr-17001!disque"].state is HealthState.WARNING


async def test_changes_arrive_incrementally(make: Make, icinga: IcingaRig) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    icinga.report("rtr-17007", "", 1, "CRITICAL \x1b[31m [@click=app.quit] délai")
    icinga.report("rtr-17008", "disque", 2, "DISK CRITICAL")
    reading = await eventually(
        adapter, cursor, lambda reading: {"rtr-17007", "rtr-17008!disque"} <= set(reading.rows)
    )
    assert reading.rows["rtr-17007"].state is HealthState.DOWN
    assert reading.rows["rtr-17007"].output == "CRITICAL \x1b[31m [@click=app.quit] délai"
    assert reading.rows["rtr-17008!disque"].state is HealthState.CRITICAL
    icinga.report("rtr-17007", "", 0, "up again")
    reading = await eventually(
        adapter,
        reading.cursor,
        lambda reading: reading.rows["rtr-17007"].state is HealthState.UP,
    )


async def test_an_incremental_reading_with_little_news_is_small(
    make: Make, icinga: IcingaRig
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    # As if the last reading were just now, and not within the overlap.
    state = msgspec.json.decode(cursor) | {"since": time.time()}
    before = adapter._session().bytes_received
    reading = await read(adapter, msgspec.json.encode(state).decode())
    assert not reading.full
    assert adapter._session().bytes_received - before < 20_000


async def test_acknowledgements_and_downtimes_come_and_go(make: Make, icinga: IcingaRig) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    icinga.acknowledge("rtr-17000")
    icinga.schedule_downtime("rtr-17050")
    reading = await eventually(
        adapter,
        cursor,
        lambda reading: (
            reading.rows["rtr-17000"].acknowledged and reading.rows["rtr-17050"].downtime
        ),
    )
    icinga.remove_acknowledgement("rtr-17000")
    reading = await eventually(adapter, reading.cursor, lambda reading: reading.full)
    assert not reading.rows["rtr-17000"].acknowledged
    assert reading.rows["rtr-17050"].downtime


async def test_new_and_deleted_hosts(make: Make, icinga: IcingaRig) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    icinga.create_host("rtr-neuf")
    reading = await eventually(adapter, cursor, lambda reading: "rtr-neuf" in reading.rows)
    assert reading.rows["rtr-neuf"].site == "17999"
    icinga.delete_host("rtr-neuf")
    reading = await eventually(adapter, reading.cursor, lambda reading: reading.full)
    assert "rtr-neuf" not in reading.rows
    assert len(reading.rows) == OBJECTS


async def test_missing_rights_are_named(make: Make) -> None:
    """Missing permission and unknown object are the same 404"""
    assert "objects/query/Host" in (await failure(make(user="blind"), AuthFailed)).message
    error = await failure(make(user="hosts-only"), AuthFailed)
    assert "objects/query/Service" in error.message
    narrow = (await read(make(user="narrow"))).rows
    assert [key for key in narrow if "!" not in key] == ["rtr-17001"]


async def test_bad_credentials(make: Make) -> None:
    error = await failure(make(value="wrong-word"), AuthFailed)
    assert "401" in error.message
    assert "wrong-word" not in str(error)


async def test_its_own_authority_is_not_trusted_unless_named(make: Make) -> None:
    """Certificates name a host: pin the CA and set the server name when connecting by address."""
    assert "ca_file" in (await failure(make(ca_file=""), Unavailable)).hint
    assert "server_name" in (await failure(make(server_name=""), Unavailable)).hint


async def test_a_pinned_certificate(make: Make, icinga: IcingaRig) -> None:
    import hashlib
    import ssl

    pem = ssl.get_server_certificate(("127.0.0.1", icinga.port))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    reading = await read(make(ca_file="", server_name="", fingerprint=digest))
    assert len(reading.rows) == OBJECTS
    await failure(make(ca_file="", server_name="", fingerprint="ab" * 32), Unavailable)


async def test_filters(make: Make) -> None:
    chosen = await read(make(filter='match("rtr-1700*", host.name)'))
    assert len(chosen.rows) == 10 * (1 + len(SERVICES))
    assert (await read(make(filter='host.name == "nobody"'))).rows == {}
    await failure(make(filter="host.name == "), BadAnswer)


async def test_blanks_in_an_address_are_not_decoded(make: Make) -> None:
    """httpx encodes spaces in params as `+`, which Icinga does not decode, and the syntax error
    comes back as **404 "No objects found"**"""
    http = make()._session()
    async with http.signed_in():
        params = {"filter": 'host.name == "rtr-17001"'}
        answer = await http.request("GET", "/v1/objects/hosts", params=params, expect=(404,))
    assert b"No objects found" in answer.body


async def test_probe(make: Make) -> None:
    probe = await make().probe()
    assert probe.version.startswith("r2.")
    assert probe.account == "smic-tui"
    assert probe.remarks == ()
    assert probe.remote_time is not None
    assert abs(probe.remote_time.timestamp() - time.time()) < 5
    assert "more than read" in (await make(user="admin", value="the-admin").probe()).remarks[0]


async def test_a_checker_that_stands_still(make: Make, icinga: IcingaRig) -> None:
    adapter = make(checks_within="1s")
    icinga.stop_checking()
    try:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline:
            counts = icinga.call("GET", "/v1/status/CIB")["results"][0]["status"]
            if not any(counts[name] for name in counts if name.endswith("_checks_1min")):
                break
            await asyncio.sleep(1)
        assert "newest check" in (await failure(adapter, Unavailable)).message
    finally:
        icinga.resume_checking()
    icinga.report("rtr-17001", "", 0, "checked")
    assert len((await read(adapter)).rows) == OBJECTS


async def test_frozen_stopped_and_back(make: Make, icinga: IcingaRig) -> None:
    adapter = make(request_timeout="2s", connect_timeout="2s")
    cursor = (await read(adapter)).cursor
    icinga.daemon.freeze()
    try:
        started = time.monotonic()
        error = await failure(adapter, Unavailable)
        assert time.monotonic() - started < 4
        # A new connection, whose first word of TLS nobody answers.
        fresh = await failure(make(request_timeout="10s", connect_timeout="2s"), Unavailable)
        assert "does not answer" in fresh.message
        assert "http://" not in error.hint + fresh.hint
    finally:
        icinga.daemon.thaw()
    await read(adapter, cursor)
    icinga.daemon.stop()
    assert "refuses" in (await failure(adapter, Unavailable)).message
    icinga.daemon.start()
    reading = await read(adapter, cursor)
    assert reading.full  # it was restarted
    assert len(reading.rows) == OBJECTS


class TestConformance(AdapterConformance):
    secrets: ClassVar = ("the-reader",)
    rig: ClassVar[IcingaRig]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _resting(cls, icinga: IcingaRig) -> Iterator[None]:
        """The kit wants a source that stays the same."""
        cls.rig = icinga
        icinga.stop_checking()
        time.sleep(1)
        yield
        icinga.resume_checking()

    @classmethod
    def make(cls, tmp_path: Path) -> Icinga2Adapter:
        return new_adapter(cls.rig)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Icinga2Adapter:
        options = {"url": "https://127.0.0.1:9", "user": "u", "password": {"env": "X"}}
        context = Context(
            source="s", folder=tmp_path, timezone="UTC", secret=lambda _: "the-reader"
        )
        return Icinga2Adapter(msgspec.convert(options, Icinga2Options), context)
