"""The kit finds what is wrong: a sound adapter passes, and each defect fails its test."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from msgspec import Meta, Struct

from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.records import Contact, Health, HealthState, Site, Stream
from smic_tui.testing import adapters as conformance
from smic_tui.testing.adapters import AdapterConformance

SECRET = "correct horse battery staple"
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


class SoundConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(description="What it is called.")] = "one"
    token: Annotated[Secret, Meta(description="How to get in.")] = Secret(env="TOKEN")


class Sound(Adapter[Any]):
    """An adapter without a defect; those with one change a single thing."""

    kind = "sound"
    config_type: ClassVar[type[Struct]] = SoundConfig
    streams = frozenset({Stream.SITES, Stream.HEALTH})
    reachable = True

    def __init__(self, config: Any, context: Context) -> None:
        super().__init__(config, context)
        self.readings = 0

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        self.readings += 1
        await self.reach()
        if cursor == "all":
            yield Batch(cursor="all")
            return
        for number in (1, 2):
            yield Batch(
                upserts=(self.record(stream, number),), full=True, cursor="all" if number else None
            )

    async def reach(self) -> None:
        await asyncio.sleep(0.002)
        if not self.reachable:
            raise Unavailable("nobody answers", hint="Wait.")

    def record(self, stream: Stream, number: int) -> Any:
        if stream is Stream.SITES:
            return Site(key=f"{number}", code=f"{number}", name="La Jarne", contacts=(Contact(),))
        return Health(key=f"{number}", site="1", host="router", state=HealthState.UP, since=NOON)

    async def probe(self) -> Probe:
        await self.reach()
        return Probe(version="1", remote_time=NOON)


def kit_for(adapter: type[Adapter[Any]], config: Struct | None = None) -> AdapterConformance:
    """The kit on an adapter class; unreachable is a subclass with `reachable` off."""

    def context(tmp_path: Path) -> Context:
        return Context(source="x", folder=tmp_path, timezone="UTC", secret=lambda secret: SECRET)

    class Kit(AdapterConformance):
        secrets = (SECRET,)

        @staticmethod
        def make(tmp_path: Path) -> Adapter[Any]:
            return adapter(config or adapter.config_type(), context(tmp_path))

        @staticmethod
        def make_unreachable(tmp_path: Path) -> Adapter[Any]:
            gone: type[Adapter[Any]] = type(adapter.__name__, (adapter,), {"reachable": False})
            return gone(config or adapter.config_type(), context(tmp_path))

    return Kit()


TESTS = [name for name, _test in inspect.getmembers(AdapterConformance) if name.startswith("test_")]


@pytest.fixture(autouse=True)
def entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers `Sound` as an installed package would."""
    monkeypatch.setattr(
        conformance,
        "entry_points",
        lambda group, name: [EntryPoint(name, f"{__name__}:Sound", group)] * (name == "sound"),
    )


@pytest.mark.parametrize("test", TESTS)
def test_a_sound_adapter_passes(test: str, tmp_path: Path) -> None:
    getattr(kit_for(Sound), test)(tmp_path)


DEFECTS: list[tuple[str, str, type[Adapter[Any]]]] = []


def breaks(test: str, message: str) -> Any:
    """Says which of the kit's tests must fail on a class, and with what."""

    def register(adapter: type[Adapter[Any]]) -> type[Adapter[Any]]:
        DEFECTS.append((test, message, adapter))
        return adapter

    return register


@breaks("test_kind_is_a_word", "not a lower-case word")
class KindWithBlanks(Sound):
    kind = "My Kind"


@breaks("test_streams_are_declared", "not a frozenset")
class StreamsAsList(Sound):
    streams: ClassVar[Any] = [Stream.SITES]


@breaks("test_streams_are_declared", "does not declare")
class OffersMoreThanItDeclares(Sound):
    def offered(self) -> frozenset[Stream]:
        return frozenset({Stream.TICKETS})


@breaks("test_streams_are_declared", "offers nothing")
class OffersNothing(Sound):
    def offered(self) -> frozenset[Stream]:
        return frozenset()


@breaks("test_entry_point_leads_to_the_class", "no entry point")
class Unregistered(Sound):
    kind = "unregistered"


@breaks("test_entry_point_leads_to_the_class", "the entry point is .*:Sound")
class RegisteredIsAnother(Sound):
    pass


@breaks("test_every_key_is_documented", r"description=…\): \w+\.name")
class UndocumentedKey(Sound):
    class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        name: str = "one"

    config_type = Config


class Inner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    depth: int = 0


@breaks("test_every_key_is_documented", r"inner\.depth")
class UndocumentedKeyWithin(Sound):
    class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        inner: Annotated[tuple[Inner, ...], Meta(description="Things.")] = ()

    config_type = Config


@breaks("test_unknown_keys_are_refused", "forbid_unknown_fields")
class IgnoresUnknownKeys(Sound):
    class Config(Struct, frozen=True, kw_only=True):
        name: Annotated[str, Meta(description="What it is called.")] = "one"

    config_type = Config


