"""Questions of one receiver that are open: sent one a datagram, repeated until each has its answer.

An answer carries the word that was asked for, so order does not matter and one that comes twice settles nothing twice.
Nothing refuses: who does not know a word is silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from services.pace import Pace

Address = tuple[int, str]
"""Channel, 0 for the receiver itself, and word."""

PER_SECOND, BURST = 100, 4
"""Datagrams to one receiver: it is an old and small computer, and no source has how many it can hold."""

REPEAT_S, REPEAT_GROWTH = 0.2, 1.5
"""From one sending to the next, and how that grows: 4 sendings in one second, 6 in 3 s."""


def _nobody(_datagram: bytes) -> None:
    """Nobody sends for a conversation that has ended."""


class Questions:
    """What a receiver was asked and has not answered. ``send`` takes the bytes of one datagram."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._pace = Pace(PER_SECOND, BURST)
        self._rounds: list[_Round] = []
        self._ended = False

    def settle(self, address: Address) -> None:
        """An answer came."""
        for each in self._rounds:
            if each.open.pop(address, None) is not None:
                each.changed.set()

    def wake(self) -> None:
        """The conversation is over: let every caller go."""
        self._ended = True
        for each in self._rounds:
            each.changed.set()

    def end(self) -> None:
        """No question goes out any more; nothing here refers to the conversation."""
        self.wake()
        self._send = _nobody

    def send_once(self, requests: Iterable[bytes]) -> None:
        """Send without waiting for anything; who needs an answer asks again later."""
        for request in requests:
            self._send(request)

    async def ask(self, requests: Mapping[Address, bytes], *, silence_s: float) -> frozenset[Address]:
        """Send requests until each was settled; returns those that were not, after ``silence_s`` without any answer."""
        loop = asyncio.get_running_loop()
        mine = _Round(requests)
        self._rounds.append(mine)
        try:
            left, silent_at, pause_s = len(mine.open), loop.time() + silence_s, REPEAT_S
            while mine.open and not self._ended and loop.time() < silent_at:
                await self._send_all(mine)
                await self._listen(mine, min(loop.time() + pause_s, silent_at))
                pause_s *= REPEAT_GROWTH
                if len(mine.open) < left:
                    left, silent_at, pause_s = len(mine.open), loop.time() + silence_s, REPEAT_S
            return frozenset(mine.open)
        finally:
            self._rounds.remove(mine)

    async def _send_all(self, mine: _Round) -> None:
        for address, request in tuple(mine.open.items()):
            if (wait_s := self._pace.reserve(asyncio.get_running_loop().time())) > 0:
                await asyncio.sleep(wait_s)
            if address in mine.open and not self._ended:
                self._send(request)

    async def _listen(self, mine: _Round, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                while mine.open and not self._ended:
                    mine.changed.clear()
                    await mine.changed.wait()
        except TimeoutError:
            return


class _Round:
    """The questions of one caller."""

    def __init__(self, requests: Mapping[Address, bytes]) -> None:
        self.open = dict(requests)
        self.changed = asyncio.Event()
