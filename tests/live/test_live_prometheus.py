"""The prometheus and alertmanager kinds on the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.alertmanager.adapter import AlertmanagerAdapter
from adapters.alertmanager.silences import text_of
from adapters.prometheus.adapter import PrometheusAdapter
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.records import HealthState, Stream
from tests.fakes.reading import failure, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_alertmanager import AlertmanagerRig
from tests.live.rig_prometheus import DOWN_EVERY, SITES, PrometheusRig

pytestmark = pytest.mark.live

Make = Callable[..., Any]


class TestPrometheus(LiveSuite):
    rig_fixture = "prometheus"


class TestAlertmanager(LiveSuite):
    rig_fixture = "alertmanager"


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Any] = []

    def make(rig: Any, **overrides: Any) -> Any:
        table = rig.settings(**overrides)
        kinds: dict[str, type[Adapter[Any]]] = {
            "prometheus": PrometheusAdapter,
            "alertmanager": AlertmanagerAdapter,
        }
        kind = kinds[table.pop("kind")]
        secrets = rig.secrets()
        context = Context(
            source="s", folder=Path("/"), timezone="UTC", secret=lambda wanted: secrets[wanted.env]
        )
        made.append(kind(msgspec.convert(table, kind.config_type), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_sites_up_and_down(make: Make, prometheus: PrometheusRig) -> None:
    rows = (await read(make(prometheus))).rows
    down = {key for key, row in rows.items() if row.state is HealthState.DOWN}
    assert len(down) in (SITES // DOWN_EVERY, SITES // DOWN_EVERY + 1)
    assert "rtr-17000" in down
    assert rows["rtr-17001"].site == "17001"
    assert rows["rtr-17001"].state is HealthState.UP


async def test_a_dead_exporter_is_not_green(make: Make, prometheus: PrometheusRig) -> None:
    """The query gives "success" and nothing, alerts vanish: **looks all green**"""
    adapter = make(prometheus)
    prometheus.blackbox.stop()
    try:
        prometheus.wait_for(lambda: not prometheus.query("probe_success"))
        rows = (await read(adapter)).rows
        assert set(rows) == prometheus.expected(Stream.HEALTH)
        assert {row.state for row in rows.values()} == {HealthState.UNKNOWN}
        without = make(prometheus, checks=[{"query": "probe_success"}])
        assert "no sample" in (await failure(without, Unavailable)).message
    finally:
        prometheus.blackbox.start()
    prometheus.wait_for(lambda: len(prometheus.query("probe_success")) == len(rows))
    assert HealthState.UP in {row.state for row in (await read(adapter)).rows.values()}


async def test_questions_that_cannot_be_answered(make: Make, prometheus: PrometheusRig) -> None:
    for query, says in (("probe_success{", "understand"), ("1", "scalar"), ("up[5m]", "matrix")):
        error = await failure(make(prometheus, checks=[{"query": query}]), BadAnswer)
        assert says in error.message
    gone = make(prometheus, checks=[{"query": "probe_success", "job": "renamed"}])
    assert "renamed" in (await failure(gone, Unavailable)).message


async def test_thresholds(make: Make, prometheus: PrometheusRig) -> None:
    check = {"query": "probe_duration_seconds * 0 + 7", "job": "sites", "service": "sept"}
    for thresholds, state in (
        ({"warning": 7}, HealthState.WARNING),
        ({"critical": 6}, HealthState.CRITICAL),
        ({"warning": 8}, HealthState.OK),
        ({"critical": 8, "falling": True}, HealthState.CRITICAL),
    ):
        rows = (await read(make(prometheus, checks=[{**check, **thresholds}]))).rows
        assert {row.state for row in rows.values()} == {state}


async def test_probe(make: Make, prometheus: PrometheusRig, alertmanager: AlertmanagerRig) -> None:
    for rig in (prometheus, alertmanager):
        probe = await make(rig).probe()
        assert probe.version.startswith(rig.version)
        assert probe.account == "smic-tui"
        if rig is alertmanager and not alertmanager.tells_mutes:
            (remark,) = probe.remarks
            assert "0.28" in remark
        else:
            assert probe.remarks == ()


async def test_no_watchdog_no_news(make: Make, alertmanager: AlertmanagerRig) -> None:
    assert "Absent" in (await failure(make(alertmanager, watchdog="Absent"), Unavailable)).message
    assert (await make(alertmanager, watchdog="").probe()).remarks != ()
    filtered = make(alertmanager, filters=['instance="rtr-7"'])
    assert len((await read(filtered)).rows) == 1


def action(key: str, verb: Verb, **fields: Any) -> Action:
    return Action(
        source="s",
        stream=Stream.HEALTH,
        key=key,
        verb=verb,
        by="Agent Un",
        at=datetime.now(UTC),
        **fields,
    )


async def test_what_is_told_to_nobody_is_quiet(make: Make, alertmanager: AlertmanagerRig) -> None:
    """By another alert, and by hours at which nobody is told, where this version tells that."""
    adapter = make(alertmanager)
    alone = alertmanager.fire("Suite", "rtr-17101")
    assert not (await read(adapter)).rows[alone].downtime
    cause = alertmanager.fire("Coupure", "rtr-17101")
    rows = (await read(adapter)).rows
    assert (rows[alone].downtime, rows[cause].downtime) == (True, False)
    muted = alertmanager.fire("Nocturne", "rtr-17102")
    if alertmanager.tells_mutes:
        for _try in range(60):
            if (await read(adapter)).rows[muted].downtime:
                break
            await asyncio.sleep(0.5)
        assert (await read(adapter)).rows[muted].downtime
    for name, host in (("Suite", 17101), ("Coupure", 17101), ("Nocturne", 17102)):
        alertmanager.end(name, f"rtr-{host}")


async def test_each_target_is_as_old_as_its_own_scrape(
    make: Make, prometheus: PrometheusRig
) -> None:
    rows = (await read(make(prometheus))).rows
    now = datetime.now(UTC)
    # Scraped every ten seconds, and told to five minutes.
    assert all(-2 < (now - row.checked).total_seconds() < 330 for row in rows.values())


TEXTS = (
    "travaux",
    "< > & ; \" ' \\ é 👩🏽\u200d💻 🇫🇷",
    "ligne 1\nligne 2\r\nligne 3\n\n",
    "  blancs   autour  ",
    "x" * 20_000,
    "é" * 20_000,
    "",
)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_what_is_written_is_written_once_and_equal(
    make: Make, alertmanager: AlertmanagerRig, text: str
) -> None:
    """Also after an answer was lost, before or after the silence was made."""
    adapter = make(alertmanager)
    key = alertmanager.fire("Muet", "rtr-9")
    wanted = action(key, Verb.SILENCE, id=uuid4().hex, text=text)
    standing = await adapter.inspect(wanted)
    with pytest.raises(Unavailable):
        await make(alertmanager, request_timeout="0.001s").apply(wanted, standing)
    standing = await adapter.inspect(wanted)
    if not standing.done:
        await adapter.apply(wanted, standing)
    assert (await adapter.inspect(wanted)).done
    ours = [each["comment"] for each in alertmanager.silences() if wanted.id in each["comment"]]
    assert [text_of(each) for each in ours] == [text]
    await adapter.apply(action(key, Verb.UNSILENCE, id="a9"), standing)
    assert alertmanager.silences() == []


async def test_silence_and_unsilence(make: Make, alertmanager: AlertmanagerRig) -> None:
    adapter = make(alertmanager)
    key = alertmanager.fire("Muet", "rtr-5")
    wanted = action(
        key,
        Verb.SILENCE,
        id="a1",
        text="travaux",
        until=datetime.now(UTC) + timedelta(hours=1),
    )
    standing = await adapter.inspect(wanted)
    assert not standing.done
    await adapter.apply(wanted, standing)
    standing = await adapter.inspect(wanted)
    assert standing.done
    assert standing.record.downtime
    assert len(alertmanager.silences()) == 1
    others = (await read(adapter)).rows
    assert [k for k, row in others.items() if row.downtime] == [key]
    ending = action(key, Verb.UNSILENCE, id="a2")
    standing = await adapter.inspect(ending)
    assert not standing.done
    await adapter.apply(ending, standing)
    assert (await adapter.inspect(ending)).done
    assert alertmanager.silences() == []


async def test_a_wide_silence_is_not_ended(make: Make, alertmanager: AlertmanagerRig) -> None:
    from tests.live.rig_prometheus import ask

    body = {
        "matchers": [{"name": "site", "value": "5|6", "isRegex": True}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        "createdBy": "Chef",
        "comment": "deux sites",
    }
    made = ask(f"{alertmanager.address}/api/v2/silences", body=body, method="POST")["silenceID"]
    adapter = make(alertmanager)
    ending = action(alertmanager.fire("Muet", "rtr-5"), Verb.UNSILENCE, id="a3")
    standing = await adapter.inspect(ending)
    assert not standing.done
    with pytest.raises(Refused, match="Chef"):
        await adapter.apply(ending, standing)
    ask(f"{alertmanager.address}/api/v2/silence/{made}", method="DELETE")
    assert (await adapter.inspect(ending)).done
