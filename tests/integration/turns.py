"""How long our own code holds the event loop, whatever else the machine is busy with."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Turns:
    """What was seen so far."""

    longest_s: float = 0.0
    """The longest time between two turns of the watcher, in seconds of this thread's processor time."""


@asynccontextmanager
async def watched_turns() -> AsyncIterator[Turns]:
    """Watch the running loop for as long as the block runs.

    Processor time of this thread, so that other programs are not counted as ours; objects of earlier tests are kept
    from the garbage collector, because one look at all of them takes longer than what is measured.
    """
    turns = Turns()

    async def watch() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            turns.longest_s = max(turns.longest_s, time.thread_time() - began)

    gc.collect()
    gc.freeze()
    watching = asyncio.create_task(watch())
    try:
        yield turns
    finally:
        watching.cancel()
        gc.unfreeze()
