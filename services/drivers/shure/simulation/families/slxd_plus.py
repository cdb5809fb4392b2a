"""No I/O, data. A fresh SLX-D+ receiver: wire names, values, and what they are without a transmitter.

Which fields a channel without a paired transmitter reports is chosen; LINK_STATUS is padded to seven characters
without braces.
"""

from __future__ import annotations

from dataclasses import replace

from services.drivers.shure.simulation.families import slxd
from services.drivers.shure.simulation.receivers import meters
from services.drivers.shure.simulation.receivers.defaults import NETWORK, Hardware, replaced
from services.drivers.shure.simulation.receivers.settings import Field

DEFAULTS = replace(
    slxd.DEFAULTS,
    name="slxd_plus",
    label="SLXP",
    hardware=(Hardware("SLXD4QDAN+", 4), Hardware("SLXD4D+", 2), Hardware("SLXD4+", 1)),
    transmitters=("SLXD2+", "SLXD1+"),
    sample=meters.SLXD_PLUS,
    device=(
        *replaced(slxd.DEFAULTS.device, Field("FW_VER", "2.0.38.9", width=24)),
        Field("ENCRYPTION_MODE", "OFF"),
        Field("APP_CONNECTION_ENABLED", "ON"),
        Field("AUDIO_SUMMING_MODE", "OFF"),
        Field("NA_DEVICE_NAME", "", width=31),
        NETWORK,
    ),
    channel=(
        *replaced(slxd.DEFAULTS.channel, Field("TX_MODEL", "SLXD2+", "UNKNOWN")),
        Field("ENCRYPTION_STATUS", "OK"),
        Field("INTERFERENCE_STATUS", "NONE"),
        Field("NA_CHAN_NAME", "", width=31),
    ),
    slot=(
        Field("LINK_STATUS", "online ", "offline"),
        Field("SLOT_TX_MODEL", "SLXD2+", "", 10),
        Field("LINK_TX_BATT_MINS", "00420", "65535"),
    ),
    slots=2,
    links=True,
    dumps_all=False,
    unpaired=frozenset(  # these six and METER_RATE
        {"AUDIO_GAIN", "AUDIO_OUT_LVL_SWITCH", "GROUP_CHANNEL", "FREQUENCY", "AUDIO_LEVEL_PEAK", "RSSI"}
    ),
)
