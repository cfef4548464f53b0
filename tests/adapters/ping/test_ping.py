"""The ping kind on ports of this machine."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.ping import probe as ping_probe
from adapters.ping.adapter import PingAdapter
from adapters.ping.options import PingOptions
from adapters.shared import names
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import HealthState, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import adapter, context, read

QUICK = {"timeout": "0.3s", "spread": "0s"}


class Port:
    """A port that listens, and may be closed."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.number: int = self.listener.getsockname()[1]

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def port() -> Iterator[Port]:
    port = Port()
    yield port
    port.close()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose connections are never accepted: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        number = listener.getsockname()[1]
        waiting = []
        for _attempt in range(4):
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", number))
            waiting.append(each)
        time.sleep(0.05)
        yield number
        for each in waiting:
            each.close()


def target(site: str, port: int, **more: Any) -> dict[str, Any]:
    return {"site": site, "address": "127.0.0.1", "port": port, **more}


def source(*targets: dict[str, Any], folder: Path = Path("/"), **more: Any) -> PingAdapter:
    settings = {"targets": list(targets), **QUICK, **more}
    return adapter(PingAdapter, settings, context(folder))  # type: ignore[no-any-return]


async def rows(source: PingAdapter, cursor: str | None = None) -> dict[str, Any]:
    found = await read(source, Stream.HEALTH, cursor)
    return {row.site + (f"!{row.service}" if row.service else ""): row for row in found.records}


async def test_who_answers_is_up(port: Port, silent: int) -> None:
    found = await rows(
        source(
            target("17001", port.number),
            target("17002", silent),
            target("17003", 9),
            target("17003", 9, service="web") | {"address": "localhost"},
            target("17001", port.number, service="web") | {"address": "localhost"},
        )
    )
    assert found["17001"].state is HealthState.UP
    assert found["17002"].state is HealthState.DOWN
    # Somebody is there who refuses: the line is well, the service is not.
    assert found["17003"].state is HealthState.UP
    assert found["17003!web"].state is HealthState.CRITICAL
    assert found["17001!web"].state is HealthState.OK


async def test_only_changes_are_told_and_since_when(port: Port, silent: int) -> None:
    probed = source(target("17001", port.number, service="web"), target("17002", port.number))
    first = await read(probed, Stream.HEALTH)
    assert first.full
    assert [row.since for row in first.records] == [None, None]
    assert (await read(probed, Stream.HEALTH, first.cursor)).rows == {}
    port.close()
    second = await read(probed, Stream.HEALTH, first.cursor)
    assert not second.full
    told = {row.site: row for row in second.records}
    assert told["17001"].state is HealthState.CRITICAL
    assert told["17001"].since is not None
    third = await read(probed, Stream.HEALTH, second.cursor)
    assert third.records == []


async def test_what_is_no_target_any_more_is_deleted(port: Port) -> None:
    both = source(target("17001", port.number), target("17002", port.number))
    cursor = (await read(both, Stream.HEALTH)).cursor
    one = await read(source(target("17001", port.number)), Stream.HEALTH, cursor)
    assert one.deletes == {f"17002/127.0.0.1:{port.number}"}


async def test_when_nobody_answers_it_may_be_us(silent: int) -> None:
    with pytest.raises(Unavailable, match="None of 2"):
        await rows(source(target("17001", silent), target("17002", 80) | {"address": "a..b"}))
    alone = await rows(source(target("17001", silent)))
    assert alone["17001"].state is HealthState.DOWN


async def test_a_witness(port: Port, silent: int) -> None:
    good = source(target("17001", silent), witness=f"127.0.0.1:{port.number}")
    assert (await rows(good))["17001"].state is HealthState.DOWN
    with pytest.raises(Unavailable, match="witness"):
        await rows(source(target("17001", port.number), witness=f"127.0.0.1:{silent}"))


