"""The prometheus kind against a server that answers as the real one does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.prometheus.adapter import PrometheusAdapter
from adapters.prometheus.options import PrometheusOptions
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import HealthState
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Reply, Request
from tests.fakes.prometheus import PASSWORD, FakePrometheus
from tests.fakes.reading import failure, read

Make = Callable[..., Any]
CHECK = {"query": "probe_success", "job": "sites"}


def new_prometheus(url: str, folder: Path, secret: str = PASSWORD, **more: Any) -> Any:
    account = {"user": "smic-tui", "password": {"env": "P"}}
    table = {"url": url, "checks": [CHECK], "request_timeout": "2s", **account, **more}
    context = Context(source="p", folder=folder, timezone="UTC", secret=lambda _: secret)
    return PrometheusAdapter(msgspec.convert(table, PrometheusOptions), context)


@pytest.fixture
def prometheus() -> FakePrometheus:
    return FakePrometheus()


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


async def test_each_target_is_as_old_as_its_own_scrape(
    ask: Make, prometheus: FakePrometheus
) -> None:
    """That some target was asked a moment ago says nothing about the others."""
    prometheus.scraped_late["rtr-17003"] = 3600
    rows = (await read(ask(scraped_within="10m"))).rows
    now = datetime.now(UTC)
    ages = {key: (now - row.checked).total_seconds() for key, row in rows.items()}
    # Told to five minutes, so that not every row changes at each reading.
    assert 3595 < ages["rtr-17003"] < 3610 + 300
    assert ages["rtr-17002"] < 15 + 300
    assert {row.valid_for for row in rows.values()} == {600 + 300}
    assert rows["rtr-17003"].state is HealthState.UP
    without = (await read(ask(checks=[{"query": "probe_success"}]))).rows
    assert (without["rtr-17003"].checked, without["rtr-17003"].valid_for) == (None, None)


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
        msgspec.convert(table, PrometheusOptions)


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

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(FakePrometheus()) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> Any:
        return new_prometheus(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> Any:
        return new_prometheus("http://127.0.0.1:9", tmp_path)
