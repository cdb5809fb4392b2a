"""Asks one unit for addresses, one a datagram and a few at a time, and repeats what got lost.

A unit answers each question in its own time, with a value or with a refusal; both settle it. The next question goes
out when one is settled, so that a unit gets no more at once than `WINDOW` datagrams. A refusal that names no address is
that of the request with the same number, else of the one that has waited longest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from services.drivers.sennheiser.ssc.codec.wire import ask as request

WINDOW = 6
"""Questions that wait for their answer at a time: a unit is a small computer, and no document says what it can hold."""

REPEAT_S, REPEAT_GROWTH = 0.25, 1.5
"""From a question to its repetition, and how that grows: an address where nobody answers gets five datagrams in three
seconds. On a local network an answer takes a few milliseconds."""

TRIES = 6
"""Datagrams for one question."""


class _Question:
    __slots__ = ("address", "again_at", "in_flight", "tries", "value", "xid")

    def __init__(self, address: str, value: object) -> None:
        self.address, self.value = address, value
        self.xid = 0
        self.tries = 0
        self.again_at = 0.0
        self.in_flight = False


class _Round:
    """The questions of one caller."""

    def __init__(self, requests: Mapping[str, object]) -> None:
        self.open = {address: _Question(address, value) for address, value in requests.items()}
        self.changed = asyncio.Event()


def _nobody(_datagram: bytes) -> None:
    """Nobody sends for a conversation that has ended."""


class Questions:
    """What a unit was asked and has not answered. ``send`` takes one datagram, ``numbers`` gives each its own."""

    def __init__(self, send: Callable[[bytes], object], numbers: Iterator[int]) -> None:
        self._send = send
        self._numbers = numbers
        self._rounds: list[_Round] = []

    def settle(self, address: str) -> None:
        """An answer or a refusal came."""
        for each in self._rounds:
            if each.open.pop(address, None) is not None:
                each.changed.set()

    def asked(self, xid: int | None, address: str) -> bool:
        """Whether a message with this number, or without one about this address, answers a question that waits."""
        waiting = (question for each in self._rounds for question in each.open.values() if question.tries)
        return any(question.address == address if xid is None else question.xid == xid for question in waiting)

    def meant(self, xid: int | None) -> str | None:
        """The address of the question that a refusal without an address is about; ``None`` where none waits."""
        waiting = [question for each in self._rounds for question in each.open.values() if question.tries]
        if xid is not None:
            return next((question.address for question in waiting if question.xid == xid), None)
        return waiting[0].address if waiting else None

    def wake(self) -> None:
        """Let every caller look at its ``enough`` anew."""
        for each in self._rounds:
            each.changed.set()

    def end(self) -> None:
        """No question goes out any more; nothing here refers to the conversation."""
        self._send = _nobody

    async def ask(
        self, requests: Mapping[str, object], *, silence_s: float, enough: Callable[[], bool] | None = None
    ) -> frozenset[str]:
        """Send requests: an address with ``None`` reads it, with a value sets it.

        Returns the addresses that stayed without an answer. A request may be sent several times. Ends when all are
        settled, when ``enough`` returns true, or when nothing more was settled for ``silence_s`` seconds.
        """
        loop = asyncio.get_running_loop()
        mine = _Round(requests)
        self._rounds.append(mine)
        try:
            left, silent_at = len(mine.open), loop.time() + silence_s
            while mine.open and not (enough is not None and enough()) and loop.time() < silent_at:
                again_at = self._send_due(mine, loop.time())
                await _changed(mine, min(again_at, silent_at))
                if len(mine.open) < left:
                    left, silent_at = len(mine.open), loop.time() + silence_s
            return frozenset(mine.open)
        finally:
            self._rounds.remove(mine)

    def _send_due(self, mine: _Round, now: float) -> float:
        """Send what is due and fits into the window; when the next one is due."""
        questions = list(mine.open.values())
        for question in questions:
            if question.in_flight and question.again_at <= now:
                question.in_flight = False  # its place is free; it waits for its turn behind those never asked
        waiting = [question for question in questions if question.in_flight]
        free = WINDOW - len(waiting)
        due = [each for each in questions if not each.in_flight and each.tries < TRIES]
        for question in sorted(due, key=lambda each: each.tries)[: max(0, free)]:
            question.xid = next(self._numbers)
            question.again_at = now + REPEAT_S * REPEAT_GROWTH**question.tries
            question.tries += 1
            question.in_flight = True
            waiting.append(question)
            self._send(request({question.address: question.value}, question.xid))
        return min((question.again_at for question in waiting), default=now + REPEAT_S)


async def _changed(mine: _Round, until: float) -> None:
    mine.changed.clear()
    try:
        async with asyncio.timeout_at(until):
            await mine.changed.wait()
    except TimeoutError:
        return
