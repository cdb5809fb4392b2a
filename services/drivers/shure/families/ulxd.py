"""PURE, data. ULX-D receivers. docs/protocols.md#ulx-d-and-qlx-d."""

from __future__ import annotations

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, anywhere, ignored, metered, one, two
from services.drivers.shure.codec.samples import ANTENNA_STATES, Columns, audio_scale, highest, rf_scale, sample_layout
from services.drivers.shure.codec.wire_types import BLOCK_8, BLOCK_16, NO_NUMBER_8, NO_NUMBER_16
from services.drivers.shure.families import common
from services.drivers.shure.families.family import Family, Meters, model
from services.model import (
    Telemetry,
)

RF, AUDIO = rf_scale(-128), audio_scale(-50, min(BLOCK_8))
"""dBm and dBFS of a SAMPLE."""


def _read_sample(columns: Columns) -> Telemetry:
    """Antennas, one RF level, one audio level that stands for the peak."""
    _channel, tokens, rf, audio = columns
    newest = tokens[-1]
    return {
        "antenna_a": ANTENNA_STATES.get(newest[0]),
        "antenna_b": ANTENNA_STATES.get(newest[1]),
        "audio_peak_dbfs": highest(audio, AUDIO),
        "dropouts": tokens.count(b"XX"),
        "rf_dbm": RF.get(rf[-1]),
        "rf_min_dbm": RF.get(min(rf)),
        "samples": len(rf),
    }


METERS = Meters(
    sample_layout(
        rb"AA 000 000",
        b"BX",
        _read_sample,
        {"rf_dbm", "rf_min_dbm", "audio_peak_dbfs", "samples", "antenna_a", "antenna_b", "dropouts"},
    ),
    fastest_ms=100,
    slowest_ms=99_999,
)

_PERCENT = wire.number(3, 0, 100, unknown=BLOCK_8)
_RUNTIME = special.runtime(special.RUNTIME_STATUS_BLOCK)

TRANSMITTER = (
    one("TX_TYPE", Scope.PART, "transmitter_model", wire.word(unknown="UNKN")),
    one("TX_MODEL", Scope.PART, "transmitter_model", wire.word(unknown="UNKN"), askable=False),
    one("TX_DEVICE_ID", Scope.PART, "transmitter_id", wire.word(8)),
    one("TX_FW_VER", Scope.PART, "transmitter_firmware", special.version(24)),
    one("TX_RF_PWR", Scope.PART, "tx_power_level", wire.choice(common.POWER_LEVELS)),
    one("TX_MUTE_STATUS", Scope.PART, "transmitter_muted", wire.choice(common.ON_OFF)),
    one("TX_MUTE_BUTTON_STATUS", Scope.PART, "talk_switch", wire.same_words(("PRESSED", "RELEASED"))),
    one("TX_MENU_LOCK", Scope.PART, "menu_locked", wire.choice(common.ON_OFF)),
    one("TX_PWR_LOCK", Scope.PART, "power_locked", wire.choice(common.ON_OFF)),
    one("TX_POWER_SOURCE", Scope.PART, "power_source", wire.same_words(("BATTERY", "EXTERNAL"))),
    one("BATT_BARS", Scope.PART, "battery_bars", wire.number(3, 0, 5, unknown=BLOCK_8)),
    one("BATT_CHARGE", Scope.PART, "battery_percent", _PERCENT),
    two("BATT_RUN_TIME", Scope.PART, ("battery_runtime_minutes", "battery_runtime_status"), _RUNTIME),
    one("BATT_HEALTH", Scope.PART, "battery_health_percent", _PERCENT),
    one("BATT_CYCLE", Scope.PART, "battery_cycles", wire.number(5, 0, NO_NUMBER_16 - 1, unknown=BLOCK_16)),
    one(
        "BATT_TEMP_C",
        Scope.PART,
        "battery_temperature_c",
        wire.number(3, 0, NO_NUMBER_8 - 1, offset=-40, unknown=BLOCK_8),
    ),
    two("BATT_TYPE", Scope.PART, ("battery_type", "battery_warning"), special.battery()),
    *ignored(Scope.PART, "BATT_TEMP_F"),
)
"""What QLX-D reports of a transmitter as well."""

CHANNEL = (
    *common.CHANNEL,
    one("CHAN_NAME", Scope.PART, "name", wire.text(8)),
    two("GROUP_CHAN", Scope.PART, ("group", "group_channel"), special.group()),
    two("GROUP_CHANNEL", Scope.PART, ("group", "group_channel"), special.group(), askable=False),
    one("FREQUENCY", Scope.PART, "frequency_mhz", special.megahertz(6)),
    one("ENCRYPTION_WARNING", Scope.PART, "encryption_fault", wire.choice(common.ON_OFF)),
    one("RF_ANTENNA", Scope.PART, "antenna_count", special.ANTENNAS, metered=True),
    *metered("RX_RF_LVL", "AUDIO_LVL"),
)
"""What QLX-D reports of a channel as well."""

RECEIVER = (
    *common.RECEIVER,
    common.SHORT_DEVICE_ID,
    one("RF_BAND", Scope.UNIT, "band", wire.text(8), askable=False),
    anywhere(one("ENCRYPTION", Scope.UNIT, "encryption_mode", common.ENCRYPTION)),  # dumps have it with a channel
    common.MAC,
    *ignored(Scope.UNIT, "SCAN_LOCK", "SYNC_LOCK"),
)
"""What QLX-D reports of itself as well."""

RF_INTERFERENCE = wire.choice({"NONE": "none", "CRITICAL": "detected", "DETECTED": "detected"})

CONTROLS = (
    *common.NAME_AND_GAIN,
    controls.frequency(6),
    controls.group("GROUP_CHAN", in_braces=False),
)
"""What QLX-D takes as well."""

COMPOSED = frozenset({"tx_lock"})
PRESENCE = ("transmitter_model", "battery_bars")

FAMILY = Family(
    name="ulxd",
    title="ULX-D",
    models=(model("ULXD4Q", r"ULXD4Q", 4), model("ULXD4D", r"ULXD4D", 2), model("ULXD4", r"ULXD4", 1)),
    properties=PropertyTable(
        (
            *RECEIVER,
            one(
                "HIGH_DENSITY",
                Scope.UNIT,
                "transmission_mode",
                wire.choice({"ON": "high_density", "OFF": "standard"}),
            ),
            one("AUDIO_SUMMING_MODE", Scope.UNIT, "audio_summing_mode", common.SUMMING),
            one("FREQUENCY_DIVERSITY_MODE", Scope.UNIT, "frequency_diversity_mode", common.SUMMING),
            *CHANNEL,
            one("AUDIO_MUTE", Scope.PART, "receiver_muted", wire.choice(common.ON_OFF)),
            one("RF_INT_DET", Scope.PART, "interference", RF_INTERFERENCE),
            *ignored(Scope.PART, "NA_CHAN_NAME"),
            *TRANSMITTER,
            one("TX_OFFSET", Scope.PART, "tx_offset_raw", wire.number(3, 0, 33, unknown=BLOCK_8)),
        )
    ),
    meters=METERS,
    antennas=2,
    presence=PRESENCE,
    composed=COMPOSED,
    controls=(*CONTROLS, common.MUTE),
    flashes=frozenset({Scope.UNIT, Scope.PART}),
    without_model=frozenset({"AUDIO_MUTE"}),
)
