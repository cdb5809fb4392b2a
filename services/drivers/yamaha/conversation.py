"""One connection to one base: bytes in and out, the login, questions and the wait for their answers.

Answers are taken to come in the order of the questions, as a line-wise server gives them; a question about something
that the base does not have is taken to be met with silence. No document says either, so behind the questions goes one
that was answered before, and whoever waits is content with a quiet second too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from services.drivers.port import DriverError, Target, Trace
from services.drivers.transport import tcp
from services.drivers.yamaha.codec.fields import FIRMWARE_QUESTION, STATUS_QUESTION
from services.drivers.yamaha.codec.lines import PORT, REGISTER, Lines, Message, get, is_ours, parse, wire
from services.drivers.yamaha.codec.telnet import Telnet
from services.drivers.yamaha.login import Login
from services.drivers.yamaha.products import Options

QUIET_S: Final = 1.0
"""So long a silence behind an answer means that nothing more comes."""
LONGEST = 3
"""A base that never falls silent is listened to for so many times its time limit."""
UNASKED_S: Final = 0.2
"""Without a password: how long a question for one is waited for. A question of ours would look like an answer to it."""
SETTLE_S: Final = 0.1
"""From the answer to the last question until the others count as unanswered."""
ASK_AGAIN: Final = 2
"""How often the first question is put: what is typed while a login is under way may be thrown away."""
OCCUPIED_S: Final = 60.0
"""Who is logged in stays for hours; asking more often would only disturb."""
PAGE: Final = "the page External Control of the unit's web interface"
REFUSED: Final = f"nothing listens there: switch control by IP on, with the unit as the server, on {PAGE}"
SILENT: Final = (
    "it takes one client at a time: end the other one, or leave the place to it with options.stay_away = true. Else "
    f"check {PAGE}"
)


class Conversation:
    """Lines out, messages in. ``receive`` gets the messages of one network read at once."""

    def __init__(self, target: Target, receive: Callable[[Sequence[Message]], None], trace: Trace | None) -> None:
        self._target = target
        self._on_messages = receive
        self._trace = trace
        self._loop = asyncio.get_running_loop()
        options = target.options if isinstance(target.options, Options) else Options()
        self.login = Login(f"{target.host} port {target.port or PORT}", options)
        self._telnet, self._lines = Telnet(), Lines()
        self._connection: tcp.Connection | None = None
        self._arrived = asyncio.Event()
        self.answered: set[tuple[str, int | None]] = set()
        """What was reported since it was cleared: names of ``val`` with their channels."""
        self.last_received = self._loop.time()
        self.understood = False
        """Whether anything came that only such a unit says."""
        self.unintelligible = 0
        self._is_web = False
        self.confirmed = False
        """Whether the base confirmed that it sends notifications."""

    @property
    def discarded(self) -> int:
        """Bytes of lines that never ended."""
        return self._lines.discarded

    async def open(self) -> None:
        """Connect and log in. Raises `DriverError`."""
        target = self._target
        self.login.check()
        self._connection = await tcp.connect(
            target.host,
            target.port or PORT,
            timeout=target.connect_timeout_s,
            receive=self._receive,
            ended=self._arrived.set,
            interface=target.interface,
            refused_hint=REFUSED,
        )
        await self._log_in()
        await self._greet()

    @property
    def connection(self) -> tcp.Connection:
        """The connection below; `open` comes first."""
        if self._connection is None:
            raise DriverError("connecting", "the conversation has not begun")
        return self._connection

    async def close(self) -> None:
        """Close the connection: the place is free for somebody else."""
        try:
            if self._connection is not None:
                await self._connection.close()
        finally:
            self._on_messages = _ignore

    # -- what goes out ---------------------------------------------------------------------------------------

    def send(self, *lines: str) -> None:
        """Write lines in one piece."""
        self._write(b"".join(map(wire, lines)))

    def _write(self, data: bytes, shown: bytes | None = None) -> None:
        if self._trace is not None:
            self._trace(">", data if shown is None else shown)
        self.connection.send(data)

    async def ask(self, questions: Sequence[tuple[str, int | None]]) -> bool:
        """Put questions and wait for their answers; whether all came or the last one did. Raises `DriverError`."""
        wanted = set(questions)
        self.answered -= {*wanted, FENCE}
        self.send(*(get(*question) for question in questions), get(*FENCE))
        if not await self.wait(lambda: FENCE in self.answered or wanted <= self.answered):
            return False
        if not wanted <= self.answered:
            await self.wait(lambda: wanted <= self.answered, within=SETTLE_S)
        return True

    async def wait(self, done: Callable[[], bool], *, within: float | None = None) -> bool:
        """Wait until ``done``, which is looked at after every read; False after a quiet time.

        Raises `DriverError` when the connection ends, or the base asks for a login again.
        """
        wait_s = self._target.answer_timeout_s if within is None else within
        end, last = self._loop.time() + wait_s, self._loop.time() + LONGEST * wait_s
        while True:
            self.login.raise_refused(understood=self.understood)
            if done():
                return True
            if self.connection.closed.done():
                if self._is_web:
                    detail = f"{self.connection.peer} is a web server (HTTP), and no Executive Elite"
                    raise DriverError("wrong_model", detail, again_s=OCCUPIED_S)
                raise self.login.ended(self.connection.closed.result(), understood=self.understood)
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(end):
                    await self._arrived.wait()
            except TimeoutError:
                return done()
            if within is None and self.understood:
                end = min(self._loop.time() + min(QUIET_S, wait_s), last)

    # -- the beginning ---------------------------------------------------------------------------------------

    async def _log_in(self) -> None:
        """Answer the questions for user and password. Where it asks neither, nothing is sent.

        Raises `DriverError` where it asks and there is no answer.
        """
        within = None if self.login.wanted else UNASKED_S
        while not self.login.sent and await self.wait(lambda: self.login.asked is not None, within=within):
            self._write(*self.login.answer())

    async def _greet(self) -> None:
        """Find out whether such a unit is there: until it answers one question, nothing else is asked."""
        target, peer = self._target, self.connection.peer
        for _ in range(ASK_AGAIN):
            self.send(get(STATUS_QUESTION, 1))
            if await self.wait(lambda: self.understood, within=target.answer_timeout_s / ASK_AGAIN):
                return
        if self.unintelligible:
            raise DriverError("wrong_model", f"{peer} answers, but not as Executive Elite does: see probe")
        raise DriverError("timeout", f"{peer} takes the connection and says nothing: {SILENT}", again_s=OCCUPIED_S)

    # -- what comes in ---------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace("<", self.login.hide(data))
        text, answer = self._telnet.feed(data)
        if answer:
            self._write(answer)
        messages = [message for line in self._lines.feed(text) if (message := self._message(line)) is not None]
        if not self.understood and self.login.look_at(self._lines.tail):
            self._lines.drop_tail()
        if messages:
            self.last_received = self._loop.time()
            self.understood = True
            self.answered |= {(each.name, each.channel) for each in messages if not each.notify}
            self._on_messages(messages)
        self._arrived.set()

    def _message(self, line: str) -> Message | None:
        message = parse(line)
        if message is not None:
            return message
        self._is_web |= not self.understood and line.startswith("HTTP/")
        if is_ours(line):
            self.confirmed |= line.strip().lower().endswith(REGISTER)
        elif self.login.takes(line, understood=self.understood):
            pass
        else:
            self.unintelligible += 1
        return None


FENCE: Final = (FIRMWARE_QUESTION, None)


def _ignore(_messages: Sequence[Message]) -> None:
    """Nobody receives messages of a conversation that has ended."""
