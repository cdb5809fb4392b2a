"""One open conversation with one base: reads everything, follows what changes, mutes microphones."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import (
    Description,
    DriverError,
    Identity,
    Listener,
    Part,
    Reading,
    SetResult,
    Target,
    Trace,
    not_sent,
)
from services.drivers.yamaha.codec.fields import QUESTIONS, STATUS_QUESTION, UnknownValueError, decode
from services.drivers.yamaha.codec.lines import REGISTER, Message, get
from services.drivers.yamaha.codec.microphones import Base, numbers_of
from services.drivers.yamaha.conversation import Conversation
from services.drivers.yamaha.products import MOST_CHANNELS, Options, describe, identify, size_of
from services.drivers.yamaha.setting import Setting

NOT_READ = "the unit has not been read yet, or has no such part"


class EliteLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(
        self, target: Target, listener: Listener, trace: Trace | None = None, unknown: UnknownValues | None = None
    ) -> None:
        self._target = target
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._options = target.options if isinstance(target.options, Options) else Options()
        self._conversation = Conversation(target, self._receive, trace)
        self._base = Base()
        self._setting = Setting(self._conversation, self._base, target.answer_timeout_s)
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._size = 0
        """Channels of the base; 0 before it was read."""
        self._turn = asyncio.Lock()

    @property
    def login_failed(self) -> bool:
        """Whether the base refused the login."""
        return self._conversation.login.failed

    @property
    def last_received(self) -> float:
        """Loop time at which the base last sent something that was understood."""
        return self._conversation.last_received

    async def open(self) -> None:
        """Connect and log in. Raises `DriverError`."""
        await self._conversation.open()

    async def read_all(self) -> Description:
        """Ask for everything of every channel, and for notifications; wait until all has come."""
        async with self._turn:
            size = await self._recognise()
            if not self._conversation.confirmed:
                self._conversation.send(REGISTER)
            for number in range(1, size + 1):
                await self._read_channel(number)
            self._size = size
            self._listener([self._base.reading(number) for number in range(size + 1)])
            return describe(size, self._firmware)

    async def recognise(self) -> Identity:
        """Ask who answers, and nothing else."""
        return identify(await self._recognise(), self._firmware)

    @property
    def _firmware(self) -> str | None:
        firmware = self._base.field(0, "firmware")
        return firmware if isinstance(firmware, str) else None

    async def _recognise(self) -> int:
        """How many channels the base has: those whose microphone it reports a status of."""
        questions = [(STATUS_QUESTION, number) for number in range(1, MOST_CHANNELS + 1)]
        await self._conversation.ask(questions)
        answered = [number for name, number in self._conversation.answered if name == STATUS_QUESTION and number]
        highest = max((number for number in answered if number <= MOST_CHANNELS), default=0)
        if not highest:
            words = f"{self._conversation.connection.peer} reports the status of no microphone any more"
            raise DriverError("timeout", f"{words}: restart the unit if that lasts")
        for number in {*range(1, highest + 1)} - {*answered}:
            self._base.take(number, {"status": None})
        return size_of(highest, self._options.channels)

    async def _read_channel(self, number: int) -> None:
        questions = [(name, number) for name in QUESTIONS]
        complete = await self._conversation.ask(questions)
        if not complete and self._conversation.answered.isdisjoint(questions):
            words = f"{self._conversation.connection.peer} did not answer what was asked of channel {number} in time"
            raise DriverError("timeout", f"{words}: check its network")
        for question in questions:
            if question not in self._conversation.answered:
                self._base.take(number, dict.fromkeys(QUESTIONS[question[0]]))

    def ask_alive(self) -> None:
        """Ask what every base has answered before."""
        self._conversation.send(get(STATUS_QUESTION, 1))

    def meter(self, part: Part | None, seconds: float) -> None:
        """A base has no meters."""

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """A base has no meters."""
        return None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Mute or unmute the microphone of a channel."""
        async with self._turn:
            if part.slot or not 1 <= part.number <= self._size:
                return not_sent(wanted, NOT_READ)
            return await self._setting.set(part.number, wanted)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """No command is known that makes a base or microphone flash."""
        return SetResult(on, "not_sent", detail="no command of Executive Elite is known that makes something flash")

    def counters(self) -> Mapping[str, int]:
        """What came and made no sense."""
        return {
            **self._counters,
            "unintelligible": self._conversation.unintelligible,
            "discarded_bytes": self._conversation.discarded,
        }

    async def wait_closed(self) -> DriverError:
        """Wait until the base or the network ends the conversation."""
        return await asyncio.shield(self._conversation.connection.closed)

    async def close(self) -> None:
        """Close: notifications end with the connection."""
        await self._conversation.close()

    # -- what comes ------------------------------------------------------------------------------------------

    def _receive(self, messages: Sequence[Message]) -> None:
        changed: dict[int, None] = {}
        for message in messages:
            changed |= dict.fromkeys(self._take(message))
        if self._size and changed:
            readings: list[Reading] = [self._base.reading(number) for number in changed]
            self._listener(readings)

    def _take(self, message: Message) -> list[int]:
        """Note what a message says; the channels, or 0 for the base, of which it says something new."""
        numbers = numbers_of(message, self._size or MOST_CHANNELS)
        try:
            values = decode(message)
        except UnknownValueError as error:
            values = dict.fromkeys(error.fields)
            self._counters["unknown_values"] += 1
            self._unknown.name(self._target.host, message.name, message.text)
        if values is None or not numbers:
            self._counters["meaningless"] += 1
            return []
        for number in numbers:
            self._setting.reported(number, values)
        return [number for number in numbers if self._base.take(number, values)]
