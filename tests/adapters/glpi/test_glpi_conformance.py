"""The glpi kind passes the tests of every adapter, over both APIs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.glpi.adapter import GlpiAdapter
from adapters.glpi.options import GlpiOptions
from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Stage, Stream, TicketStatus
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.glpi import FakeGlpi
from tests.fakes.glpi_highlevel import FakeGlpi11
from tests.fakes.misbehaving import MisbehavingServer

TOKEN = "xA4r00cW2kQm8sPzT1yG"
APP = "app-7Yh2Lq"
PASSWORD = "Mot de passe n°1"
CLIENT = "c1ient-s3cret"
SECRETS = {"TOKEN": TOKEN, "APP": APP, "PASSWORD": PASSWORD, "CLIENT": CLIENT}
TEN = {"user_token": {"env": "TOKEN"}, "app_token": {"env": "APP"}}
ELEVEN = {
    "client_id": "client-1",
    "client_secret": {"env": "CLIENT"},
    "login": "lecture",
    "password": {"env": "PASSWORD"},
}


def adapter(url: str, folder: Path, settings: dict[str, Any]) -> GlpiAdapter:
    options = msgspec.convert({"url": url, **settings}, GlpiOptions)
    context = Context(
        source="g",
        folder=folder,
        timezone="Europe/Paris",
        secret=lambda secret: SECRETS[secret.env],
    )
    return GlpiAdapter(options, context)


def server_for(settings: dict[str, Any], account: str) -> FakeGlpi:
    """A GLPI that knows the account of these tests, with the rights of one of its own."""
    glpi = FakeGlpi11() if "client_id" in settings else FakeGlpi()
    glpi.tokens = {TOKEN: glpi.tokens[account]}
    glpi.app_token = APP
    if isinstance(glpi, FakeGlpi11):
        glpi.client = ("client-1", CLIENT)
        glpi.logins = {"lecture": (PASSWORD, TOKEN)}
    return glpi


class TestTickets(AdapterConformance):
    secrets: ClassVar = tuple(SECRETS.values())
    settings: ClassVar[dict[str, Any]] = {**TEN, "as": "tickets"}
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        glpi = server_for(cls.settings, "a-token")
        for number in range(250):
            status = (1, 2, 3, 4, 5, 6, 99)[number % 7]
            owners = [[], [9], [7, 9]][number % 3]
            glpi.add(status=status, owners=owners, name=f"État <{number}> & \x1b[31m")
        with MisbehavingServer(glpi) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> GlpiAdapter:
        return adapter(cls.url, tmp_path, cls.settings)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> GlpiAdapter:
        return adapter("http://127.0.0.1:9", tmp_path, cls.settings)


class TestTicketsOfEleven(TestTickets):
    settings: ClassVar = {**ELEVEN, "as": "tickets"}


def wish(verb: Verb, stream: Stream = Stream.TICKETS, key: str = "1", **fields: Any) -> Action:
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    return Action(
        id="1", source="g", stream=stream, key=key, verb=verb, by="Agent Un", at=at, **fields
    )


class TestActingOnTickets(ActingConformance):
    secrets: ClassVar = tuple(SECRETS.values())
    settings: ClassVar[dict[str, Any]] = {**TEN, "as": "tickets"}
    url: ClassVar[str]
    wishes: ClassVar[tuple[Action, ...]] = (
        wish(Verb.COMMENT, text="Toner <remplacé>"),
        wish(Verb.ASSIGN, text="Je passe mardi"),
        wish(Verb.ASSIGN, value="agent2"),
        wish(Verb.SET_STATUS, value=TicketStatus.WAITING.value),
        wish(Verb.RESOLVE, text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, key="77", text="x")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        glpi = server_for(cls.settings, "agent-token")
        glpi.add(status=1, owners=[], updated=datetime.now(UTC) - timedelta(days=1))
        with MisbehavingServer(glpi) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> GlpiAdapter:
        return adapter(cls.url, tmp_path, cls.settings)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> GlpiAdapter:
        return adapter("http://127.0.0.1:9", tmp_path, cls.settings)


class TestActingOnTicketsOfEleven(TestActingOnTickets):
    settings: ClassVar = {**ELEVEN, "as": "tickets"}


class TestActingOnRequests(TestActingOnTickets):
    settings: ClassVar = {**TEN, "as": "requests"}
    wishes: ClassVar[tuple[Action, ...]] = (
        wish(Verb.COMMENT, Stream.REQUESTS, text="Devis reçu"),
        wish(Verb.SET_STAGE, Stream.REQUESTS, value=Stage.INSTALLING.value, text="mardi"),
        wish(Verb.RESOLVE, Stream.REQUESTS, text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, Stream.REQUESTS, key="77", text="x")


class TestActingOnRequestsOfEleven(TestActingOnRequests):
    settings: ClassVar = {**ELEVEN, "as": "requests"}
