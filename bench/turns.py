"""How long a turn of the event loop lasts: for so long everything else waits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

HELD_MS = 2.0
"""CONTRIBUTING: nothing holds the event loop for longer."""


class Turns:
    """The longest turn of the event loop, measured by a task that asks for every single one.

    In CPU time of the loop's thread: what other programs take away from it is not its doing.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest_s, last = max(self.longest_s, now - last), now


@contextlib.asynccontextmanager
async def watched(turns: Turns) -> AsyncIterator[None]:
    """Every turn within the block counts, and the one that ends it."""
    task = asyncio.create_task(turns.watch())
    await asyncio.sleep(0)
    try:
        yield
        await asyncio.sleep(0)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
