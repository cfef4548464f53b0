"""The icinga2 kind passes the tests of every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from fakes.icinga2 import FakeIcinga
from fakes.misbehaving import MisbehavingServer

from adapters.icinga2 import Icinga2Adapter
from adapters.icinga2_options import Icinga2Options
from smic_tui.conformance import AdapterConformance
from smic_tui.contract.adapter import Context

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
