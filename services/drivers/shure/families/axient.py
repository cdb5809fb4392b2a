"""PURE, data. Axient Digital receivers: AD4D, AD4Q, ANX4. docs/protocols.md#axient-digital."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import cast

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, metered, one, two
from services.drivers.shure.codec.samples import (
    ANTENNA_LETTERS,
    ANTENNA_STATES,
    AUDIO,
    RF,
    Columns,
    highest,
    sample_layout,
    strongest,
)
from services.drivers.shure.codec.wire_types import MARK_8
from services.drivers.shure.families import common
from services.drivers.shure.families.family import Family, Meters, model
from services.model import (
    Telemetry,
)

AUDIO_OVERLOAD = 0x80
RF_OVERLOAD = 0x20
"""Above the five lights of the level: the published examples write all five as 31."""
QUALITY = {b"%03d" % raw: raw for raw in range(6)}
"""0 to 5; 255 is unknown."""


def _written(mask: int) -> frozenset[bytes]:
    """Every way to write a bitmap that has a bit of ``mask``: looked up instead of converted."""
    return frozenset(b"%0*d" % (digits, bits) for bits in range(256) if bits & mask for digits in (2, 3))


_AUDIO_OVERLOADED, _RF_OVERLOADED = _written(AUDIO_OVERLOAD), _written(RF_OVERLOAD)
_SILENT = frozenset(bytes(token) for length in (2, 4, 8) for token in product(b"XR", repeat=length))
"""Antenna tokens, of one carrier or of two, without an active antenna."""


def _read_sample(columns: Columns) -> Telemetry:
    """Quality, audio lights, peak, RMS, then for each carrier its antennas and a pair (lights, RF) for each."""
    _channel, quality, lights, peak, rms, tokens, *pairs = columns
    count = 2 * len(tokens[-1])
    pairs, second = pairs[:count], pairs[count:]
    summary: dict[str, object] = {
        "audio_peak_dbfs": highest(peak, AUDIO),
        "audio_rms_dbfs": AUDIO.get(rms[-1]),
        "audio_overload": not _AUDIO_OVERLOADED.isdisjoint(lights),
        "quality": QUALITY.get(quality[-1]),
        "quality_min": QUALITY.get(min(quality)),
        "samples": len(quality),
    }
    _read_antennas(summary, tokens, pairs, "")
    if second:
        _read_antennas(summary, second[0], second[1:], "2_")
    levels = [*pairs[1::2], *second[2::2]]
    summary["rf_dbm"], summary["rf_min_dbm"] = strongest(levels)
    states = [*map(b"".join, zip(tokens, second[0], strict=True))] if second else tokens
    summary["interference_seen"] = b"R" in b"".join(states)
    summary["dropouts"] = _count_dropouts(states, quality)
    return cast("Telemetry", summary)


def _read_antennas(summary: dict[str, object], tokens: Sequence[bytes], pairs: Columns, carrier: str) -> None:
    for number, letter in enumerate(ANTENNA_LETTERS[: len(tokens[-1])]):
        lights, rf = pairs[2 * number], pairs[2 * number + 1]
        summary[f"rf_{carrier}{letter}_dbm"] = RF.get(rf[-1])
        key = f"rf_overload_{letter}"
        summary[key] = not _RF_OVERLOADED.isdisjoint(lights) or bool(summary.get(key, False))
        if not carrier:
            summary[f"antenna_{letter}"] = ANTENNA_STATES.get(tokens[-1][number])


def _count_dropouts(states: Sequence[bytes], quality: Sequence[bytes]) -> int:
    """Samples without an active antenna, or of quality 0."""
    silent = sum(map(_SILENT.__contains__, states))
    if b"000" not in quality:
        return silent
    return sum(state in _SILENT or each == b"000" for state, each in zip(states, quality, strict=True))


_CARRIER = rb"(?:AA(?: 000? 000){2}|AAAA(?: 000? 000){4})"
_SAMPLE_KEYS = {
    *("rf_dbm", "rf_min_dbm", "audio_peak_dbfs", "audio_rms_dbfs", "samples"),
    *("audio_overload", "quality", "quality_min", "interference_seen", "dropouts"),
    *(f"{key}_{letter}" for key in ("antenna", "rf_overload") for letter in ANTENNA_LETTERS),
    *(f"rf_{carrier}{letter}_dbm" for carrier in ("", "2_") for letter in ANTENNA_LETTERS),
}

_RECEIVER = (
    *common.RECEIVER,
    two("DEVICE_ID", Scope.UNIT, ("device_id", "name"), wire.text_twice(31)),
    one("RF_BAND", Scope.UNIT, "band", wire.text(8)),
    one("ENCRYPTION_MODE", Scope.UNIT, "encryption_mode", common.ENCRYPTION),
    one("QUADVERSITY_MODE", Scope.UNIT, "quadversity_mode", wire.choice(common.ON_OFF)),
    one("TRANSMISSION_MODE", Scope.UNIT, "transmission_mode", wire.same_words(("STANDARD", "HIGH_DENSITY"))),
    common.MAC,
)

_CHANNEL = (
    *common.CHANNEL,
    one("CHAN_NAME", Scope.PART, "name", wire.text(31)),
    one("AUDIO_MUTE", Scope.PART, "receiver_muted", wire.choice(common.ON_OFF)),
    one("FREQUENCY", Scope.PART, "frequency_mhz", special.megahertz(7)),
    one("FREQUENCY2", Scope.PART, "frequency_2_mhz", special.megahertz(7)),
    two("GROUP_CHANNEL", Scope.PART, ("group", "group_channel"), special.group(5)),
    two("GROUP_CHANNEL2", Scope.PART, ("group_2", "group_channel_2"), special.group(5)),
    one("FD_MODE", Scope.PART, "fd_mode", wire.choice({"OFF": "off", "FD-C": "fd_c", "FD-S": "fd_s"})),
    one(  # ANX4 has it a channel, in place of QUADVERSITY_MODE
        "ANTENNA_CONFIGURATION",
        Scope.PART,
        "quadversity",
        wire.choice({"QUADVERSITY": True, "AUTOMATIC": False, "AB": False, "CD": False}),
        askable=False,
    ),
    one("ENCRYPTION_STATUS", Scope.PART, "encryption_fault", wire.choice(common.OK_ERROR)),
    one("INTERFERENCE_STATUS", Scope.PART, "interference", common.INTERFERENCE),
    one("INTERFERENCE_STATUS2", Scope.PART, "interference_2", common.INTERFERENCE),
    one("UNREGISTERED_TX_STATUS", Scope.PART, "unregistered_transmitter", wire.choice(common.OK_ERROR)),
    *metered("CHAN_QUALITY", "AUDIO_LEVEL_PEAK", "AUDIO_LEVEL_RMS", "AUDIO_LED_BITMAP", "ANTENNA_STATUS2"),
    common.ANTENNA_STATUS,
    *metered("RSSI", "RSSI2", "RSSI_LED_BITMAP", "RSSI_LED_BITMAP2", scope=Scope.ANTENNA),
)

_TRANSMITTER = (
    one("TX_MODEL", Scope.PART, "transmitter_model", wire.word()),
    one("TX_TYPE", Scope.PART, "transmitter_model", wire.word(), askable=False),
    one("TX_DEVICE_ID", Scope.PART, "transmitter_id", wire.word(31)),
    two("TX_OFFSET", Scope.PART, ("tx_offset_db", "tx_offset_raw"), special.trim(-12, 33, MARK_8)),
    one("TX_INPUT_PAD", Scope.PART, "tx_input_pad_db", common.PAD),
    one("TX_POWER_LEVEL", Scope.PART, "tx_power_mw", common.MILLIWATTS),
    # ON means that the microphone is on
    one("TX_MUTE_MODE_STATUS", Scope.PART, "transmitter_muted", wire.choice({"ON": False, "MUTE": True}, "UNKNOWN")),
    one("TX_TALK_SWITCH", Scope.PART, "talk_switch", wire.choice({"ON": "pressed", "OFF": "released"}, "UNKNOWN")),
    one("TX_POLARITY", Scope.PART, "tx_polarity", wire.choice(common.POLARITY, "UNKNOWN")),
    one("TX_LOCK", Scope.PART, "tx_lock", wire.choice({**common.LOCKS, "LOCKED": "all"}, "UNKNOWN")),
    one("TX_BATT_BARS", Scope.PART, "battery_bars", common.BARS),
    one("TX_BATT_CHARGE_PERCENT", Scope.PART, "battery_percent", common.PERCENT),
    two("TX_BATT_MINS", Scope.PART, ("battery_runtime_minutes", "battery_runtime_status"), special.runtime()),
    one("TX_BATT_HEALTH_PERCENT", Scope.PART, "battery_health_percent", common.PERCENT),
    one("TX_BATT_CYCLE_COUNT", Scope.PART, "battery_cycles", common.CYCLES),
    two("TX_BATT_TYPE", Scope.PART, ("battery_type", "battery_warning"), special.battery()),
    one("TX_BATT_TEMP_C", Scope.PART, "battery_temperature_c", common.TEMPERATURE),
    *ignored(Scope.PART, "TX_BATT_TEMP_F"),
)

_RF_OUTPUT = {"RF_ON": False, "RF_MUTE": True}

_SLOT = (
    one(
        "SLOT_STATUS",
        Scope.SLOT,
        "status",
        wire.choice(
            {
                "EMPTY": "empty",
                "STANDARD": "standard",
                "LINKED.INACTIVE": "linked_inactive",
                "LINKED.ACTIVE": "linked_active",
            },
            "EMPTY",
        ),
    ),
    one("SLOT_TX_MODEL", Scope.SLOT, "transmitter_model", wire.word()),
    one("SLOT_TX_DEVICE_ID", Scope.SLOT, "transmitter_id", wire.word(8)),
    one("SLOT_BATT_BARS", Scope.SLOT, "battery_bars", common.BARS),
    one("SLOT_BATT_CHARGE_PERCENT", Scope.SLOT, "battery_percent", common.PERCENT),
    one("SLOT_BATT_MINS", Scope.SLOT, "battery_runtime_minutes", special.minutes()),
    one("SLOT_BATT_HEALTH_PERCENT", Scope.SLOT, "battery_health_percent", common.PERCENT),
    one("SLOT_BATT_CYCLE_COUNT", Scope.SLOT, "battery_cycles", common.CYCLES),
    one("SLOT_BATT_TYPE", Scope.SLOT, "battery_type", special.chemistry()),
    one("SLOT_INPUT_PAD", Scope.SLOT, "tx_input_pad_db", common.PAD),
    one("SLOT_OFFSET", Scope.SLOT, "tx_offset_db", wire.number(3, 0, 33, offset=-12, unknown=MARK_8)),
    one("SLOT_POLARITY", Scope.SLOT, "tx_polarity", wire.choice(common.POLARITY, "UNKNOWN")),
    one("SLOT_RF_OUTPUT", Scope.SLOT, "transmitter_rf_muted", wire.choice(_RF_OUTPUT, "UNKNOWN")),
    one("SLOT_RF_POWER", Scope.SLOT, "tx_power_mw", common.MILLIWATTS),
    one("SLOT_RF_POWER_MODE", Scope.SLOT, "tx_power_level", wire.choice(common.POWER_LEVELS, "UNKNOWN")),
    one("SLOT_SHOWLINK_STATUS", Scope.SLOT, "showlink_quality", wire.number(3, 0, 5, unknown=MARK_8)),
)

FAMILY = Family(
    name="axient",
    title="Axient Digital",
    models=(
        model(
            "AD4Q", r"AD4Q", 4, "In Quadversity mode it has two channels.", varies=True, lacks=["ANTENNA_CONFIGURATION"]
        ),
        model("AD4D", r"AD4D", 2, lacks=["ANTENNA_CONFIGURATION", "QUADVERSITY_MODE"]),
        model(
            "ANX4",
            r"ANX4",
            None,
            "Licences decide how many channels it has, up to 24; in ULX-D mode they have no slots and no quality.",
            varies=True,
            lacks=["QUADVERSITY_MODE"],
            # its TRANSMISSION_MODE does not tell that mode: whether slots answer does
            lacks_without_slots=[*(prop.name for prop in _SLOT), "CHAN_QUALITY", "UNREGISTERED_TX_STATUS"],
        ),
    ),
    properties=PropertyTable((*_RECEIVER, *_CHANNEL, *_TRANSMITTER, *_SLOT)),
    meters=Meters(
        sample_layout(
            rb"000 000 000 000 " + _CARRIER + rb"(?: " + _CARRIER + rb")?", b"BXR", _read_sample, _SAMPLE_KEYS
        ),
        fastest_ms=100,
        slowest_ms=65_535,
        named={"CHAN_QUALITY": frozenset({"quality", "quality_min"})},
    ),
    most_parts=24,  # an ANX4 with every licence
    presence=("transmitter_model",),
    slots=8,
    composed=frozenset({"transmitter_rf_muted"}),
    controls=(
        *common.NAME_AND_GAIN,
        common.MUTE,
        controls.frequency(7),
        controls.group("GROUP_CHANNEL", in_braces=True),
    ),
    flashes=frozenset({Scope.UNIT, Scope.PART}),
)
