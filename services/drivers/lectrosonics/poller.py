"""Asks one unit for everything again and again: it tells nothing by itself.

The status of each channel has meters and what changes fast; it is asked for as often as meters are wanted, and every
`STATUS_S` seconds where they are not. Settings are asked for every `SETTINGS_S` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from services.drivers.port import DriverError

STATUS_LEAST_S, STATUS_S = 0.2, 5.0
"""Shortest and longest time between two questions for the same status: the unit is a small computer."""
SETTINGS_S = 10.0


Ask = Callable[[], Awaitable[None]]


class Poller:
    """Asks until it is ended; nothing here refers to the conversation before it begins or after it ended."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._period_s = STATUS_S
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, status: Ask, settings: Ask) -> None:
        """Begin; harmless when it has begun. Both ask once and may raise `DriverError`."""
        if self._task is None:
            self._task = self._loop.create_task(self._run(status, settings), name="dsqd poller")

    async def end(self) -> None:
        """End, and wait until it has ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def want(self, intervals_s: Iterable[float]) -> None:
        """Ask for status as often as the shortest of these intervals; 0 is none."""
        shortest = min((seconds for seconds in intervals_s if seconds > 0), default=STATUS_S)
        self._period_s = min(STATUS_S, max(STATUS_LEAST_S, shortest))
        self.now()

    def now(self) -> None:
        """Ask for status at once."""
        self._wake.set()

    async def _run(self, status: Ask, settings: Ask) -> None:
        settings_at = self._loop.time() + SETTINGS_S
        due = self._loop.time() + self._period_s
        while True:
            try:
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            due = self._loop.time() + self._period_s
            try:
                await status()
                if self._loop.time() >= settings_at:
                    await settings()
                    settings_at = self._loop.time() + SETTINGS_S
            except DriverError:
                continue  # an end is seen by whoever waits for it, a silence in what was received last
