"""Keeping the parts of the bridge running: one that fails starts again, and does not take the others with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import NoReturn

from services.backoff import Backoff

log = logging.getLogger(__name__)

RESTART_FIRST_S, RESTART_MOST_S = 1.0, 60.0
"""Pause before a part that failed starts again: a restart of the publisher sends everything retained, 15,000 topics at
1,000 receivers (docs/performance.md), so one that fails at once must not start every second."""

STEADY_S = 60.0
"""A part that ran for so long counts as mended: its next failure waits as briefly as a first one."""


async def keep_running(name: str, work: Callable[[], Coroutine[None, None, None]]) -> NoReturn:
    """Run a part of the bridge until cancelled, again after each failure."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    backoff = Backoff(RESTART_FIRST_S, RESTART_MOST_S)
    while True:
        started = loop.time()
        try:
            await work()
        except Exception:
            if task is not None and task.cancelling():
                log.exception("a part of the bridge failed while it was ended", extra={"part": name})
                raise asyncio.CancelledError from None
            log.exception("a part of the bridge failed and starts again; please report this", extra={"part": name})
        if loop.time() - started >= STEADY_S:
            backoff.reset()
        await asyncio.sleep(backoff.pause())
