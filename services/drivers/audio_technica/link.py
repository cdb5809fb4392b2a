"""One conversation with one unit: reads everything, asks again and again, hands over its meters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from services.drivers.audio_technica.asking import HELD_AGAIN_S, Asking, Reply
from services.drivers.audio_technica.codec.lines import (
    BUSY,
    REFUSALS,
    UNKNOWN_COMMAND,
    Message,
)
from services.drivers.audio_technica.families.family import FACTS, Question, Turn
from services.drivers.audio_technica.families.reading import Reader
from services.drivers.audio_technica.parts import Parts
from services.drivers.audio_technica.polling import Polling
from services.drivers.audio_technica.recognising import BUSY_AGAIN_S, recognise
from services.drivers.audio_technica.setting import Setting
from services.drivers.nonsense import NONSENSE, UnknownValues
from services.drivers.port import (
    UNIT,
    Description,
    DriverError,
    Listener,
    Part,
    Reading,
    SetResult,
    Target,
    Trace,
    not_sent,
)
from services.model import Identity

log = logging.getLogger(__name__)

TRIES = 2
"""Of a question in a complete read; noise can swallow one."""
PROBE_S = 1.0
"""For an answer of a unit that may not be there: one linked behind the first, or a second channel."""

FIRST = 1
"""The part that every unit has."""

WAKES = frozenset({"nststx"})
"""Notices of a form that we do not read, which say that a link came or went."""

NOT_READ = "the unit has not been read yet; try again in a few seconds"


class AudioTechnicaLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(
        self,
        target: Target,
        port: int,
        listener: Listener,
        trace: Trace | None = None,
        unknown: UnknownValues | None = None,
        *,
        held_again_s: float = HELD_AGAIN_S,
    ) -> None:
        self._target, self._port = target, port
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._loop = asyncio.get_running_loop()
        self._asking = Asking(self._receive, trace, held_again_s)
        self._interval_s = target.meter_interval_s
        self._reader: Reader | None = None
        self._polling: Polling | None = None
        self._setting: Setting | None = None
        self._turn = asyncio.Lock()
        self._lacks: set[str] = set()
        """Commands that this unit does not know."""
        self._parts: Parts | None = None
        self._ignored: set[str] = set()
        """Commands that it left without an answer since the last complete read."""
        self._doubtful: set[str] = set()
        """Those that it ever left so."""
        self._proof: tuple[Question, Part] | None = None
        """What it answered last."""
        self._unknown_values = self._notices = 0

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last sent something that is a message."""
        return self._asking.last_received

    async def open(self) -> None:
        """Connect. Raises `DriverError`."""
        await self._asking.open(self._target, self._port)

    async def recognise(self) -> tuple[Identity, str | None]:
        """Who answers, and its name; asks only. Raises `DriverError`."""
        reader, parts = await self._recognised()
        await parts.find_first()
        for question in reader.family.questions:
            if not question.of_part and FACTS & {*question.keys}:
                await parts.probe(question.word, link=reader.links[0])
        is_certain = not reader.family.counts and len(reader.links) == 1
        return reader.identity(reader.family.parts if is_certain else None), reader.facts.get("device_id")

    async def read_all(self) -> Description:
        """Ask for everything, and wait until it has come. Raises `DriverError`."""
        async with self._turn:
            reader, parts = await self._recognised()
            reader.afresh()
            self._ignored.clear()
            await parts.find_links()
            for question in reader.family.questions:
                if not question.of_part:
                    await self._ask_surely(question, UNIT)
            await parts.find()
            for number in parts.numbers:
                await self._read_part(reader, number)
            return self._described(reader)

    def ask_alive(self) -> None:
        """Ask the cheapest question next."""
        if self._polling is not None:
            self._polling.ask_alive()

    def meter(self, part: Part | None, seconds: float) -> None:
        """Ask for meters each ``seconds``; all channels of a unit are asked in one round."""
        self._interval_s = seconds
        if self._polling is not None:
            self._polling.meter(seconds)

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered of a channel since the last call."""
        meters = self._reader.meters.get(part.number) if self._reader is not None else None
        return meters.take() if meters is not None else None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one after the other."""
        async with self._turn:
            if self._setting is None or part.slot or part.number not in self._numbers:
                return not_sent(wanted, NOT_READ if self._setting is None else "nothing of this part can be set")
            return await self._setting.set(part.number, wanted)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Make the unit, a transmitter or a port flash."""
        async with self._turn:
            if self._setting is None or part.slot or (part.number and part.number not in self._numbers):
                return SetResult(on, "not_sent", detail=NOT_READ if self._setting is None else "there is no such part")
            return await self._setting.flash(part.number, on=on)

    def counters(self) -> Mapping[str, int]:
        """What came and made no sense, how often the unit was busy, and how many notices were overheard."""
        reader = self._reader
        return {
            **dict.fromkeys(NONSENSE, 0),
            "ill_formed": reader.ill_formed if reader else 0,
            "meaningless": (reader.meaningless if reader else 0) + self._asking.lost_pieces,
            "unintelligible": self._asking.unintelligible,
            "unknown_values": self._unknown_values,
            "discarded_bytes": self._asking.discarded,
            "dropped_samples": sum(each.dropped for each in reader.meters.values()) if reader else 0,
            "busy": self._asking.busy,
            "notices": self._notices,
        }

    async def wait_closed(self) -> DriverError:
        """Wait until the unit or the network ends the conversation."""
        await asyncio.shield(self._asking.connection.closed)
        return self._asking.why_ended()

    async def close(self) -> None:
        """Ask no more, and leave the unit's only place."""
        if self._polling is not None:
            await self._polling.stop()
        await self._asking.close()

    @property
    def _numbers(self) -> list[int]:
        """The parts that were found."""
        return self._parts.numbers if self._parts is not None else []

    # -- asking ----------------------------------------------------------------------------------------------

    async def ask(self, question: Question, part: Part) -> Reply:
        """Ask once; what the unit refuses to tell is unknown from then on. Raises `DriverError`."""
        reader, _ = await self._recognised()
        link, own = reader.place(part.number) if part.number else (reader.links[0], 0)
        reply = await self._asking.ask(question.word, str(own) if question.of_part else "", link=link)
        if reply.answered:
            self._proof = question, part
        elif reply.refusal is not None and reply.refusal not in BUSY:
            if reply.refusal == UNKNOWN_COMMAND:
                self._lacks.add(question.word)
            self._emit([reader.unanswered(question, part, reply.refusal)])
        return reply

    async def ask_again(self) -> Reply:
        """Ask what the unit answered last. Raises `DriverError`."""
        return await self.ask(*self._proof) if self._proof is not None else Reply()

    def lost(self, numbers: Sequence[int]) -> None:
        """Parts of a linked receiver that fell silent: nothing is known of them."""
        self._emit([Reading(Part(number), {}, whole=True) for number in numbers])

    def knows(self, question: Question) -> bool:
        """Whether the unit may answer this question."""
        return question.word not in self._lacks and question.word not in self._ignored

    async def _ask_surely(self, question: Question, part: Part) -> None:
        """Ask, and once more where nothing comes. Raises `DriverError` where the unit itself is silent, or busy."""
        if not self.knows(question):
            return
        for _ in range(1 if question.word in self._doubtful else TRIES):
            reply = await self.ask(question, part)
            if reply.refusal in BUSY:
                detail = f"{self._asking.connection.peer} stays busy: {REFUSALS[reply.refusal or 0]}"
                raise DriverError("timeout", detail, again_s=BUSY_AGAIN_S)
            if not reply.silent:
                return
        # it may not know the question and say nothing, or it may not be there any more
        if self._proof is None or (await self.ask(*self._proof)).silent:
            raise DriverError("timeout", f"{self._asking.connection.peer} does not answer any more")
        self._ignored.add(question.word)
        self._doubtful.add(question.word)
        if self._reader is not None:
            self._emit([self._reader.unanswered(question, part)])

    async def _recognised(self) -> tuple[Reader, Parts]:
        if self._reader is None or self._parts is None:
            self._reader = Reader(await recognise(self._asking, self._port))
            self._parts = Parts(self._asking, self._reader)
            self._proof = self._reader.proof()
        return self._reader, self._parts

    async def _read_part(self, reader: Reader, number: int) -> None:
        """What changes by itself comes first: it says whether there is a transmitter to ask about."""
        part = Part(number)
        asked = [each for each in reader.family.questions if each.of_part]
        for question in sorted(asked, key=lambda each: each.turn is Turn.SETTING):
            if not question.cells and number != self._numbers[0]:
                continue  # levels are polled; one question finds out whether the unit knows them
            if question.of_transmitter and reader.is_occupied(number) is False:
                self._emit([reader.unanswered(question, part)])
                continue
            await self._ask_surely(question, part)

    def _described(self, reader: Reader) -> Description:
        lacks = frozenset(self._lacks | self._ignored)
        abilities, of_part = reader.family.abilities(lacks), reader.family.part_abilities(lacks)
        if self._polling is None:
            self._polling = Polling(self, reader, self._interval_s)
            self._setting = Setting(self._asking, reader)
        self._polling.run(self._numbers)
        return Description(
            reader.identity(len(self._numbers) or None), abilities, dict.fromkeys(self._numbers, of_part)
        )

    # -- receiving -------------------------------------------------------------------------------------------

    def hear(self, message: Message) -> None:
        """A notice that the unit sent by multicast."""
        if self._reader is None or self._polling is None:
            return
        self._notices += 1
        if message.word in WAKES:
            self._polling.look_again()
        elif self._reader.question(message) is not None:
            self._receive(message)

    def _receive(self, message: Message) -> None:
        reader = self._reader
        if reader is None:
            return
        reading = reader.read(message, self._loop.time())
        if self._parts is None or not self._parts.probing:
            self._emit([reading])
        for key, text in reader.unread:
            self._unknown_values += 1
            self._unknown.name(self._target.host, key, text)

    def _emit(self, readings: Sequence[Reading | None]) -> None:
        if emitted := [reading for reading in readings if reading is not None]:
            self._listener(emitted)
