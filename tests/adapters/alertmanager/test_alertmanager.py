"""The alertmanager kind against a server that answers as the real one does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.alertmanager.adapter import AlertmanagerAdapter
from adapters.alertmanager.options import AlertmanagerOptions
from adapters.alertmanager.silences import text_of, written
from smic_tui.contract.actions import Action, ActsOnRecords, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.records import Health, HealthState, Stream
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.prometheus import PASSWORD, FakeAlertmanager
from tests.fakes.reading import failure, read

Make = Callable[..., Any]


def new_alertmanager(url: str, folder: Path, secret: str = PASSWORD, **more: Any) -> Any:
    account = {"user": "smic-tui", "password": {"env": "P"}}
    table = {"url": url, "request_timeout": "2s", **account, **more}
    context = Context(source="a", folder=folder, timezone="UTC", secret=lambda _: secret)
    return AlertmanagerAdapter(msgspec.convert(table, AlertmanagerOptions), context)


@pytest.fixture
def alertmanager() -> FakeAlertmanager:
    return FakeAlertmanager()


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
    acting: object = adapter
    assert isinstance(acting, ActsOnRecords)
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
    assert isinstance(standing.record, Health)
    assert standing.record.downtime
    # Another person's silence of the same alert is another one.
    assert not (await adapter.inspect(action("f1", Verb.SILENCE, "a2"))).done
    downs = {key for key, row in (await read(adapter)).rows.items() if row.downtime}
    assert downs == {"f1"}
    ending = action("f1", Verb.UNSILENCE, "a3")
    await adapter.apply(ending, await adapter.inspect(ending))
    assert (await adapter.inspect(ending)).done


async def test_what_alertmanager_tells_nobody_of_is_quiet(
    listen: Make, alertmanager: FakeAlertmanager
) -> None:
    alertmanager.version = "0.28.1"
    alertmanager.inhibited["f1"] = ["f9"]
    alertmanager.muted["f2"] = ["hors-heures-ouvrees"]
    rows = (await read(listen())).rows
    assert {key for key, row in rows.items() if row.downtime} == {"f1", "f2"}
    assert (await listen().probe()).remarks == ()
    alertmanager.version = "0.27.0"
    assert "0.28" in (await listen().probe()).remarks[0]


async def test_a_reason_that_is_not_known_yet(listen: Make, alertmanager: FakeAlertmanager) -> None:
    """What later versions may add: the state itself says that it is suppressed."""
    real = alertmanager._shown

    def shown(alert: dict[str, Any]) -> dict[str, Any]:
        return {**real(alert), "status": {"state": "suppressed", "pausedBy": ["x"]}}

    alertmanager._shown = shown  # type: ignore[method-assign]
    rows = (await read(listen())).rows
    assert all(row.downtime for row in rows.values())


async def test_when_an_alert_was_confirmed(listen: Make, alertmanager: FakeAlertmanager) -> None:
    assert (await read(listen())).rows["f1"].checked == datetime(2026, 11, 24, 10, tzinfo=UTC)
    alertmanager.alerts["f1"]["updatedAt"] = "2026-11-24T10:00:00"
    reading = await read(listen())
    assert (len(reading.rows), len(reading.rejected)) == (4, 1)
    del alertmanager.alerts["f1"]["updatedAt"]
    assert (await read(listen())).rows["f1"].checked is None


TEXTS = (
    "travaux",
    "< > & ; \" ' \\ é 👩🏽\u200d💻 🇫🇷",
    "ligne 1\nligne 2\r\nligne 3\n\n",
    "  blancs   autour  ",
    "x" * 20_000,
    "",
    "[smic-tui a0] dit un autre",
)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("committed", [False, True])
async def test_a_silence_whose_answer_is_cut(
    listen: Make,
    alertmanager: FakeAlertmanager,
    server: MisbehavingServer,
    text: str,
    committed: bool,
) -> None:
    wanted = action("f1", Verb.SILENCE, text=text)
    standing = await listen().inspect(wanted)

    def cut(request: Request) -> Reply:
        if request.method != "POST":
            return alertmanager(request)
        if committed:
            alertmanager(request)
        return Reply(503)

    server.respond = cut
    with pytest.raises(Unavailable):
        await listen().apply(wanted, standing)
    server.respond = alertmanager
    other = listen()
    standing = await other.inspect(wanted)
    assert standing.done is committed
    if not committed:
        await other.apply(wanted, standing)
    assert (await other.inspect(wanted)).done
    (made,) = alertmanager.silences.values()
    assert text_of(made["comment"]) == text


@settings(max_examples=500)
@given(st.text(st.characters(), max_size=300), st.text("0123456789abcdef-", min_size=1))
def test_any_comment_is_read_back(text: str, id: str) -> None:
    wanted = action("f1", Verb.SILENCE, id, text=text)
    comment = json.loads(json.dumps(written(wanted)))
    assert f"[smic-tui {id}]" in comment
    assert text_of(comment) == text.encode(errors="replace").decode()


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


class TestAlertmanagerConformance(AdapterConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(FakeAlertmanager()) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> Any:
        return new_alertmanager(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> Any:
        return new_alertmanager("http://127.0.0.1:9", tmp_path)


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
