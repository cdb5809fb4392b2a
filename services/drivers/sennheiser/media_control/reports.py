"""Keeps one unit sending: gives `push.Subscription` the event loop's time and sends what is due."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence

from services.drivers.sennheiser.media_control.codec.push import STOP, Subscription

STOP_TRIES, STOP_S = 3, 0.1
"""How often, and how long each time, a close waits for the unit to confirm that it sends no more."""


class Reports:
    """The unasked reports of one unit. ``send`` takes one datagram and returns whether the system took it."""

    def __init__(self, send: Callable[[bytes], bool], flags: Sequence[int]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._subscription = Subscription(flags)
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._stopped = asyncio.Event()
        self.block = asyncio.Event()
        """Set by each block of cyclic data; who waits for one clears it."""

    def want(self, milliseconds: int) -> None:
        """Ask for cyclic data each so many milliseconds, and for changes in any case."""
        self._subscription.want(milliseconds, self._loop.time())
        self._tick()

    def echoed(self, text: str) -> None:
        """A ``Push`` came back."""
        if self._stopping and f"Push {text.strip()}\r".encode("latin-1") == STOP:
            self._stopped.set()
        self._subscription.echoed(text)
        self._tick()

    def refused(self, text: str) -> None:
        """A ``Push`` was refused."""
        self._subscription.refused(text, self._loop.time())
        self._tick()

    def received(self) -> None:
        """A block of cyclic data came."""
        self.block.set()
        self._subscription.received(self._loop.time())
        self._tick()

    def answered(self) -> bool:
        """Something else than cyclic data came; whether cyclic data will not come, though it was asked for."""
        return self._subscription.answered(self._loop.time())

    def cancel(self) -> None:
        """Send nothing more by itself."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()

    async def stop(self) -> None:
        """Ask the unit to send no more, and wait briefly until it has confirmed that."""
        self.cancel()
        if not self._subscription.active:
            return
        for _ in range(STOP_TRIES):
            if not self._send(STOP):
                return
            try:
                async with asyncio.timeout(STOP_S):
                    await self._stopped.wait()
                return
            except TimeoutError:
                continue

    def _tick(self) -> None:
        """Send what is due, and come back when something is."""
        if self._timer is not None:
            self._timer.cancel()
        if self._stopping:
            return
        if (request := self._subscription.request(self._loop.time())) is not None:
            self._send(request)
        if (due_at := self._subscription.due_at) < math.inf:
            self._timer = self._loop.call_at(due_at, self._tick)
