"""PURE, data. Which model is of which family and has how many channels, and what each family can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.drivers.shure.codec.samples import TELEMETRY_KEYS
from services.drivers.shure.codec.tables import PROPERTIES, Scope
from services.model import CHANNEL_STATE_KEYS, RECEIVER_STATE_KEYS, Capabilities, SettableRange

MANUFACTURER = "shure"


@dataclass(frozen=True, slots=True)
class Model:
    """One model, by how its model string begins. ``channels`` is ``None`` where a licence decides."""

    name: str
    pattern: re.Pattern[str]
    family: str
    channels: int | None


def _model(name: str, pattern: str, family: str, channels: int | None) -> Model:
    return Model(name, re.compile(pattern, re.IGNORECASE), family, channels)


MODELS: tuple[Model, ...] = (
    _model("ULXD4Q", r"ULXD4Q", "ulxd", 4),
    _model("ULXD4D", r"ULXD4D", "ulxd", 2),
    _model("ULXD4", r"ULXD4", "ulxd", 1),
    _model("QLXD4", r"QLXD4", "qlxd", 1),
    _model("SLXD4Q+", r"SLXD4Q\w*\+", "slxd_plus", 4),
    _model("SLXD4D+", r"SLXD4D\w*\+", "slxd_plus", 2),
    _model("SLXD4+", r"SLXD4\w*\+", "slxd_plus", 1),
    _model("SLXD4Q", r"SLXD4Q", "slxd", 4),
    _model("SLXD4D", r"SLXD4D", "slxd", 2),
    _model("SLXD4", r"SLXD4", "slxd", 1),
    _model("AD4Q", r"AD4Q", "axient", 4),
    _model("AD4D", r"AD4D", "axient", 2),
    _model("ANX4", r"ANX4", "axient", None),
)
"""The first that fits counts. Counts: protocol notes 1.2."""

MOST_CHANNELS = 24
"""Of one unit: an ANX4 with every licence."""


def model_of(text: str) -> Model | None:
    """The model that a device or an advert names; ``None`` for one that this driver does not speak to."""
    return next((model for model in MODELS if model.pattern.match(text)), None)


def _name(length: int) -> SettableRange:
    return SettableRange(max_length=length)


_GAIN = SettableRange(minimum=-18, maximum=42, step=1, unit="dB")
_MUTE = SettableRange(choices=["true", "false"])

_DERIVED: Mapping[str, tuple[str, ...]] = {
    "transmitter_model": ("transmitter_present", "transmitter_last_seen"),
    "battery_percent": ("last_battery_percent",),
    "battery_bars": ("last_battery_bars",),
    "battery_runtime_minutes": ("last_battery_runtime_minutes", "battery_status"),
    "menu_locked": ("tx_lock",),
}
"""Key that the family tells -> keys that follow from it."""
_FEATURES: Mapping[str, str] = {
    "battery_bars": "battery",
    "battery_percent": "battery_percent",
    "encryption_fault": "encryption",
    "frequency_2_mhz": "frequency_diversity",
    "interference": "interference",
    "receiver_muted": "receiver_mute",
    "transmitter_muted": "transmitter_mute",
}
"""Key that the family tells -> word of what it can do."""
_OURS = {"audio_path", "assignment", "status", "status_reasons", "alerts"}
"""Keys that do not come from a device."""


def _keys(family: str, scope: Scope) -> set[str]:
    told = {key for prop in PROPERTIES[family].values() if prop.scope is scope for key in prop.keys}
    return told.union(*(_DERIVED.get(key, ()) for key in told))


def _family(
    family: str,
    *,
    presence: tuple[str, ...] = ("transmitter_model",),
    slots: int = 0,
    mute: bool = False,
) -> Capabilities:
    channel_keys = _keys(family, Scope.CHANNEL)
    settable = {"name": _name(8), "gain_db": _GAIN, **({"receiver_muted": _MUTE} if mute else {})}
    return Capabilities(
        manufacturer=MANUFACTURER,
        family=family,
        receiver_keys=frozenset({*_keys(family, Scope.DEVICE), "alerts"} & {*RECEIVER_STATE_KEYS}),
        channel_keys=frozenset({*channel_keys, *_OURS} & {*CHANNEL_STATE_KEYS}),
        telemetry_keys=TELEMETRY_KEYS[family],
        presence_keys=presence,
        slots=slots,
        settable=settable,
        features=tuple(word for key, word in _FEATURES.items() if key in channel_keys),
    )


FAMILIES: Mapping[str, Capabilities] = {
    "ulxd": _family("ulxd", presence=("transmitter_model", "battery_bars"), mute=True),
    "qlxd": _family("qlxd", presence=("transmitter_model", "battery_bars")),
    "slxd": _family("slxd"),
    "slxd_plus": _family("slxd_plus", slots=2),
    "axient": _family("axient", slots=8, mute=True),
}

FIXED_ANTENNAS: Mapping[str, int] = {"ulxd": 2, "qlxd": 2, "slxd": 2, "slxd_plus": 2}
"""Families whose antennas are always as many; of the others the antenna token tells."""

METER_RANGE_MS: Mapping[str, tuple[int, int]] = {
    "ulxd": (100, 99_999),
    "qlxd": (100, 99_999),
    "slxd": (100, 65_535),
    "slxd_plus": (100, 65_535),
    "axient": (100, 65_535),
}
"""Protocol notes 1.4."""

FAMILY_NAMES: Mapping[str, str] = {
    "ulxd": "ULX-D",
    "qlxd": "QLX-D",
    "slxd": "SLX-D",
    "slxd_plus": "SLX-D+",
    "axient": "Axient Digital",
}
