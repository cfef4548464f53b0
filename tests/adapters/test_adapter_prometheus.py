"""The prometheus and alertmanager kinds against servers that answer as the real ones do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from fakes.prometheus import PASSWORD, FakeAlertmanager, FakePrometheus
from fakes.reading import failure, read

from adapters.alertmanager.adapter import AlertmanagerAdapter
from adapters.prometheus.adapter import PrometheusAdapter
from smic_tui.contract.actions import Action, ActsOnRecords, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import HealthState, Stream
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance

Make = Callable[..., Any]
CHECK = {"query": "probe_success", "job": "sites"}


def new_prometheus(url: str, folder: Path, secret: str = PASSWORD, **more: Any) -> Any:
    account = {"user": "smic-tui", "password": {"env": "P"}}
    table = {"url": url, "checks": [CHECK], "request_timeout": "2s", **account, **more}
    context = Context(source="p", folder=folder, timezone="UTC", secret=lambda _: secret)
    return PrometheusAdapter(msgspec.convert(table, PrometheusAdapter.config_type), context)


def new_alertmanager(url: str, folder: Path, secret: str = PASSWORD, **more: Any) -> Any:
    account = {"user": "smic-tui", "password": {"env": "P"}}
    table = {"url": url, "request_timeout": "2s", **account, **more}
    context = Context(source="a", folder=folder, timezone="UTC", secret=lambda _: secret)
    return AlertmanagerAdapter(msgspec.convert(table, AlertmanagerAdapter.config_type), context)


@pytest.fixture
def prometheus() -> FakePrometheus:
    return FakePrometheus()


@pytest.fixture
def alertmanager() -> FakeAlertmanager:
    return FakeAlertmanager()


@pytest.fixture
async def ask(prometheus: FakePrometheus) -> AsyncIterator[Make]:
    made: list[Any] = []
    with MisbehavingServer(prometheus) as server:

        def make(**more: Any) -> Any:
            made.append(new_prometheus(server.url, CERTS, **more))
            return made[-1]

        yield make
        for adapter in made:
            await adapter.close()


@pytest.fixture
def server(alertmanager: FakeAlertmanager) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(alertmanager, drip_interval=1.0) as server:
        yield server


@pytest.fixture
async def listen(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[Any] = []

    def make(**more: Any) -> Any:
        made.append(new_alertmanager(server.url, CERTS, **more))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_samples_are_hosts(ask: Make, prometheus: FakePrometheus) -> None:
    prometheus.samples["rtr-17001"] = "0"
    rows = (await read(ask())).rows
    assert rows["rtr-17000"].state is HealthState.UP
    assert rows["rtr-17001"].state is HealthState.DOWN
    assert (rows["rtr-17000"].site, rows["rtr-17000"].host) == ("17000", "rtr-17000")
    assert rows["rtr-17000"].url.endswith("/graph?g0.tab=1&g0.expr=probe_success")
    by_host = (await read(ask(site_label="commune"))).rows
    assert by_host["rtr-17000"].site == "rtr-17000"


async def test_a_dead_exporter_is_not_green(ask: Make, prometheus: FakePrometheus) -> None:
    """The query gives "success" and nothing, alerts vanish: **looks all green**"""
    prometheus.samples.clear()
    prometheus.targets = dict.fromkeys(prometheus.targets, "0")
    rows = (await read(ask())).rows
    assert len(rows) == 5
    assert {row.state for row in rows.values()} == {HealthState.UNKNOWN}
    assert "does not answer" in rows["rtr-17000"].output
    await failure(ask(checks=[{"query": "probe_success"}]), Unavailable)


async def test_one_target_that_does_not_answer(ask: Make, prometheus: FakePrometheus) -> None:
    """What its last sample said does not count."""
    prometheus.targets["rtr-17003"] = "0"
    rows = (await read(ask())).rows
    assert rows["rtr-17003"].state is HealthState.UNKNOWN
    assert rows["rtr-17002"].state is HealthState.UP


async def test_a_job_without_targets_and_one_that_is_not_scraped(
    ask: Make, prometheus: FakePrometheus
) -> None:
    gone = ask(checks=[{**CHECK, "job": "renamed"}])
    assert "renamed" in (await failure(gone, Unavailable)).message
    prometheus.scraped = 3600
    assert "1:00:00" in (await failure(ask(), Unavailable)).message


@pytest.mark.parametrize(
    ("value", "thresholds", "state"),
    [
        ("7", {"warning": 7}, HealthState.WARNING),
        ("7", {"warning": 5, "critical": 7}, HealthState.CRITICAL),
        ("7", {"warning": 8, "critical": 9}, HealthState.OK),
        ("7", {"warning": 10, "critical": 5, "falling": True}, HealthState.WARNING),
        ("7", {"critical": 7, "falling": True}, HealthState.CRITICAL),
        ("NaN", {"critical": 7}, HealthState.UNKNOWN),
        ("+Inf", {"critical": 7}, HealthState.CRITICAL),
        ("0", {}, HealthState.CRITICAL),
        ("1", {}, HealthState.OK),
    ],
)
async def test_values(
    ask: Make,
    prometheus: FakePrometheus,
    value: str,
    thresholds: dict[str, Any],
    state: HealthState,
) -> None:
    prometheus.samples["rtr-17000"] = value
    rows = (await read(ask(checks=[{**CHECK, "service": "disque", **thresholds}]))).rows
    assert rows["rtr-17000!disque"].state is state
    assert rows["rtr-17000!disque"].service == "disque"


async def test_samples_without_a_host_are_no_news(ask: Make) -> None:
    nameless = ask(host_label="nothing", checks=[{"query": "probe_success"}])
    await failure(nameless, Unavailable)


async def test_questions_that_are_wrong(ask: Make, prometheus: FakePrometheus) -> None:
    error = await failure(ask(checks=[{"query": "probe_success{"}]), BadAnswer)
    assert "parse error" in error.message
    assert "scalar" in (await failure(ask(checks=[{"query": "scalar"}]), BadAnswer)).message
    prometheus.status = 503
    assert "shutting down" in (await failure(ask(), Unavailable)).message


async def test_credentials_and_probe(ask: Make) -> None:
    assert "wrong" not in str(await failure(ask(secret="wrong"), AuthFailed))
    probe = await ask().probe()
    assert (probe.version, probe.account, probe.remarks) == ("2.42.0+ds", "smic-tui", ())
    (remark,) = (await ask(checks=[{"query": "probe_success"}]).probe()).remarks
    assert "names no job" in remark


async def test_alerts_are_health(listen: Make, alertmanager: FakeAlertmanager) -> None:
    alertmanager.fire("x", alertname="Feu", instance="h")
    alertmanager.fire("y", alertname="Eau", severity="page")
    rows = (await read(listen())).rows
    assert rows["f1"].state is HealthState.WARNING
    assert (rows["f1"].site, rows["f1"].host, rows["f1"].service) == ("17000", "rtr-17000", "Muet")
    assert rows["f1"].since == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert rows["f1"].output == "ne répond plus"
    assert (rows["x"].state, rows["x"].site) == (HealthState.CRITICAL, "h")
    assert rows["y"].state is HealthState.CRITICAL
    assert rows["f0"].state is HealthState.OK


async def test_no_watchdog_no_news(listen: Make, alertmanager: FakeAlertmanager) -> None:
    """Alerts of a dead Prometheus end, and that looks all green"""
    del alertmanager.alerts["f0"]
    assert "Watchdog" in (await failure(listen(), Unavailable)).message
    without = listen(watchdog="")
    assert len((await read(without)).rows) == 4
    assert "watchdog" in (await without.probe()).remarks[0]


async def test_filters_do_not_hide_the_watchdog(listen: Make) -> None:
    adapter = listen(filters=['site="17001"'])
    assert set((await read(adapter)).rows) == {"f2"}


async def test_odd_alerts(listen: Make, alertmanager: FakeAlertmanager) -> None:
    alertmanager.alerts["f1"]["startsAt"] = "yesterday"
    reading = await read(listen())
    assert (len(reading.rows), len(reading.rejected)) == (4, 1)
    for alert in alertmanager.alerts.values():
        alert["labels"] = []
    with pytest.raises((BadAnswer, Unavailable)):
        await read(listen())


def action(key: str, verb: Verb, id: str = "a1", **fields: Any) -> Action:
    return Action(
        id=id,
        source="a",
        stream=Stream.HEALTH,
        key=key,
        verb=verb,
        by="Agent Un",
        at=datetime.now(UTC),
        **fields,
    )


async def test_a_silence_is_made_once_and_ended(
    listen: Make, alertmanager: FakeAlertmanager
) -> None:
    adapter = listen()
    assert isinstance(adapter, ActsOnRecords)
    await read(adapter)
    assert adapter.capabilities() == {Stream.HEALTH: {Verb.SILENCE, Verb.UNSILENCE}}
    until = datetime.now(UTC) + timedelta(hours=2)
    wanted = action("f1", Verb.SILENCE, text="travaux", until=until)
    standing = await adapter.inspect(wanted)
    assert not standing.done
    await adapter.apply(wanted, standing)
    (made,) = alertmanager.silences.values()
    assert made["createdBy"] == "Agent Un"
    assert made["comment"].startswith("travaux ")
    assert datetime.fromisoformat(made["endsAt"]) == until
    standing = await adapter.inspect(wanted)
    assert standing.done
    assert standing.record.downtime
    # Another person's silence of the same alert is another one.
    assert not (await adapter.inspect(action("f1", Verb.SILENCE, "a2"))).done
    downs = {key for key, row in (await read(adapter)).rows.items() if row.downtime}
    assert downs == {"f1"}
    ending = action("f1", Verb.UNSILENCE, "a3")
    await adapter.apply(ending, await adapter.inspect(ending))
    assert (await adapter.inspect(ending)).done


async def test_a_wide_silence_is_not_ended(listen: Make, alertmanager: FakeAlertmanager) -> None:
    alertmanager.silences["w"] = {
        "id": "w",
        "matchers": [{"name": "site", "value": "1700.", "isRegex": True, "isEqual": True}],
        "startsAt": "2026-11-24T00:00:00Z",
        "endsAt": "2036-11-24T00:00:00Z",
        "createdBy": "Chef",
        "comment": "tout",
        "status": {"state": "active"},
    }
    adapter = listen()
    ending = action("f1", Verb.UNSILENCE)
    standing = await adapter.inspect(ending)
    assert not standing.done
    with pytest.raises(Refused, match="Chef"):
        await adapter.apply(ending, standing)
    assert alertmanager.silences["w"]["status"]["state"] == "active"


async def test_silences_that_are_refused(listen: Make, alertmanager: FakeAlertmanager) -> None:
    adapter = listen()
    past = action("f1", Verb.SILENCE, until=datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(Refused):
        await adapter.apply(past, await adapter.inspect(past))
    alertmanager.refuses = True
    wanted = action("f1", Verb.SILENCE)
    with pytest.raises(Refused, match="past"):
        await adapter.apply(wanted, await adapter.inspect(wanted))
    gone = action("f9", Verb.SILENCE)
    standing = await adapter.inspect(gone)
    assert standing.record is None
    with pytest.raises(Refused):
        await adapter.apply(gone, standing)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(Mode.HTML, BadAnswer), (Mode.CUT, Unavailable), (Mode.FROZEN, Unavailable)],
)
async def test_bad_times(
    listen: Make, server: MisbehavingServer, mode: Mode, kind: type[Exception]
) -> None:
    adapter = listen(request_timeout="1s")
    await read(adapter)
    server.mode = mode
    with pytest.raises(kind):
        await read(adapter)
    server.mode = Mode.OK
    await read(adapter)


@pytest.mark.parametrize(
    "wrong",
    [
        {"checks": []},
        {"checks": [CHECK, CHECK]},
        {"user": "x"},
        {"token": {"env": "T"}, "user": "x", "password": {"env": "P"}},
    ],
)
def test_settings_that_contradict_each_other(wrong: dict[str, Any]) -> None:
    table = {"url": "http://p", "checks": [CHECK], **wrong}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, PrometheusAdapter.config_type)


async def test_a_bearer_token_and_none_at_all(prometheus: FakePrometheus) -> None:
    seen: list[str] = []

    def respond(request: Request) -> Reply:
        seen.append(request.headers.get("authorization", ""))
        request.headers["authorization"] = "Basic c21pYy10dWk6YS1wYXNzd29yZA=="
        return prometheus(request)

    with MisbehavingServer(respond) as server:
        for account in ({"token": {"env": "T"}}, {}):
            adapter = new_prometheus(server.url, CERTS, "t-1", **{
                "user": "", "password": None, **account})  # fmt: skip
            await read(adapter)
            await adapter.close()
    assert set(seen) == {"Bearer t-1", ""}


class TestPrometheusConformance(AdapterConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]
    fake: ClassVar[type[Any]] = FakePrometheus
    new: ClassVar[Any] = staticmethod(new_prometheus)

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(cls.fake()) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> Any:
        return cls.new(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> Any:
        return cls.new("http://127.0.0.1:9", tmp_path)


class TestAlertmanagerConformance(TestPrometheusConformance):
    fake: ClassVar[type[Any]] = FakeAlertmanager
    new: ClassVar[Any] = staticmethod(new_alertmanager)


class TestActingOnAlertmanager(ActingConformance):
    """A silence carries the id of the action that made it."""

    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]
    wishes: ClassVar = (
        action("f1", Verb.SILENCE, text="travaux", until=datetime.now(UTC) + timedelta(hours=2)),
        action("f1", Verb.UNSILENCE),
        action("f2", Verb.SILENCE),
    )
    by_id: ClassVar = frozenset({Verb.SILENCE})
    nowhere: ClassVar = action("f9", Verb.SILENCE)

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(FakeAlertmanager()) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> AlertmanagerAdapter:
        adapter: AlertmanagerAdapter = new_alertmanager(cls.url, tmp_path)
        return adapter

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> AlertmanagerAdapter:
        adapter: AlertmanagerAdapter = new_alertmanager("http://127.0.0.1:9", tmp_path)
        return adapter
