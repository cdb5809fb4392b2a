"""PURE, data. SLX-D receivers. docs/protocols.md#slx-d-and-slx-d."""

from __future__ import annotations

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, metered, one, two
from services.drivers.shure.codec.samples import AUDIO, RF, Columns, highest, sample_layout
from services.drivers.shure.families import common
from services.drivers.shure.families.family import Family, Meters, model
from services.model import (
    Telemetry,
)


def _read_sample(columns: Columns) -> Telemetry:
    """Peak, RMS, one RF level."""
    _channel, peak, rms, rf = columns
    return {
        "audio_peak_dbfs": highest(peak, AUDIO),
        "audio_rms_dbfs": AUDIO.get(rms[-1]),
        "rf_dbm": RF.get(rf[-1]),
        "rf_min_dbm": RF.get(min(rf)),
        "samples": len(rf),
    }


METERS = Meters(
    sample_layout(
        rb"000 000 000",
        b"BX",
        _read_sample,
        {"rf_dbm", "rf_min_dbm", "audio_peak_dbfs", "audio_rms_dbfs", "samples"},
    ),
    fastest_ms=100,
    slowest_ms=65_535,
)

PROPERTIES = (
    *common.RECEIVER,
    common.SHORT_DEVICE_ID,
    one("RF_BAND", Scope.UNIT, "band", wire.text(8)),
    one("LOCK_STATUS", Scope.UNIT, "lock", wire.choice(common.LOCKS)),
    *common.CHANNEL,
    one("CHAN_NAME", Scope.PART, "name", wire.text(31)),
    one("AUDIO_OUT_LVL_SWITCH", Scope.PART, "audio_output_level", wire.same_words(("MIC", "LINE"))),
    two("GROUP_CHANNEL", Scope.PART, ("group", "group_channel"), special.group(5)),
    two("GROUP_CHAN", Scope.PART, ("group", "group_channel"), special.group(5), askable=False),
    one("FREQUENCY", Scope.PART, "frequency_mhz", special.megahertz(7)),
    one("TX_MODEL", Scope.PART, "transmitter_model", wire.word()),
    one("TX_TYPE", Scope.PART, "transmitter_model", wire.word(), askable=False),
    one("TX_BATT_BARS", Scope.PART, "battery_bars", common.BARS),
    two("TX_BATT_MINS", Scope.PART, ("battery_runtime_minutes", "battery_runtime_status"), special.runtime()),
    *metered("AUDIO_LEVEL_PEAK", "AUDIO_LEVEL_RMS"),
    *metered("RSSI", scope=Scope.ANTENNA),
)
"""What SLX-D+ reports as well."""

CONTROLS = (
    *common.NAME_AND_GAIN,
    controls.frequency(7),
    controls.group("GROUP_CHANNEL", in_braces=True),
)
"""What SLX-D+ takes as well."""

FAMILY = Family(
    name="slxd",
    title="SLX-D",
    # a + anywhere behind the number of channels is an SLX-D+
    models=(
        model("SLXD4Q", r"SLXD4Q(?!\w*\+)", 4),
        model("SLXD4D", r"SLXD4D(?!\w*\+)", 2),
        model("SLXD4", r"SLXD4(?!\w*\+)", 1),
    ),
    properties=PropertyTable(PROPERTIES),
    meters=METERS,
    antennas=2,
    presence=("transmitter_model",),
    controls=CONTROLS,
    flashes=frozenset({Scope.UNIT, Scope.PART}),
)
