"""Questions of one unit that are open: sent one a datagram, repeated until each has its answer or its refusal.

Answers carry the word that was asked for, so their order does not matter, and an answer that comes twice settles
nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from services.drivers.sennheiser.media_control.codec.lines import line

GAP_S = 0.01
"""Between two questions: a unit is a small computer, and no document has how many datagrams it can hold."""

REPEAT_S, REPEAT_GROWTH = 0.25, 1.5
"""From the last question of a round to the next round, and how that grows while nothing is settled: an address where
nobody answers gets five datagrams in three seconds. On a local network an answer takes a few milliseconds."""


class _Round:
    """The questions of one caller."""

    def __init__(self, requests: Iterable[str]) -> None:
        self.open: dict[str, str] = {request.partition(" ")[0].lower(): request for request in requests}
        self.changed = asyncio.Event()


def _nobody(_datagram: bytes) -> None:
    """Nobody sends for a conversation that has ended."""


class Questions:
    """What a unit was asked and has not answered. ``send`` takes the bytes of one datagram."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._rounds: list[_Round] = []

    def settle(self, word: str) -> None:
        """An answer or a refusal came; ``word`` in lower case."""
        for each in self._rounds:
            each.open.pop(word, None)
        self.wake()

    def wake(self) -> None:
        """Let every caller look at its ``enough`` anew."""
        for each in self._rounds:
            each.changed.set()

    def end(self) -> None:
        """No question goes out any more; nothing here refers to the conversation."""
        self._send = _nobody

    async def ask(
        self, requests: Iterable[str], *, silence_s: float, enough: Callable[[], bool] | None = None
    ) -> frozenset[str]:
        """Send requests, each a word alone (what is it?) or a word with what it is set to; a word stands once.

        Returns the words, in lower case, that stayed without an answer. A request may be sent several times.
        Ends when all are settled, when ``enough`` returns true, or when nothing more was settled for ``silence_s``
        seconds.
        """
        loop = asyncio.get_running_loop()
        mine = _Round(requests)
        self._rounds.append(mine)
        try:
            left, silent_at, pause_s = len(mine.open), loop.time() + silence_s, REPEAT_S
            while mine.open and not (enough is not None and enough()) and loop.time() < silent_at:
                await self._send_all(mine)
                await self._listen(mine, min(loop.time() + pause_s, silent_at), enough)
                pause_s *= REPEAT_GROWTH
                if len(mine.open) < left:
                    left, silent_at, pause_s = len(mine.open), loop.time() + silence_s, REPEAT_S
            return frozenset(mine.open)
        finally:
            self._rounds.remove(mine)

    async def _send_all(self, mine: _Round) -> None:
        for word, request in tuple(mine.open.items()):
            if word in mine.open:
                self._send(line(request))
                await asyncio.sleep(GAP_S)

    async def _listen(self, mine: _Round, until: float, enough: Callable[[], bool] | None) -> None:
        try:
            async with asyncio.timeout_at(until):
                while mine.open and not (enough is not None and enough()):
                    mine.changed.clear()
                    await mine.changed.wait()
        except TimeoutError:
            return
