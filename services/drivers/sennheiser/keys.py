"""Rows of the keys that this maker alone has: they are published under ``more``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from services.model import Key, Kind

_CHANNEL = frozenset({Kind.CHANNEL})
_IEM_CHANNEL = frozenset({Kind.IEM_CHANNEL})
_BOTH = _CHANNEL | _IEM_CHANNEL

_BAND_WORDS = "Equalizer band, steps; the document gives no unit."


def _band(name: str) -> Key:
    return Key(name, int, _BAND_WORDS, minimum=-5, maximum=5, kinds=_IEM_CHANNEL, role="setting")


MORE: tuple[Key, ...] = (
    Key("squelch_db", int, "Squelch threshold; 0 is off.", "dB", 0, 25, kinds=_CHANNEL, role="setting"),
    Key(
        "equalizer",
        Literal["flat", "low_cut", "low_cut_high_boost", "high_boost"],
        "Equalizer of the receiver's output.",
        kinds=_CHANNEL,
        role="setting",
    ),
    Key("pilot", bool, "The pilot tone of the transmitter is received.", kinds=_CHANNEL),
    Key("low_rf_signal", bool, "The receiver warns of a weak signal.", kinds=_CHANNEL),
    Key("equalizer_on", bool, "The equalizer is in the signal path.", kinds=_IEM_CHANNEL, role="setting"),
    _band("equalizer_low"),
    _band("equalizer_low_mid"),
    _band("equalizer_mid"),
    _band("equalizer_mid_high"),
    _band("equalizer_high"),
    Key("tuning_ranges_mhz", str, "What can be tuned, blocks of lowest-highest.", "MHz", kinds=_BOTH),
    Key("tuning_step_khz", int, "Step between frequencies.", "kHz", 1, kinds=_BOTH),
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
