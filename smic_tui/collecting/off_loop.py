"""Runs file work and computing in threads of its own, off the event loop.

The default executor is left to adapters: a source that blocks its threads must
not keep the cache from being written.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class OffLoop:
    """Runs functions in two threads; a function that has begun is always finished."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="smic-cache")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a thread.

        When the task is cancelled meanwhile, the cancellation waits until the
        function has returned: nobody may believe that a write is over before it is.
        """
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        future = loop.run_in_executor(self._pool, lambda: context.run(function, *args, **kwargs))
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.wait({future})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            if not future.cancelled():
                future.exception()
            raise cancelled
        return future.result()

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False)
