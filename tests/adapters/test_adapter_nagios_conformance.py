"""The nagios kind passes the tests of every adapter, whichever way it reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from fakes.misbehaving import MisbehavingServer
from fakes.nagios import FakeNagios

from adapters.nagios import NagiosAdapter
from adapters.nagios_options import NagiosOptions
from smic_tui.conformance import AdapterConformance
from smic_tui.contract.adapter import Context

PASSWORD = "the-word-of-the-reader"


def sites() -> FakeNagios:
    nagios = FakeNagios()
    nagios.passwords = {"lecture": PASSWORD}
    for number in range(700):
        nagios.add(f"h{number}", state=number % 2)
        nagios.add(f"h{number}", "disque", number % 4)
    return nagios


class TestByHttp(AdapterConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(sites()) as server:
            cls.url = server.url
            yield

    @staticmethod
    def adapter(url: str, folder: Path) -> NagiosAdapter:
        options = {"url": url, "user": "lecture", "password": {"env": "NAGIOS"}}
        context = Context(source="s", folder=folder, timezone="UTC", secret=lambda _: PASSWORD)
        return NagiosAdapter(msgspec.convert(options, NagiosOptions), context)

    @classmethod
    def make(cls, tmp_path: Path) -> NagiosAdapter:
        return cls.adapter(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> NagiosAdapter:
        return cls.adapter("http://127.0.0.1:9", tmp_path)


class TestByFile(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> NagiosAdapter:
        file = tmp_path / "status.dat"
        if not file.exists():
            file.write_text(sites().status_dat())
        context = Context(source="s", folder=tmp_path, timezone="UTC", secret=lambda _: "")
        return NagiosAdapter(NagiosOptions(path="status.dat"), context)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> NagiosAdapter:
        context = Context(source="s", folder=tmp_path, timezone="UTC", secret=lambda _: "")
        return NagiosAdapter(NagiosOptions(path="gone/status.dat"), context)
