"""PURE, data. Every family, and what follows from the records alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from services.drivers.port import Product
from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import axient, psm1000, qlxd, sbc, slxd, slxd_plus, ulxd
from services.drivers.shure.families.family import Family, Model
from services.drivers.shure.families.mxw import FAMILIES as MICROFLEX
from services.model import KEYS, UNIT_KINDS, Abilities, Key

MANUFACTURER = "shure"

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        ulxd.FAMILY,
        qlxd.FAMILY,
        slxd.FAMILY,
        slxd_plus.FAMILY,
        axient.FAMILY,
        sbc.FAMILY,
        psm1000.FAMILY,
        *MICROFLEX,
    )
}
"""By name."""

MOST_PARTS = max(family.most_parts for family in FAMILIES.values())
"""Greatest number of parts of any unit."""

_FEATURES: Mapping[str, str] = {
    "battery_bars": "battery",
    "battery_percent": "battery_percent",
    "encryption_fault": "encryption",
    "frequency_2_mhz": "frequency_diversity",
    "interference": "interference",
    "receiver_muted": "receiver_mute",
    "rf_muted": "rf_mute",
    "transmitter_muted": "transmitter_mute",
}
"""Key that the family reports -> word of what it can do."""


def model_of(text: str) -> tuple[Family, Model] | None:
    """Family and model that a unit or an advert names; ``None`` for one that this driver does not read."""
    found = ((family, family.model_of(text)) for family in FAMILIES.values())
    return next(((family, model) for family, model in found if model is not None), None)


@cache
def unit_abilities(family: Family, lacks: frozenset[str] = frozenset()) -> Abilities:
    """What a unit of a family itself reports, in the words of the core; ``lacks`` are wire names that it has not."""
    return Abilities(
        KEYS.with_derived(family.kind, family.properties.keys_of(Scope.UNIT, lacks)),
        settable=family.settable(Scope.UNIT),
        identifies=Scope.UNIT in family.flashes,
    )


@cache
def part_abilities(family: Family, lacks: frozenset[str] = frozenset()) -> Abilities:
    """What each part of such a unit reports and takes."""
    reported = family.properties.keys_of(Scope.PART, lacks) | family.composed
    return Abilities(
        keys=KEYS.with_derived(UNIT_KINDS[family.kind].part, reported),
        telemetry=_meters(family, lacks),
        presence=family.presence,
        slots=family.slots if family.properties.keys_of(Scope.SLOT, lacks) else 0,
        settable=family.settable(Scope.PART),
        identifies=Scope.PART in family.flashes,
        features=tuple(word for key, word in _FEATURES.items() if key in reported),
    )


def _meters(family: Family, lacks: frozenset[str]) -> frozenset[str]:
    if family.meters is None:
        return frozenset()
    absent = (keys for name, keys in family.meters.named.items() if name in lacks)
    return family.meters.keys.difference(*absent)


def _product(family: Family, model: Model) -> Product:
    return Product(
        name=model.name.lower().replace("+", "_plus"),
        model=model.name,
        family=family.name,
        title=family.title,
        kind=family.kind,
        parts=model.parts,
        abilities=unit_abilities(family, model.lacks),
        part_abilities=part_abilities(family, model.lacks),
        note=model.note,
        more=frozenset(row.name for row in family.more),
    )


PRODUCTS: tuple[Product, ...] = tuple(
    _product(family, model) for family in FAMILIES.values() for model in family.models
)
"""The catalogue."""

MORE: tuple[Key, ...] = tuple(dict.fromkeys(key for family in FAMILIES.values() for key in family.more))
"""Keys that only these units have; they stand under ``more``."""
