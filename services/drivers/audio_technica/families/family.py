"""The forms in which a line of units is described. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from services.drivers.audio_technica.codec.lines import NO_LINK
from services.drivers.audio_technica.codec.meters import Level
from services.drivers.audio_technica.codec.values import Convert
from services.drivers.audio_technica.keys import MORE_NAMES
from services.model import KEYS, UNIT_KINDS, Abilities, Kind, SettableRange

MANUFACTURER = "audio_technica"

FACTS: frozenset[str] = frozenset({"model", "firmware", "mac", "serial", "device_id"})
"""What a unit says of who it is; the rest of what it says is state."""


class Turn(Enum):
    """When a question is asked again."""

    SETTING = "setting"
    """What people choose: seldom."""
    LIVE = "live"
    """What changes by itself: every few seconds."""
    METER = "meter"
    """Each metering interval."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of an answer: its place (negative: from the end), the key that it fills, and how it is read."""

    place: int
    key: str
    convert: Convert


Values = dict[str, object]


def _same(values: Values) -> Values:
    return values


def _as_it_came(texts: Sequence[str]) -> Sequence[str]:
    return texts


@dataclass(frozen=True, slots=True)
class Question:
    """A command that asks, and what its answer means.

    ``of_part``: asked of each channel or port, whose number is the first parameter of command and answer. Places of
    ``cells`` count from behind it.
    """

    word: str
    cells: tuple[Cell, ...] = ()
    turn: Turn = Turn.SETTING
    of_part: bool = True
    least: int = 1
    """Fields that an answer has at least; with fewer it is ill-formed."""
    shape: Callable[[Sequence[str]], Sequence[str]] = _as_it_came
    """Brings answers of several forms into one."""
    after: Callable[[Values], Values] = _same
    """What follows from the values together."""
    level: Callable[[Sequence[str]], Level] | None = None
    """The sample in the answer, where it has one."""
    filled: tuple[str, ...] = ()
    """Keys that ``after`` fills beside those of the cells."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that an answer fills."""
        return (*(cell.key for cell in self.cells), *self.filled)

    @property
    def of_transmitter(self) -> bool:
        """Whether it is about what is in a channel or a port, and not about the channel itself."""
        return self.of_part and self.word.startswith("gtx")

    @property
    def notice(self) -> str:
        """What the same thing is called when a unit tells it by itself."""
        return f"n{self.word[1:]}"

    def read(self, texts: Sequence[str]) -> tuple[Values, list[tuple[str, str]]]:
        """The values of an answer, and key and text of each that cannot be read. Raises `ValueError` if ill-formed."""
        if len(texts) < self.least:
            raise ValueError(f"{self.word} has {len(texts)} fields instead of {self.least}")
        shaped = self.shape(texts)
        values: Values = {}
        unreadable: list[tuple[str, str]] = []
        for cell in self.cells:
            is_there = -len(shaped) <= cell.place < len(shaped)
            try:
                values[cell.key] = cell.convert(shaped[cell.place]) if is_there else None
            except ValueError:
                values[cell.key] = None
                unreadable.append((cell.key, shaped[cell.place]))
        return self.after(values), unreadable

    def nothing(self) -> Values:
        """What is known where the unit refuses to answer: nothing."""
        return dict.fromkeys(self.keys)


@dataclass(frozen=True, slots=True)
class Control:
    """A key that can be set: the command, the question that proves it, the range, and how a value is written.

    ``write`` raises `ValueError` for what cannot be written as it is.
    """

    key: str
    word: str
    asks: str
    can: SettableRange
    write: Callable[[object], str]


@dataclass(frozen=True, slots=True)
class Flash:
    """How something shows itself: parameters to begin and to stop it, with ``{}`` for the number of the part."""

    word: str
    begin: str
    stop: str | None = None
    """``None``: it ends by itself and cannot be stopped."""


@dataclass(frozen=True, slots=True)
class Family:
    """One line of units."""

    name: str
    title: str
    kind: Kind
    port: int
    models: tuple[str, ...]
    """How the models' names begin."""
    parts: int
    """Channels or ports that one unit can have at most."""
    questions: tuple[Question, ...]
    links: tuple[str, ...] = (NO_LINK,)
    """Ids of the units that can answer through one connection."""
    counts: str = ""
    """Question of a part whose refusal says that the unit has no such part; empty where all have all."""
    controls: tuple[Control, ...] = ()
    flashes: Mapping[bool, Flash] = field(default_factory=dict)
    """Of a part (true) and of the unit (false)."""
    telemetry: frozenset[str] = frozenset()
    features: tuple[str, ...] = ()
    hold_s: float = 0.0
    """How long a missing carrier is no missing transmitter, where nothing else tells of the transmitter."""

    def question(self, word: str) -> Question | None:
        """The question of this command."""
        return next((each for each in self.questions if each.word == word), None)

    def abilities(self, lacks: frozenset[str] = frozenset()) -> Abilities:
        """What the unit itself reports and takes; ``lacks`` are commands that it does not know."""
        keys = {key for each in self.questions if not each.of_part and each.word not in lacks for key in each.keys}
        flashes = False in self.flashes and self.flashes[False].word not in lacks
        return Abilities(KEYS.with_derived(self.kind, keys - MORE_NAMES - FACTS), identifies=flashes)

    def part_abilities(self, lacks: frozenset[str] = frozenset()) -> Abilities:
        """The same of a channel or port."""
        asked = [each for each in self.questions if each.of_part and each.word not in lacks]
        keys = {key for each in asked for key in each.keys} - MORE_NAMES
        return Abilities(
            keys=KEYS.with_derived(UNIT_KINDS[self.kind].part, keys),
            telemetry=self.telemetry if any(each.level is not None for each in asked) else frozenset(),
            settable={each.key: each.can for each in self.controls if not {each.word, each.asks} & lacks},
            features=self.features,
            identifies=True in self.flashes and self.flashes[True].word not in lacks,
        )
