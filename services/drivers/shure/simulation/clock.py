"""One timer for many simulated units: what is due in the same two milliseconds runs together.

A thousand units at ten samples a second would be ten thousand timers a second; here the event loop keeps one, set to
the next moment at which anything is due.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass

TICK_S = 0.002
"""Grain of the clock: fine enough to spread 1,000 units over 100 ms, coarse enough to wake 500 times a second."""

_LATE_TICKS = round(1.0 / TICK_S)
"""A timer that is later than a second (a stopped process) starts afresh instead of making up for what it missed."""


@dataclass(slots=True)
class Timer:
    """Work that comes back every ``period`` ticks until it is stopped."""

    work: Callable[[], None]
    period: int
    alive: bool = True

    def stop(self) -> None:
        """Never run again."""
        self.alive = False


class Clock:
    """Runs timers on the event loop; made and closed with the units."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._start = loop.time()
        self._due: dict[int, list[Timer]] = {}
        self._ticks: list[int] = []
        self._handle: asyncio.TimerHandle | None = None
        self._next_tick = 0

    def every(self, period_s: float, work: Callable[[], None], phase: float = 0.0) -> Timer:
        """Call ``work`` every ``period_s`` seconds; ``phase`` (0 to 1) says when within the first period."""
        timer = Timer(work, max(1, round(period_s / TICK_S)))
        self._enter(self._now() + 1 + int(phase * timer.period), timer)
        self._set_timer()
        return timer

    def close(self) -> None:
        """Stop everything."""
        self._due.clear()
        self._ticks.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _now(self) -> int:
        return int((self._loop.time() - self._start) / TICK_S)

    def _enter(self, tick: int, timer: Timer) -> None:
        timers = self._due.get(tick)
        if timers is None:
            self._due[tick] = [timer]
            heapq.heappush(self._ticks, tick)
        else:
            timers.append(timer)

    def _set_timer(self) -> None:
        if not self._ticks or (self._handle is not None and self._next_tick <= self._ticks[0]):
            return
        if self._handle is not None:
            self._handle.cancel()
        self._next_tick = self._ticks[0]
        self._handle = self._loop.call_at(self._start + self._next_tick * TICK_S, self._run)

    def _run(self) -> None:
        self._handle = None
        now = max(self._now(), self._next_tick)
        try:
            while self._ticks and self._ticks[0] <= now:
                tick = heapq.heappop(self._ticks)
                timers = [timer for timer in self._due.pop(tick) if timer.alive]
                for timer in timers:  # entered again before any of them runs: work that fails costs one turn only
                    following = tick + timer.period
                    self._enter(following if now - following < _LATE_TICKS else now + timer.period, timer)
                for timer in timers:
                    timer.work()
        finally:
            self._set_timer()
