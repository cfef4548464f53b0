"""A GLPI 10 with eight tickets, and adapters that read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import msgspec
import pytest

from adapters.glpi.adapter import GlpiAdapter
from adapters.glpi.options import GlpiOptions
from smic_tui.contract.adapter import Context
from tests.fakes.glpi import FakeGlpi
from tests.fakes.misbehaving import CERTS, MisbehavingServer

Make = Callable[..., GlpiAdapter]


@pytest.fixture
def ten() -> FakeGlpi:
    fake = FakeGlpi()
    for _number in range(8):
        fake.add()
    return fake


@pytest.fixture
def ten_server(ten: FakeGlpi) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(ten) as server:
        yield server


@pytest.fixture
async def make_ten(ten_server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[GlpiAdapter] = []

    def make(token: str = "a-token", **options: Any) -> GlpiAdapter:
        settings = {"url": ten_server.url, "user_token": {"env": "TOKEN"}, **options}
        context = Context(
            source="g", folder=CERTS, timezone="Europe/Paris", secret=lambda secret: token
        )
        made.append(GlpiAdapter(msgspec.convert(settings, GlpiOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()
