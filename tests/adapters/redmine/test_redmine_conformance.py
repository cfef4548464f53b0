"""The redmine kind passes the tests of every adapter, as tickets and as requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Stage, Stream, TicketStatus
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import MisbehavingServer
from tests.fakes.redmine import FakeRedmine

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


def wish(verb: Verb, stream: Stream = Stream.TICKETS, key: str = "1", **fields: Any) -> Action:
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    return Action(
        id="1", source="r", stream=stream, key=key, verb=verb, by="Agent Un", at=at, **fields
    )


class TestActingOnTickets(ActingConformance):
    secrets: ClassVar = (KEY,)
    as_: ClassVar[str] = "tickets"
    url: ClassVar[str]
    wishes: ClassVar[tuple[Action, ...]] = (
        wish(Verb.COMMENT, text="Toner remplacé"),
        wish(Verb.ASSIGN),
        wish(Verb.ASSIGN, value="Agent Deux"),
        wish(Verb.SET_STATUS, value=TicketStatus.WAITING.value),
        wish(Verb.RESOLVE, text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, key="77", text="x")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        redmine = FakeRedmine()
        redmine.accounts = {KEY: redmine.accounts["agent-key"]}
        redmine.add()
        with MisbehavingServer(redmine) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> RedmineAdapter:
        return adapter(cls.url, tmp_path, cls.as_)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> RedmineAdapter:
        return adapter("http://127.0.0.1:9", tmp_path, cls.as_)


class TestActingOnRequests(TestActingOnTickets):
    as_: ClassVar[str] = "requests"
    wishes: ClassVar = (
        wish(Verb.COMMENT, Stream.REQUESTS, text="Devis reçu"),
        wish(Verb.SET_STAGE, Stream.REQUESTS, value=Stage.INSTALLING.value, text="mardi"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, Stream.REQUESTS, key="77", text="x")
