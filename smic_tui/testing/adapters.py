"""The tests that every adapter passes, as a base class for pytest.

    from smic_tui.testing import AdapterConformance

    class TestMine(AdapterConformance):
        make = staticmethod(my_adapter_on_a_good_source)
        make_unreachable = staticmethod(my_adapter_on_a_source_that_is_gone)
        secrets = ("the password used in both",)

Both get the test's `tmp_path`, are called several times with it, and return a new
adapter each time. The source must stay the same during a test, and give at least
one record of each stream that it offers. The tests bring their own event loop,
so no pytest plugin is needed.
"""

from __future__ import annotations

import asyncio
import gc
import re
import time
import typing
from collections import Counter
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest

from smic_tui.contract.adapter import ENTRY_POINT_GROUP, Adapter, Probe
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.view import FindsExits
from smic_tui.records import RECORD_TYPES, Record, Stream, is_open
from smic_tui.testing.inspection import problems_of, structs_of, undocumented_keys
from smic_tui.testing.reading import Reading, batches_of, read

T = TypeVar("T")

_THREE = (AuthFailed, Unavailable, BadAnswer)
_BEAT = 0.001
# How long a cancelled reading may take to clean up, in seconds.
_PROMPTLY = 5.0


class AdapterConformance:
    """Subclass it, give it `make`, and pytest runs all of it against your adapter.

    `secrets` are the values that `Context.secret` gives in these tests: none may
    show anywhere. `longest_block` is how long (seconds) a reading may hold the
    event loop.
    """

    secrets: ClassVar[tuple[str, ...]] = ()
    longest_block: ClassVar[float] = 0.05

    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        """Return a new adapter on a source that answers."""
        raise NotImplementedError("AdapterConformance needs `make`")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Adapter[Any]:
        """Return a new adapter on a source that does not answer or is not there."""
        raise NotImplementedError("AdapterConformance needs `make_unreachable`")

    # -- what it says of itself ------------------------------------------------

    def test_kind_is_a_word(self, tmp_path: Path) -> None:
        """People type it in a configuration."""
        kind = type(self.make(tmp_path)).kind
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", kind), f"kind {kind!r} is not a lower-case word"

    def test_streams_are_declared(self, tmp_path: Path) -> None:
        """It offers at least one stream, and only streams that its kind can give."""
        adapter = self.make(tmp_path)
        streams = type(adapter).streams
        assert isinstance(streams, frozenset), "streams is not a frozenset"
        assert all(isinstance(stream, Stream) for stream in streams), "streams holds no Stream"
        assert adapter.offered(), "this source offers nothing"
        assert adapter.offered() <= streams, "it offers streams that its kind does not declare"

    def test_entry_point_leads_to_the_class(self, tmp_path: Path) -> None:
        """Otherwise nobody can use it in a configuration."""
        cls = type(self.make(tmp_path))
        found = list(entry_points(group=ENTRY_POINT_GROUP, name=cls.kind))
        assert found, f"no entry point {cls.kind!r} in the group {ENTRY_POINT_GROUP}"
        assert len({point.value for point in found}) == 1, f"several packages bring {cls.kind!r}"
        assert found[0].load() is cls, f"the entry point is {found[0].value}, not {cls}"

    def test_every_key_is_documented(self, tmp_path: Path) -> None:
        """Reference, schema and error messages are made from the descriptions."""
        config_type = type(self.make(tmp_path)).config_type
        undocumented = sorted(set(undocumented_keys(config_type)))
        assert not undocumented, f"keys without Meta(description=…): {', '.join(undocumented)}"

    def test_schema_can_be_made(self, tmp_path: Path) -> None:
        """`config schema` shows it."""
        msgspec.json.schema(type(self.make(tmp_path)).config_type)

    def test_unknown_keys_are_refused(self, tmp_path: Path) -> None:
        """A misspelt key must not be ignored."""
        for struct in structs_of(type(self.make(tmp_path)).config_type):
            assert struct.__struct_config__.forbid_unknown_fields, (
                f"{struct.__name__} does not set forbid_unknown_fields"
            )

    def test_config_can_be_written_in_a_file(self, tmp_path: Path) -> None:
        """The settings survive the way through plain tables."""
        adapter = self.make(tmp_path)
        tables = msgspec.to_builtins(adapter.config)
        assert msgspec.convert(tables, type(adapter).config_type) == adapter.config

    # -- what it reads ---------------------------------------------------------

    def test_records_are_what_the_stream_says(self, tmp_path: Path) -> None:
        """Every value has the declared type, strings are plain, times are UTC."""
        adapter = self.make(tmp_path)
        for stream, reading in self._read_all(adapter).items():
            assert reading.rows, f"{stream} brought no record: nothing to test"
            for record in reading.rows.values():
                assert type(record) is RECORD_TYPES[stream], f"{stream} brought {record!r}"
                assert record.source == "", "source is for the intake to set"
                problem = next(problems_of(record, record.key), None)
                assert problem is None, problem

    def test_keys_are_unique(self, tmp_path: Path) -> None:
        """A key that comes twice in a reading hides a record."""
        adapter = self.make(tmp_path)
        for stream, reading in self._read_all(adapter).items():
            keys = [record.key for record in reading.records]
            assert all(keys), f"{stream} brought an empty key"
            twice = [key for key, count in Counter(keys).items() if count > 1]
            assert not twice, f"{stream} brought these keys twice: {sorted(twice)}"

    def test_batches_fit_together(self, tmp_path: Path) -> None:
        """All or none of a reading's batches are full; what is deleted is not also there."""
        adapter = self.make(tmp_path)
        for stream, reading in self._read_all(adapter).items():
            assert reading.batches, f"{stream} brought no batch: an empty one says that all is read"
            assert len({batch.full for batch in reading.batches}) == 1, f"{stream} mixes full"
            both = reading.deletes & {*reading.rows}
            assert not both, f"{stream} brings and deletes {sorted(both)}"

    def test_rejected_rows_say_where_and_why(self, tmp_path: Path) -> None:
        """A person must be able to go there and mend it."""
        adapter = self.make(tmp_path)
        for reading in self._read_all(adapter).values():
            for rejected in reading.rejected:
                assert isinstance(rejected, Rejected), f"{rejected!r} is not a Rejected"
                assert rejected.where, f"{rejected!r} does not say where"
                assert rejected.reason, f"{rejected!r} does not say why"

    def test_first_reading_is_full(self, tmp_path: Path) -> None:
        """A reading without a cursor brings everything; else no deletion would ever be found."""
        adapter = self.make(tmp_path)
        for stream, reading in self._read_all(adapter).items():
            assert reading.full, f"{stream} without a cursor is not full"

    def test_two_readings_are_equal(self, tmp_path: Path) -> None:
        """The same source gives the same records, keys included, from a new adapter too."""

        async def twice(adapter: Adapter[Any]) -> list[dict[Stream, dict[str, Record]]]:
            # In one event loop: connections that an adapter keeps belong to it.
            streams = sorted(adapter.offered())
            return [
                {stream: (await read(adapter, stream, None)).rows for stream in streams}
                for _time in range(2)
            ]

        first = {s: r.rows for s, r in self._read_all(self.make(tmp_path)).items()}
        adapter = self.make(tmp_path)
        second, third = self._run(adapter, twice(adapter))
        assert first == second, "a new adapter reads something else"
        assert second == third, "the second reading of one adapter is another"

    def test_streams_can_be_read_together(self, tmp_path: Path) -> None:
        """Reading one stream does not disturb another."""

        async def together(adapter: Adapter[Any]) -> list[Reading]:
            streams = sorted(adapter.offered())
            return await asyncio.gather(*(read(adapter, stream, None) for stream in streams))

        alone = self._read_all(self.make(tmp_path))
        adapter = self.make(tmp_path)
        found = self._run(adapter, together(adapter))
        for reading in found:
            assert reading.rows == alone[reading.stream].rows, (
                f"{reading.stream} brings something else when streams are read together"
            )

    def test_cursor_continues(self, tmp_path: Path) -> None:
        """With the last cursor, an unchanged source changes nothing; also in a new adapter."""
        before = self._read_all(self.make(tmp_path))
        adapter = self.make(tmp_path)
        for stream, reading in self._read_all(
            adapter, {stream: reading.cursor for stream, reading in before.items()}
        ).items():
            first = before[stream].rows
            assert reading.applied_to(first) == first, f"{stream}: the cursor brings a change"

    def test_unknown_cursor_is_survived(self, tmp_path: Path) -> None:
        """A cursor of another version, or from a damaged cache, leads to a full reading."""
        whole = self._read_all(self.make(tmp_path))
        for cursor in ("no such cursor", "", "{}", '{"version":"?"}', "9" * 40):
            adapter = self.make(tmp_path)
            for stream, reading in self._read_all(adapter, dict.fromkeys(whole, cursor)).items():
                assert reading.applied_to({}) == whole[stream].rows, (
                    f"{stream}: after the cursor {cursor!r} records are missing"
                )

    def test_nothing_that_is_there_is_missed(self, tmp_path: Path) -> None:
        """Of what was just read, nothing has left (`contract.view.FindsExits`)."""
        adapter = self.make(tmp_path)
        if not isinstance(adapter, FindsExits):
            return
        finder = adapter

        async def missed() -> dict[Stream, set[str]]:
            found = {}
            for stream in sorted(adapter.offered()):
                reading = await read(adapter, stream, None)
                opens = {key for key, row in reading.rows.items() if is_open(row)}
                found[stream] = set(await finder.exits(stream, opens))
            return found

        for stream, keys in self._run(adapter, missed()).items():
            assert not keys, f"{stream}: {sorted(keys)} were brought and are missed"

    # -- how it behaves --------------------------------------------------------

    def test_event_loop_is_never_held(self, tmp_path: Path) -> None:
        """The screen must answer while a source is read."""

        async def watched(adapter: Adapter[Any]) -> float:
            gaps: list[float] = []
            heart = asyncio.create_task(_beat(gaps))
            await asyncio.sleep(0.02)
            for stream in sorted(adapter.offered()):
                await read(adapter, stream, None)
            await asyncio.sleep(0.02)
            heart.cancel()
            return max(gaps)

        # Another program may hold the processor in one attempt, and hardly in all of them.
        held = []
        gc.collect()
        gc.freeze()  # a reading must not pay for the garbage of the tests
        try:
            for _attempt in range(5):
                adapter = self.make(tmp_path)
                held.append(self._run(adapter, watched(adapter)))
                if held[-1] <= self.longest_block:
                    return
        finally:
            gc.unfreeze()
        pytest.fail(f"a reading held the event loop for {min(held) * 1000:.0f} ms")

    def test_reading_can_be_abandoned(self, tmp_path: Path) -> None:
        """A reading that is left after its first batch gives back what it holds."""

        async def abandoned(adapter: Adapter[Any]) -> None:
            for stream in sorted(adapter.offered()):
                async with aclosing(batches_of(adapter, stream, None)) as batches:
                    async for _batch in batches:
                        break

        adapter = self.make(tmp_path)
        self._run(adapter, abandoned(adapter))

    def test_reading_can_be_cancelled(self, tmp_path: Path) -> None:
        """A cancelled reading ends at once and says so, at whatever point it is cancelled."""

        async def cancelled(adapter: Adapter[Any], after: float) -> None:
            for stream in sorted(adapter.offered()):
                reading = asyncio.create_task(read(adapter, stream, None))
                await asyncio.sleep(after)
                began = time.monotonic()
                was_running = reading.cancel()
                done, _pending = await asyncio.wait([reading], timeout=_PROMPTLY)
                assert done, f"{stream} goes on after it was cancelled"
                assert time.monotonic() - began < _PROMPTLY, f"{stream} ends late"
                assert reading.cancelled() or not was_running or not reading.exception(), (
                    f"{stream} turns a cancellation into {reading.exception()!r}"
                )

        for after in (0.0, 0.001, 0.01, 0.05):
            adapter = self.make(tmp_path)
            self._run(adapter, cancelled(adapter, after))

    def test_nothing_is_left_running(self, tmp_path: Path) -> None:
        """After `close`, no task goes on."""

        async def left(adapter: Adapter[Any]) -> set[asyncio.Task[Any]]:
            for stream in sorted(adapter.offered()):
                await read(adapter, stream, None)
            await adapter.close()
            await asyncio.sleep(0)
            return asyncio.all_tasks() - {typing.cast("Any", asyncio.current_task())}

        tasks = asyncio.run(left(self.make(tmp_path)))
        assert not tasks, f"these tasks go on after close: {tasks}"

    def test_close_can_be_called_twice(self, tmp_path: Path) -> None:
        """The second call does nothing, also before anything was read."""

        async def closed() -> None:
            fresh = self.make(tmp_path)
            await fresh.close()
            await fresh.close()
            used = self.make(tmp_path)
            for stream in sorted(used.offered()):
                await read(used, stream, None)
            await used.close()
            await used.close()

        asyncio.run(closed())

    def test_probe_answers(self, tmp_path: Path) -> None:
        """`doctor` asks it."""
        adapter = self.make(tmp_path)
        probe = self._run(adapter, adapter.probe())
        assert isinstance(probe, Probe), f"probe gave {probe!r}"
        problem = next(problems_of(probe, "probe"), None)
        assert problem is None, problem

    def test_unreachable_source_fails_in_one_of_three_ways(self, tmp_path: Path) -> None:
        """It tells what happened. Streams that need no source may go on working."""
        failed = 0
        for stream in sorted(self.make_unreachable(tmp_path).offered()):
            error = self._error_of(self.make_unreachable(tmp_path), stream)
            failed += error is not None
        assert failed, "every stream could be read although the source is unreachable"
        assert self._error_of(self.make_unreachable(tmp_path), None) is not None, (
            "probe succeeds although the source is unreachable"
        )

    def test_secrets_stay_hidden(self, tmp_path: Path) -> None:
        """No text of the adapter, no record, no cursor and no error shows one."""
        adapter = self.make(tmp_path)
        shown = [repr(adapter), str(adapter), repr(adapter.config), str(vars(adapter))]
        for reading in self._read_all(adapter).values():
            shown += [repr(reading.batches), reading.cursor or ""]
        probed = self.make(tmp_path)
        shown.append(repr(self._run(probed, probed.probe())))
        for stream in [*sorted(adapter.offered()), None]:
            error = self._error_of(self.make_unreachable(tmp_path), stream)
            while error is not None:
                shown += [repr(error), str(error), getattr(error, "hint", "")]
                shown.append(repr(getattr(error, "excerpt", b"")))
                error = error.__cause__ or error.__context__
        for secret in self.secrets:
            assert not any(secret in text for text in shown), "a secret shows"

    # -- helpers ---------------------------------------------------------------

    def _run(self, adapter: Adapter[Any], work: Coroutine[Any, Any, T]) -> T:
        async def and_close() -> T:
            try:
                return await work
            finally:
                await adapter.close()

        return asyncio.run(and_close())

    def _read_all(
        self,
        adapter: Adapter[Any],
        cursors: Mapping[Stream, str | None] | None = None,
    ) -> dict[Stream, Reading]:
        async def all_streams() -> dict[Stream, Reading]:
            try:
                return {
                    stream: await read(adapter, stream, (cursors or {}).get(stream))
                    for stream in sorted(adapter.offered())
                }
            finally:
                await adapter.close()

        return asyncio.run(all_streams())

    def _error_of(self, adapter: Adapter[Any], stream: Stream | None) -> BaseException | None:
        """Return how a reading, or for no stream the probe, fails; None if it does not."""

        async def attempt() -> BaseException | None:
            try:
                if stream is None:
                    await adapter.probe()
                else:
                    await read(adapter, stream, None)
            except SourceError as error:
                return error
            return None

        error = self._run(adapter, attempt())
        if error is not None:
            assert isinstance(error, _THREE), f"{error!r} is not one of the three errors"
            assert str(error).strip(), f"{type(error).__name__} has no message"
        return error


async def _beat(gaps: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(_BEAT)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
