"""The catalogue: which units answer by SSCv2, who they are, and what each reports and can be set."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from services.drivers.port import Description, Product
from services.drivers.sennheiser.products import MANUFACTURER
from services.drivers.sennheiser.sscv2.codec import meters, spectera
from services.drivers.sennheiser.sscv2.codec.controls import SETTABLE, tunable
from services.drivers.sennheiser.sscv2.codec.ewdx import EwdxState
from services.drivers.sennheiser.sscv2.codec.family import UnitState
from services.drivers.sennheiser.sscv2.codec.resources import (
    CHANNEL_RESOURCES,
    PRESENT,
    TRANSMITTER_RESOURCES,
    UNIT_RESOURCES,
)
from services.drivers.sennheiser.sscv2.codec.spectera import SpecteraState
from services.drivers.sennheiser.sscv2.keys import MORE_NAMES
from services.model import KEYS, Abilities, Identity, Kind

EWDX: Final = "ew_dx"
"""Family of EW-DX receivers, whichever protocol they are read by."""
SPECTERA: Final = "spectera"
MODELS: Final = {"EWDX2CHS": 2, "EWDX2CHDS": 2, "EWDX4CHDS": 4}
"""Products as they name themselves, and their channels: EM 2, EM 2 Dante, EM 4 Dante."""

_RECEIVER = re.compile(r"EWDX([1-8])CH[A-Z0-9]*\Z")
"""A later model counts its channels in its name, too."""

CEILING_MICROPHONES: Final = ("TCC",)
"""Products that speak SSCv2 and have no wireless microphone: TeamConnect Ceiling."""

_REPORTED_OF_UNIT = {field.key for fields in UNIT_RESOURCES.values() for field in fields} - MORE_NAMES
_REPORTED_OF_CHANNEL = {
    field.key for fields in (*CHANNEL_RESOURCES.values(), *TRANSMITTER_RESOURCES.values()) for field in fields
} - MORE_NAMES

UNIT_ABILITIES = Abilities(KEYS.with_derived(Kind.RECEIVER, _REPORTED_OF_UNIT), identifies=True)
CHANNEL_ABILITIES = Abilities(
    KEYS.with_derived(Kind.CHANNEL, _REPORTED_OF_CHANNEL | {PRESENT, "battery_runtime_status"}),
    meters.KEYS,
    presence=("transmitter_model",),
    settable=SETTABLE,
    features=("battery_percent", "encryption", "receiver_mute", "transmitter_mute"),
    identifies=True,
)

BASE_ABILITIES = Abilities(KEYS.with_derived(Kind.RECEIVER, spectera.UNIT_KEYS - MORE_NAMES))
MOBILE_ABILITIES = Abilities(
    KEYS.with_derived(Kind.CHANNEL, (spectera.MOBILE_KEYS | {PRESENT, "battery_runtime_status"}) - MORE_NAMES),
    presence=("transmitter_id",),
    features=("battery_percent", "interference"),
)


def channels_of(product: str) -> int | None:
    """How many channels a product has; ``None`` where it is no EW-DX receiver."""
    found = _RECEIVER.match(product)
    return int(found[1]) if found else None


def _describe_ewdx(identity: Identity, state: UnitState) -> Description:
    """A receiver as it was read. The tuning range is the unit's own."""
    described = {}
    for part in state.parts:
        tuning = tunable(state.value(part, "tuning_ranges_mhz"), state.value(part, "tuning_step_khz"))
        described[part.number] = replace(CHANNEL_ABILITIES, settable={**SETTABLE, "frequency_mhz": tuning})
    return Description(identity, UNIT_ABILITIES, described)


def _describe_spectera(identity: Identity, state: UnitState) -> Description:
    """A base station with the mobile devices that are paired now."""
    parts = {part.number: MOBILE_ABILITIES for part in state.parts}
    return Description(replace(identity, part_count=len(parts)), BASE_ABILITIES, parts)


@dataclass(frozen=True, slots=True)
class Family:
    """Units that are read alike."""

    name: str
    kind: Kind
    user: str
    """Who logs in, unless the options name somebody else."""
    channels: Callable[[str], int | None]
    """How many parts a product has; ``None`` where only the unit can say."""
    state: Callable[[int], UnitState]
    describe: Callable[[Identity, UnitState], Description]


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(EWDX, Kind.RECEIVER, "api", channels_of, EwdxState, _describe_ewdx),
        Family(
            SPECTERA,
            Kind.RECEIVER,
            "controlSennheiser",
            lambda _: None,
            lambda _: SpecteraState(),
            _describe_spectera,
        ),
    )
}
"""By name."""


def family_of(product: str) -> Family | None:
    """The family of a product as it names itself; ``None`` for one that is not read here."""
    if channels_of(product) is not None:
        return FAMILIES[EWDX]
    return FAMILIES[SPECTERA] if product.lower().startswith(SPECTERA) else None


def _ewdx(name: str, model: str, title: str) -> Product:
    return Product(
        name=name,
        model=model,
        family=EWDX,
        title="EW-DX",
        kind=Kind.RECEIVER,
        parts=MODELS[model],
        abilities=UNIT_ABILITIES,
        part_abilities=CHANNEL_ABILITIES,
        note=f"{title}, from firmware 4.0 on: third-party access and its password in Control Cockpit.",
    )


PRODUCTS: tuple[Product, ...] = (
    _ewdx("ewdx4chds", "EWDX4CHDS", "EW-DX EM 4 Dante"),
    _ewdx("ewdx2chds", "EWDX2CHDS", "EW-DX EM 2 Dante"),
    _ewdx("ewdx2chs", "EWDX2CHS", "EW-DX EM 2"),
    Product(
        name="spectera",
        model="Spectera-Base-Station",
        family=SPECTERA,
        title="Spectera",
        kind=Kind.RECEIVER,
        parts=None,
        abilities=BASE_ABILITIES,
        part_abilities=MOBILE_ABILITIES,
        note="Firmware 1.4.1 or later. Each paired mobile device is a channel. From others' programs alone.",
    ),
)

__all__ = ["CEILING_MICROPHONES", "EWDX", "FAMILIES", "MANUFACTURER", "PRODUCTS", "Family", "channels_of", "family_of"]
