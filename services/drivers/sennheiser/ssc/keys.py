"""Rows of the keys that units of this protocol have and no other maker: they are published under ``more``."""

from __future__ import annotations

from typing import Literal

from services.drivers.sennheiser.keys import MORE as COMMON
from services.model import Key, Kind

_CHANNEL = frozenset({Kind.CHANNEL})
_BAY = frozenset({Kind.BAY})
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
    _sent("transmitter_gain_db", int, "Gain of the transmitter's input.", "dB"),
    _sent("capsule", str, "Microphone head of a handheld transmitter."),
    _sent("low_cut", str, "Low-cut filter of the transmitter, as the unit writes it."),
    _sent("cable_emulation", str, "Cable emulation of a bodypack, as the unit writes it."),
    _sent(
        "transmitter_type", Literal["handheld", "bodypack", "tablestand", "boundary"], "What kind of transmitter it is."
    ),
    _sent("transmitter_charging", bool, "The transmitter, a table stand or boundary microphone, is being charged."),
    _sent(
        "transmitter_sensitivity",
        Literal["auto", "0_db", "-6_db", "-12_db", "-18_db", "-24_db", "-30_db"],
        "Sensitivity of the transmitter's input.",
    ),
    _sent("transmitter_led", bool, "The transmitter's light is on while it works."),
    _sent("transmitter_autolock", bool, "The transmitter locks its keys by itself."),
    Key("encrypted", bool, "The channel is encrypted.", kinds=_CHANNEL, role="setting"),
    Key(
        "clock_source",
        Literal["internal_48_khz", "internal_96_khz", "external", "manual"],
        "Word clock of the receiver.",
        kinds=frozenset({Kind.RECEIVER}),
        role="setting",
    ),
    Key("clock_measured", str, "Frequency of the word clock, as the unit writes it.", kinds=frozenset({Kind.RECEIVER})),
    Key(
        "charging_module",
        Literal["none", "lm6060", "lm6061", "fault"],
        "Module in which the bay is: LM 6060 for bodypack batteries, LM 6061 for handheld ones.",
        kinds=_BAY,
    ),
    Key("led", str, "The bay's light, as the unit writes it.", kinds=_BAY),
    Key("voltage_mv", int, "Of the battery in the bay.", "mV", 0, kinds=_BAY, gone_with="occupied"),
    Key("device_firmware", str, "Firmware of the transmitter in the bay.", kinds=_BAY, gone_with="occupied"),
    Key("device_serial", str, "Serial number of the transmitter in the bay.", kinds=_BAY, gone_with="occupied"),
    Key(
        "bay_state",
        Literal["normal", "update", "error", "firmware_loader"],
        "What the bay is doing.",
        kinds=_BAY,
    ),
    Key(
        "mute_mode",
        Literal["off", "on", "push_to_talk", "push_to_mute", "room_mute"],
        "What the transmitter's mute switch does; room_mute mutes all in the room.",
        kinds=_CHANNEL,
        role="setting",
    ),
    Key("link_state", str, "What the channel is doing, as the unit writes it, in lower case.", kinds=_CHANNEL),
    Key("unit_state", str, "What the unit is doing, in lower case: normal, pairing, an update.", kinds=_UNITS),
    Key("location", str, "Where the unit stands, as people wrote it into the unit.", kinds=_UNITS, role="setting"),
    Key("brightness", int, "Of the display, in steps.", kinds=_UNITS, role="setting"),
    Key("antenna_booster", bool, "The antenna sockets feed boosters.", kinds=_UNITS, role="setting"),
    Key(
        "subscription_trouble",
        str,
        "Why the unit tells nothing unasked, with the remedy; null where it does. It is asked every 5 s then, and its "
        "meters are missing, or as old.",
        kinds=_UNITS,
    ),
)
"""`services.drivers.port.Driver.more`."""

MORE_NAMES: frozenset[str] = frozenset(row.name for row in MORE)
