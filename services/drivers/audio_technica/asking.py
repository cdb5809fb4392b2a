"""One TCP conversation with a unit: one command at a time, because units answer others meanwhile with "busy".

A unit has one place for a client. What happens before its first word is therefore most likely another client: the
connection is refused, or accepted and ended at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from services.drivers.audio_technica.codec.lines import (
    ASKS,
    BUSY,
    NO_LINK,
    Framer,
    Handshake,
    Joiner,
    Message,
    command,
    parse,
)
from services.drivers.port import DriverError, Target, Trace
from services.drivers.transport import tcp

HELD = (
    "these units take one client at a time, so maybe a control system (Crestron, AMX, Q-SYS, Companion, software of "
    "Audio-Technica) holds it: end its connection, or have the bridge leave it alone with options.stay_away = true"
)
"""What a refusal means, for people."""
STRANGER_AGAIN_S = 300.0
"""A unit of another kind stays one for long."""
HELD_AGAIN_S = 60.0
"""Someone has to end the other client first; a unit that restarts is back within that time too."""

BUSY_PAUSES_S = (0.3, 0.6, 1.2, 2.4, 4.8)
"""Before a command that met "busy" is sent again; a change of the mode keeps a unit busy for 10 to 15 s."""

_ENDED_EARLY = frozenset({"closed_by_device", "reset_by_device"})
QUOTED_MOST = 60
"""Bytes of a stranger that are quoted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a command; all of it empty where the unit stayed silent."""

    message: Message | None = None
    refusal: int | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing came in time."""
        return self.message is None

    @property
    def answered(self) -> bool:
        """Whether the unit answered, and did not refuse."""
        return self.message is not None and self.refusal is None


@dataclass(slots=True)
class _Waiting:
    word: str
    link: str
    number: str
    """First parameter of the command; an answer repeats it where it is the number of a part."""
    reply: asyncio.Future[Reply]

    def takes(self, message: Message) -> bool:
        """Whether a message is what is waited for. An answer to an older question about another part is not."""
        if message.notice or message.word != self.word:
            return False
        if message.link != self.link and NO_LINK not in {message.link, self.link}:
            return False
        if message.accepted or message.refusal is not None:
            return True
        return not self.number or message.text.partition(",")[0].strip() == self.number


def _nobody(_message: Message) -> None:
    """Nobody takes messages of a unit that was never connected."""


class Asking:
    """Commands and their replies. ``receive`` gets every message that is no ACK and no NAK, asked for or not."""

    def __init__(self, receive: Callable[[Message], None], trace: Trace | None, held_again_s: float) -> None:
        self._held_again_s = held_again_s
        self._on_message = receive
        self._trace = trace
        self._loop = asyncio.get_running_loop()
        self._framer, self._joiner = Framer(), Joiner()
        self._connection: tcp.Connection | None = None
        self._turn = asyncio.Lock()
        self._waiting: _Waiting | None = None
        self._timeout_s = 3.0
        self.last_received = self._loop.time()
        self.heard = False
        """Whether the unit said anything that is a message."""
        self.strange = b""
        """The beginning of what came before that."""
        self.unintelligible = self.busy = 0

    @property
    def discarded(self) -> int:
        """Bytes that were no line."""
        return self._framer.discarded

    @property
    def lost_pieces(self) -> int:
        """Pieces of divided messages that could not be put together."""
        return self._joiner.lost

    @property
    def connection(self) -> tcp.Connection:
        """The connection below; `open` comes first."""
        if self._connection is None:
            raise DriverError("connecting", "the conversation has not begun")
        return self._connection

    async def open(self, target: Target, port: int) -> None:
        """Connect. Raises `DriverError`; ``refused`` may mean that another client has the unit's only place."""
        self._timeout_s = target.answer_timeout_s
        try:
            self._connection = await tcp.connect(
                target.host,
                port,
                timeout=target.connect_timeout_s,
                receive=self._receive,
                ended=self._ended,
                interface=target.interface,
                refused_hint=HELD,
            )
        except DriverError as error:
            self._on_message = _nobody  # a scan makes thousands of these, and each would be a circle
            if error.reason != "refused":
                raise
            raise DriverError("refused", error.detail, again_s=self._held_again_s) from error

    async def close(self) -> None:
        """Leave the unit's only place to others."""
        if self._connection is not None:
            await self._connection.close()

    def why_ended(self) -> DriverError:
        """Why the connection has ended."""
        error = self.connection.closed.result()
        if self.heard or error.reason not in _ENDED_EARLY:
            return error.afresh()
        if self.strange:
            return self.stranger()
        detail = f"{self.connection.peer} ended the connection before it said anything: {HELD}"
        return DriverError("refused", detail, again_s=self._held_again_s)

    def stranger(self) -> DriverError:
        """What answers in another language."""
        beginning = self.strange.decode("latin-1")
        detail = f"{self.connection.peer} is no Audio-Technica unit: it says {beginning!r}"
        return DriverError("wrong_model", detail, again_s=STRANGER_AGAIN_S)

    async def ask(self, word: str, text: str = "", *, link: str = NO_LINK, handshake: Handshake = "O") -> Reply:
        """Send a command and wait for what becomes of it; a busy unit is asked again, after a growing pause.

        Raises `DriverError` where the connection ends, `ValueError` for what no command can hold.
        """
        data = command(word, text, link=link, handshake=handshake)
        # a name as the first parameter is none that an answer repeats
        number = text.partition(",")[0] if handshake == ASKS else ""
        async with self._turn:
            for pause_s in BUSY_PAUSES_S:
                reply = await self._once(data, word, link, number)
                if reply.refusal not in BUSY:
                    return reply
                self.busy += 1
                await asyncio.wait({self.connection.closed}, timeout=pause_s)
            return await self._once(data, word, link, number)

    async def _once(self, data: bytes, word: str, link: str, number: str) -> Reply:
        connection = self.connection
        if connection.closed.done():
            raise self.why_ended()
        waiting = self._waiting = _Waiting(word, link, number, self._loop.create_future())
        if self._trace is not None:
            self._trace(">", data)
        connection.send(data)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await waiting.reply
        except TimeoutError:
            return Reply()
        finally:
            self._waiting = None

    # -- what comes in ---------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        """One network read."""
        if self._trace is not None:
            self._trace("<", data)
        if not self.heard and len(self.strange) < QUOTED_MOST:
            self.strange = (self.strange + data)[:QUOTED_MOST]
        for line in self._framer.feed(data):
            piece = parse(line)
            if piece is None:
                self.unintelligible += 1
                continue
            self.heard = True
            self.last_received = self._loop.time()
            message = self._joiner.take(piece)
            if message is not None:
                self._take(message)

    def _take(self, message: Message) -> None:
        refusal = message.refusal
        if refusal is None and not message.accepted:
            self._on_message(message)
        waiting = self._waiting
        if waiting is not None and not waiting.reply.done() and waiting.takes(message):
            waiting.reply.set_result(Reply(message, refusal))

    def _ended(self) -> None:
        if self._waiting is not None and not self._waiting.reply.done():
            self._waiting.reply.set_exception(self.why_ended())
