"""The zabbix kind passes the tests of every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.zabbix.adapter import ZabbixAdapter
from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Stream
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import MisbehavingServer
from tests.fakes.zabbix import ADMIN, READING, FakeZabbix

TOKEN = "5" * 64


def adapter(url: str, folder: Path) -> ZabbixAdapter:
    options = {"url": url, "token": {"env": "ZABBIX"}, "triggers": "all"}
    context = Context(source="s", folder=folder, timezone="UTC", secret=lambda _: TOKEN)
    return ZabbixAdapter(msgspec.convert(options, ZabbixOptions), context)


class TestZabbix(AdapterConformance):
    secrets: ClassVar = (TOKEN,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        zabbix = FakeZabbix()
        zabbix.methods = {TOKEN: READING}
        for number in range(700):
            hostid = zabbix.add_host(f"h{number}", available=1 + number % 2)
            zabbix.add_trigger(hostid, "Disque plein", number % 2)
        with MisbehavingServer(zabbix) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> ZabbixAdapter:
        return adapter(cls.url, tmp_path)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> ZabbixAdapter:
        return adapter("http://127.0.0.1:9", tmp_path)


def wish(verb: Verb, key: str, **fields: Any) -> Action:
    return Action(
        id="7f3a",
        source="s",
        stream=Stream.HEALTH,
        key=key,
        verb=verb,
        by="Agent Un",
        at=datetime.now(UTC),
        **fields,
    )


class TestActing(ActingConformance):
    """Verbs of downtimes are about hosts; what was done is in the name of a maintenance."""

    secrets: ClassVar = (TOKEN,)
    url: ClassVar[str]
    wishes: ClassVar = (
        wish(Verb.ACKNOWLEDGE, "t10002", text="vu"),
        wish(Verb.UNACKNOWLEDGE, "t10002"),
        wish(Verb.ACKNOWLEDGE, "h10001"),
        wish(Verb.UNACKNOWLEDGE, "h10001", text="trop tôt"),
        wish(
            Verb.DOWNTIME,
            "h10001",
            text="travaux",
            until=datetime.now(UTC) + timedelta(hours=2),
        ),
        wish(Verb.END_DOWNTIME, "h10001"),
    )
    by_id: ClassVar = frozenset({Verb.DOWNTIME})
    nowhere: ClassVar = wish(Verb.ACKNOWLEDGE, "t99999")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        zabbix = FakeZabbix()
        zabbix.methods = {TOKEN: ADMIN}
        assert zabbix.add_host("rtr-17001") == "10001"
        assert zabbix.add_trigger("10001", "Disque plein") == "10002"
        assert zabbix.add_trigger("10001", "Unavailable by ICMP ping", priority=4) == "10003"
        zabbix.turn("10002", 1)
        zabbix.turn("10003", 1)
        with MisbehavingServer(zabbix) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> ZabbixAdapter:
        return adapter(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> ZabbixAdapter:
        return adapter("http://127.0.0.1:9", tmp_path)
