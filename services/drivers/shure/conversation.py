"""One TCP conversation in Shure's command strings: questions out, answers counted, meter samples filed unread.

What the messages mean is not known here. Answers come in the order of the questions, an unknown question gets
``REP ERR`` or silence, and a device may say anything unasked at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable

from services import transport
from services.driver_api import DriverError, Target, Trace
from services.drivers.shure import codec
from services.drivers.shure.codec import Message
from services.drivers.shure.framing import Framer

log = logging.getLogger(__name__)

PORT = 2202

QUIET_S = 1.2
"""Where the last question gets no answer, so long a silence means that everything has been said: what is not reported
within about a second is not known (protocol notes, 1.1)."""

MENU = (
    "allow it at the receiver: on SLX-D in Menu > Advanced > Network > Allow Third-Party Controls, "
    "on SLX-D+ in Device Settings > Controller Access"
)
REFUSED = f"no Shure receiver listens there, or controller access is blocked; {MENU}"
BLOCKED = f"it accepts the connection and stays silent, so control by third parties is blocked; {MENU}"

SAMPLES_MOST = 600
"""Unread samples kept a channel: a minute at 10 a second. Beyond that the oldest go."""

PLACES_MOST = 5000
"""Different properties counted at once; the largest unit has about 1,500, and noise has no end."""

HEAD, BODY_HEAD = len(b"< SAMPLE 1 "), len(b"SAMPLE 1 ")
"""Bytes that say whose meters these are; a channel of two digits takes the blank."""

Place = tuple[str, int | None]
"""Name and index of a property."""


class Conversation:
    """Questions and answers. ``hear`` gets the REPs of one network read at once."""

    def __init__(self, hear: Callable[[list[Message]], None], trace: Trace | None) -> None:
        self._hear = hear
        self._trace = trace
        self._framer = Framer()
        self._loop = asyncio.get_running_loop()
        self._connection: transport.Connection | None = None
        self._news = asyncio.Event()
        self._unread: dict[int, list[bytes]] = {}
        """SAMPLE bodies by channel."""
        self._filed: dict[bytes, list[bytes]] = {}
        """The same lists, by how a SAMPLE of the channel begins: with its bracket, and without."""
        self.answers: Counter[Place] = Counter()
        """How often each property has been reported since whoever asks cleared it."""
        self.last_heard = self._loop.time()
        self.heard_bytes = False
        self.unintelligible = 0
        """Messages that are none."""
        self.dropped_samples = 0

    async def open(self, target: Target) -> None:
        """Connect. Raises `DriverError`."""
        self._connection = await transport.connect(
            target.host,
            target.port or PORT,
            timeout=target.connect_timeout_s,
            receive=self._receive if self._trace is None else self._receive_traced,
            ended=self._news.set,
            interface=target.interface,
            refused_hint=REFUSED,
        )

    @property
    def connection(self) -> transport.Connection:
        """The connection below; `open` comes first."""
        if self._connection is None:
            raise DriverError("connecting", "the conversation has not begun")
        return self._connection

    # -- what comes in ---------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        """One network read. A SAMPLE line costs one look-up and one append; all else is parsed."""
        # most reads are one SAMPLE line and nothing else: it needs no framing
        unread = self._filed.get(data[:HEAD])
        if unread is not None and data.rfind(b"<") == 0 and data.find(b" >") == len(data) - 2 and not self._framer.tail:
            unread.append(data[2:-2])
            self.last_heard = self._loop.time()
            if len(unread) > SAMPLES_MOST:
                self._drop_oldest(unread)
        else:
            self._receive_any(data)

    def _receive_traced(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace("<", data)
        self._receive(data)

    def _receive_any(self, data: bytes) -> None:
        self.heard_bytes = True
        self._sort(self._framer.feed(data))

    def unstick(self) -> None:
        """After a while of quiet: take what noise holds back, an open brace for example."""
        if bodies := self._framer.give_up():
            self._sort(bodies)

    def _sort(self, bodies: list[bytes]) -> None:
        filed = self._filed
        others: list[bytes] = []
        for body in bodies:
            unread = filed.get(body[:BODY_HEAD])
            if unread is None:
                others.append(body)
                continue
            unread.append(body)
            if len(unread) > SAMPLES_MOST:
                self._drop_oldest(unread)
        if len(others) < len(bodies):
            self.last_heard = self._loop.time()
        if others:
            self._parse(others)

    def _parse(self, bodies: list[bytes]) -> None:
        messages: list[Message] = []
        for body in bodies:
            message = codec.parse(body)
            if message is None:
                self.unintelligible += 1
            elif message.verb == "SAMPLE":  # written in an unusual way, or of a channel that is not there
                self._file(message.index or 0, body)
            else:
                messages.append(message)
                if len(self.answers) < PLACES_MOST:
                    self.answers[message.name, message.index] += 1
        if messages:
            self.last_heard = self._loop.time()
            self._hear(messages)
            self._news.set()

    def _file(self, channel: int, body: bytes) -> None:
        self.last_heard = self._loop.time()
        if (unread := self._unread.get(channel)) is not None:
            unread.append(body)
            if len(unread) > SAMPLES_MOST:
                self._drop_oldest(unread)

    def _drop_oldest(self, unread: list[bytes]) -> None:
        del unread[0]
        self.dropped_samples += 1

    def file_samples(self, channels: int) -> None:
        """Keep the SAMPLE lines of channels 1 to ``channels`` from now on, and only theirs."""
        self._unread = {channel: [] for channel in range(1, channels + 1)}
        self._filed = {
            head: unread
            for channel, unread in self._unread.items()
            for head in (b"< SAMPLE %-2d" % channel, b"SAMPLE %-2d" % channel)
        }

    def take_samples(self, channel: int) -> list[bytes]:
        """The bodies filed for a channel since the last call, oldest first."""
        unread = self._unread.get(channel)
        if not unread:
            return []
        taken = unread.copy()
        unread.clear()
        return taken

    # -- what goes out ---------------------------------------------------------------------------------------

    def send(self, messages: Iterable[bytes]) -> None:
        """Write messages in one piece."""
        data = b"".join(messages)
        if self._trace is not None:
            self._trace(">", data)
        self.connection.send(data)

    async def ask(self, questions: Iterable[bytes], done: Callable[[], bool], *, timeout: float) -> bool:
        """Send questions and wait until ``done``, which is looked at after every read that brought an answer.

        False after `QUIET_S` without a further message, ``timeout`` seconds without any at all, or as long without
        anything that it had not said before. Raises `DriverError` when the connection ends.
        """
        self.send(questions)
        return await self.wait(done, timeout=timeout)

    async def wait(self, done: Callable[[], bool], *, timeout: float, quiet: float = QUIET_S) -> bool:
        """Wait for more answers to what was asked, as `ask` does."""
        news_at = self._loop.time()
        heard_at: float | None = None
        known = len(self.answers)
        while not done():
            if self.connection.closed.done():
                raise self.connection.closed.result()
            if len(self.answers) > known:
                known, news_at = len(self.answers), self._loop.time()
            until = news_at + timeout if heard_at is None else min(heard_at + min(quiet, timeout), news_at + timeout)
            if self._loop.time() >= until:
                return False
            self._news.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._news.wait()
            except TimeoutError:
                self.unstick()
                if not self._news.is_set():
                    return done()
            heard_at = self._loop.time()
        return True

    async def close(self) -> None:
        """Close the connection."""
        log.debug(
            "conversation ends: %d bytes and %d messages made no sense, %d samples were dropped",
            self._framer.discarded,
            self.unintelligible,
            self.dropped_samples,
        )
        if self._connection is not None:
            await self._connection.close()
