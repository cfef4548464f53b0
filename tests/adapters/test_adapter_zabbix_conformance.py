"""The zabbix kind passes the tests of every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from fakes.misbehaving import MisbehavingServer
from fakes.zabbix import READING, FakeZabbix

from adapters.zabbix import ZabbixAdapter
from adapters.zabbix_options import ZabbixOptions
from smic_tui.conformance import AdapterConformance
from smic_tui.contract.adapter import Context

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
