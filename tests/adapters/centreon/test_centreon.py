"""The centreon kind against a server that answers as its documentation says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec.structs import replace

from adapters.centreon.adapter import CentreonAdapter
from adapters.centreon.options import CentreonOptions
from adapters.centreon.resources import age_of
from smic_tui.contract.actions import Action, ActsOnRecords, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Health, HealthState, Stream
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.centreon import PASSWORD, FakeCentreon
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode
from tests.fakes.reading import failure, read

Make = Callable[..., CentreonAdapter]


def new_adapter(url: str, folder: Path, secret: str = PASSWORD, **more: Any) -> CentreonAdapter:
    account = {"user": "smic-tui", "password": {"env": "C"}}
    table = {"url": f"{url}/centreon", "request_timeout": "2s", **account, **more}
    context = Context(source="c", folder=folder, timezone="UTC", secret=lambda _: secret)
    return CentreonAdapter(msgspec.convert(table, CentreonOptions), context)


@pytest.fixture
def centreon() -> FakeCentreon:
    return FakeCentreon()


@pytest.fixture
def server(centreon: FakeCentreon) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(centreon) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[CentreonAdapter] = []

    def make(**more: Any) -> CentreonAdapter:
        made.append(new_adapter(server.url, CERTS, **more))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_hosts_and_services_over_pages_that_are_cut(
    make: Make, centreon: FakeCentreon
) -> None:
    centreon.resources["2"] |= {
        "status": {"name": "DOWN"},
        "is_acknowledged": True,
        "information": None,
    }
    centreon.resources["3/103"] |= {"status": {"name": "CRITICAL"}, "is_in_downtime": None}
    centreon.resources["3/103"]["in_downtime"] = True
    rows = (await read(make(site=r"^rtr-(?P<site>\d{5})$"))).rows
    assert len(rows) == 12
    assert (rows["1"].state, rows["1"].site, rows["1"].host) == (
        HealthState.UP,
        "17001",
        "rtr-17001",
    )
    assert rows["1"].since == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (rows["2"].state, rows["2"].acknowledged) == (HealthState.DOWN, True)
    service = rows["3/103"]
    assert (service.state, service.service, service.host) == (
        HealthState.CRITICAL,
        "disque",
        "rtr-17003",
    )
    assert service.downtime
    assert len((await read(make(services=False))).rows) == 6


async def test_sites(make: Make) -> None:
    assert (await read(make())).rows["1"].site == "rtr-17001"
    assert (await read(make(site="alias"))).rows["1/101"].site == "Mairie 1"
    assert (await read(make(site=r"^x-(?P<site>\d+)"))).rows["1"].site == "Mairie 1"
    for wrong in ("(", "rtr"):
        with pytest.raises(msgspec.ValidationError):
            make(site=wrong)


async def test_no_host_is_a_missing_right(make: Make, centreon: FakeCentreon) -> None:
    centreon.sees = False
    assert "access group" in (await failure(make(), AuthFailed)).hint
    with pytest.raises(AuthFailed):
        await make().probe()


async def test_a_session_is_opened_and_closed(make: Make, centreon: FakeCentreon) -> None:
    adapter = make()
    await read(adapter)
    await read(adapter)
    assert (centreon.logins, centreon.sessions) == (2, set())
    error = await failure(make(secret="wrong"), AuthFailed)
    assert "wrong" not in str(error)


async def test_odd_resources(make: Make, centreon: FakeCentreon) -> None:
    centreon.resources["1"]["status"] = {"name": "SIDEWAYS"}
    centreon.resources["2/102"]["parent"] = None
    reading = await read(make())
    assert (len(reading.rows), len(reading.rejected)) == (10, 2)
    for resource in centreon.resources.values():
        resource["status"] = {}
    await failure(make(), BadAnswer)


async def test_probe(make: Make) -> None:
    probe = await make().probe()
    assert probe.account == "smic-tui"
    assert "not tried against a real one" in probe.remarks[-1]


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(Mode.HTML, BadAnswer), (Mode.CUT, Unavailable), (Mode.FROZEN, Unavailable)],
)
async def test_bad_times(
    make: Make, server: MisbehavingServer, mode: Mode, kind: type[Exception]
) -> None:
    adapter = make(request_timeout="1s")
    await read(adapter)
    server.mode = mode
    with pytest.raises(kind):
        await read(adapter)


def action(key: str, verb: Verb, **fields: Any) -> Action:
    return Action(
        id="1",
        source="c",
        stream=Stream.HEALTH,
        key=key,
        verb=verb,
        by="Agent Un",
        at=datetime.now(UTC),
        **fields,
    )


async def test_orders(make: Make, centreon: FakeCentreon) -> None:
    adapter = make()
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    verbs = {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.DOWNTIME}
    assert adapter.capabilities() == {Stream.HEALTH: verbs}
    until = datetime.now(UTC) + timedelta(hours=2)
    for wanted in (
        action("1", Verb.ACKNOWLEDGE, text="vu"),
        action("1", Verb.UNACKNOWLEDGE),
        action("1/101", Verb.ACKNOWLEDGE),
        action("2", Verb.DOWNTIME, until=until, text="travaux"),
    ):
        standing = await adapter.inspect(wanted)
        assert not standing.done
        begun = replace(wanted, baseline=standing.baseline)
        await adapter.apply(begun, standing)
        assert (await adapter.inspect(begun)).done
    first, _second, third, last = centreon.orders
    assert first["acknowledgement"]["comment"] == "Agent Un: vu"
    assert first["resources"] == [{"type": "host", "id": 1, "parent": None}]
    assert third["resources"] == [{"type": "service", "id": 101, "parent": {"id": 1}}]
    assert last["downtime"]["end_time"] == until.isoformat(timespec="seconds")


async def test_an_order_that_the_engine_does_not_carry_out(
    make: Make, centreon: FakeCentreon
) -> None:
    centreon.carries_out = False
    adapter = make()
    wanted = action("1", Verb.ACKNOWLEDGE)
    await adapter.apply(wanted, await adapter.inspect(wanted))
    standing = await adapter.inspect(wanted)
    assert (standing.done, standing.at_once) == (False, False)


@pytest.mark.parametrize("key", ["2", "2/102"])
async def test_the_downtime_of_another_is_not_ours(
    make: Make, centreon: FakeCentreon, key: str
) -> None:
    """A host in a downtime until noon may need one until the evening."""
    adapter = make()
    until = datetime.now(UTC) + timedelta(hours=2)
    wanted = action(key, Verb.DOWNTIME, until=until, text="travaux\nen salle 2")
    ours = {"comment": "Agent Un: travaux en salle 2", "end_time": until.isoformat()}
    centreon.plan(key, **ours)
    before = await adapter.inspect(wanted)
    assert not before.done
    assert isinstance(before.record, Health)
    assert before.record.downtime
    begun = replace(wanted, baseline=before.baseline)
    centreon.plan(key, **{**ours, "comment": "Agent Deux: travaux"})
    centreon.plan(key, **{**ours, "end_time": (until + timedelta(hours=1)).isoformat()})
    centreon.plan(key, **ours)["is_cancelled"] = True
    assert not (await adapter.inspect(begun)).done
    await adapter.apply(begun, before)
    after = await adapter.inspect(begun)
    assert isinstance(after.record, Health)
    assert (after.done, after.record.downtime) == (True, True)


async def test_refusals(make: Make, centreon: FakeCentreon) -> None:
    adapter = make()
    later = action("1", Verb.DOWNTIME, start=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Refused, match="begun"):
        await adapter.apply(later, await adapter.inspect(later))
    centreon.acts = False
    wanted = action("1", Verb.ACKNOWLEDGE)
    with pytest.raises(Refused, match="not authorized"):
        await adapter.apply(wanted, await adapter.inspect(wanted))
    await read(adapter)
    assert adapter.capabilities() == {}
    assert (await adapter.inspect(action("99", Verb.ACKNOWLEDGE))).record is None
    with pytest.raises(Refused):
        await adapter.inspect(action("1/../2", Verb.ACKNOWLEDGE))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m 2s", 62),
        ("47s", 47),
        ("5d", 432_000),
        ("2w 1d 3h", 1_306_800),
        ("1M", 2_629_800),
        ("1y 2M", 36_817_200),
        ("0s", 0),
        ("bientôt", None),
        ("9" * 400 + "y", None),
        ("m", None),
    ],
)
def test_the_age_of_a_check_in_words(text: str, seconds: int | None) -> None:
    found = age_of(text)
    assert (None if found is None else found.total_seconds()) == seconds


async def test_each_check_has_an_age_of_its_own(make: Make, centreon: FakeCentreon) -> None:
    centreon.check("2", ago=5 * 86_400)
    centreon.checked["3"] = None
    adapter = make()
    rows = (await read(adapter)).rows
    now = datetime.now(UTC)
    for key, age in (("1", 60), ("2/102", 60), ("2", 5 * 86_400)):
        checked = rows[key].checked
        assert checked is not None
        assert abs((now - checked).total_seconds() - age) < 15
        assert rows[key].valid_for == 86_400
    assert (rows["3"].checked, rows["3"].valid_for) == (None, None)
    assert "rtr-17002, 5 d" in (await adapter.probe()).remarks[-1]
    # The same check stays at the same moment, though its age grows.
    assert (await read(adapter)).rows == rows


class TestConformance(AdapterConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(FakeCentreon(60, 50)) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> CentreonAdapter:
        return new_adapter(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> CentreonAdapter:
        return new_adapter("http://127.0.0.1:9", tmp_path)


class TestActing(ActingConformance):
    """Orders are answered before the monitoring engine carries them out."""

    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]
    shows_within: ClassVar = 20.0
    wishes: ClassVar = (
        action("1", Verb.ACKNOWLEDGE, text="vu"),
        action("1", Verb.UNACKNOWLEDGE),
        action("1/101", Verb.ACKNOWLEDGE),
        action("1", Verb.DOWNTIME, text="travaux", until=datetime.now(UTC) + timedelta(hours=2)),
        action("1/101", Verb.DOWNTIME),
    )
    nowhere: ClassVar = action("99", Verb.ACKNOWLEDGE)

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        centreon = FakeCentreon()
        centreon.after = 0.1
        with MisbehavingServer(centreon) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> CentreonAdapter:
        return new_adapter(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> CentreonAdapter:
        return new_adapter("http://127.0.0.1:9", tmp_path)
