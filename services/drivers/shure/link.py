"""One open conversation with one unit: reads everything, receives what changes, hands over its meters."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from services.drivers.nonsense import UnknownValues
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
from services.drivers.shure.asking_again import AskingAgain
from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.composing import Composer
from services.drivers.shure.codec.messages import Message, get
from services.drivers.shure.conversation import QUIET_S, Conversation
from services.drivers.shure.detection import GRACE_S, LAST, Detection, Probe
from services.drivers.shure.families import MANUFACTURER, ReadingComposer, WireAddress, part_abilities, unit_abilities
from services.drivers.shure.lines import SignsOfLife, ask_one_by_one
from services.drivers.shure.metering import METER_RATE, Metering
from services.drivers.shure.questions import (
    IDENTITY_NAMES,
    askable,
    counts_antennas,
    in_slots,
    keys_by_part,
    questions,
)
from services.drivers.shure.setting import Settings
from services.model import Identity, Telemetry

log = logging.getLogger(__name__)

QUESTIONS_MOST = 100
"""Questions by name in one go; others send as many without trouble (docs/protocols.md#transport)."""
TRIES = 2
"""Questions by name that are worth asking of a unit that does not answer them; noise can swallow one."""


NOT_READ = "the unit has not been read yet; try again in a few seconds"

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def _shared(keys: frozenset[str]) -> frozenset[str]:
    """One copy of each set of keys that parts report: a few a family. Strange units cannot make them grow."""
    return keys


class ShureLink:
    """A conversation once it is open; `services.drivers.port.Link`."""

    def __init__(
        self, target: Target, listener: Listener, trace: Trace | None = None, unknown: UnknownValues | None = None
    ) -> None:
        self._target = target
        self._listener = listener
        self._unknown = unknown or UnknownValues()
        self._detection = Detection(family=target.family)
        self._conversation = Conversation(self._receive, trace)
        self._alive = SignsOfLife(self._conversation)
        self._composer: ReadingComposer = Composer()
        self._found: Probe | None = None
        self._facts: dict[str, object] = {}
        self._antennas: dict[int, int] = {}
        self._counted: list[Reading] = []
        """Antennas that the newest meters have and that were not reported yet."""
        self._reported: dict[Part, set[str] | frozenset[str]] = {}
        """Keys that have a value, by part; after a complete read parts that report the same share one set (2 KB)."""
        self._unanswered: Counter[WireAddress] = Counter()
        """How often a property was asked for by name without an answer."""
        self._slots_answered: defaultdict[WireAddress, set[int]] = defaultdict(set)
        """Slots that a property was reported of since a read began."""
        self._present: Sequence[int] | None = None
        """Numbers of the parts that answered the last complete read, where that decides which there are."""
        self._answers = False
        """Whether the unit has answered any GET; some only report by themselves."""
        self._complete = False
        """Whether everything was answered that was asked last."""
        self._lacks: frozenset[str] = frozenset()
        """Wire names of the family that this unit does not have, in the mode in which it is."""
        self._turn = asyncio.Lock()
        self._settings: Settings | None = None
        self._again: AskingAgain | None = None
        self._metering = Metering(self._conversation, target.meter_interval_s)
        self._meaningless = self._unknown_values = 0
        """Reports of nothing that this unit has, and those of which nobody can read the value."""

    # -- the port --------------------------------------------------------------------------------------------

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last sent something that was understood."""
        return self._conversation.last_received

    async def open(self) -> None:
        """Connect. Raises `DriverError`."""
        await self._conversation.open(self._target)

    async def read_all(self) -> Description:
        """Ask for everything, and wait until it has come."""
        async with self._turn:
            if self._found is not None:  # else what came while we asked who it is counts as well
                self._forget_answers()
            found = await self._detect()
            identity = await self._read(found)
            if self._settings:
                self._settings.note(self._conversation.answers, everything=self._answers and self._complete)
            self._forget_answers()  # some 160 addresses of a quad, and only reading asks for them
            self._emit(self._composer.complete())
            of_unit, of_part = unit_abilities(found.family, self._lacks), part_abilities(found.family, self._lacks)
            able = self._settings.able if self._settings else lambda abilities, _part: abilities
            parts = {number: able(of_part, Part(number)) for number in self._parts(found)}
            if self._again:
                self._again.poll()
            return Description(identity, able(of_unit, UNIT), parts)

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys, one property at a time."""
        async with self._turn:
            return await self._settings.set(part, wanted) if self._settings else not_sent(wanted, NOT_READ)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Let the unit or a channel flash."""
        async with self._turn:
            return await self._settings.flash(part, on=on) if self._settings else _not_flashed(on)

    async def recognise(self) -> Identity:
        """Ask who answers, and nothing else."""
        found = await self._detect()
        if not found.family.dialect.one_by_one:  # and those have none of it
            await self._ask_missing(found, self._missing(found, [(name, None) for name in IDENTITY_NAMES]))
        return self._identity(found)

    def ask_alive(self) -> None:
        """Ask for what this unit has answered before: a question that it ignores would look like its end."""
        self._conversation.unstick()
        found = self._found
        self._alive.ask(found.fence if found else LAST, insist=bool(found and found.family.dialect.one_by_one))

    def meter(self, part: Part | None, seconds: float) -> None:
        """Ask for another metering interval of a channel or of all."""
        self._metering.choose(None if part is None else part.number, seconds)
        if self._found is not None and self._found.family.meters is not None:
            channels = self._parts(self._found) if part is None else [part.number]
            self._metering.ask(self._found.family.meters, channels)

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered on a channel since the last call."""
        if self._found is not None and self._found.family.meters is not None:
            summaries = self._metering.sum_up(self._found.family.meters, self._found.most_parts)
            if summaries and counts_antennas(self._found.family):
                self._count_antennas(summaries)
        return self._metering.take(part.number)

    def counters(self) -> Mapping[str, int]:
        """What came and made no sense."""
        return {
            "ill_formed": self._metering.ill_formed,
            "meaningless": self._meaningless + self._metering.strays,
            "unintelligible": self._conversation.unintelligible,
            "unknown_values": self._unknown_values,
            "discarded_bytes": self._conversation.discarded,
            "dropped_samples": self._conversation.dropped_samples,
            "foreign_meter_rates": self._metering.yielded,
        }

    async def wait_closed(self) -> DriverError:
        """Wait until the unit or the network ends the conversation; the error has the reason."""
        return await asyncio.shield(self._conversation.connection.closed)

    async def close(self) -> None:
        """Stop metering, wait briefly until the unit has confirmed it, and close."""
        self._alive.stop()
        try:
            if self._again:
                self._again.stop()
            await self._metering.stop()
        finally:
            log.debug("%s: what made no sense: %s", self._target.host, dict(self.counters()))
            await self._conversation.close()

    # -- reading ---------------------------------------------------------------------------------------------

    async def _read(self, found: Probe) -> Identity:
        if found.family.dialect.one_by_one:
            return await self._read_one_by_one(found)
        reports = await self._read_channels(found)
        if found.model.varies:
            self._count_parts(found)
        elif not reports:
            raise DriverError(
                "timeout",
                f"{self._conversation.connection.peer} is a {found.text}, but did not report anything of its "
                f"parts within {self._target.answer_timeout_s:g} s",
            )
        if found.family.meters is not None and self._metering.differs:
            self._metering.ask(found.family.meters, self._parts(found))
        await self._ask_for_slots(found)
        await self._ask_missing(found, self._missing(found, self._askable(found)))
        if found.model.varies:
            self._count_parts(found)
        self._emit(self._retracted(found))
        self._reported = {part: _shared(frozenset(keys)) for part, keys in self._reported.items()}
        return self._identity(found)

    async def _read_one_by_one(self, found: Probe) -> Identity:
        """Everything by name; what is silent even when it is asked again, the unit does not have."""
        parts, timeout = self._parts(found), self._target.answer_timeout_s
        addresses = [*self._askable(found), *((METER_RATE, part) for part in parts)]
        before = self.last_received
        silent = await ask_one_by_one(self._conversation, {each: get(*each) for each in addresses}, timeout=timeout)
        self._complete = len(silent) < len(addresses)
        if not self._complete and (self._answers or self.last_received == before):
            peer = self._conversation.connection.peer
            raise DriverError("timeout", f"{peer} is a {found.text}, but did not answer anything within {timeout:g} s")
        self._answers |= self._complete
        if found.family.meters is not None:
            rates = self._metering.due(found.family.meters, parts)
            await ask_one_by_one(self._conversation, rates, timeout=timeout)
        self._emit(self._retracted(found))
        return self._identity(found)

    def _count_parts(self, found: Probe) -> None:
        """Where a mode or a licence decides: the parts that answered, of which none is a number too.

        A read that ended before everything was answered shows no part to be gone.
        """
        table = found.family.properties
        answered = {index for name, index in self._part_answers() if index and table.find(name, indexed=True)}
        if not self._complete:
            answered |= {*(self._present or ())}
        self._present = [index for index in sorted(answered) if index <= found.most_parts]
        if self._facts.get("part_count") != len(self._present):
            self._facts["part_count"] = len(self._present)
            self._emit([Reading(UNIT, {"part_count": len(self._present)})])

    def _forget_answers(self) -> None:
        self._conversation.answers.clear()
        self._slots_answered.clear()

    def _note_reported(self, reading: Reading) -> None:
        known = self._reported.get(reading.part)
        if isinstance(known, set):
            known.update(reading.values)
        elif known is None or not reading.values.keys() <= known:
            self._reported[reading.part] = {*(known or ()), *reading.values}

    def _retracted(self, found: Probe) -> Iterator[Reading]:
        """What was reported in this conversation and is not answered any more: the unit does not have it now."""
        if not self._answers:
            return  # a unit that ignores GET: what it did not repeat may still be true
        answers = self._conversation.answers
        unanswered = [each for each in askable(found.family, self._parts(found)) if each not in answers]
        silent = keys_by_part(found.family, unanswered)
        reported = self._reported
        if not any(reported.get(part, _NOTHING) & keys for part, keys in silent.items()):
            return
        answered = keys_by_part(found.family, answers)
        for part, keys in silent.items():
            # two names may bring one key, and a unit knows one of them
            gone = reported.get(part, _NOTHING) & (keys - answered.get(part, set()))
            if gone:
                reported[part] = reported[part] - gone
                yield from self._composer.compose(Reading(part, dict.fromkeys(gone)))

    async def _detect(self) -> Probe:
        if self._found is None:
            found = await self._detection.run(self._conversation, self._target.answer_timeout_s)
            self._found = found
            self._conversation.speak(found.family, found.most_parts)
            self._conversation.synonyms = found.model.synonyms
            self._settings = Settings(self._conversation, found.family, self._target.answer_timeout_s)
            self._composer = found.family.composer(found.model)
            waiting, self._detection = self._detection.waiting, Detection(family=self._detection.family)
            self._again = AskingAgain(self._conversation, found)
            self._emit(self._first_facts(found))
            self._receive([codec.renamed(message, found.model.synonyms) for message in waiting])
        return self._found

    def _first_facts(self, found: Probe) -> Iterator[Reading]:
        self._facts |= {"model": found.text, "family": found.family.name}
        if self._composer.parts is None and not found.model.varies:
            self._facts["part_count"] = found.most_parts
        yield Reading(UNIT, dict(self._facts))
        if found.family.antennas:
            for channel in range(1, found.most_parts + 1):
                fact = Reading(Part(channel), {"antenna_count": found.family.antennas})
                yield from self._composer.compose(fact)

    async def _read_channels(self, found: Probe) -> bool:
        """Ask for everything; whether anything was reported of any part."""
        # where answers decide which parts there are, those that came while we asked who it is tell of some only
        before = self._part_reports() if found.model.varies else 0
        whole = [get(*address) for address in found.family.dumps]
        each = [get("ALL", part) for part in range(1, found.most_parts + 1)] if found.family.dumps_parts else []
        for dumps in filter(None, (whole, each)):
            await self._ask(dumps, found.fence, dumps=True)
            if self._part_reports() > before or (not self._answers and self._has_reported_parts()):
                return True
        # no dump at all: what can be asked for is asked for by name
        proof = found.family.part_proof
        everyone = range(1, found.most_parts + 1) if found.model.varies else self._parts(found)
        proofs: list[WireAddress] = [(proof, part) for part in everyone]
        # a licence may have come since it was asked in vain
        await self._ask_missing(found, proofs if found.model.varies else self._missing(found, proofs))
        if found.model.varies:  # some answers are late, and no answer means that there is no licence
            await self._conversation.wait(lambda: self._part_reports() > before, timeout=GRACE_S, quiet=GRACE_S)
            self._count_parts(found)
        await self._ask_for_slots(found)
        await self._ask_missing(found, self._missing(found, self._askable(found)))
        return self._has_reported_parts()

    async def _ask(self, questions: list[bytes], fence: WireAddress, *, dumps: bool = False) -> bool:
        """Ask, and wait until everything is answered; whether the unit reported anything.

        Raises `DriverError` (timeout) where a unit that answers questions sends nothing at all.
        """
        answers, timeout = self._conversation.answers, self._target.answer_timeout_s
        reports = self._has_reported_parts()
        if reports and not self._answers:  # it reports unasked, and may never answer a question
            timeout = min(timeout, QUIET_S)
        before, reported = self.last_received, answers.total()
        self._complete = await self._conversation.ask_all(questions, fence, timeout=timeout, dumps=dumps)
        if self._complete:
            self._answers = True
        elif self.last_received == before and (self._answers or not reports):
            peer = self._conversation.connection.peer
            raise DriverError("timeout", f"{peer} did not answer anything within {timeout:g} s")
        return answers.total() > reported

    def _has_reported_parts(self) -> bool:
        """Whether anything was reported of any part since this read began."""
        return any(True for _ in self._part_answers())

    def _part_reports(self) -> int:
        """How often anything was reported of any part since this read began."""
        return sum(self._conversation.answers[each] for each in self._part_answers())

    def _part_answers(self) -> Iterator[WireAddress]:
        """What was reported of parts since this read began."""
        return (
            (name, index) for name, index in self._conversation.answers if index and name not in (METER_RATE, "ERR")
        )

    def _parts(self, found: Probe) -> Sequence[int]:
        """Numbers of the parts that there are; as long as nothing was reported, of those that there may be."""
        if self._present is not None:
            return self._present
        return self._composer.parts or range(1, found.most_parts + 1)

    def _askable(self, found: Probe) -> list[WireAddress]:
        return askable(found.family, self._parts(found), self._lacks)

    async def _ask_for_slots(self, found: Probe) -> None:
        """Where a mode takes the slots away: learn from one channel whether there are any, before all are asked."""
        slots = found.model.lacks_without_slots
        parts = self._parts(found)
        if not slots or not parts or self._has_slots():
            self._lacks = found.model.lacks
            return
        await self._ask_missing(found, [(found.family.slot_proof, parts[0])])
        if self._complete:
            self._lacks = found.model.lacks if self._has_slots() else found.model.lacks | slots

    def _has_slots(self) -> bool:
        """Whether anything was reported of a slot since this read began."""
        return any(self._slots_answered.values())

    def _missing(self, found: Probe, addresses: Iterable[WireAddress]) -> list[WireAddress]:
        table = found.family.properties
        return [
            address
            for address in addresses
            if not self._is_answered(found, address)
            and self._unanswered[address] < TRIES
            and address != found.fence
            and table.find(address[0], indexed=address[1] is not None) is not None
        ]

    async def _ask_missing(self, found: Probe, addresses: list[WireAddress]) -> None:
        """Ask by name for what did not come by itself; old firmware refuses some of it, or is silent.

        Ends with the answer to the last question, so that nothing asked before is still on its way.
        """
        asked = [one for address in addresses for one in questions(found.family, address)]
        for begin in range(0, max(1, len(asked)), QUESTIONS_MOST):
            if not await self._ask(asked[begin : begin + QUESTIONS_MOST], found.fence):
                break  # the unit ignores GET: asking further is useless
        self._unanswered.update(address for address in addresses if not self._is_answered(found, address))

    def _is_answered(self, found: Probe, address: WireAddress) -> bool:
        """Whether a property was reported since this read began; what stands in slots, by every slot."""
        if address not in self._conversation.answers:
            return False
        return not in_slots(found.family, address) or len(self._slots_answered[address]) >= found.slots

    def _identity(self, found: Probe) -> Identity:
        facts = {key: str(value) for key, value in self._facts.items() if value is not None}
        return Identity(
            manufacturer=MANUFACTURER,
            family=found.family.name,
            kind=found.family.kind,
            model=found.text,
            serial=facts.get("serial"),
            mac=facts.get("mac"),
            device_id=facts.get("device_id"),
            firmware=facts.get("firmware"),
            band=facts.get("band"),
            part_count=self._part_count(found),
        )

    def _part_count(self, found: Probe) -> int | None:
        """How many parts there are; ``None`` where reports decide that, and none came yet."""
        if self._composer.parts == () or (found.model.varies and self._present is None):
            return None
        return len(self._parts(found))

    # -- receiving -------------------------------------------------------------------------------------------

    def _receive(self, messages: list[Message]) -> None:
        """All REPs of one network read."""
        if self._found is None:
            self._detection.receive(messages)
        else:
            self._emit(self._parse(messages, self._found))
            if self._settings:
                self._settings.receive(messages)

    def _parse(self, messages: Iterable[Message], found: Probe) -> Iterator[Reading]:
        for message in messages:
            if message.name == METER_RATE and message.index and message.index <= found.most_parts:
                self._metering.receive_rate(message.index, message.value)
            meaning = codec.decode(message, found.family.properties)
            reading = meaning and meaning.reading
            if reading is None or self._is_beyond(reading, found):
                self._meaningless += reading is None or bool(reading.values)
                continue
            if reading.part.slot:
                self._slots_answered[message.name, message.index].add(reading.part.slot)
            if meaning and not meaning.legible:
                self._unknown_values += 1
                self._unknown.name(self._target.host, message.name, message.value)
            if reading.values:
                if reading.part == UNIT:
                    self._facts |= reading.values
                elif isinstance(count := reading.values.get("antenna_count"), int):
                    self._antennas[reading.part.number] = count
                self._note_reported(reading)
                if self._again:
                    self._again.note(reading)
                yield from self._composer.compose(reading)

    @staticmethod
    def _is_beyond(reading: Reading, found: Probe) -> bool:
        """Whether the unit has no such part or slot."""
        return reading.part.number > found.most_parts or reading.part.slot > found.slots

    def _count_antennas(self, summaries: Mapping[int, Telemetry]) -> None:
        """Quadversity can be switched: the newest meters show how many antennas there are."""
        for channel, summary in summaries.items():
            count = 4 if "antenna_c" in summary else 2
            if self._antennas.get(channel) == count:
                continue
            self._antennas[channel] = count
            if not self._counted:  # after this turn: the caller of take_telemetry must not get readings meanwhile
                asyncio.get_running_loop().call_soon(self._emit_counted)
            self._counted.append(Reading(Part(channel), {"antenna_count": count}))

    def _emit_counted(self) -> None:
        counted, self._counted = self._counted, []
        if not self._conversation.connection.closed.done():
            self._emit(reading for one in counted for reading in self._composer.compose(one))

    def _emit(self, readings: Iterable[Reading]) -> None:
        if emitted := list(readings):
            self._listener(emitted)


def _not_flashed(on: bool) -> SetResult:  # noqa: FBT001 - what was wanted, passed on
    return SetResult(on, "not_sent", detail=NOT_READ)
