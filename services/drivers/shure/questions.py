"""PURE. What is asked of a unit by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from services.drivers.port import Part
from services.drivers.shure.codec.messages import ONLY_PART, get
from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import Family, WireAddress

IDENTITY_NAMES = ("FW_VER", "SERIAL_NUM", "RF_BAND", "NET_SETTINGS SC", "MAC_ADDR")
"""Who a unit is, beside its model and its device id."""


def askable(family: Family, parts: Iterable[int], lacks: Collection[str] = ()) -> list[WireAddress]:
    """Everything that a unit of this family with these parts may be asked for; ``lacks`` are names that it has not."""
    counts = counts_antennas(family)  # a metered property shows how many there are, and with metering off too
    numbers = list(parts)
    return [
        (prop.name, index)
        for prop in family.properties
        if prop.askable and prop.name not in lacks and (not prop.metered or (prop.keys and counts))
        for index in ([None] if prop.scope is Scope.UNIT else numbers)
    ]


@cache
def counts_antennas(family: Family) -> bool:
    """Whether meters show how many antennas there are, because not all units of the family have as many."""
    return family.antennas is None and "antenna_count" in family.properties.keys_of(Scope.PART)


def questions(family: Family, address: WireAddress) -> list[bytes]:
    """A GET; of what stands in slots, for all slots at once or one for each."""
    name, index = address
    if not in_slots(family, address):
        return [get(name, index)]
    return [get(name, index, slot) for slot in ([0] if family.slots_at_once else range(1, family.slots + 1))]


def in_slots(family: Family, address: WireAddress) -> bool:
    """Whether a property stands in every slot of a channel."""
    prop = family.properties.find(address[0], indexed=address[1] is not None)
    return prop is not None and prop.scope is Scope.SLOT


def keys_by_part(family: Family, addresses: Iterable[WireAddress]) -> dict[Part, set[str]]:
    """The keys that these properties fill, by part and by slot; without meters."""
    keys: dict[Part, set[str]] = {}
    for name, index in addresses:
        prop = family.properties.find(name, indexed=index is not None)
        if prop is None or prop.metered:
            continue
        number = 0 if prop.scope is Scope.UNIT else index or ONLY_PART
        for slot in range(1, family.slots + 1) if prop.scope is Scope.SLOT else (0,):
            keys.setdefault(Part(number, slot), set()).update(prop.keys)
    return keys
