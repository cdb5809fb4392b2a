"""No I/O, data. A fresh SLX-D+ receiver: wire names, values, and what they are without a transmitter.

A channel without a paired transmitter reports seven lines, and no name, gain or frequency, as seen on a real unit; that
the rest is refused by name is chosen. LINK_STATUS is padded to seven characters without braces.
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
    unpaired=frozenset({"TX_MODEL", "TX_BATT_BARS", "TX_BATT_MINS", "SLOT_TX_MODEL", "LINK_STATUS"}),
)
