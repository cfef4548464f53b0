"""A Zabbix that answers, and adapters on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import msgspec
import pytest

from adapters.zabbix.adapter import ZabbixAdapter
from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.adapter import Context
from tests.fakes.misbehaving import CERTS, MisbehavingServer
from tests.fakes.zabbix import FakeZabbix

MakeAdapter = Callable[..., ZabbixAdapter]


@pytest.fixture
def watched() -> FakeZabbix:
    """A Zabbix without hosts."""
    return FakeZabbix()


@pytest.fixture
def frontend(watched: FakeZabbix) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(watched) as server:
        yield server


@pytest.fixture
async def adapter_on(frontend: MisbehavingServer) -> AsyncIterator[MakeAdapter]:
    made: list[ZabbixAdapter] = []

    def make(**options: Any) -> ZabbixAdapter:
        settings = {"url": frontend.url, "request_timeout": "2s", "token": {"env": "Z"}, **options}
        context = Context(source="z", folder=CERTS, timezone="UTC", secret=lambda _: "word")
        made.append(ZabbixAdapter(msgspec.convert(settings, ZabbixOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()
