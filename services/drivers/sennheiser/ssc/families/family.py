"""The forms of a family's tables: addresses, meters, models, and what is special on its wire. PURE.

In addresses ``{n}`` stands for the number of a part; a family whose parts are counted otherwise names its own fields in
`Model.places`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.drivers.port import Product
from services.drivers.sennheiser.ssc.codec.controls import Control
from services.drivers.sennheiser.ssc.codec.meters import Gauge
from services.drivers.sennheiser.ssc.codec.values import Read
from services.model import KEYS, UNIT_KINDS, Abilities, Kind, SettableRange

FACTS = ("serial", "mac", "firmware", "band", "device_id")
"""Keys that say who the unit is: they stand in its `Identity` and are no readings."""

PRODUCT = "device/identity/product"
"""Answered by everything that speaks this protocol; asked first, and to see whether a unit is still there."""

LIFETIME_S = 30.0
"""Asked of every subscription: a bridge that vanished does not keep one of the unit's eight places for long."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One address that can be asked, with the keys that it gives."""

    address: str
    keys: tuple[str, ...]
    read: Read
    live: bool = True
    """Changes are subscribed to; else it is asked in a complete read alone."""
    asked: bool = False
    """Cannot be subscribed to, and may change at any time: it is asked again and again. Goes with ``live=False``."""
    each: bool = False
    """A list with one item a part, in the order of the parts."""
    split: Callable[[object, int], list[object] | None] | None = None
    """Makes such a list, for a number of parts, where the unit writes something else."""
    sender: bool = False
    """It is the transmitter's: an answer with a value shows that one is there, 424 or nothing at all that none is."""
    sign: Callable[[object, int], bool | None] | None = None
    """What a value says about the transmitter of a part: there, not there, or nothing."""
    control: Control | None = None
    """How the first of the keys is set, where it can be."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One address that is metered; ``take`` puts a value into a gauge and says whether it made sense."""

    address: str
    take: Callable[[Gauge, object], bool]
    each: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a family."""

    name: str
    """Of the product in the catalogue: ``ewdx_em2``."""
    model: str
    """As the unit names itself."""
    parts: int
    pattern: str
    """Matches what the unit names itself, whatever its case; the first model that matches counts."""
    note: str = ""

    def matches(self, product: str) -> bool:
        """Whether a unit that names itself so is one of these."""
        return re.fullmatch(self.pattern, product.strip(), re.IGNORECASE) is not None


def _numbered(count: int) -> tuple[Mapping[str, int], ...]:
    return tuple({"n": number} for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Family:
    """Everything that is special to a family; all of it is data."""

    name: str
    title: str
    kind: Kind
    models: tuple[Model, ...]
    unit: tuple[Leaf, ...]
    parts: tuple[Leaf, ...]
    meters: tuple[Meter, ...] = ()
    unit_meters: tuple[Meter, ...] = ()
    """Meters of all parts at one address."""
    telemetry: frozenset[str] = frozenset()
    meters_asked: bool = False
    """Meters can be asked for, too; done with everything else while the unit accepts no subscription."""
    presence: bool = False
    """``transmitter_present`` follows from `Leaf.sign` and `Leaf.sender`."""
    values_prove: bool = True
    """A value of `Leaf.sender` shows that a transmitter is there. Else `Leaf.sign` alone does, and what such an address
    answers meanwhile is in no document: it is neither asked nor subscribed to until a transmitter is there.
    """
    away: Callable[[Mapping[str, object]], bool] | None = None
    """Whether these values of a part say that no transmitter is there, whatever else does."""
    derive: Callable[[dict[str, object]], None] | None = None
    """Fills in, in place, what follows from several addresses of a part: keys of ``derived``, or what has no meaning.

    It gets what the addresses said, each time anew.
    """
    derived: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    places: Callable[[int], tuple[Mapping[str, int], ...]] = _numbered
    """Fields of the addresses of each part, by the number of parts."""
    unit_identifies: str = ""
    """Address that is set to true to make the unit show itself."""
    part_identifies: str = ""
    identifies_each: bool = False
    """Parts stand in one list there; ``null`` leaves the others as they are."""
    lifetime_s: float = LIFETIME_S
    count: int = 1000
    """Messages after which a subscription ends, as it is asked for."""
    meter_least_ms: int = 100
    meter_most_ms: int = 60_000
    ports: tuple[int, ...] = ()
    """Further ports at which it may answer, beside the protocol's own."""
    refused_words: str = (
        "it serves eight controllers at most: close another one (Control Cockpit, a Companion, a media controller), or "
        "wait until its subscriptions end, which takes a minute"
    )
    """What people can do when subscriptions are refused."""
    more: frozenset[str] = field(default_factory=frozenset)
    """Keys of this family that are this maker's own."""

    def product_of(self, model: Model) -> Product:
        """The row of the catalogue."""
        return Product(
            model.name, model.model, self.name, self.title, self.kind, model.parts, self.abilities(), self.part(),
            model.note,
        )  # fmt: skip

    def abilities(self) -> Abilities:
        """Of the unit itself."""
        keys = KEYS.with_derived(self.kind, self._keys(self.unit, each=False))
        return Abilities(keys, settable=self._settable(self.unit), identifies=bool(self.unit_identifies))

    def part(self) -> Abilities:
        """Of each of its parts."""
        reported = self._keys(self.parts, each=None) | self._keys(self.unit, each=True) | {*self.derived}
        if self.presence:
            reported |= {"transmitter_present"}
        keys = KEYS.with_derived(UNIT_KINDS[self.kind].part, reported)
        return Abilities(
            keys,
            self.telemetry,
            settable=self._settable(self.parts),
            features=self.features,
            identifies=bool(self.part_identifies),
        )

    def _keys(self, leaves: tuple[Leaf, ...], *, each: bool | None) -> set[str]:
        keys = {key for leaf in leaves if each is None or leaf.each is each for key in leaf.keys}
        return keys - self.more - {*FACTS}

    @staticmethod
    def _settable(leaves: tuple[Leaf, ...]) -> dict[str, SettableRange]:
        return {leaf.keys[0]: leaf.control.can for leaf in leaves if leaf.control is not None}