async def test_names_that_lead_nowhere(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def unknown(host: str, *more: Any, **named: Any) -> Any:
        if host == "nowhere.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = await rows(
        source(
            target("17001", port.number),
            target("17002", 80) | {"address": "nowhere.example"},
            target("17003", 80) | {"address": "a..b"},
            target("17004", 80) | {"address": "x" * 70},
        )
    )
    assert found["17001"].state is HealthState.UP
    # Nobody was asked: that a name has no address says nothing about the site.
    assert {found[site].state for site in ("17002", "17003", "17004")} == {HealthState.UNKNOWN}
    assert "leads nowhere" in found["17002"].output
    assert "no name" in found["17003"].output


async def test_so_many_at_once_and_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    now = most = 0
    began: list[float] = []

    async def slow(address: str, port: int, timeout: float) -> ping_probe.Knock:
        nonlocal now, most
        began.append(asyncio.get_running_loop().time())
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return ping_probe.Knock(answered=True)

    monkeypatch.setattr("adapters.ping.adapter.knock", slow)
    many = [target(str(number), 80) for number in range(40)]
    await rows(source(*many, parallel=5))
    assert most == 5
    began.clear()
    asked = asyncio.get_running_loop().time()
    await rows(source(*many, spread="0.4s", parallel=40))
    assert began[-1] - asked > 0.3


async def test_a_second_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    async def second(address: str, port: int, timeout: float) -> ping_probe.Knock:
        nonlocal tried
        tried += 1
        return ping_probe.Knock(answered=tried == 2, took=0.5, reason="no answer")

    monkeypatch.setattr("adapters.ping.adapter.knock", second)
    found = await rows(source(target("17001", 80), slow="0.4s"))
    assert tried == 2
    assert found["17001"].state is HealthState.WARNING


async def test_targets_of_a_file(tmp_path: Path, port: Port) -> None:
    (tmp_path / "sites.csv").write_text(
        "site;address;port;service\n"
        f"17001;127.0.0.1;{port.number};\n17002;127.0.0.1;{port.number};web\n"
        f"17003;127.0.0.1;notaport;\n;127.0.0.1;1;\n17001;127.0.0.1;{port.number};\n"
    )
    found = await read(source(folder=tmp_path, path="sites.csv"), Stream.HEALTH)
    assert len(found.rows) == 2
    assert set(found.reasons) == {f"sites.csv, line {number}" for number in (4, 5, 6)}
    (tmp_path / "sites.csv").write_text("name,ip\n")
    with pytest.raises(BadAnswer, match="site;address"):
        await rows(source(folder=tmp_path, path="sites.csv"))
    (tmp_path / "sites.csv").unlink()
    with pytest.raises(Unavailable):
        await rows(source(folder=tmp_path, path="sites.csv"))


class _NoIcmp(socket.socket):
    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, **more: Any) -> None:
        if proto in (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6):
            raise PermissionError(1, "Operation not permitted")
        super().__init__(family, type, proto, **more)


async def test_echo_requests_may_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", _NoIcmp)
    with pytest.raises(AuthFailed, match="ICMP") as failed:
        await rows(source({"site": "17001", "address": "127.0.0.1"}))
    assert "ping_group_range" in failed.value.hint


async def test_our_own_network_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(address: str, port: int) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(asyncio, "open_connection", none)
    with pytest.raises(Unavailable, match="unreachable") as failed:
        await rows(source(target("17001", 80), target("17002", 80)))
    assert "not at the sites" in failed.value.hint


