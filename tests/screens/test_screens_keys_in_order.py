"""Keys are obeyed one after the other, and none waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual import events
from textual.app import App
from textual.screen import Screen

from smic_tui.screens import keys_in_order
from smic_tui.screens.keys_in_order import KeysInOrder


class Noting(Screen[None]):
    """Notes the keys that reach it; `x` takes as long as `done` lets it."""

    def __init__(self, letter: str, noted: list[str], done: asyncio.Event) -> None:
        super().__init__()
        self.letter, self.noted, self.done = letter, noted, done

    async def on_mount(self) -> None:
        """A screen that is not there at once."""
        await asyncio.sleep(0.05)

    async def on_key(self, event: events.Key) -> None:
        """Note it; `n` opens the next screen."""
        self.noted.append(self.letter + event.key)
        if event.key == "x":
            await self.done.wait()
        elif event.key == "n":
            self.app.push_screen(Noting(chr(ord(self.letter) + 1), self.noted, self.done))


class Ordered(App[None]):
    """A program whose keys go in order."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []
        self.done = asyncio.Event()
        self.forwarded: list[tuple[str, float]] = []
        self._in_order = KeysInOrder(self, self._forward, lambda _key: True)

    async def _forward(self, key: events.Key) -> None:
        self.forwarded.append((key.key, asyncio.get_running_loop().time()))
        await super().on_event(key)

    def get_default_screen(self) -> Screen[None]:
        """The first."""
        return Noting("a", self.noted, self.done)

    async def on_event(self, event: events.Event) -> None:
        """As the dashboard does it."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._in_order.take(event)
        else:
            await super().on_event(event)

    def type(self, keys: str) -> None:
        """Keys that arrive together."""
        for key in keys:
            self.post_message(events.Key(key, key))


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 - others post, and tell nobody
            await asyncio.sleep(0.005)


async def test_a_key_goes_to_the_screen_that_the_one_before_it_opened() -> None:
    app = Ordered()
    async with app.run_test():
        app.type("1n2nn3")
        await until(lambda: len(app.noted) == 6)
        assert app.noted == ["a1", "an", "b2", "bn", "cn", "d3"]


async def test_what_hangs_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_in_order, "_PATIENCE_SECONDS", 0.3)
    app = Ordered()
    async with app.run_test():
        app.type("x2")
        await until(lambda: len(app.forwarded) == 2)
        (first, began), (second, went_on) = app.forwarded
        assert (first, second, app.noted) == ("x", "2", ["ax"])
        assert went_on - began >= 0.3
        app.done.set()
        await until(lambda: app.noted == ["ax", "a2"])


async def test_one_that_took_long_does_not_end_the_patience_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys_in_order, "_PATIENCE_SECONDS", 0.6)
    app = Ordered()
    async with app.run_test():
        app.type("1")
        await until(lambda: app.noted == ["a1"])
        await asyncio.sleep(0.4)
        app.type("x2")
        await until(lambda: len(app.forwarded) == 3)
        assert app.forwarded[2][1] - app.forwarded[1][1] >= 0.6
        app.done.set()
        await until(lambda: app.noted == ["a1", "ax", "a2"])


async def test_a_held_key_leaves_no_timers() -> None:
    app = Ordered()
    async with app.run_test():
        app.type("1")
        await until(lambda: len(app.noted) == 1)
        before = len(asyncio.all_tasks())
        for count in range(2, 62):
            app.type("1")
            await until(lambda count=count: len(app.noted) == count)  # type: ignore[misc]
        assert len(asyncio.all_tasks()) <= before + 1
