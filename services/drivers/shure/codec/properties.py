"""PURE. What a property of the protocol is: a wire name, what it belongs to, its keys, and how its value is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar, cast

from services.drivers.shure.codec.wire_types import Pair, WireType

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

Values = tuple[object, ...]

USUAL_VERB = "REP"
"""Of what a unit says of itself, in most families."""


class Scope(StrEnum):
    """What a property belongs to."""

    UNIT = "unit"
    PART = "part"
    """A channel of a receiver, a bay of a charger."""
    SLOT = "slot"
    ANTENNA = "antenna"


@dataclass(frozen=True, slots=True)
class Property:
    """One property.

    ``decode`` gives one value for each of ``keys`` and raises `ValueError` for text that makes no sense; ``encode``
    takes as many. ``metered`` ones are in SAMPLE too, and their REP is no state; not all are ``askable`` by GET. Some
    come with an index and without one: ``anywhere``, which a unit of several parts can only have of itself.
    """

    name: str
    scope: Scope
    keys: tuple[str, ...]
    decode: Callable[[str], Values]
    encode: Callable[[Sequence[object]], str]
    metered: bool = False
    askable: bool = True
    anywhere: bool = False


def anywhere(prop: Property) -> Property:
    """The property, understood with an index and without one: of a unit itself, or of its only part."""
    return replace(prop, anywhere=True)


def one(
    name: str, scope: Scope, key: str, kind: WireType[T], *, metered: bool = False, askable: bool = True
) -> Property:
    """A property with one value."""
    return Property(
        name,
        scope,
        (key,),
        lambda wire: (kind.decode(wire),),
        lambda values: kind.encode(cast("T | None", values[0])),
        metered,
        askable,
    )


def two(
    name: str, scope: Scope, keys: tuple[str, str], kind: WireType[Pair[A, B]], *, askable: bool = True
) -> Property:
    """A property that carries two values at once."""
    return Property(
        name,
        scope,
        keys,
        lambda wire: kind.decode(wire) or (None, None),
        lambda values: kind.encode(cast("Pair[A, B]", tuple(values))),
        askable=askable,
    )


def ignored(scope: Scope, *names: str) -> list[Property]:
    """What a unit may report and no key is made of."""
    return [Property(name, scope, (), _decode_nothing, _encode_nothing, askable=False) for name in names]


def metered(*names: str, scope: Scope = Scope.PART) -> list[Property]:
    """What is in SAMPLE too: its REP is no state."""
    return [Property(name, scope, (), _decode_nothing, _encode_nothing, metered=True) for name in names]


def _decode_nothing(_: str) -> Values:
    return ()


def _encode_nothing(_: Sequence[object]) -> str:
    return ""


class PropertyTable:
    """The properties of one family, by wire name and by whether an index comes with it.

    Raises `ValueError` where a name stands twice: a mistake in the table. Compared and hashed by identity, for the
    meanings of messages are remembered by it.
    """

    def __init__(self, properties: Iterable[Property], verb: str = USUAL_VERB) -> None:
        self.verb = verb
        """Of what units of this family say of themselves."""
        self._all = tuple(properties)
        self._by_name: dict[tuple[str, bool], Property] = {}
        for prop in self._all:
            indexed = prop.scope is not Scope.UNIT
            for place in ((prop.name, indexed), *([(prop.name, not indexed)] if prop.anywhere else [])):
                if place in self._by_name:
                    raise ValueError(f"{prop.name} stands twice in a table")
                self._by_name[place] = prop

    def find(self, name: str, *, indexed: bool) -> Property | None:
        """A property by its wire name; ``None`` where the family has none."""
        return self._by_name.get((name, indexed))

    def __iter__(self) -> Iterator[Property]:
        return iter(self._all)

    def keys_of(self, scope: Scope, lacks: Collection[str] = ()) -> frozenset[str]:
        """Keys that are filled by properties of a scope, but for those of the names ``lacks``."""
        return frozenset(key for prop in self if prop.scope is scope and prop.name not in lacks for key in prop.keys)
