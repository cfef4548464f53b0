"""The glpi kind passes the tests of every adapter, over both APIs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from fakes.glpi import FakeGlpi
from fakes.glpi_highlevel import FakeGlpi11
from fakes.misbehaving import MisbehavingServer

from adapters.glpi import GlpiAdapter
from adapters.glpi_options import GlpiOptions
from smic_tui.conformance import AdapterConformance
from smic_tui.contract.adapter import Context

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


class TestTickets(AdapterConformance):
    secrets: ClassVar = tuple(SECRETS.values())
    settings: ClassVar[dict[str, Any]] = {**TEN, "as": "tickets"}
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        glpi = FakeGlpi11() if "client_id" in cls.settings else FakeGlpi()
        glpi.tokens = {TOKEN: glpi.tokens["a-token"]}
        glpi.app_token = APP
        if isinstance(glpi, FakeGlpi11):
            glpi.client = ("client-1", CLIENT)
            glpi.logins = {"lecture": (PASSWORD, TOKEN)}
        for number in range(250):
            status = (1, 2, 3, 4, 5, 6, 99)[number % 7]
            owners = [[], [9], [7, 9]][number % 3]
            glpi.add(status=status, owners=owners, name=f"État <{number}> & \x1b[31m")
        with MisbehavingServer(glpi) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> GlpiAdapter:
        return cls._adapter(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> GlpiAdapter:
        return cls._adapter("http://127.0.0.1:9", tmp_path)

    @classmethod
    def _adapter(cls, url: str, folder: Path) -> GlpiAdapter:
        options = msgspec.convert({"url": url, **cls.settings}, GlpiOptions)
        context = Context(
            source="g",
            folder=folder,
            timezone="Europe/Paris",
            secret=lambda secret: SECRETS[secret.env],
        )
        return GlpiAdapter(options, context)


class TestTicketsOfEleven(TestTickets):
    settings: ClassVar = {**ELEVEN, "as": "tickets"}