@breaks("test_schema_can_be_made", "JSON schema")
class SettingsWithoutSchema(Sound):
    class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        name: Annotated[Adapter[Any] | None, Meta(description="What it is called.")] = None

    config_type = Config


@breaks("test_config_can_be_written_in_a_file", "PosixPath")
class SettingsThatCannotBeWritten(Sound):
    class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        name: Annotated[Any, Meta(description="What it is called.")] = Path("/srv")

    config_type = Config


class OneRecord(Sound):
    """Base of those that bring a wrong record."""

    def record(self, stream: Stream, number: int) -> Any:
        return self.wrong(super().record(stream, number))

    def wrong(self, record: Any) -> Any:
        raise NotImplementedError


@breaks("test_records_are_what_the_stream_says", "health brought Site")
class RecordOfAnotherStream(OneRecord):
    def wrong(self, record: Any) -> Any:
        return super(OneRecord, self).record(Stream.SITES, 1)


@breaks("test_records_are_what_the_stream_says", "without a zone")
class NaiveTime(OneRecord):
    def wrong(self, record: Any) -> Any:
        if isinstance(record, Health):
            return msgspec.structs.replace(record, since=datetime(2026, 1, 1))
        return record


@breaks("test_records_are_what_the_stream_says", "not UTC")
class LocalTime(OneRecord):
    def wrong(self, record: Any) -> Any:
        if isinstance(record, Health):
            zone = timezone(timedelta(hours=1))
            return msgspec.structs.replace(record, since=NOON.astimezone(zone))
        return record


@breaks("test_records_are_what_the_stream_says", "Expected `str`, got `int`")
class NumberForText(OneRecord):
    def wrong(self, record: Any) -> Any:
        return msgspec.structs.replace(record, url=17)


@breaks("test_records_are_what_the_stream_says", "contacts.0..phone")
class WrongTypeWithin(OneRecord):
    def wrong(self, record: Any) -> Any:
        if isinstance(record, Site):
            return msgspec.structs.replace(record, contacts=(Contact(phone=None),))  # type: ignore[arg-type]
        return record


class Shouted(str):
    __slots__ = ()


@breaks("test_records_are_what_the_stream_says", "Shouted")
class SpecialStrings(OneRecord):
    def wrong(self, record: Any) -> Any:
        return msgspec.structs.replace(record, url=Shouted("http://a"))


@breaks("test_records_are_what_the_stream_says", "intake")
class SetsTheSource(OneRecord):
    def wrong(self, record: Any) -> Any:
        return msgspec.structs.replace(record, source="mine")


