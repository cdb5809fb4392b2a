"""Rows of the keys that units of this protocol have and no other maker: they are published under ``more``."""

from __future__ import annotations

from typing import Literal

from services.drivers.sennheiser.keys import MORE as COMMON
from services.model import Key, Kind

_CHANNEL = frozenset({Kind.CHANNEL})
_UNITS = frozenset({Kind.RECEIVER, Kind.CHARGER})
_ALL = frozenset({Kind.CHANNEL, Kind.BAY}) | _UNITS

_SHARED = frozenset({"low_rf_signal", "tuning_ranges_mhz", "tuning_step_khz"})
"""Keys that the Media Control Protocol has too."""


def _sent(name: str, kind: object, words: str, unit: str = "") -> Key:
    return Key(name, kind, words, unit, kinds=_CHANNEL, gone_with="transmitter_present")


MORE: tuple[Key, ...] = (
    *(row for row in COMMON if row.name in _SHARED),
    Key("warnings", list[str], "What the unit warns of, in its own words.", kinds=_ALL),
    Key("rf_overload", bool, "The receiver warns that the RF level is too high.", kinds=_CHANNEL),
    Key("output_level_db", int, "Level of the audio output.", "dB", kinds=_CHANNEL, role="setting"),
    _sent("transmitter_warnings", list[str], "What the transmitter warns of, in the unit's words."),
    _sent("battery_source", Literal["rechargeable", "primary", "none"], "What feeds the transmitter."),
    _sent("capsule", str, "Microphone head of a handheld transmitter."),
    _sent("low_cut", str, "Low-cut filter of the transmitter, as the unit writes it."),
    _sent("cable_emulation", str, "Cable emulation of a bodypack, as the unit writes it."),
    _sent("transmitter_led", bool, "The transmitter's light is on while it works."),
    _sent("transmitter_autolock", bool, "The transmitter locks its keys by itself."),
    Key("location", str, "Where the unit stands, as people wrote it into the unit.", kinds=_UNITS, role="setting"),
    Key("brightness", int, "Of the display, in steps.", kinds=_UNITS, role="setting"),
    Key("antenna_booster", bool, "The antenna sockets feed boosters.", kinds=_UNITS, role="setting"),
    Key(
        "subscription_trouble",
        str,
        "Why the unit tells nothing unasked, with the remedy; null where it does. Its meters are missing then.",
        kinds=_UNITS,
    ),
)
"""`services.drivers.port.Driver.more`."""

MORE_NAMES: frozenset[str] = frozenset(row.name for row in MORE)
