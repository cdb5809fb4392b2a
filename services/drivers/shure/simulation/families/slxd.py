"""No I/O, data. A fresh SLX-D receiver: wire names, values, and what they are without a transmitter.

Channel names are read with 31 characters, and eight can be set.
"""

from __future__ import annotations

from services.drivers.shure.simulation.receivers import meters
from services.drivers.shure.simulation.receivers.defaults import FamilyDefaults, Hardware, number
from services.drivers.shure.simulation.receivers.settings import Field

DEFAULTS = FamilyDefaults(
    name="slxd",
    label="SLXD",
    first_khz=470125,
    hardware=(Hardware("SLXD4D", 2), Hardware("SLXD4", 1), Hardware("SLXD4Q", 4)),
    transmitters=("SLXD2", "SLXD1"),
    sample=meters.SLXD,
    slowest_meter_ms=65_535,
    device=(
        Field("MODEL", "", width=32),
        Field("DEVICE_ID", "", width=8),
        Field("RF_BAND", "G55", width=8),
        Field("LOCK_STATUS", "OFF"),
        Field("FW_VER", "1.4.7.0", width=24),
    ),
    channel=(
        Field("CHAN_NAME", "", width=31),
        Field("AUDIO_GAIN", "018"),
        Field("AUDIO_OUT_LVL_SWITCH", "MIC"),
        Field("GROUP_CHANNEL", "--,--", width=5),
        Field("FREQUENCY", "0470125"),
        Field("TX_MODEL", "SLXD2", "UNKNOWN"),
        number("TX_BATT_BARS", "004"),
        number("TX_BATT_MINS", "00420"),
    ),
)
