"""PURE, data. Every family, and what follows from the records alone."""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import axient, qlxd, slxd, slxd_plus, ulxd
from services.drivers.shure.families.family import Family, Model
from services.model import CHANNEL_STATE_KEYS, RECEIVER_STATE_KEYS, Capabilities

MANUFACTURER = "shure"

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        ulxd.FAMILY,
        qlxd.FAMILY,
        slxd.FAMILY,
        slxd_plus.FAMILY,
        axient.FAMILY,
    )
}
"""By name."""

MOST_PARTS = max(family.most_parts for family in FAMILIES.values())
"""Greatest number of parts of any unit."""

_DERIVED: Mapping[str, tuple[str, ...]] = {
    "transmitter_model": ("transmitter_present", "transmitter_last_seen"),
    "battery_percent": ("last_battery_percent",),
    "battery_bars": ("last_battery_bars",),
    "battery_runtime_minutes": ("last_battery_runtime_minutes", "battery_status"),
    "menu_locked": ("tx_lock",),
}
"""Key that the family reports -> keys that follow from it."""
_FEATURES: Mapping[str, str] = {
    "battery_bars": "battery",
    "battery_percent": "battery_percent",
    "encryption_fault": "encryption",
    "frequency_2_mhz": "frequency_diversity",
    "interference": "interference",
    "receiver_muted": "receiver_mute",
    "transmitter_muted": "transmitter_mute",
}
"""Key that the family reports -> word of what it can do."""
_OURS = {"audio_path", "assignment", "status", "status_reasons", "alerts"}
"""Keys that do not come from a unit."""


def model_of(text: str) -> tuple[Family, Model] | None:
    """Family and model that a unit or an advert names; ``None`` for one that this driver does not speak to."""
    found = ((family, family.model_of(text)) for family in FAMILIES.values())
    return next(((family, model) for family, model in found if model is not None), None)


def capabilities_of(family: Family) -> Capabilities:
    """What a family reports and takes, in the words of the core."""
    unit_keys, part_keys = (_with_derived(family, scope) for scope in (Scope.UNIT, Scope.PART))
    return Capabilities(
        manufacturer=MANUFACTURER,
        family=family.name,
        receiver_keys=frozenset({*unit_keys, "alerts"} & {*RECEIVER_STATE_KEYS}),
        channel_keys=frozenset({*part_keys, *_OURS} & {*CHANNEL_STATE_KEYS}),
        telemetry_keys=family.meters.sample.keys if family.meters else frozenset(),
        presence_keys=family.presence,
        slots=family.slots,
        settable=family.settable,
        features=tuple(word for key, word in _FEATURES.items() if key in part_keys),
    )


def _with_derived(family: Family, scope: Scope) -> set[str]:
    reported = family.properties.keys_of(scope)
    return set(reported).union(*(_DERIVED.get(key, ()) for key in reported))
