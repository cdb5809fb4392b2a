"""One open conversation with one unit: reads everything, asks again, collects meters, sets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Final

from services.drivers.lectrosonics.codec.lines import CHANNELS, Answer, Message, get
from services.drivers.lectrosonics.codec.meters import Meters
from services.drivers.lectrosonics.codec.state import UnitState
from services.drivers.lectrosonics.codec.status import read_status
from services.drivers.lectrosonics.codec.words import STATUS, Scope, Word, words
from services.drivers.lectrosonics.conversation import FENCE, Conversation
from services.drivers.lectrosonics.poller import Poller
from services.drivers.lectrosonics.products import MODEL, describe, identify
from services.drivers.lectrosonics.setting import Setting
from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import Description, DriverError, Listener, SetResult, Target, Trace, not_sent
from services.model import Identity, Part

OTHER_S: Final = 60.0
"""Seconds between two tries where something else answers: somebody has to act first."""
SILENT: Final = (
    "it takes the connection and says nothing: set the unit's TCP port to send and receive (portctl 3); one that only "
    "receives or only sends looks the same"
)


class DsqdLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(
        self, target: Target, listener: Listener, trace: Trace | None = None, unknown: UnknownValues | None = None
    ) -> None:
        self._target = target
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._loop = asyncio.get_running_loop()
        self._conversation = Conversation(target, trace)
        self._state = UnitState()
        self._setting = Setting(self._state)
        self._poller = Poller()
        self._meters = {number: Meters() for number in range(1, CHANNELS + 1)}
        self._intervals = dict.fromkeys(self._meters, target.meter_interval_s)
        self._counters = Counter(dict.fromkeys(NONSENSE, 0))
        self._unanswered: set[str] = set()
        """Words that the unit met with an error, or with silence from the beginning: they are not asked again."""
        self._parts: tuple[int, ...] = ()
        self._complete = False
        self._turn = asyncio.Lock()

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last sent something that was understood."""
        return self._conversation.last_received

    async def open(self) -> None:
        """Connect. Raises `DriverError`."""
        await self._conversation.open()

    async def read_all(self) -> Description:
        """Ask for everything and wait until it has come. Raises `DriverError`."""
        async with self._turn:
            await self._recognise()
            await self._read_words(words(Scope.UNIT))
            await self._read_settings()
            self._complete = True
            self._listener(self._state.everything(self._parts))
            self._poller.want(self._intervals.values())
            self._poller.begin(self._poll_status, self._poll_settings)
            return describe(self._state, self._parts, self._unanswered)

    async def recognise(self) -> Identity:
        """Ask who answers, and nothing else. Raises `DriverError`."""
        await self._recognise()
        await self._read_words(words(Scope.UNIT))
        return identify(self._state, self._parts)

    def ask_alive(self) -> None:
        """Ask for the status of the channels."""
        self._poller.now()

    def meter(self, part: Part | None, seconds: float) -> None:
        """Meter each ``seconds``; all channels are asked as often as the one that wants it most, 0.2 s at least."""
        for number in self._intervals if part is None else (part.number,):
            if number in self._intervals:
                self._intervals[number] = seconds
                self._meters[number].clear()
        self._poller.want(self._intervals.values())

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered since the last call; ``None`` where nothing came or the part has no meters."""
        return self._meters[part.number].take() if part.number in self._parts and not part.slot else None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys of a channel, one property after the other."""
        async with self._turn:
            if not self._complete or part.number not in self._parts or part.slot:
                return not_sent(wanted, "the unit has not been read yet, or has no such part")
            results = await self._setting.set(self._ask, part.number, wanted)
            self._tell()
            return results

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """No word is known that makes the unit show itself."""
        return SetResult(on, "not_sent", detail="a DSQD has nothing that flashes on request")

    def counters(self) -> Mapping[str, int]:
        """What came and made no sense."""
        said = self._conversation
        return {
            **self._counters,
            "meaningless": said.meaningless,
            "unintelligible": said.unintelligible,
            "discarded_bytes": said.discarded,
        }

    async def wait_closed(self) -> DriverError:
        """Wait until the unit or the network ends the conversation."""
        return await asyncio.shield(self._conversation.connection.closed)

    async def close(self) -> None:
        """Stop asking, and close."""
        try:
            await self._poller.end()
        finally:
            await self._conversation.close()

    # -- asking ----------------------------------------------------------------------------------------------

    async def _recognise(self) -> None:
        """Make sure that a DSQD answers, and find the channels that it has. Raises `DriverError`."""
        conversation, peer = self._conversation, self._conversation.connection.peer
        try:
            message = await self._ask(get(FENCE), FENCE, None)
        except DriverError:
            if not conversation.unintelligible:
                raise
            message = None  # it said something else, and hung up
        if message is None and not conversation.unintelligible:
            raise DriverError("control_blocked", f"{peer}: {SILENT}", again_s=OTHER_S)
        named = self._state.value(0, "model")
        if not isinstance(named, str) or not named.upper().startswith(MODEL):
            what = f"is a {named!r}" if named else "answers, but not as a DSQD does: see probe"
            raise DriverError("wrong_model", f"{peer} {what}", again_s=OTHER_S)
        for number in self._meters:
            await self._ask_status(number)
        self._parts = tuple(sorted(self._state.present))

    async def _ask(self, request: bytes, word: str, number: int | None) -> Message | None:
        """Send a request about a word and merge the answer. Raises `DriverError` where the conversation ended."""
        message = await self._conversation.ask(request, word, number)
        if isinstance(message, Answer) and message.word and self._state.take(message, number) is False:
            self._counters["unknown_values"] += 1
            self._unknown.name(self._target.host, word, message.text)
        return message

    async def _ask_status(self, number: int) -> None:
        message = await self._conversation.ask(get(STATUS, number), STATUS, number)
        if not isinstance(message, Answer) or not message.word:
            return
        try:
            status = read_status(message.text)
        except ValueError:
            self._counters["ill_formed"] += 1
            return
        self._counters["unknown_values"] += not status.complete
        self._state.take_status(number, status, self._loop.time())
        if self._complete and self._intervals[number] > 0 and number in self._state.present:
            self._meters[number].add(status)

    async def _read_words(self, wanted: tuple[Word, ...], number: int | None = None) -> None:
        """Ask for words; one that the unit does not know is asked for once a conversation."""
        for word in wanted:
            if word.name in self._unanswered:
                continue
            message = await self._ask(get(word.name, number), word.name, number)
            if not isinstance(message, Answer):
                self._state.forget(word.name, number)
                if message is not None or not self._complete:
                    self._unanswered.add(word.name)

    async def _read_settings(self) -> None:
        """All words of all channels, and of the transmitters that are linked."""
        for number in self._parts:
            await self._read_words(words(Scope.CHANNEL), number)
            if number % 2 or number - 1 not in self._parts:
                await self._read_words(words(Scope.PAIR), (number + 1) // 2)
            if number in self._state.linked:
                await self._read_words(words(Scope.TRANSMITTER), number)

    async def _poll_status(self) -> None:
        linked = {*self._state.linked}
        for number in self._parts:
            await self._ask_status(number)
        for number in self._state.linked - linked:  # a transmitter came
            await self._read_words(words(Scope.TRANSMITTER), number)
        self._tell()

    async def _poll_settings(self) -> None:
        await self._read_words(tuple(word for word in words(Scope.UNIT) if word.name != FENCE))
        await self._read_settings()
        self._tell()

    def _tell(self) -> None:
        if self._complete and (changes := self._state.changes(self._parts)):
            self._listener(changes)
