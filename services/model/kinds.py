"""What there is: kinds of units and of their parts, and which sides of each are published.

A unit is a box in the rack, a part is one of its places. What one kind has and another lacks stands in `UNIT_KINDS`;
nothing decides by "else".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal


class Kind(StrEnum):
    """What an address can name."""

    BRIDGE = "bridge"
    RECEIVER = "receiver"
    CHANNEL = "channel"
    IEM = "iem"
    """A transmitter of in-ear monitors."""
    IEM_CHANNEL = "iem_channel"
    CHARGER = "charger"
    BAY = "bay"
    INTERCOM = "intercom"
    """The antennas of a wireless intercom, which answer as one."""
    BELTPACK = "beltpack"


class Facet(StrEnum):
    """The sides of a resource that are published, one topic each."""

    INFO = "info"
    STATE = "state"
    AVAILABILITY = "availability"
    LINK = "link"
    SLOTS = "slots"
    TELEMETRY = "telemetry"
    LEVELS = "levels"
    EVENT = "event"
    HEALTH = "health"
    LOCKS = "locks"
    INVENTORY = "inventory"
    SUMMARY = "summary"
    OVERVIEW = "overview"
    CANDIDATES = "candidates"
    AUDIT = "audit"
    AUDIT_HEAD = "audit_head"


@dataclass(frozen=True, slots=True)
class UnitKind:
    """One kind of unit with the kind of its parts: their facets, and what people call them."""

    unit: Kind
    part: Kind
    unit_facets: tuple[Facet, ...]
    part_facets: tuple[Facet, ...]
    noun: str
    """The unit in a sentence."""
    part_noun: str
    count: str
    """Key of ``info`` that has the number of parts."""
    short: str
    """What people call the parts in a line: ``4 ch``."""


_UNIT_FACETS = (Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.LINK, Facet.EVENT)
_METERED_FACETS = (Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.TELEMETRY, Facet.LEVELS)
_SLOW_FACETS = (Facet.INFO, Facet.STATE, Facet.AVAILABILITY, Facet.EVENT)

UNIT_KINDS: Mapping[Kind, UnitKind] = {
    kind.unit: kind
    for kind in (
        UnitKind(
            Kind.RECEIVER,
            Kind.CHANNEL,
            _UNIT_FACETS,
            (*_METERED_FACETS, Facet.SLOTS, Facet.EVENT),
            "receiver",
            "channel",
            "channel_count",
            "ch",
        ),
        UnitKind(
            Kind.IEM,
            Kind.IEM_CHANNEL,
            _UNIT_FACETS,
            (*_METERED_FACETS, Facet.EVENT),
            "IEM transmitter",
            "IEM channel",
            "channel_count",
            "ch",
        ),
        UnitKind(
            Kind.CHARGER,
            Kind.BAY,
            _UNIT_FACETS,
            _SLOW_FACETS,
            "charger",
            "bay",
            "bay_count",
            "bays",
        ),
        UnitKind(
            Kind.INTERCOM,
            Kind.BELTPACK,
            _UNIT_FACETS,
            _SLOW_FACETS,
            "intercom",
            "beltpack",
            "beltpack_count",
            "beltpacks",
        ),
    )
}
"""Every kind of unit, by its own kind."""

PART_KINDS: Mapping[Kind, UnitKind] = {kind.part: kind for kind in UNIT_KINDS.values()}
"""The same, by the kind of the parts."""

RESOURCE_KINDS: tuple[Kind, ...] = tuple(
    kind for unit_kind in UNIT_KINDS.values() for kind in (unit_kind.unit, unit_kind.part)
)
"""Every kind but the bridge: each unit's kind and after it that of its parts."""

NOUNS: Mapping[Kind, str] = {
    Kind.BRIDGE: "bridge",
    **{kind.unit: kind.noun for kind in UNIT_KINDS.values()},
    **{kind.part: kind.part_noun for kind in UNIT_KINDS.values()},
}
"""What people call a kind, in the singular."""

A_NOUN: Mapping[Kind, str] = {
    kind: f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}" for kind, noun in NOUNS.items()
}
"""The same with its article: ``an IEM transmitter``."""


if TYPE_CHECKING:
    UnitWord = str
    PartWord = str
else:  # the table has the words, and nobody has to write them twice
    UnitWord = Literal[tuple(kind.unit.value for kind in UNIT_KINDS.values())]
    """A kind of unit as people and payloads write it: a closed list."""
    PartWord = Literal[tuple(kind.part.value for kind in UNIT_KINDS.values())]
    """The same of parts."""

UNIT_NOUNS: str = ", ".join(kind.noun for kind in UNIT_KINDS.values())
"""Every kind of unit in the singular, for a sentence: ``receiver, IEM transmitter, charger, ...``."""


def kind_of_unit(part_kind: Kind) -> Kind:
    """The kind of the units that have parts of this kind. Raises `KeyError` for a kind that is no part's."""
    return PART_KINDS[part_kind].unit


def facets_of(kind: Kind) -> tuple[Facet, ...]:
    """The sides that are published of a unit or part of this kind; none for the bridge."""
    if kind in UNIT_KINDS:
        return UNIT_KINDS[kind].unit_facets
    return PART_KINDS[kind].part_facets if kind in PART_KINDS else ()
