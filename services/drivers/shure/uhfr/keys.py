"""Rows of the keys that UHF-R alone has: they are published under ``more``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from services.model import Key, Kind

_CHANNEL = frozenset({Kind.CHANNEL})
_RF_WORDS = "RF at antenna {}, the unit's own number of some seconds ago: lower is stronger, 20 overload, 100 weak."

MORE: tuple[Key, ...] = (
    Key("rf_a_raw", int, _RF_WORDS.format("A"), "", 0, 255, kinds=_CHANNEL),
    Key("rf_b_raw", int, _RF_WORDS.format("B"), "", 0, 255, kinds=_CHANNEL),
    Key(
        "tx_gain_db",
        int,
        "Input gain of the transmitter, dB.",
        "dB",
        -10,
        20,
        kinds=_CHANNEL,
        gone_with="transmitter_present",
    ),
    Key(
        "transmitter_lock",
        Literal["none", "power", "frequency", "frequency_and_power"],
        "What is locked at the transmitter.",
        kinds=_CHANNEL,
        gone_with="transmitter_present",
    ),
    Key(
        "tuning_ranges_mhz",
        str,
        "What can be tuned, ranges of lowest-highest.",
        "MHz",
        kinds=frozenset({Kind.RECEIVER}),
    ),
)
"""`services.drivers.port.Driver.more` of this protocol."""

MORE_NAMES: frozenset[str] = frozenset(row.name for row in MORE)


def split(values: Iterable[tuple[str, object]]) -> tuple[dict[str, object], dict[str, object]]:
    """Keys of the core's table, and keys of this protocol alone."""
    common: dict[str, object] = {}
    own: dict[str, object] = {}
    for key, value in values:
        (own if key in MORE_NAMES else common)[key] = value
    return common, own
