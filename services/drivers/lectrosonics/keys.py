"""Rows of the keys that DSQD alone has: they are published under ``more``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Literal

from services.model import Key, Kind

_channel = partial(Key, kinds=frozenset({Kind.CHANNEL}))
_sent = partial(_channel, gone_with="transmitter_present")

MORE: tuple[Key, ...] = (
    Key(
        "antenna_supply_short",
        bool,
        "The supply of the antennas is shorted.",
        kinds=frozenset({Kind.RECEIVER}),
    ),
    _channel("receiver_powered", bool, "The channel's receiver is switched on."),
    _channel("squelched", bool, "The receiver is squelched: no audio."),
    _channel(
        "compatibility_mode",
        Literal["d2_digital", "duet_1", "duet_2", "digital_hybrid", "digital_hybrid_eu", "nu_hybrid", "japan"],
        "Kind of transmitter that the channel receives.",
        role="setting",
    ),
    _channel(
        "diversity_mode",
        Literal["switched", "ratio", "frequency"],
        "Diversity of the pair of channels.",
        role="setting",
    ),
    _sent("battery_volts", float, "Voltage of the transmitter's battery.", "V", 0, 10),
    _sent("battery_timer_minutes", int, "Minutes that the battery timer has counted: elapsed, not left.", "min", 0),
    _sent(
        "battery_warning_cause",
        Literal["none", "below_25_percent", "below_10_percent", "timer"],
        "Why the transmitter warns of its battery.",
    ),
    _sent("transmitter_block", str, "Frequency block of the transmitter, for example A1."),
    _sent("transmitter_panel_locked", bool, "The transmitter's panel is locked."),
)
"""`services.drivers.port.Driver.more`."""

MORE_NAMES: frozenset[str] = frozenset(row.name for row in MORE)


def split(values: Iterable[tuple[str, object]]) -> tuple[dict[str, object], dict[str, object]]:
    """Keys of the core's table, and keys of this maker alone."""
    common: dict[str, object] = {}
    own: dict[str, object] = {}
    for key, value in values:
        (own if key in MORE_NAMES else common)[key] = value
    return common, own
