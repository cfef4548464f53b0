"""The icinga2 kind passes the tests of every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.icinga2.adapter import Icinga2Adapter
from adapters.icinga2.options import Icinga2Options
from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Stream
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.icinga2 import ACTOR, FakeIcinga
from tests.fakes.misbehaving import MisbehavingServer

PASSWORD = "the-word-of-the-reader"


def adapter(url: str, folder: Path) -> Icinga2Adapter:
    options: dict[str, Any] = {"url": url, "user": "smic", "password": {"env": "ICINGA"}}
    context = Context(source="s", folder=folder, timezone="UTC", secret=lambda _: PASSWORD)
    return Icinga2Adapter(msgspec.convert(options, Icinga2Options), context)


class TestIcinga2(AdapterConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        icinga = FakeIcinga()
        icinga.users["smic"] = (PASSWORD, icinga.users["smic"][1])
        for number in range(700):
            icinga.add_host(f"h{number}", number % 2)
            icinga.add_service(f"h{number}", "disque", number % 4)
        with MisbehavingServer(icinga) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> Icinga2Adapter:
        return adapter(cls.url, tmp_path)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Icinga2Adapter:
        return adapter("http://127.0.0.1:9", tmp_path)


def wish(verb: Verb, key: str = "rtr-1", **fields: Any) -> Action:
    return Action(
        id="1",
        source="s",
        stream=Stream.HEALTH,
        key=key,
        verb=verb,
        by="Agent Un",
        at=datetime.now(UTC),
        **fields,
    )


class TestActing(ActingConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]
    wishes: ClassVar = (
        wish(Verb.ACKNOWLEDGE, text="vu"),
        wish(Verb.UNACKNOWLEDGE),
        wish(Verb.ACKNOWLEDGE, "rtr-1!disque"),
        wish(Verb.DOWNTIME, text="travaux", until=datetime.now(UTC) + timedelta(hours=2)),
        wish(Verb.END_DOWNTIME),
    )
    nowhere: ClassVar = wish(Verb.ACKNOWLEDGE, "rtr-99")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        icinga = FakeIcinga()
        icinga.users["smic"] = (PASSWORD, list(ACTOR))
        icinga.add_host("rtr-1", 1)
        icinga.add_service("rtr-1", "disque", 2)
        with MisbehavingServer(icinga) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> Icinga2Adapter:
        return adapter(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> Icinga2Adapter:
        return adapter("http://127.0.0.1:9", tmp_path)
