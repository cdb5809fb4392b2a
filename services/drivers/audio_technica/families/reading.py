"""What one unit reported so far: messages to readings and samples. PURE: times are the caller's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from services.drivers.audio_technica.codec.lines import EMPTY_PORT, Message, fields
from services.drivers.audio_technica.codec.meters import Meters
from services.drivers.audio_technica.families.family import FACTS, MANUFACTURER, Family, Question, Turn
from services.drivers.audio_technica.keys import split
from services.drivers.port import UNIT, Part, Reading
from services.model import KEYS, Identity, Kind

PRESENT: Final = "transmitter_present"
OCCUPIED: Final = "occupied"
RX_LINK: Final = "rx_link"
UNNAMED: Final = "ATW 5000/3000"
"""Model of a unit on port 17300 that does not name one: no source says that they do."""
_OF_TRANSMITTER: Final = frozenset(KEYS.gone_with(Kind.CHANNEL, PRESENT)) | {
    "battery_level",
    "usb_power",
    "transmitter_kind",
    "transmitter_mute_raw",
    "external_mute",
}


class Reader:
    """Reads the messages of one unit of a line, or of several that answer through one connection."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.facts: dict[str, str] = {}
        """Who the unit is."""
        self.meters: defaultdict[int, Meters] = defaultdict(Meters)
        """By number of the part."""
        self.ill_formed = self.meaningless = 0
        self.unread: list[tuple[str, str]] = []
        """Key and text of what the newest message had that nobody can read."""
        self._by_word = {each.word: each for each in family.questions}
        self._by_word |= {each.notice: each for each in family.questions}
        self.links = list(family.links)
        """Ids that the units of one connection listen to."""
        self._each = family.parts // len(family.links)
        """Parts of one unit."""
        self._gone = [key for each in family.questions if each.of_part for key in each.keys if key in _OF_TRANSMITTER]
        self._heard_at: dict[int, float] = {}
        self._reported: dict[tuple[int, str], Reading] = {}
        self._present: dict[int, bool] = {}

    def identity(self, part_count: int | None) -> Identity:
        """Who the unit is, as far as it said."""
        facts = self.facts
        return Identity(
            MANUFACTURER,
            self.family.name,
            self.family.kind,
            model=facts.get("model") or UNNAMED,
            serial=facts.get("serial"),
            mac=facts.get("mac"),
            device_id=facts.get("device_id"),
            firmware=facts.get("firmware"),
            part_count=part_count,
        )

    def proof(self) -> tuple[Question, Part]:
        """What the unit surely answers: by it, it was recognised."""
        counts = self.family.question(self.family.counts) if self.family.hold_s else None
        return (counts, Part(1)) if counts is not None else (self.family.questions[0], UNIT)

    def question(self, message: Message) -> Question | None:
        """The question that a message answers, be it asked or not."""
        return self._by_word.get(message.word)

    def afresh(self) -> None:
        """Report everything anew, also what has not changed."""
        self._reported.clear()

    def number(self, link: str, own: int) -> int:
        """The number of a part among those of all units behind one connection."""
        return (self.links.index(link) if link in self.links else 0) * self._each + own

    def place(self, number: int) -> tuple[str, int]:
        """The unit's id and its own number of a part."""
        return self.links[(number - 1) // self._each], (number - 1) % self._each + 1

    def is_occupied(self, number: int) -> bool | None:
        """Whether a transmitter is there, as it was reported last."""
        return self._present.get(number)

    def read(self, message: Message, now: float) -> Reading | None:
        """What an answer or a notice says; ``None`` for what says nothing new, or makes no sense. Never raises."""
        self.unread = []
        question = self.question(message)
        if question is None:
            self.meaningless += 1
            return None
        texts = fields(message.text)
        try:
            if not question.of_part:
                return self._of_unit(question, texts, message.link)
            return self._of_part(question, texts, message.link, now)
        except ValueError:
            self.ill_formed += 1
            return None

    def unanswered(self, question: Question, part: Part, refusal: int | None = None) -> Reading | None:
        """What is known where the unit does not answer a question: nothing, but that an empty port is empty."""
        values = question.nothing()
        if OCCUPIED in values and refusal == EMPTY_PORT:
            return self._empty(part.number)
        of_state = {key: value for key, value in values.items() if question.of_part or key not in FACTS}
        common, more = split(of_state)
        return Reading(part, common, more) if common or more else None

    def _of_unit(self, question: Question, texts: list[str], link: str) -> Reading | None:
        values, self.unread = question.read(texts)
        if link in self.links[1:]:
            return None  # one of those behind the first: what it says of itself has no place
        for key in FACTS & values.keys():
            if (fact := values.pop(key)) is not None:
                self.facts[key] = str(fact)
        common, more = split(values)
        return Reading(UNIT, common, more) if common or more else None

    def _of_part(self, question: Question, texts: list[str], link: str, now: float) -> Reading | None:
        """Raises `ValueError`."""
        own = int(texts[0]) if texts[0].strip().isdecimal() else 0
        if not 1 <= own <= self._each:
            self.meaningless += 1
            return None
        number = self.number(link, own)
        values, self.unread = question.read(texts[1:])
        if question.level is not None:
            self.meters[number].add(question.level(texts[1:]))
        if values.get(OCCUPIED) is False:
            return self._empty(number)
        reading = self._reading(number, self._settled(number, values, now))
        if question.turn is not Turn.METER:
            return reading
        known, self._reported[number, question.word] = self._reported.get((number, question.word)), reading
        return None if known == reading or not (reading.values or reading.more) else reading

    def _settled(self, number: int, values: Mapping[str, object], now: float) -> dict[str, object]:
        """A short silence is no transmitter that went; with one that went, everything goes that it told."""
        settled = dict(values)
        if OCCUPIED in settled and isinstance(settled[OCCUPIED], bool):
            self._present[number] = settled[OCCUPIED]
        if PRESENT not in settled:
            return settled
        present = settled[PRESENT]
        if present is True:
            self._heard_at[number] = now
        elif self.family.hold_s and now - self._heard_at.get(number, float("-inf")) < self.family.hold_s:
            return {key: value for key, value in settled.items() if key not in _OF_TRANSMITTER and key != PRESENT}
        self._present[number] = present is True
        return settled if present is True else {**settled, **dict.fromkeys(self._gone)}

    def _empty(self, number: int) -> Reading:
        self._present[number] = False
        return Reading(Part(number), {OCCUPIED: False, "charge_state": "empty"}, whole=True)

    def _reading(self, number: int, values: Mapping[str, object]) -> Reading:
        common, more = split(values)
        if len(self.links) > 1:
            more[RX_LINK] = (number - 1) // self._each + 1
        return Reading(Part(number), common, more)


def replay(family: Family, messages: list[Message]) -> list[Reading]:
    """What recorded messages mean: facts first, then what they say, and meters last."""
    reader = Reader(family)
    readings = [reading for each in messages if (reading := reader.read(each, 0.0)) is not None]
    if reader.facts:
        readings.insert(0, Reading(UNIT, dict(reader.facts)))
    for number, meters in sorted(reader.meters.items()):
        if (levels := meters.take()) is not None:
            readings.append(Reading(Part(number), levels))
    return readings


__all__ = ["OCCUPIED", "PRESENT", "Reader", "replay"]
