"""The nagios kind passes the tests of every adapter, whichever way it reads."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.nagios.adapter import NagiosAdapter
from adapters.nagios.options import NagiosOptions
from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.adapter import Context
from smic_tui.records import Stream
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import MisbehavingServer
from tests.fakes.nagios import FakeNagios

PASSWORD = "the-word-of-the-reader"


def sites() -> FakeNagios:
    nagios = FakeNagios()
    nagios.passwords = {"lecture": PASSWORD}
    for number in range(700):
        nagios.add(f"h{number}", state=number % 2)
        nagios.add(f"h{number}", "disque", number % 4)
    return nagios


def by_http(url: str, folder: Path, user: str) -> NagiosAdapter:
    options = {"url": url, "user": user, "password": {"env": "NAGIOS"}}
    context = Context(source="s", folder=folder, timezone="UTC", secret=lambda _: PASSWORD)
    return NagiosAdapter(msgspec.convert(options, NagiosOptions), context)


class TestByHttp(AdapterConformance):
    secrets: ClassVar = (PASSWORD,)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(sites()) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> NagiosAdapter:
        return by_http(cls.url, tmp_path, "lecture")

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> NagiosAdapter:
        return by_http("http://127.0.0.1:9", tmp_path, "lecture")


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


def wish(verb: Verb, key: str = "17001-rtr", **fields: Any) -> Action:
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


SOON = datetime.now(UTC) + timedelta(hours=2)
DISK = "17001-rtr!disque"


def troubled() -> FakeNagios:
    """One that carries commands out a little later than it takes them."""
    nagios = FakeNagios()
    nagios.passwords = {"agent": PASSWORD}
    nagios.obeys_after = 0.1
    nagios.add("17001-rtr", state=1)
    nagios.add("17001-rtr", "disque", 2)
    return nagios


class TestActingByHttp(ActingConformance):
    secrets: ClassVar[tuple[str, ...]] = (PASSWORD,)
    url: ClassVar[str]
    shows_within: ClassVar = 20.0
    wishes: ClassVar = (
        wish(Verb.ACKNOWLEDGE, text="vu"),
        wish(Verb.UNACKNOWLEDGE),
        wish(Verb.ACKNOWLEDGE, DISK),
        wish(Verb.DOWNTIME, text="travaux d'été", until=SOON),
        wish(Verb.END_DOWNTIME),
        wish(Verb.DOWNTIME, DISK, until=SOON),
        wish(Verb.END_DOWNTIME, DISK),
    )
    nowhere: ClassVar = wish(Verb.ACKNOWLEDGE, "17009-rtr")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        with MisbehavingServer(troubled()) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> NagiosAdapter:
        return by_http(cls.url, tmp_path, "agent")

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> NagiosAdapter:
        return by_http("http://127.0.0.1:9", tmp_path, "agent")


class TestActingByFile(TestActingByHttp):
    """Through the command file, which Nagios reads, and the status file, which it writes."""

    secrets: ClassVar = ()

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls, tmp_path: Path) -> Iterator[None]:
        os.mkfifo(tmp_path / "nagios.cmd")
        nagios = troubled()
        reader = os.open(tmp_path / "nagios.cmd", os.O_RDONLY | os.O_NONBLOCK)
        ended = threading.Event()

        def work() -> None:
            begun = ""
            while not ended.is_set():
                with contextlib.suppress(BlockingIOError):
                    begun += os.read(reader, 65536).decode()
                *lines, begun = begun.split("\n")
                for line in lines:
                    nagios.take_line(line)
                new = tmp_path / "status.new"
                new.write_text(nagios.status_dat())
                new.replace(tmp_path / "status.dat")
                ended.wait(0.05)

        (tmp_path / "status.dat").write_text(nagios.status_dat())
        daemon = threading.Thread(target=work)
        daemon.start()
        yield
        ended.set()
        daemon.join()
        os.close(reader)

    @staticmethod
    def make(tmp_path: Path) -> NagiosAdapter:
        context = Context(source="s", folder=tmp_path, timezone="UTC", secret=lambda _: "")
        commands = f"{tmp_path / 'nagios.cmd'}"
        return NagiosAdapter(NagiosOptions(path="status.dat", command_file=commands), context)

    @staticmethod
    def make_unreachable(tmp_path: Path) -> NagiosAdapter:
        context = Context(source="s", folder=tmp_path, timezone="UTC", secret=lambda _: "")
        return NagiosAdapter(NagiosOptions(path="gone/status.dat"), context)
