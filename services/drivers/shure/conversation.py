"""One TCP conversation in Shure's command strings: questions out, answers counted, meters left unread until wanted.

What the messages mean is not known here. Answers come in the order of the questions, an unknown question gets
``REP ERR`` or silence, and a unit may report anything unasked at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from services.drivers.port import DriverError, Target, Trace
from services.drivers.shure.barrier import Barrier
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.codec.messages import Message
from services.drivers.shure.codec.reported_levels import ReportedLevels
from services.drivers.shure.codec.strangers import OPENING_MOST
from services.drivers.shure.families import Family, WireAddress
from services.drivers.transport import tcp as transport

log = logging.getLogger(__name__)

PORT = 2202

QUIET_S = 1.2
"""Where the last question gets no answer, so long a silence means that everything has been answered: what is not
reported within about a second is not known (docs/protocols.md#transport)."""

MENU = (
    "allow it at the receiver: on SLX-D in Menu > Advanced > Network > Allow Third-Party Controls, "
    "on SLX-D+ in Device Settings > Controller Access"
)
REFUSED = (
    f"no Shure unit listens there, or controller access is blocked; {MENU}. A PSM1000 refuses as long as old "
    "connections hold its few places: end other programs that talk to it, or switch it off and on"
)
BLOCKED = (
    f"it accepts the connection and stays silent, so control by third parties is blocked; {MENU}. A unit that was "
    "online before, or that has no such menu, for example a charger or a PSM1000, hangs: switch it off and on"
)

LINE_END = b"\r\n"
"""Receivers skip it; a PSM1000 drops every message without it, in silence (docs/protocols.md#which-family-answers)."""

SAMPLES_MOST = 600
"""Samples kept a channel: a minute at 10 a second, the longest interval of telemetry. Beyond that the oldest go."""

ADDRESSES_MOST = 5000
"""Different properties counted at once; the largest unit has about 1,500, and noise has no end."""

VERB, SAMPLE = b"SAMPLE", b"< SAMPLE "

UNREAD_MOST = 600
"""Reads that are left unread; then they are taken apart, and the bound above holds."""


def _ignore(_messages: list[Message]) -> None:
    """Nobody receives messages of a conversation that has ended."""


class Conversation:
    """Questions and answers. ``receive`` gets the messages of one network read at once."""

    def __init__(self, receive: Callable[[list[Message]], None], trace: Trace | None) -> None:
        self._on_messages = receive
        self._trace = trace
        self._framer = Framer()
        self._loop = asyncio.get_running_loop()
        self._connection: transport.Connection | None = None
        self._arrived = asyncio.Event()
        self._unread: list[bytes] = []
        """Reads that brought nothing but meters."""
        self._samples: list[bytes] = []
        """Older meters, found among other messages."""
        self.channels = 1
        """How many lines of meters may come at a time: one a channel, and an ANX4 has up to 24."""
        self.synonyms: Mapping[str, str] = {}
        """Other names of properties, of the model that answers; `messages.renamed`."""
        self._barrier: Barrier | None = None
        self._fence: WireAddress | None = None
        self._line_end = b""
        self._levels: ReportedLevels | None = None
        self._fence_asked_at = self._loop.time()
        self.answers: Counter[WireAddress] = Counter()
        """How often each property has been reported since it was cleared."""
        self.last_received = self._loop.time()
        self.opening = b""
        """The first bytes that came: they tell what is no unit of ours."""
        self.unintelligible = 0
        """Messages that are none, and questions: a unit asks nothing."""
        self.repeats_us = False
        """Whether questions came back: an echo is no answer."""
        self.dropped_samples = 0

    @property
    def discarded(self) -> int:
        """Bytes that belonged to no message."""
        return self._framer.discarded

    async def open(self, target: Target) -> None:
        """Connect. Raises `DriverError`."""
        self._connection = await transport.connect(
            target.host,
            target.port or PORT,
            timeout=target.connect_timeout_s,
            receive=self._receive if self._trace is None else self._receive_traced,
            ended=self._arrived.set,
            interface=target.interface,
            refused_hint=REFUSED,
        )

    def speak(self, family: Family, parts: int) -> None:
        """Talk as units of a family want it, as soon as it is known; it may have so many ``parts``."""
        self._line_end = family.dialect.line_end
        self._levels = family.meters.levels if family.meters else None
        self.channels = parts * (len(self._levels.names) if self._levels else 1)

    @property
    def connection(self) -> transport.Connection:
        """The connection below; `open` comes first."""
        if self._connection is None:
            raise DriverError("connecting", "the conversation has not begun")
        return self._connection

    @property
    def received_bytes(self) -> bool:
        """Whether anything came at all, be it noise."""
        return bool(self.opening or self._unread)

    # -- what comes in ---------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        """One network read. What brings meters alone costs a look and an append; all else is taken apart at once."""
        if (
            data[: len(SAMPLE)] == SAMPLE
            and data[-2:] == b" >"
            and data.count(b"<") == data.count(SAMPLE)
            and len(self._unread) < UNREAD_MOST
        ):
            self._unread.append(data)
            self.last_received = self._loop.time()
        else:
            self._read(data)

    def _receive_traced(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace("<", data)
        self._receive(data)

    def _read(self, data: bytes = b"") -> None:
        """Take apart what was left unread and what comes behind it."""
        if self._unread:
            data = b"".join((*self._unread, data))
            self._unread.clear()
        if data:
            if len(self.opening) < OPENING_MOST:
                self.opening += data[: OPENING_MOST - len(self.opening)]
            self._sort(self._framer.feed(data))

    def unstick(self) -> None:
        """After a quiet time: parse bytes that wait for an end that noise destroyed, for example a closing brace."""
        self._read()
        if bodies := self._framer.give_up():
            self._sort(bodies)

    def _sort(self, bodies: list[bytes]) -> None:
        samples: list[bytes] = []
        others: list[bytes] = []
        levels = self._levels
        for body in bodies:
            is_sample = body[: len(VERB)].upper() == VERB or (levels is not None and levels.has(body))
            (samples if is_sample else others).append(body)
        if samples:
            self._keep(samples)
        if others:
            self._parse(others)

    def _keep(self, samples: list[bytes]) -> None:
        self.last_received = self._loop.time()
        self._samples += [b"< %b >" % sample for sample in samples]
        surplus = len(self._samples) - SAMPLES_MOST * self.channels
        if surplus > 0:
            del self._samples[:surplus]
            self.dropped_samples += surplus

    def _parse(self, bodies: list[bytes]) -> None:
        messages: list[Message] = []
        for body in bodies:
            message = codec.parse(body)
            if message is None or message.verb not in codec.ANSWERS:
                self.unintelligible += 1
                self.repeats_us |= message is not None
            else:
                message = codec.renamed(message, self.synonyms)
                messages.append(message)
                if self._barrier is not None:
                    self._barrier.receive((message.name, message.index))
                if len(self.answers) < ADDRESSES_MOST:
                    self.answers[message.name, message.index] += 1
        if messages:
            self.last_received = self._loop.time()
            self._on_messages(messages)
            self._arrived.set()

    def take_samples(self) -> bytes:
        """The messages with meters that came since the last call, one behind the other, oldest first."""
        if not (self._unread or self._samples):
            return b""
        taken = b"".join((*self._samples, *self._unread))
        self._samples.clear()
        self._unread.clear()
        return taken

    # -- what goes out ---------------------------------------------------------------------------------------

    def send(self, messages: Iterable[bytes]) -> None:
        """Write messages: in one piece, or each as a line of its own where the family wants lines."""
        if self._line_end:
            for message in messages:
                self._write(message + self._line_end)
        else:
            self._write(b"".join(messages))

    def _write(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace(">", data)
        self.connection.send(data)

    async def ask(self, questions: Iterable[bytes], done: Callable[[], bool], *, timeout: float) -> bool:
        """Send questions and wait until ``done``, which is looked at after every read that brought an answer.

        False after `QUIET_S` without a further message, ``timeout`` seconds without any at all, or as long without
        anything that it had not reported before. Raises `DriverError` when the connection ends.
        """
        self.send(questions)
        return await self.wait(done, timeout=timeout)

    async def ask_stranger(self, questions: Iterable[bytes], done: Callable[[], bool], *, timeout: float) -> bool:
        """As `ask`, of a unit whose dialect is not known: some take only one message a line (docs/protocols.md)."""
        self._write(b"".join(question + LINE_END for question in questions))
        return await self.wait(done, timeout=timeout)

    async def ask_all(
        self, questions: Iterable[bytes], fence: WireAddress, *, timeout: float, dumps: bool = False
    ) -> bool:
        """Send questions, or ask for dumps, and wait for all answers as `ask` does.

        ``fence`` is that of a `Barrier`.
        """
        barrier = self._barrier_of(fence)
        if self._loop.time() - self._fence_asked_at > timeout:
            barrier.give_up()  # what has not been answered for so long will not be
        self._fence_asked_at = self._loop.time()
        complete = await self.ask([*questions, *barrier.begin(dumps=dumps)], lambda: barrier.passed, timeout=timeout)
        if not complete:
            barrier.give_up()
        return complete

    def ask_alive(self, fence: WireAddress) -> None:
        """Send what this unit is known to answer."""
        self._fence_asked_at = self._loop.time()
        self.send([self._barrier_of(fence).sign_of_life()])

    def _barrier_of(self, fence: WireAddress) -> Barrier:
        if self._barrier is None or self._fence != fence:
            self._barrier, self._fence = Barrier(fence), fence
        return self._barrier

    async def wait(self, done: Callable[[], bool], *, timeout: float, quiet: float = QUIET_S) -> bool:
        """Wait for more answers to what was asked, as `ask` does."""
        newest_at = self._loop.time()
        answered_at: float | None = None
        known = len(self.answers)
        while not done():
            if self.connection.closed.done():
                raise self.connection.closed.result().afresh()
            if len(self.answers) > known:
                known, newest_at = len(self.answers), self._loop.time()
            until = newest_at + timeout
            if answered_at is not None:
                until = min(until, answered_at + min(quiet, timeout))
            if self._loop.time() >= until:
                return False
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                self.unstick()
                if not self._arrived.is_set():
                    return done()
            answered_at = self._loop.time()
        return True

    async def close(self) -> None:
        """Close the connection."""
        log.debug(
            "conversation ends: %d bytes and %d messages made no sense, %d samples were dropped",
            self._framer.discarded,
            self.unintelligible,
            self.dropped_samples,
        )
        try:
            if self._connection is not None:
                await self._connection.close()
        finally:
            self._on_messages = _ignore  # a scan ends thousands of conversations, and none may wait for the collector
