"""The tests for an adapter through which records can be changed.

    from smic_tui.testing import ActingConformance

    class TestMine(ActingConformance):
        make = staticmethod(my_adapter_with_an_account_that_may)
        make_unreachable = staticmethod(my_adapter_on_a_source_that_is_gone)
        wishes = (a_comment, an_assignment)
        nowhere = a_comment_on_a_record_that_is_not_there

Use it beside `AdapterConformance`, not instead of it. The tests carry out each wish as the outbox
does, on a source that they may change. They bring their own event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from msgspec.structs import replace

from smic_tui.contract.actions import Action, ActsOnRecords, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.errors import SourceError, Unavailable
from smic_tui.records import RECORD_TYPES, Stream
from smic_tui.testing.inspection import problems_of
from smic_tui.testing.reading import read

T = TypeVar("T")

# Actions that can be repeated, and are then another comment, downtime or silence.
_AGAIN = (Verb.COMMENT, Verb.DOWNTIME, Verb.SILENCE)
# Seconds between two inspections while the source does not show an effect yet.
_PAUSE = 0.05


class ActingConformance:
    """Subclass it, and pytest runs all of it against your adapter.

    No wish may be fulfilled before the tests. Wishes have only texts and values that the system
    takes: no text where it keeps none, logins where it knows no names. `secrets` are the values
    that `Context.secret` returns in these tests: no error may show one.

    `shows_within` is how many seconds after its answer the source shows an effect; 0 is at once,
    and `RecordSnapshot.at_once` must say the same. `by_id` are the verbs whose effect carries the
    id of its action at the source: they are recognised without a baseline.
    """

    wishes: ClassVar[tuple[Action, ...]] = ()
    shows_within: ClassVar[float] = 0.0
    by_id: ClassVar[frozenset[Verb]] = frozenset()
    nowhere: ClassVar[Action]
    secrets: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        """Return a new adapter whose account may fulfil all wishes."""
        raise NotImplementedError("ActingConformance needs `make`")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Adapter[Any]:
        """Return a new adapter on a source that does not answer or is not there."""
        raise NotImplementedError("ActingConformance needs `make_unreachable`")

    def test_nothing_is_offered_before_it_is_proven(self, tmp_path: Path) -> None:
        """A key that only leads to a refusal is worse than none."""
        adapter = self._acting(self.make(tmp_path))
        assert adapter.capabilities() == {}, "it promises something before fetch or probe"

    def test_what_the_account_may_is_proven_by_probe_and_by_fetch(self, tmp_path: Path) -> None:
        """Screens offer what `fetch` found; a source that is never read has only `probe`."""
        probed, fetched = self.make(tmp_path), self.make(tmp_path)
        self._run(probed, probed.probe())
        self._run(fetched, self._read_all(fetched))
        for adapter, how in ((probed, "probe"), (fetched, "fetch")):
            capabilities = self._acting(adapter).capabilities()
            self._check_capabilities(adapter, capabilities)
            for wish in self.wishes:
                may = capabilities.get(wish.stream, frozenset())
                assert wish.verb in may, f"after {how}, capabilities() lacks {wish.verb}"

    def test_a_wish_comes_true_once_and_is_recognised(self, tmp_path: Path) -> None:
        """Inspect, apply, inspect again: with the baseline the effect is there, and stays."""
        assert self.wishes, "ActingConformance needs `wishes`"
        adapter = self.make(tmp_path)

        async def live() -> None:
            acting = self._acting(adapter)
            for wish in self.wishes:
                assert not wish.baseline, "the kit gives the baseline"
                before = await acting.inspect(wish)
                self._check_record(wish, before)
                assert not before.done, f"{wish.verb}: done before anything was sent"
                begun = replace(wish, baseline=before.baseline)
                await acting.apply(begun, before)
                for _time in range(2):
                    after = await self._shown(acting, begun)
                    self._check_record(begun, after)
                    assert after.done, f"{wish.verb}: not done afterwards"
                if wish.verb in _AGAIN:
                    await self._check_again(acting, wish, before)

        self._run(adapter, live())

    def test_whether_effects_show_at_once_is_told(self, tmp_path: Path) -> None:
        """Else the outbox waits for a write that was ignored, or takes a slow one for ignored."""
        adapter = self.make(tmp_path)

        async def look_at_all() -> None:
            for wish in self.wishes:
                found = await self._acting(adapter).inspect(wish)
                told = "at once" if found.at_once else "later"
                assert found.at_once is not bool(self.shows_within), f"{wish.verb}: shows {told}"

        self._run(adapter, look_at_all())

    def test_another_process_recognises_it_too(self, tmp_path: Path) -> None:
        """The process that sent may have been killed: the adapter may keep nothing in memory."""
        wish = next((wish for wish in self.wishes if wish.verb in _AGAIN), None)
        if wish is None:
            pytest.skip("no wish that can be done again")
        first, second = self.make(tmp_path), self.make(tmp_path)

        async def send() -> Action:
            acting = self._acting(first)
            before = await acting.inspect(wish)
            begun = replace(wish, baseline=before.baseline)
            await acting.apply(begun, before)
            return begun

        begun = self._run(first, send())
        after = self._run(second, self._shown(self._acting(second), begun))
        assert after.done, f"{wish.verb}: another adapter does not see that it is done"

    def test_what_is_not_there_is_none_or_refused(self, tmp_path: Path) -> None:
        """It is no error that the outbox would try again for ever."""
        adapter = self.make(tmp_path)
        try:
            found = self._run(adapter, self._acting(adapter).inspect(self.nowhere))
        except Refused:
            return
        assert found.record is None, f"a record that is not there: {found.record}"
        assert not found.done, "done on a record that is not there"

    def test_no_answer_is_unavailable(self, tmp_path: Path) -> None:
        """The outbox then waits for the source, and not for a person."""
        adapter = self.make_unreachable(tmp_path)
        with pytest.raises(SourceError) as raised:
            self._run(adapter, self._acting(adapter).inspect(self.nowhere))
        assert isinstance(raised.value, Unavailable), f"{raised.value!r} instead of Unavailable"
        said = f"{raised.value.message} {raised.value.hint}"
        assert not any(secret in said for secret in self.secrets), "an error shows a secret"

    async def _shown(self, acting: ActsOnRecords, begun: Action) -> RecordSnapshot:
        """Return the record once the source has had its time to show the effect."""
        deadline = time.monotonic() + self.shows_within
        while True:
            found = await acting.inspect(begun)
            if found.done or found.at_once or time.monotonic() >= deadline:
                return found
            await asyncio.sleep(_PAUSE)

    async def _check_again(
        self, acting: ActsOnRecords, wish: Action, before: RecordSnapshot
    ) -> None:
        """Check that the same once more counts as another action."""
        again = await acting.inspect(replace(wish, id=f"{wish.id}-again"))
        assert not again.done, f"{wish.verb}: one of before is taken for this one"
        if wish.verb in self.by_id:
            same = await acting.inspect(wish)
            assert same.done, f"{wish.verb}: not recognised by its id alone"
        else:
            assert again.baseline != before.baseline, f"{wish.verb}: no other baseline"

    @staticmethod
    def _acting(adapter: Adapter[Any]) -> ActsOnRecords:
        assert isinstance(adapter, ActsOnRecords), "it lacks capabilities, inspect or apply"
        return adapter

    @staticmethod
    def _check_capabilities(
        adapter: Adapter[Any], capabilities: Mapping[Stream, frozenset[Verb]]
    ) -> None:
        for stream, verbs in capabilities.items():
            assert stream in adapter.offered(), f"{stream} is not offered, and can be changed"
            assert isinstance(verbs, frozenset), f"capabilities() gives a {type(verbs).__name__}"
            assert all(isinstance(verb, Verb) for verb in verbs), f"not only verbs: {verbs}"

    @staticmethod
    def _check_record(wish: Action, found: RecordSnapshot) -> None:
        record = found.record
        assert record is not None, f"{wish.verb}: the record {wish.key} is not there"
        assert type(record) is RECORD_TYPES[wish.stream], f"{wish.verb} inspected {record!r}"
        assert record.key == wish.key, f"inspected {record.key} instead of {wish.key}"
        assert record.source == "", "source is for the intake to set"
        problem = next(problems_of(record, record.key), None)
        assert problem is None, problem
        for name in ("version", "baseline"):
            assert isinstance(getattr(found, name), str), f"{name} is no text"

    @staticmethod
    async def _read_all(adapter: Adapter[Any]) -> None:
        for stream in adapter.offered():
            await read(adapter, stream)

    @staticmethod
    def _run(adapter: Adapter[Any], work: Coroutine[Any, Any, T]) -> T:
        async def closing() -> T:
            try:
                return await work
            finally:
                await adapter.close()

        return asyncio.run(closing())
