"""Rows of the keys that this maker alone has: they are published under ``more``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from services.model import Key, Kind

_UNITS = frozenset({Kind.RECEIVER, Kind.CHARGER})
_CHANNEL = frozenset({Kind.CHANNEL})
_BAY = frozenset({Kind.BAY})

MORE: tuple[Key, ...] = (
    Key("location_name", str, "Where people wrote that the unit stands.", kinds=_UNITS, role="setting"),
    Key(
        "notices",
        bool,
        "The unit tells changes by multicast; without that it is asked again and again.",
        kinds=_UNITS,
        role="setting",
    ),
    Key("battery_level", int, "Battery as the unit counts it, 4 is the highest.", "", 0, 4, kinds=_CHANNEL),
    Key("high_pass_hz", int, "High-pass filter; 0 is off.", "Hz", 0, 160, kinds=_CHANNEL, role="setting"),
    Key("high_pass", bool, "The high-pass filter is on.", kinds=_CHANNEL, role="setting"),
    Key("usb_power", bool, "A charger is plugged into the transmitter's USB socket.", kinds=_CHANNEL),
    Key(
        "transmitter_kind",
        Literal["handheld", "bodypack", "boundary", "desk_stand"],
        "What sort of transmitter it is.",
        kinds=_CHANNEL,
    ),
    Key(
        "external_mute",
        Literal["off", "unmuted", "muted"],
        "What a control system has the transmitter's mute set to.",
        kinds=_CHANNEL,
        role="setting",
    ),
    Key(
        "mute_raw",
        int,
        "The channel's mute as an ESW writes it: the documents disagree which of 0 and 1 is muted.",
        kinds=_CHANNEL,
        role="setting",
    ),
    Key(
        "transmitter_mute_raw",
        int,
        "The transmitter's mute as an ESW writes it; one program reads 1 as muted, no document says it.",
        kinds=_CHANNEL,
    ),
    Key("rx_link", int, "RxLink id of the receiver that the channel belongs to.", "", 1, 5, kinds=_CHANNEL),
    Key(
        "charge_code",
        int,
        "Last number that a dock gives of a port: one source calls it charge state, another error flags.",
        kinds=_BAY,
    ),
)
"""`services.drivers.port.Driver.more`."""

MORE_NAMES: frozenset[str] = frozenset(row.name for row in MORE)


def split(values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Keys of the core's table, and keys of this maker alone."""
    common: dict[str, object] = {}
    own: dict[str, object] = {}
    for key, value in values.items():
        (own if key in MORE_NAMES else common)[key] = value
    return common, own
