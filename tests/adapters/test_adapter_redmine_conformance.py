"""The redmine kind passes the tests of every adapter, as tickets and as requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from fakes.misbehaving import MisbehavingServer
from fakes.redmine import FakeRedmine

from adapters.redmine import RedmineAdapter
from adapters.redmine_options import RedmineOptions
from smic_tui.conformance import AdapterConformance
from smic_tui.contract.adapter import Context

KEY = "335c8e55c0fafa666f3f500c446018267403d1db"


def adapter(url: str, folder: Path, as_: str) -> RedmineAdapter:
    options: dict[str, Any] = {"url": url, "api_key": {"env": "REDMINE"}, "as": as_}
    context = Context(source="r", folder=folder, timezone="Europe/Paris", secret=lambda _: KEY)
    return RedmineAdapter(msgspec.convert(options, RedmineOptions), context)


class TestTickets(AdapterConformance):
    secrets: ClassVar = (KEY,)
    as_: ClassVar[str] = "tickets"
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        redmine = FakeRedmine()
        redmine.accounts = {KEY: redmine.accounts["a-key"]}
        for number in range(250):
            redmine.add(status=number % 9 + 1, due_date="2026-12-01" if number % 3 else None)
        with MisbehavingServer(redmine) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> RedmineAdapter:
        return adapter(cls.url, tmp_path, cls.as_)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> RedmineAdapter:
        return adapter("http://127.0.0.1:9", tmp_path, cls.as_)


class TestRequests(TestTickets):
    as_: ClassVar[str] = "requests"