@breaks("test_records_are_what_the_stream_says", "no record")
class BringsNothing(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        await self.reach()
        yield Batch(full=True)


@breaks("test_keys_are_unique", "twice: .'same'")
class SameKeyTwice(OneRecord):
    def wrong(self, record: Any) -> Any:
        return msgspec.structs.replace(record, key="same")


@breaks("test_keys_are_unique", "empty key")
class EmptyKey(OneRecord):
    def wrong(self, record: Any) -> Any:
        return msgspec.structs.replace(record, key="")


class OtherBatches(Sound):
    """Base of those whose batches are wrong."""

    batches: tuple[Batch, ...]

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        await self.reach()
        for batch in self.batches:
            yield batch


@breaks("test_batches_fit_together", "no batch")
class NoBatch(OtherBatches):
    batches = ()


@breaks("test_batches_fit_together", "mixes full")
class MixesFull(OtherBatches):
    batches = (Batch(full=True), Batch(full=False))


@breaks("test_batches_fit_together", "brings and deletes")
class BringsAndDeletes(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        yield Batch(upserts=(self.record(stream, 1),), deletes=("1",), full=True)


@breaks("test_rejected_rows_say_where_and_why", "where")
class RejectsWithoutPlace(OtherBatches):
    batches = (Batch(full=True, rejected=(Rejected(where="", reason="bad"),)),)


@breaks("test_rejected_rows_say_where_and_why", "why")
class RejectsWithoutReason(OtherBatches):
    batches = (Batch(full=True, rejected=(Rejected(where="line 1", reason=""),)),)


@breaks("test_first_reading_is_full", "is not full")
class NeverFull(OtherBatches):
    batches = (Batch(),)


@breaks("test_two_readings_are_equal", "second reading")
class KeysFromACounter(Sound):
    def record(self, stream: Stream, number: int) -> Any:
        record = super().record(stream, number)
        return msgspec.structs.replace(record, key=f"{self.readings}/{number}")


@breaks("test_two_readings_are_equal", "new adapter reads something else")
class TimeOfReading(Sound):
    def record(self, stream: Stream, number: int) -> Any:
        record = super().record(stream, number)
        if isinstance(record, Health):
            return msgspec.structs.replace(record, since=datetime.now(UTC))
        return record


@breaks("test_streams_can_be_read_together", "together")
class SharedState(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        self.current = stream
        await self.reach()
        yield Batch(upserts=(self.record(self.current, 1),), full=True)


@breaks("test_cursor_continues", "brings a change")
class CursorLosesRows(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        if cursor == "all":
            yield Batch(full=True, cursor="all")
            return
        async for batch in super().fetch(stream, cursor):
            yield batch


@breaks("test_cursor_continues", "brings a change")
class CursorChangesRows(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        if cursor == "all":
            yield Batch(deletes=("1",), cursor="all")
            return
        async for batch in super().fetch(stream, cursor):
            yield batch


@breaks("test_unknown_cursor_is_survived", "records are missing")
class TrustsEveryCursor(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        async for batch in super().fetch(stream, cursor and "all"):
            yield batch


@breaks("test_unknown_cursor_is_survived", "no such cursor")
class FailsOnUnknownCursor(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        if cursor not in (None, "all"):
            raise KeyError(cursor)
        async for batch in super().fetch(stream, cursor):
            yield batch


@breaks("test_event_loop_is_never_held", "held the event loop")
class HoldsTheLoop(Sound):
    async def reach(self) -> None:
        time.sleep(0.12)  # noqa: ASYNC251


@breaks("test_reading_can_be_abandoned", "not finished")
class FailsWhenAbandoned(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        ended = False
        try:
            yield Batch(full=True)
            ended = True
        finally:
            if not ended:
                raise RuntimeError("not finished yet")


@breaks("test_reading_can_be_cancelled", "turns a cancellation into Unavailable")
class SwallowsCancellation(Sound):
    async def reach(self) -> None:
        try:
            await asyncio.sleep(0.03)
        except asyncio.CancelledError:
            raise Unavailable("interrupted") from None


@breaks("test_nothing_that_is_there_is_missed", "are missed")
class MissesWhatIsThere(Sound):
    async def exits(self, stream: Stream, keys: Collection[str]) -> Collection[str]:
        return [*keys, "one"]


@breaks("test_nothing_is_left_running", "after close")
class LeavesATask(Sound):
    async def reach(self) -> None:
        self.task = asyncio.create_task(asyncio.sleep(0.5))


@breaks("test_close_can_be_called_twice", "already closed")
class ClosesOnce(Sound):
    closed = False

    async def close(self) -> None:
        if self.closed:
            raise RuntimeError("already closed")
        self.closed = True


@breaks("test_probe_answers", "probe gave None")
class ProbeSaysNothing(Sound):
    async def probe(self) -> Any:
        return None


@breaks("test_probe_answers", "without a zone")
class ProbeWithNaiveTime(Sound):
    async def probe(self) -> Any:
        return Probe(remote_time=datetime(2026, 1, 1))


@breaks("test_unreachable_source_fails_in_one_of_three_ways", "nobody listens")
class LibraryErrorEscapes(Sound):
    async def reach(self) -> None:
        if not self.reachable:
            raise ConnectionRefusedError("nobody listens")


@breaks("test_unreachable_source_fails_in_one_of_three_ways", "no message")
class ErrorWithoutMessage(Sound):
    async def reach(self) -> None:
        if not self.reachable:
            raise Unavailable("")


@breaks("test_unreachable_source_fails_in_one_of_three_ways", "could be read although")
class EmptyWhenUnreachable(Sound):
    async def reach(self) -> None:
        pass


@breaks("test_unreachable_source_fails_in_one_of_three_ways", "probe succeeds")
class ProbeAlwaysSucceeds(Sound):
    async def probe(self) -> Probe:
        return Probe()


@breaks("test_secrets_stay_hidden", "secret shows")
class SecretInItsAttributes(Sound):
    def __init__(self, config: Any, context: Context) -> None:
        super().__init__(config, context)
        self.token = context.secret(config.token)


@breaks("test_secrets_stay_hidden", "secret shows")
class SecretInAnError(Sound):
    async def reach(self) -> None:
        if not self.reachable:
            raise Unavailable("refused", hint=f"token {SECRET} is wrong")


@breaks("test_secrets_stay_hidden", "secret shows")
class SecretInTheCauseOfAnError(Sound):
    async def reach(self) -> None:
        if not self.reachable:
            raise Unavailable("refused") from ValueError(SECRET)


@breaks("test_secrets_stay_hidden", "secret shows")
class SecretInTheCursor(Sound):
    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        await self.reach()
        yield Batch(full=True, cursor=SECRET)


@pytest.mark.parametrize(
    ("test", "message", "adapter"), DEFECTS, ids=[each[2].__name__ for each in DEFECTS]
)
def test_each_defect_fails_its_test(
    test: str, message: str, adapter: type[Adapter[Any]], tmp_path: Path
) -> None:
    with pytest.raises((Exception, pytest.fail.Exception), match=message):
        getattr(kit_for(adapter), test)(tmp_path)


def test_every_test_of_the_kit_can_fail() -> None:
    assert {test for test, _message, _adapter in DEFECTS} == set(TESTS)


def test_a_kit_without_a_source_fails(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="make"):
        AdapterConformance().test_kind_is_a_word(tmp_path)
