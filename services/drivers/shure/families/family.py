"""PURE. What a family of units is: one record with everything in which it differs from the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.drivers.port import Reading
from services.drivers.shure.codec.composing import Composer
from services.drivers.shure.codec.controls import Control
from services.drivers.shure.codec.properties import PropertyTable, Scope
from services.drivers.shure.codec.reported_levels import ReportedLevels
from services.drivers.shure.codec.samples import Layout, summarise
from services.model import Key, Kind, SettableRange, Telemetry

WHOLE = 0
"""The index that means all parts."""

WireAddress = tuple[str, int | None]
"""Wire name and index (``None`` for the unit) of a property: what an answer can be matched by."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, by how its model string begins. ``parts`` is ``None`` where a licence or modules decide."""

    name: str
    pattern: re.Pattern[str]
    parts: int | None
    note: str = ""
    varies: bool = False
    """Whether a mode or a licence decides how many of its parts answer; none is a number too."""
    lacks: frozenset[str] = frozenset()
    """Wire names of the family that this model does not have."""
    lacks_without_slots: frozenset[str] = frozenset()
    """What it does not have either in the mode in which it has no slots; empty where no mode takes them away."""
    synonyms: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Wire name that it may report a property by -> the name that the table has it by."""


def model(
    name: str,
    pattern: str,
    parts: int | None,
    note: str = "",
    *,
    varies: bool = False,
    lacks: Iterable[str] = (),
    lacks_without_slots: Iterable[str] = (),
) -> Model:
    """A model by a pattern for the beginning of its model string, in whatever case."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return Model(name, compiled, parts, note, varies, frozenset(lacks), frozenset(lacks_without_slots))


class ReadingComposer(Protocol):
    """Completes the readings of one conversation: what comes in several messages becomes one reading."""

    @property
    def parts(self) -> tuple[int, ...] | None:
        """Numbers of the parts that the unit has by what it has reported; ``None`` where reports do not decide that."""

    def compose(self, reading: Reading) -> Sequence[Reading]:
        """What is to be reported in place of a reading, maybe with consequences for other parts."""

    def complete(self) -> Sequence[Reading]:
        """What was kept back until everything had come."""


@dataclass(frozen=True, slots=True)
class Meters:
    """The meters of a family: how its SAMPLE or its reports are read, and which intervals METER_RATE takes, ms."""

    sample: Layout | None
    """``None`` where meters come as reports."""
    fastest_ms: int
    slowest_ms: int
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Wire name -> keys of the meters that only a unit with that name has."""
    levels: ReportedLevels | None = None
    """Meters that come as reports."""
    rate_digits: int = 5
    """Digits of METER_RATE, filled up with zeros; a wrong width may be ignored."""
    shared: bool = False
    """Whether the rate is the unit's and known to outlast connections: another controller's is answered at once, a
    second one soon after is left, and its meters are not stopped at the end."""

    @property
    def keys(self) -> frozenset[str]:
        """What is metered."""
        return (self.sample or self.levels or _NO_METERS).keys

    def summarise(self, messages: bytes) -> tuple[dict[int, Telemetry], int]:
        """Summaries of meters by channel, and how many of the messages they are made of."""
        if self.levels is not None:
            return self.levels.summarise(messages)
        summaries = summarise(self.sample, messages) if self.sample is not None else {}
        return summaries, sum(summary["samples"] for summary in summaries.values())


_NO_METERS = ReportedLevels({})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a family wants to be talked to. Most take bare messages, any number at once."""

    line_end: bytes = b""
    """What ends each command."""
    one_by_one: bool = False
    """Whether there is no dump and a command may get lost in silence: each is sent alone, and again if need be."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows a unit that has no word for its model: an answer of part 1 to any of these names.

    ``shows`` has the wire names and what the answer looks like; a unit that answers one of ``unless`` is another.
    """

    shows: Mapping[str, re.Pattern[str]]
    unless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Return:
    """Keys of a part that become true when its microphone is back; what is asked then, for it is not reported."""

    keys: tuple[str, ...]
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One family. Compared and hashed by identity."""

    name: str
    """As in topics and in the configuration: lower snake_case."""
    title: str
    """The name that people use."""
    models: tuple[Model, ...]
    """The first that fits a model string is the model. No string fits models of two families."""
    properties: PropertyTable
    kind: Kind = Kind.RECEIVER
    dialect: Dialect = Dialect()
    meters: Meters | None = None
    """``None`` for units that are never asked for METER_RATE."""
    most_parts: int = 4
    """Greatest number of parts of one unit."""
    antennas: int | None = None
    """Antennas of every channel; ``None`` where each channel reports how many there are, 0 where nothing tells."""
    presence: tuple[str, ...] = ()
    """Keys of which one, reported as unknown, means that no transmitter is on the air."""
    slots: int = 0
    """Registered transmitter places of a channel."""
    slots_at_once: bool = True
    """Whether slot 0 in a question means all of them; else each slot is asked."""
    controls: tuple[Control, ...] = ()
    """What a SET may change. What else a unit takes stays out: docs/protocols.md#what-can-be-set."""
    flashes: frozenset[Scope] = frozenset()
    """What shows itself by FLASH: the unit, its parts."""
    composed: frozenset[str] = frozenset()
    """Keys of a part that the composer makes of several reports."""
    more: tuple[Key, ...] = ()
    """Rows of keys that only this family has."""
    part_proof: str = "CHAN_NAME"
    """What every part answers by name: where neither model nor dump shows how many there are, it is asked of each."""
    slot_proof: str = "SLOT_STATUS"
    """What every slot answers by name, a free one too."""
    dumps: tuple[WireAddress, ...] = (("ALL", WHOLE),)
    """What brings everything of all parts at once; empty where nothing does."""
    dumps_parts: bool = True
    """Whether ``GET 1 ALL`` can be asked of part 1, and so on."""
    without_model: frozenset[str] | None = None
    """Older firmware of this family does not answer MODEL, and answers these names for part 1; ``None``: all answer."""
    evidence: Evidence | None = None
    """What shows a unit of a family without any word for its model."""
    back: Return | None = None
    """Where what a microphone changed while it was away is not reported."""
    polled_s: float | None = None
    """Seconds between two questions for all of its parts, where a unit is not known to report what changes."""
    composer: Callable[[Model], ReadingComposer] = lambda _: Composer()

    def settable(self, scope: Scope, found: Callable[[str], bool] = lambda _name: True) -> dict[str, SettableRange]:
        """Keys of the unit or of a part that can be set; ``found`` is asked for each wire name."""
        mine = (control for control in self.controls if control.scope is scope and found(control.name))
        return {key: can for control in mine for key, can in control.can.items()}

    def model_of(self, text: str) -> Model | None:
        """The model that a MODEL report or an advert names; ``None`` where it is none of this family."""
        return next((one for one in self.models if one.pattern.match(text)), None)
