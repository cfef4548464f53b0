"""The scenarios that every real source goes through, as a base class for pytest.

    class TestRedmine(LiveSuite):
        rig_fixture = "redmine"

The fixture gives a rig of this form (`LiveRig`), for as long as the tests run.
Where a rig has an address, proxies in front of the real system do what a bad line
does; its daemon is stopped and frozen itself. Scenarios in which it is the point are
gone through by the whole collecting program, in which nobody presses a key.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

import msgspec
import pytest

from smic_tui.collecting import registry
from smic_tui.config.load import COMMON_KEYS
from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.status import SourceState
from smic_tui.records import Record, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import Outcome, read
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, forward_to
from tests.live.counting import CountingProxy
from tests.live.live_program import LiveProgram
from tests.live.rig import Daemon

# What a reading without news may cost, as a part of the first full one.
UNCHANGED_AT_MOST = 0.05
# How long what was done at the source may take until it can be seen there, in seconds.
ARRIVES_WITHIN = 30.0
# A source that is not well, as opposed to one that is parked until a person mends it.
NOT_NOW = (SourceState.UNAVAILABLE, SourceState.BAD_ANSWER)

Known = dict[Stream, dict[str, Record]]


class LiveRig(Protocol):
    """A real system with hundreds of rows. What is optional is in `_option`'s callers:

    `ca_file` (an https address: the authority for the proxies), `rest()` and `resume()`
    (keep the system from changing by itself), `impatient` (settings that make a reading
    give up after some seconds), `without_rights_is` (the state that missing rights lead
    to, if not `auth failed`), `bad_secret_is`, `quiet_after` (seconds until a change has
    left the overlap of readings), `unchanged_floor` (bytes) with `floor_reason`,
    `unreachable()` (settings for a source that is not there; with an address it is not
    needed) and `not_applicable` (scenario's test name = why it makes no sense).
    """

    name: str
    version: str
    kind: str
    daemon: Daemon | None
    address: str | None

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        """A [sources.x] table for the account with the least rights."""
        ...

    def secrets(self) -> Mapping[str, str]:
        """Values by the names of environment variables."""
        ...

    def settings_without_rights(self) -> dict[str, Any] | None:
        """The same for an account that may see nothing."""
        ...

    def settings_bad_secret(self) -> dict[str, Any] | None:
        """The same with a secret that is wrong."""
        ...

    def expected(self, stream: Stream) -> set[str]:
        """The keys that there must be, according to the system's own database or files."""
        ...

    def change_one(self) -> tuple[Stream, str]:
        """Change a record and tell which; it may be a new one."""
        ...

    def delete_one(self) -> tuple[Stream, str]:
        """Delete a record and tell which."""
        ...


def _option(rig: Any, name: str, default: Any) -> Any:
    return getattr(rig, name, default)


class LiveSuite(AdapterConformance):
    """Subclass it, name the rig's fixture, and pytest runs all of it."""

    rig_fixture: ClassVar[str]
    rig: ClassVar[Any]
    # The machine also runs the source itself.
    longest_block: ClassVar[float] = 0.1

    # -- the rig ---------------------------------------------------------------

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _with_rig(cls, request: pytest.FixtureRequest) -> Iterator[None]:
        """The kit wants a source that stays the same."""
        cls.rig = rig = request.getfixturevalue(cls.rig_fixture)
        cls.secrets = tuple(rig.secrets().values())
        _option(rig, "rest", lambda: None)()
        yield
        _option(rig, "resume", lambda: None)()

    @pytest.fixture(autouse=True)
    def _told(
        self,
        request: pytest.FixtureRequest,
        record_property: Callable[[str, object], None],
    ) -> None:
        self.tell = record_property
        self.tell("system", self.rig.name)
        self.tell("version", self.rig.version)
        self.tell("date", f"{datetime.now(UTC):%Y-%m-%d}")
        reasons = _option(self.rig, "not_applicable", {})
        if request.node.name in reasons:
            self.not_applicable(reasons[request.node.name])

    def not_applicable(self, reason: str) -> None:
        """End a scenario that makes no sense for this system."""
        self.tell("n/a", reason)
        pytest.skip(reason)

    @classmethod
    def make(cls, tmp_path: Path) -> Adapter[Any]:
        """For the kit: an adapter on the system as it is."""
        return cls.adapter(tmp_path, cls.rig.settings())

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> Adapter[Any]:
        """For the kit: one on a port where nobody listens."""
        if cls.rig.address is None:
            return cls.adapter(tmp_path, cls.rig.unreachable())
        return cls.adapter(tmp_path, cls.rig.settings(cls.at("http://127.0.0.1:9")))

    @classmethod
    def adapter(cls, folder: Path, table: Mapping[str, Any]) -> Adapter[Any]:
        """An adapter made of a source's table, as the program makes it."""
        options = {key: value for key, value in table.items() if key not in COMMON_KEYS}
        adapter = registry.find(table["kind"])
        secrets: Mapping[str, str] = cls.rig.secrets()
        context = Context(
            source="it",
            folder=folder,
            timezone="Europe/Paris",
            secret=lambda wanted: secrets[wanted.env],
        )
        return adapter(msgspec.convert(options, adapter.config_type), context)

    @classmethod
    def at(cls, base: str) -> str:
        """The system's address by way of `base`, with the path that it has."""
        address: str = cls.rig.address
        return base + urlsplit(address).path.rstrip("/")

    @asynccontextmanager
    async def reading(
        self, folder: Path, table: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Adapter[Any]]:
        """An adapter, closed afterwards."""
        adapter = self.adapter(folder, self.rig.settings() if table is None else table)
        try:
            yield adapter
        finally:
            await adapter.close()

    @contextmanager
    def counted(self) -> Iterator[CountingProxy | None]:
        """A proxy that counts what the line carries; None where there is no line."""
        if self.rig.address is None:
            yield None
            return
        with CountingProxy(self.rig.address) as line:
            yield line

    def misbehaving(self, **options: Any) -> MisbehavingServer:
        """A proxy in front of the real system that can be made to behave badly."""
        ca_file = _option(self.rig, "ca_file", None)
        return MisbehavingServer(forward_to(self.rig.address, ca_file), **options)

    def impatient(self) -> dict[str, Any]:
        """Settings that give up after a few seconds."""
        default = {"request_timeout": "8s", "connect_timeout": "3s"}
        found: dict[str, Any] = _option(self.rig, "impatient", default)
        return found if self.rig.address is not None else _option(self.rig, "impatient", {})

    # -- what it costs ---------------------------------------------------------

    async def test_first_full_reading(self, tmp_path: Path) -> None:
        """What is read is what the system's own database says, no row less or more."""
        with self.counted() as line:
            table = self.rig.settings(line.url) if line else self.rig.settings()
            async with self.reading(tmp_path, table) as adapter:
                began = time.monotonic()
                found = await _read_all(adapter)
                took = time.monotonic() - began
            rows = 0
            for stream, outcome in found.items():
                assert outcome.full
                assert outcome.rejected == []
                keys = set(outcome.rows)
                expected = await asyncio.to_thread(self.rig.expected, stream)
                assert keys == expected, _difference(keys, expected)
                rows += len(keys)
            self.tell("rows", rows)
            self.tell("full s", round(took, 2))
            if line:
                self.tell("full", line.received)

    @pytest.mark.timeout(900)
    async def test_nothing_has_changed(self, tmp_path: Path) -> None:
        """At most 5 % of the first full reading, or the system's documented floor."""
        if self.rig.address is None:
            self.not_applicable("files, a database or a program: no line whose bytes count")
        floor = _option(self.rig, "unchanged_floor", 0)
        with self.counted() as line:
            assert line is not None
            async with self.reading(tmp_path, self.rig.settings(line.url)) as adapter:
                known = _rows(outcomes := await _read_all(adapter))
                full = line.received
                allowed = max(full * UNCHANGED_AT_MOST, floor)
                deadline = time.monotonic() + _option(self.rig, "quiet_after", 10.0)
                while True:
                    before = line.received
                    outcomes = await _read_all(adapter, outcomes)
                    cost = line.received - before
                    known = _applied(known, outcomes)
                    if cost <= allowed or time.monotonic() > deadline:
                        break
                    # What was changed lately is read again until it has left the overlap.
                    await asyncio.sleep(5)
        self.tell("full", full)
        self.tell("quiet", cost)
        if floor and cost > full * UNCHANGED_AT_MOST:
            self.tell("floor", self.rig.floor_reason)
        for stream, rows in known.items():
            assert set(rows) == await asyncio.to_thread(self.rig.expected, stream)
        assert cost <= allowed, f"{cost} bytes without news, {full} in full"

    async def test_a_change_is_seen(self, tmp_path: Path) -> None:
        """By a reading that goes on from the cursor; what it costs is noted."""
        with self.counted() as line:
            table = self.rig.settings(line.url) if line else self.rig.settings()
            async with self.reading(tmp_path, table) as adapter:
                known = _rows(outcomes := await _read_all(adapter))
                stream, key = await asyncio.to_thread(self.rig.change_one)
                before = known[stream].get(key)
                deadline = time.monotonic() + ARRIVES_WITHIN
                while True:
                    received = line.received if line else 0
                    outcomes = await _read_all(adapter, outcomes)
                    cost = line.received - received if line else 0
                    known = _applied(known, outcomes)
                    if known[stream].get(key) not in (None, before):
                        break
                    assert time.monotonic() < deadline, f"the change of {key} is not seen"
                    await asyncio.sleep(0.5)
            if line:
                self.tell("change", cost)
            expected = await asyncio.to_thread(self.rig.expected, stream)
            assert set(known[stream]) == expected, _difference(set(known[stream]), expected)

    async def test_a_deletion_is_seen(self, tmp_path: Path) -> None:
        """At the latest by the next full reading."""
        async with self.reading(tmp_path) as adapter:
            known = _rows(outcomes := await _read_all(adapter))
            stream, key = await asyncio.to_thread(self.rig.delete_one)
            assert key in known[stream], f"{key} was not there before it was deleted"
            await asyncio.sleep(1)
            known = _applied(known, await _read_all(adapter, outcomes))
            if key in known[stream]:
                known = _applied(known, await _read_all(adapter))
        expected = await asyncio.to_thread(self.rig.expected, stream)
        assert key not in known[stream]
        assert set(known[stream]) == expected, _difference(set(known[stream]), expected)

    # -- who may ---------------------------------------------------------------

    async def test_rights_missing(self, tmp_path: Path) -> None:
        """An account that may see nothing is told as such, and empties nothing."""
        table = self.rig.settings_without_rights()
        if table is None:
            self.not_applicable("the system has no account that could lack a right")
        state = _option(self.rig, "without_rights_is", SourceState.AUTH_FAILED)
        await self._keeps_rows(tmp_path, table, state)

    async def test_bad_credentials(self, tmp_path: Path) -> None:
        """A secret that is wrong parks the source, and is shown nowhere."""
        table = self.rig.settings_bad_secret()
        if table is None:
            self.not_applicable("the system asks for no secret")
        state = _option(self.rig, "bad_secret_is", SourceState.AUTH_FAILED)
        await self._keeps_rows(tmp_path, table, state)

    async def _keeps_rows(self, folder: Path, table: Mapping[str, Any], state: SourceState) -> None:
        secrets = self.rig.secrets()
        async with LiveProgram(folder, self.rig.settings(), secrets) as program:
            await program.until_state(SourceState.OK)
            before = program.keys()
        async with LiveProgram(folder, table, secrets) as program:
            status = await program.until(lambda status: status.state is not SourceState.OK)
            assert status.state is state, status
            assert program.keys() == before
            assert status.error
            shown = status.error + status.hint
        assert not any(secret in shown for secret in secrets.values() if secret)

    # -- the line, and the other side ------------------------------------------

    async def test_self_signed_certificate(self, tmp_path: Path) -> None:
        """It is not trusted until it is pinned."""
        if self.rig.address is None:
            self.not_applicable("files, a database or a program: no TLS of ours")
        certificate = CERTS / "selfsigned.pem"
        secrets = self.rig.secrets()
        with self.misbehaving(certificate=certificate) as server:
            plain: dict[str, Any] = {"ca_file": "", "server_name": ""}
            table = self.rig.settings(self.at(server.url), **plain)
            async with LiveProgram(tmp_path / "refused", table, secrets) as program:
                status = await program.until(lambda status: status.failures > 0)
                assert status.state is SourceState.UNAVAILABLE
                assert "ca_file" in status.hint
            assert not server.requests, "something was said over a line that is not trusted"
            pem = ssl.get_server_certificate(("127.0.0.1", server.port))
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
            table = self.rig.settings(self.at(server.url), **plain, fingerprint=digest)
            async with LiveProgram(tmp_path / "pinned", table, secrets) as program:
                await program.until_state(SourceState.OK)

    async def test_down_and_back(self, tmp_path: Path) -> None:
        """The daemon itself ends and is started again; the source comes back by itself."""
        if self.rig.daemon is None:
            self.not_applicable("no daemon of its own")
        table = self.rig.settings(**self.impatient())
        async with self._a_bad_time(
            tmp_path, table, self.rig.daemon.start, SourceState.UNAVAILABLE
        ):
            await asyncio.to_thread(self.rig.daemon.stop)

    async def test_frozen(self, tmp_path: Path) -> None:
        """The daemon accepts connections and never answers."""
        if self.rig.daemon is None:
            self.not_applicable("no daemon of its own")
        table = self.rig.settings(**self.impatient())
        async with self._a_bad_time(tmp_path, table, self.rig.daemon.thaw, SourceState.UNAVAILABLE):
            self.rig.daemon.freeze()

    async def test_dripping(self, tmp_path: Path) -> None:
        """A byte each second: the time limit is over the whole answer."""
        await self._through(Mode.DRIP, tmp_path, SourceState.UNAVAILABLE)

    async def test_truncated(self, tmp_path: Path) -> None:
        """Half of an answer, whether the end was announced or not, is no answer."""
        await self._through(Mode.CUT, tmp_path / "cut", *NOT_NOW)
        await self._through(Mode.TRUNCATED, tmp_path / "truncated", *NOT_NOW)

    async def test_html_instead_of_json(self, tmp_path: Path) -> None:
        """A maintenance page with status 200."""
        await self._through(Mode.HTML, tmp_path, *NOT_NOW)

    async def _through(self, mode: Mode, folder: Path, *states: SourceState) -> None:
        if self.rig.address is None:
            self.not_applicable("files, a database or a program: no answers by HTTP")

        def well() -> None:
            server.mode = Mode.OK

        with self.misbehaving() as server:
            url = self.at(server.url)
            plain = {"ca_file": "", "server_name": ""} if _option(self.rig, "ca_file", "") else {}
            table = self.rig.settings(url, **plain, **self.impatient())
            async with self._a_bad_time(folder, table, well, *states):
                server.mode = mode

    @asynccontextmanager
    async def _a_bad_time(
        self,
        folder: Path,
        table: Mapping[str, Any],
        mend: Callable[[], None],
        *states: SourceState,
    ) -> AsyncIterator[None]:
        """Within, something is done to the source that it must survive, and then be well again."""
        async with LiveProgram(folder, table, self.rig.secrets()) as program:
            await program.until_state(SourceState.OK)
            before = program.keys()
            try:
                yield
                status = await program.until(lambda status: status.state is not SourceState.OK)
                assert status.state in states, status
                assert status.error
                assert program.keys() == before, "rows were lost"
                await program.until(lambda status: status.is_stale(datetime.now(UTC)))
            finally:
                await asyncio.to_thread(mend)
            mended = datetime.now(UTC)
            # By itself: nobody has asked for it.
            await program.until(
                lambda status: status.last_good is not None and status.last_good > mended
            )
            assert program.status.state is SourceState.OK
            assert program.keys() == before


async def _read_all(
    adapter: Adapter[Any], after: Mapping[Stream, Outcome] | None = None
) -> dict[Stream, Outcome]:
    """Read every stream, or what came after those readings."""
    cursors = {stream: outcome.cursor for stream, outcome in (after or {}).items()}
    return {
        stream: await read(adapter, stream, cursors.get(stream))
        for stream in sorted(adapter.offered())
    }


def _rows(outcomes: Mapping[Stream, Outcome]) -> Known:
    return {stream: outcome.rows for stream, outcome in outcomes.items()}


def _applied(known: Known, outcomes: Mapping[Stream, Outcome]) -> Known:
    """What is known after these readings, as the program's cache works it out."""
    result: Known = {}
    for stream, outcome in outcomes.items():
        kept = {} if outcome.full else dict(known[stream])
        for key in outcome.deletes:
            with suppress(KeyError):
                del kept[key]
        result[stream] = kept | outcome.rows
    return result


def _difference(found: set[str], expected: set[str]) -> str:
    return f"missing {sorted(expected - found)[:10]}, too many {sorted(found - expected)[:10]}"
