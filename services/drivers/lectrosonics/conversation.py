"""One connection to one unit: bytes in and out, one question at a time, and the wait for its answer.

An answer may not repeat the channel that it is about, so the next question waits for it. After a question without an
answer nobody can tell a late answer from the next one: then the unit is asked for its ``id`` first, and everything
before that answer is dropped.
"""

from __future__ import annotations

import asyncio
from typing import Final

from services.drivers.lectrosonics.codec.lines import PORT, Answer, Lines, Message, get, parse
from services.drivers.port import DriverError, Target, Trace
from services.drivers.transport import tcp

REFUSED: Final = (
    "nothing listens there: check the unit's TCP port (tcpport, 4080 when new), that it is not switched off (portctl), "
    "and that no other control system holds it"
)
FENCE: Final = "id"
"""A word that every unit answers and that belongs to no channel."""


class Conversation:
    """Questions out, answers in."""

    def __init__(self, target: Target, trace: Trace | None) -> None:
        self._target = target
        self._trace = trace
        self._loop = asyncio.get_running_loop()
        self._lines = Lines()
        self._connection: tcp.Connection | None = None
        self._turn = asyncio.Lock()
        self._awaited: tuple[str, int | None] | None = None
        self._answer: Message | None = None
        self._arrived = asyncio.Event()
        self._late = False
        """Whether an answer to an older question may still come."""
        self.last_received = self._loop.time()
        self.unintelligible = self.meaningless = 0

    @property
    def discarded(self) -> int:
        """Bytes of lines that never ended."""
        return self._lines.discarded

    @property
    def connection(self) -> tcp.Connection:
        """The connection below; `open` comes first."""
        if self._connection is None:
            raise DriverError("connecting", "the conversation has not begun")
        return self._connection

    async def open(self) -> None:
        """Connect. Raises `DriverError`."""
        target = self._target
        self._connection = await tcp.connect(
            target.host,
            target.port or PORT,
            timeout=target.connect_timeout_s,
            receive=self._receive,
            ended=self._arrived.set,
            interface=target.interface,
            refused_hint=REFUSED,
        )

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def ask(self, request: bytes, word: str, number: int | None = None) -> Message | None:
        """Send a request and return what the unit said of the word; ``None`` for silence.

        Raises `DriverError` when the connection ends, or where the unit stays silent once more.
        """
        async with self._turn:
            if self._late:
                if await self._exchange(get(FENCE), FENCE, None) is None:
                    raise DriverError("timeout", f"{self.connection.peer} does not answer any more: check its network")
                self._late = False
            return await self._exchange(request, word, number)

    async def _exchange(self, request: bytes, word: str, number: int | None) -> Message | None:
        self._awaited, self._answer = (word, number), None
        if self._trace is not None:
            self._trace(">", request)
        self.connection.send(request)
        try:
            async with asyncio.timeout(self._target.answer_timeout_s):
                while self._answer is None:
                    if self.connection.closed.done():
                        raise self.connection.closed.result().afresh()
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            self._late = True
        finally:
            self._awaited = None
        return self._answer

    def _receive(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace("<", data)
        for line in self._lines.feed(data):
            message = parse(line)
            if message is None:
                self.unintelligible += 1
            else:
                self.last_received = self._loop.time()
                self._take(message)
        self._arrived.set()

    def _take(self, message: Message) -> None:
        if self._awaited is None or self._answer is not None:
            self.meaningless += 1
            return
        word, number = self._awaited
        if isinstance(message, Answer) and message.word:
            if message.word != word or message.number not in (None, number):
                self.meaningless += 1
                return
        elif self._late:  # it may belong to the question that was not answered
            return
        self._answer = message
