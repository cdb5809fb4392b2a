"""One open conversation with one receiver: reads everything, hears what changes, collects its meters."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.drivers.port import UNIT, Description, DriverError, Listener, Part, Reading, Target, Trace
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec import samples
from services.drivers.shure.codec.composing import Composer
from services.drivers.shure.codec.messages import Message, get, set_
from services.drivers.shure.codec.properties import Property, Scope
from services.drivers.shure.conversation import QUIET_S, Conversation, Place
from services.drivers.shure.detection import LAST, Detection, Probe
from services.drivers.shure.families import MANUFACTURER, ReadingComposer, part_abilities, unit_abilities
from services.model import (
    Identity,
    Telemetry,
)

log = logging.getLogger(__name__)

STOP_S = 0.5
"""How long a close waits for the device to confirm that it has stopped metering."""
WHOLE_DUMP = 0
"""The index that means all channels."""
QUESTIONS_MOST = 100
"""Questions by name in one go; others send as many without trouble (docs/protocols.md#transport)."""
TRIES = 2
"""Questions by name that are worth asking of a device that does not answer them; noise can swallow one."""
IDENTITY_NAMES = ("FW_VER", "RF_BAND", "NET_SETTINGS SC", "MAC_ADDR")


class ShureLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(self, target: Target, listener: Listener, trace: Trace | None = None) -> None:
        self._target = target
        self._listener = listener
        self._detection = Detection()
        self._conversation = Conversation(self._hear, trace)
        self._composer: ReadingComposer = Composer()
        self._found: Probe | None = None
        self._facts: dict[str, object] = {}
        self._antennas: dict[int, int] = {}
        self._counted: list[Reading] = []
        """Antennas that the newest meters have and that nobody was told of."""
        self._reported: defaultdict[Part, set[str]] = defaultdict(set)
        """Keys that have a value, by part."""
        self._unanswered: Counter[Place] = Counter()
        """How often something was asked for by name in vain."""
        self._answers = False
        """Whether it answered anything of what was asked behind dumps and names."""
        self._turn = asyncio.Lock()
        self._interval_s = target.meter_interval_s
        self._own_interval_s: dict[int, float] = {}
        """Channels that are to be metered otherwise than the others, seconds."""
        self._rates: dict[int, str] = {}
        """Metering as the device reports it, by channel."""
        self._wanted_rates: dict[int, str] = {}
        """Metering as it was asked for, by channel."""
        self._metered: dict[int, Telemetry] = {}
        """Meters that nobody has taken yet, by channel."""
        self._ill_formed = 0
        """SAMPLE lines that are none of this family."""
        self._meaningless = 0
        """Reports that make no sense for this family."""

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_heard(self) -> float:
        """Loop time at which the device last sent something that was understood."""
        return self._conversation.last_heard

    async def open(self) -> None:
        """Connect. Raises `DriverError`."""
        await self._conversation.open(self._target)

    async def read_all(self) -> Description:
        """Ask for everything, and wait until it has come."""
        async with self._turn:
            if self._found is not None:  # else what came while we asked who it is counts as well
                self._conversation.answers.clear()
            found = await self._detect()
            identity = await self._read(found)
            self._conversation.answers.clear()  # some 160 places of a quad, and only reading asks for them
            self._emit(self._composer.complete())
            parts = dict.fromkeys(self._parts(found), part_abilities(found.family))
            return Description(identity, unit_abilities(found.family), parts)

    async def identify(self) -> Identity:
        """Ask who answers, and nothing else."""
        found = await self._detect()
        await self._ask_missing(found, self._missing(found, [(name, None) for name in IDENTITY_NAMES]))
        return self._identity(found)

    def ask_alive(self) -> None:
        """Ask for what this device has been heard to answer: a question that it ignores would look like its end."""
        self._conversation.unstick()
        self._conversation.ask_alive(self._found.fence if self._found else LAST)

    def meter(self, part: Part | None, seconds: float) -> None:
        """Ask for another metering interval of a channel or of all."""
        if part is None:
            self._interval_s = seconds
            self._own_interval_s.clear()
        else:
            self._own_interval_s[part.number] = seconds
        if self._found is not None:
            self._ask_for_meters(self._found, range(1, self._found.most_parts + 1) if part is None else [part.number])

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered on a channel since the last call."""
        if (messages := self._conversation.take_samples()) and self._found is not None:
            self._sum_up(messages, self._found)
        return self._metered.pop(part.number, None)

    def counters(self) -> Mapping[str, int]:
        """What came and made no sense."""
        return {
            "ill_formed": self._ill_formed,
            "meaningless": self._meaningless,
            "unintelligible": self._conversation.unintelligible,
            "discarded_bytes": self._conversation.discarded,
            "dropped_samples": self._conversation.dropped_samples,
        }

    async def wait_closed(self) -> DriverError:
        """Wait until the device or the network ends the conversation, and say why."""
        return await asyncio.shield(self._conversation.connection.closed)

    async def close(self) -> None:
        """Stop metering, wait briefly until the device has confirmed it, and close."""
        try:
            if self._wanted_rates and self._found is not None and self._conversation.connection.open:
                await self._stop_metering(self._found.most_parts)
        finally:
            log.debug(
                "%s: %d reports and %d samples made no sense", self._target.host, self._meaningless, self._ill_formed
            )
            await self._conversation.close()

    # -- reading ---------------------------------------------------------------------------------------------

    async def _read(self, found: Probe) -> Identity:
        if not await self._read_channels(found):
            raise DriverError(
                "timeout",
                f"{self._conversation.connection.peer} is a {found.text}, but did not tell anything of its "
                f"channels within {self._target.answer_timeout_s:g} s",
            )
        if not self._wanted_rates or self._metered_otherwise():
            self._ask_for_meters(found, range(1, found.most_parts + 1))
        await self._ask_missing(found, self._missing(found, self._askable(found)))
        self._emit(self._retracted(found))
        return self._identity(found)

    def _retracted(self, found: Probe) -> Iterator[Reading]:
        """What was reported in this conversation and is not answered any more: the unit does not have it now."""
        if not self._answers:
            return  # it only reports by itself, and what it did not repeat may still be true
        properties, answers = found.family.properties, self._conversation.answers
        silent: dict[Part, set[str]] = {}
        answered: dict[Part, set[str]] = {}
        for places, keys in ((self._askable(found), silent), (answers, answered)):
            for name, index in places:
                prop = properties.find(name, indexed=index is not None)
                if prop is not None and not prop.metered and prop.scope is not Scope.SLOT:
                    keys.setdefault(Part(index or 0), set()).update(prop.keys)
        for part, keys_of_part in silent.items():
            # two names may bring one key, and a unit knows one of them
            gone = self._reported[part] & (keys_of_part - answered.get(part, set()))
            if gone:
                self._reported[part] -= gone
                yield from self._composer.compose(Reading(part, dict.fromkeys(gone)))

    def _ask_for_meters(self, found: Probe, channels: Iterable[int]) -> None:
        """What the family cannot do becomes the nearest that it can."""
        meters = found.family.meters
        if meters is None:
            return
        for channel in channels:
            seconds = self._own_interval_s.get(channel, self._interval_s)
            rate = min(meters.slowest_ms, max(meters.fastest_ms, round(seconds * 1000))) if seconds > 0 else 0
            self._wanted_rates[channel] = f"{rate:05}"
        self._conversation.send(set_("METER_RATE", channel, self._wanted_rates[channel]) for channel in channels)

    def _metered_otherwise(self) -> bool:
        """Whether any channel is metered at another rate than it was asked for."""
        wanted = self._wanted_rates
        return not self._rates or any(rate != wanted.get(channel) for channel, rate in self._rates.items())

    async def _detect(self) -> Probe:
        if self._found is None:
            found = await self._detection.run(self._conversation, self._target.answer_timeout_s)
            self._found, self._conversation.channels = found, found.most_parts
            self._composer = found.family.composer(found.model)
            early, self._detection = self._detection.early, Detection()
            self._emit(self._first_facts(found))
            self._hear(early)
        return self._found

    def _first_facts(self, found: Probe) -> Iterator[Reading]:
        self._facts |= {"model": found.text, "family": found.family.name}
        if self._composer.parts is None:
            self._facts["part_count"] = found.most_parts
        yield Reading(UNIT, dict(self._facts))
        if found.family.antennas is not None:
            for channel in range(1, found.most_parts + 1):
                fact = Reading(Part(channel), {"antenna_count": found.family.antennas})
                yield from self._composer.compose(fact)

    async def _read_channels(self, found: Probe) -> bool:
        """Ask for everything; whether anything was reported of any part."""
        each = [get("ALL", part) for part in range(1, found.most_parts + 1)]
        for dumps in [[get("ALL", WHOLE_DUMP)], each] if found.family.dumps_all else [each]:
            await self._ask(dumps, found.fence)
            if self._heard_of_channels():
                return True
        # no dump at all: what can be asked for is asked for by name
        proof = found.family.part_proof
        await self._ask_missing(found, self._missing(found, [(proof, part) for part in self._parts(found)]))
        await self._ask_missing(found, self._missing(found, self._askable(found)))
        return self._heard_of_channels()

    async def _ask(self, questions: list[bytes], fence: Place) -> bool:
        """Ask, and wait until everything is answered; whether the device reported anything.

        Raises `DriverError` (timeout) where a device that answers questions sends nothing at all.
        """
        answers, timeout = self._conversation.answers, self._target.answer_timeout_s
        reports = self._heard_of_channels()
        if reports and not self._answers:  # it reports unasked, and may never answer a question
            timeout = min(timeout, QUIET_S)
        last_heard, reported = self.last_heard, answers.total()
        if await self._conversation.ask_all(questions, fence, timeout=timeout):
            self._answers = True
        elif self.last_heard == last_heard and (self._answers or not reports):
            peer = self._conversation.connection.peer
            raise DriverError("timeout", f"{peer} did not answer anything within {timeout:g} s")
        return answers.total() > reported

    def _heard_of_channels(self) -> bool:
        """Whether anything was told of any channel since this read began."""
        return any(index and name not in ("METER_RATE", "ERR") for name, index in self._conversation.answers)

    def _askable(self, found: Probe) -> list[Place]:
        counts = found.family.antennas is None  # then a metered key tells their number, and with metering off too
        properties = [
            prop for prop in found.family.properties if prop.askable and (not prop.metered or (prop.keys and counts))
        ]
        return [place for prop in properties for place in _places(prop, self._parts(found))]

    def _parts(self, found: Probe) -> Sequence[int]:
        """Numbers of the parts that there are; as long as nothing was reported, of those that there may be."""
        return self._composer.parts or range(1, found.most_parts + 1)

    def _missing(self, found: Probe, places: Iterable[Place]) -> list[Place]:
        answers, table = self._conversation.answers, found.family.properties
        return [
            place
            for place in places
            if place not in answers
            and self._unanswered[place] < TRIES
            and place != found.fence
            and table.find(place[0], indexed=place[1] is not None) is not None
        ]

    async def _ask_missing(self, found: Probe, places: list[Place]) -> None:
        """Ask by name for what did not come by itself; old firmware refuses some of it, or is silent.

        Ends with the answer to the last question, so that nothing asked before is still on its way.
        """
        answers, table = self._conversation.answers, found.family.properties
        questions = [
            _question(prop, index)
            for name, index in places
            if (prop := table.find(name, indexed=index is not None)) is not None
        ]
        for begin in range(0, max(1, len(questions)), QUESTIONS_MOST):
            if not await self._ask(questions[begin : begin + QUESTIONS_MOST], found.fence):
                break  # it only tells, and will not answer the rest either
        self._unanswered.update(place for place in places if place not in answers)

    def _identity(self, found: Probe) -> Identity:
        facts = {key: str(value) for key, value in self._facts.items() if value is not None}
        return Identity(
            manufacturer=MANUFACTURER,
            family=found.family.name,
            kind=found.family.kind,
            model=found.text,
            mac=facts.get("mac"),
            device_id=facts.get("device_id"),
            firmware=facts.get("firmware"),
            band=facts.get("band"),
            part_count=len(self._parts(found)),
        )

    # -- hearing ---------------------------------------------------------------------------------------------

    def _hear(self, messages: list[Message]) -> None:
        """All REPs of one network read."""
        if self._found is None:
            self._detection.hear(messages)
        else:
            self._emit(self._understand(messages, self._found))

    def _understand(self, messages: Iterable[Message], found: Probe) -> Iterator[Reading]:
        for message in messages:
            if message.name == "METER_RATE" and message.index and message.index <= found.most_parts:
                self._rates[message.index] = message.value.strip()
            reading = codec.decode(message, found.family.properties)
            if reading is None or reading.part.number > found.most_parts or reading.part.slot > found.slots:
                self._meaningless += 1
            elif reading.values:
                if reading.part == UNIT:
                    self._facts |= reading.values
                elif isinstance(count := reading.values.get("antenna_count"), int):
                    self._antennas[reading.part.number] = count
                self._reported[reading.part].update(reading.values)
                yield from self._composer.compose(reading)

    def _sum_up(self, messages: bytes, found: Probe) -> None:
        """Meters come for all channels together, and are taken channel by channel."""
        if found.family.meters is None:
            return
        told = samples.summarise(found.family.meters.sample, messages)
        self._ill_formed += messages.count(b"<") - sum(telemetry["samples"] for telemetry in told.values())
        for channel in range(1, found.most_parts + 1):
            telemetry = told.get(channel)
            if telemetry is None:
                continue
            untaken = self._metered.get(channel)
            self._metered[channel] = telemetry if untaken is None else samples.merge(untaken, telemetry)
            if found.family.antennas is None:
                self._count_antennas(channel, telemetry)

    def _count_antennas(self, channel: int, telemetry: Telemetry) -> None:
        """Quadversity can be switched: the newest meters say how many antennas there are."""
        count = 4 if "antenna_c" in telemetry else 2
        if self._antennas.get(channel) != count:
            self._antennas[channel] = count
            if not self._counted:  # after this turn: who takes meters must not get readings in the middle of it
                asyncio.get_running_loop().call_soon(self._emit_counted)
            self._counted.append(Reading(Part(channel), {"antenna_count": count}))

    def _emit_counted(self) -> None:
        counted, self._counted = self._counted, []
        if not self._conversation.connection.closed.done():
            self._emit(reading for one in counted for reading in self._composer.compose(one))

    def _emit(self, readings: Iterable[Reading]) -> None:
        told = list(readings)
        if not told:
            return
        try:
            self._listener(told)
        except Exception:
            # a mistake of ours in what follows from a reading must not look like a broken connection
            log.exception("reading could not be taken in", extra={"host": self._target.host})

    # -- the end ---------------------------------------------------------------------------------------------

    async def _stop_metering(self, channels: int) -> None:
        answers = self._conversation.answers
        places = [("METER_RATE", channel) for channel in range(1, channels + 1)]
        for place in places:
            answers[place] = 0
        try:
            await self._conversation.ask(
                (set_(name, channel, "00000") for name, channel in places),
                lambda: all(answers[place] for place in places),
                timeout=STOP_S,
            )
        except DriverError as error:
            log.debug("connection ended before metering was stopped: %s", error.detail)


def _places(prop: Property, parts: Iterable[int]) -> list[Place]:
    if prop.scope is Scope.UNIT:
        return [(prop.name, None)]
    return [(prop.name, part) for part in parts]


def _question(prop: Property, index: int | None) -> bytes:
    """A GET; of what stands in slots, for all slots at once."""
    return get(prop.name, index, 0 if prop.scope is Scope.SLOT else None)
