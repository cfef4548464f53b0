"""Keys that come faster than screens open are obeyed one after the other.

Textual hands each key to whatever has the focus when it is read. On a slow line, and
while the program starts, several keys arrive at once: what was meant for the screen
that the first one opens would go to the one before, or to nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump

# How long a screen may take to be ready before keys go to whatever is there, and how
# long the program may take to show anything.
_PATIENCE_SECONDS = 2.0
_BEGIN_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.01
# Leaving must work whatever hangs.
_AT_ONCE = frozenset({"ctrl+c"})

Forward = Callable[[events.Key], Awaitable[None]]


def has_screen(app: App[Any]) -> bool:
    """Whether there is anything that a key could reach: not before the first screen, nor
    at the very end.
    """
    try:
        return app.screen is not None
    except ScreenStackError:
        return False


class KeysInOrder:
    """Lets one key through at a time.

    `forward(key)` hands it to Textual; `is_there_for(key)` says whether the program shows
    yet what the key could be meant for. A key is over when whatever it reached,
    and all that this lies in, have taken every message that came of it.
    """

    def __init__(
        self, app: App[Any], forward: Forward, is_there_for: Callable[[events.Key], bool]
    ) -> None:
        self._app = app
        self._forward = forward
        self._is_there_for = is_there_for
        self._waiting: deque[events.Key] = deque()
        # The key under way; counts, so that what an old one sets off late is known.
        self._number = 0
        self._under_way = False
        self._patience_ends: asyncio.TimerHandle | None = None
        self._waited = 0.0

    async def take(self, key: events.Key) -> None:
        """Hand the key on, now or when those before it are over."""
        if key.key in _AT_ONCE or (not self._under_way and self._is_ready(key)):
            await self._hand_on(key)
            return
        self._waiting.append(key)
        if not self._under_way:
            self._under_way = True
            self._waited = 0.0
            self._next()

    async def _hand_on(self, key: events.Key) -> None:
        self._under_way = has_screen(self._app)
        if not self._under_way:
            return
        self._number += 1
        number = self._number
        target = self._app.focused or self._app.screen
        # Twice: some of what the key sets off begins only when it has come to the top.
        path: list[MessagePump] = [*target.ancestors_with_self] * 2
        await self._forward(key)
        self._wait_no_longer()
        loop = asyncio.get_running_loop()
        self._patience_ends = loop.call_later(_PATIENCE_SECONDS, self._over, number)
        self._follow(number, path)

    def _follow(self, number: int, path: list[MessagePump]) -> None:
        """Go the way of the key's messages, behind them, up to the program."""
        if not path:
            self._over(number)
        elif not path[0].call_later(self._follow, number, path[1:]):
            # It is gone, and its messages with it.
            self._follow(number, path[1:])

    def _over(self, number: int) -> None:
        if number == self._number and self._under_way:
            self._wait_no_longer()
            self._waited = 0.0
            self._next()

    def _wait_no_longer(self) -> None:
        if self._patience_ends is not None:
            self._patience_ends.cancel()
            self._patience_ends = None

    def _next(self) -> None:
        if not self._waiting:
            self._under_way = False
        elif self._is_ready(self._waiting[0]) or self._waited >= self._patience():
            self._app.call_later(self._hand_on, self._waiting.popleft())
        else:
            self._waited += _LOOK_AGAIN_SECONDS
            self._app.set_timer(_LOOK_AGAIN_SECONDS, self._next)

    def _patience(self) -> float:
        return _PATIENCE_SECONDS if self._is_there_for(self._waiting[0]) else _BEGIN_SECONDS

    def _is_ready(self, key: events.Key) -> bool:
        if not has_screen(self._app) or not self._is_there_for(key):
            return False
        screen = self._app.screen
        if not screen.is_mounted:
            return False
        return screen.focused is not None or not screen.focus_chain