async def test_no_way_to_one_address_costs_the_others_nothing(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name with an IPv6 address only, where there is no IPv6."""
    real = asyncio.open_connection

    async def some(address: str, port: int) -> Any:
        if address == "2001:db8::1":
            raise OSError(101, "Network is unreachable")
        return await real(address, port)

    monkeypatch.setattr(asyncio, "open_connection", some)
    found = await rows(
        source(target("17001", port.number), target("17002", 80) | {"address": "2001:db8::1"})
    )
    assert found["17001"].state is HealthState.UP
    assert found["17002"].state is HealthState.UNKNOWN
    assert "from here" in found["17002"].output


class _Resolver:
    """Answers for named sites, until it does not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails: int | None = None
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, *more: Any, **named: Any) -> Any:
        if not host.endswith(".example"):
            return self._real(host, *more, **named)
        if self.fails is not None:
            raise socket.gaierror(self.fails, "Temporary failure in name resolution")
        return self._real("127.0.0.1", *more, **named)


@pytest.mark.parametrize("fails", [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_NONAME])
async def test_our_resolver_is_dead_and_the_witness_well(
    port: Port, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """Named sites are not down: they keep their last state, as one of the past."""
    resolver = _Resolver(monkeypatch)
    named = target("17001", port.number) | {"address": "mairie.example"}
    probed = source(named, target("17002", port.number), witness=f"127.0.0.1:{port.number}")
    first = await read(probed, Stream.HEALTH)
    resolver.fails = fails
    second = await read(probed, Stream.HEALTH, first.cursor)
    (row,) = second.records
    assert (row.site, row.state, row.outdated) == ("17001", HealthState.UP, True)
    assert "mairie.example" in row.output
    if fails != socket.EAI_NONAME:
        assert "Name resolution does not work here" in row.output
    resolver.fails = None
    (row,) = (await read(probed, Stream.HEALTH, second.cursor)).records
    assert (row.state, row.outdated) == (HealthState.UP, False)
    # Where there are names only, nothing at all is known: the source itself says why.
    resolver.fails = socket.EAI_AGAIN
    alone = source(named, witness=f"127.0.0.1:{port.number}")
    with pytest.raises(Unavailable, match="Name resolution"):
        await read(alone, Stream.HEALTH)
    with pytest.raises(Unavailable, match="cannot be asked"):
        await read(source(named, witness="witness.example:80"), Stream.HEALTH)


async def test_the_resolver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resolv.conf").write_text("# local\nnameserver 10.17.0.53\nnameserver ::1\n")
    monkeypatch.setattr(names, "_RESOLVERS", tmp_path / "resolv.conf")
    error = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert "10.17.0.53, ::1" in names.why_no_address("mairie.example", error)
    monkeypatch.setattr(names, "_RESOLVERS", tmp_path / "none")
    assert "no resolver" in names.why_no_address("mairie.example", error)


async def test_probe(port: Port, silent: int) -> None:
    witness = f"127.0.0.1:{port.number}"
    fine = source(target("17001", port.number), witness=witness)
    assert (await fine.probe()).remarks == ()
    some = source(target("17001", port.number), target("17002", silent), witness=witness)
    assert (await some.probe()).remarks == ("1 of 2 addresses answer.",)
    (remark,) = (await source(target("17001", port.number)).probe()).remarks
    assert "witness" in remark


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"targets": [{"site": "1", "address": "a b"}]},
        {"targets": [{"site": "1", "address": "a"}, {"site": "1", "address": "a"}]},
        {"targets": [{"site": "1", "address": "a", "port": 70000}]},
    ],
)
def test_settings_that_are_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, PingOptions)


class TestConformance(AdapterConformance):
    port: ClassVar[Port]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _port(cls) -> Iterator[None]:
        cls.port = Port()
        # A listening port's queue must not fill up with what was probed before.
        cls.port.listener.listen(4096)
        yield
        cls.port.close()

    @classmethod
    def make(cls, tmp_path: Path) -> PingAdapter:
        return source(*(target(str(number), cls.port.number) for number in range(20)))

    @staticmethod
    def make_unreachable(tmp_path: Path) -> PingAdapter:
        nowhere = {"address": "a..b", "port": 80}
        return source({"site": "1", **nowhere}, {"site": "2", **nowhere})
