"""Keeps one receiver talking: polls what may have changed unheard, and asks again for meters that fail to come.

Theory: changes are told, but datagrams get lost, and that the words for it are known on UDP 2202 is not proven. So all
is asked once every `POLL_S` seconds without waiting; what is lost is asked for in the next round. A receiver forgets
whom it sends samples to when it restarts: samples that stay away are asked for again, with growing pauses.
Source: docs/protocols/uhfr.md#meters-and-changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from services.drivers.shure.uhfr.codec.lines import meter, metered_s, update
from services.drivers.shure.uhfr.codec.meters import Meters

TICK_S = 1.0
POLL_S = 10.0
"""As often as another program has asked real receivers for years."""
LATE_PERIODS, LATE_S = 3.0, 2.0
"""Samples are late after so many periods, and never before so many seconds."""
PAUSE_FIRST_S, PAUSE_MOST_S = 2.0, 30.0
"""Between two requests for samples that do not come; it doubles."""
STOPS_MOST = 3
"""A receiver that goes on sending after so many requests to stop does it for somebody else."""


def _nothing(_what: object) -> None:
    """The conversation is over."""


@dataclass(slots=True)
class _Metered:
    """What was asked of one channel."""

    wanted_s: float = 0.0
    asked_at: float = 0.0
    pause_s: float = PAUSE_FIRST_S
    stops: int = 0
    meters: Meters = field(default_factory=Meters)


class Keeper:
    """``send`` takes datagrams, ``poll`` gives those of one round, ``lost`` is told of channels without samples."""

    def __init__(
        self,
        send: Callable[[Iterable[bytes]], object],
        poll: Callable[[], Iterable[bytes]],
        lost: Callable[[int], object],
        polled: Callable[[], object],
    ) -> None:
        self._send, self._poll, self._lost, self._polled = send, poll, lost, polled
        self._loop = asyncio.get_running_loop()
        self._channels: dict[int, _Metered] = {}
        self._task: asyncio.Task[None] | None = None
        self.told_of_changes = False
        """Whether the receiver confirmed that it tells of changes."""

    def begin(self, channels: Collection[int]) -> None:
        """Begin to keep; harmless when it has begun."""
        for number in channels:
            self._channels.setdefault(number, _Metered())
        if self._task is None:
            self._task = self._loop.create_task(self._run(), name="uhfr keeper")

    def end(self) -> None:
        """Send nothing more by itself; nothing here refers to the conversation."""
        if self._task is not None:
            self._task.cancel()
        self._send = self._lost = _nothing
        self._poll, self._polled = tuple, tuple

    def want(self, channel: int, seconds: float) -> None:
        """Ask for samples of a channel each so many seconds; 0 stops them."""
        mine = self._channels.setdefault(channel, _Metered())
        was_on = mine.wanted_s > 0
        mine.wanted_s, mine.asked_at, mine.pause_s, mine.stops = seconds, self._loop.time(), PAUSE_FIRST_S, 0
        if seconds > 0 or was_on:
            self._send([meter(channel, seconds)])
        if seconds <= 0:
            self._forget(channel, mine)

    def meters(self, channel: int) -> Meters:
        """The meters of a channel."""
        return self._channels.setdefault(channel, _Metered()).meters

    def stop(self) -> None:
        """Ask for no more samples; nothing confirms it, so each request goes out twice."""
        for number, mine in self._channels.items():
            if mine.wanted_s > 0:
                self._send([meter(number, 0)] * 2)

    async def _run(self) -> None:
        poll_at = self._loop.time() + POLL_S
        while True:
            await asyncio.sleep(TICK_S)
            now = self._loop.time()
            for number, mine in self._channels.items():
                self._check(number, mine, now)
            if now >= poll_at:
                self._polled()
                for request in self._poll():
                    self._send([request])
                    await asyncio.sleep(0.01)
                poll_at = self._loop.time() + POLL_S

    def _check(self, number: int, mine: _Metered, now: float) -> None:
        """Ask again where samples do not come, or come though nobody wants them."""
        newest, patience_s = mine.meters.newest, max(LATE_S, LATE_PERIODS * metered_s(mine.wanted_s))
        if mine.wanted_s <= 0:
            if newest is not None and newest > mine.asked_at + TICK_S and mine.stops < STOPS_MOST:
                mine.stops += 1
                self._send([meter(number, 0)])
            if newest is not None:
                self._forget(number, mine)
            return
        if newest is not None and now - newest <= patience_s:
            mine.pause_s = PAUSE_FIRST_S
            return
        if newest is not None:
            self._forget(number, mine)
        if now - mine.asked_at >= max(mine.pause_s, patience_s):
            mine.asked_at, mine.pause_s = now, min(PAUSE_MOST_S, 2 * mine.pause_s)
            again = [meter(number, mine.wanted_s)]
            self._send([update(number), *again] if self.told_of_changes else again)

    def _forget(self, number: int, mine: _Metered) -> None:
        mine.meters.forget()
        self._lost(number)
