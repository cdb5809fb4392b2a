"""No I/O, data. A fresh Axient Digital receiver: wire names, values, and what they are without a transmitter.

SLOT_SHOWLINK_STATUS has three digits by choice: no document says how it is written. Channel names are read with 31
characters, and eight can be set.
"""

from __future__ import annotations

from services.drivers.shure.simulation.receivers import meters
from services.drivers.shure.simulation.receivers.defaults import FamilyDefaults, Hardware, number
from services.drivers.shure.simulation.receivers.settings import AXIENT_TRIM, Field

_BATTERY = (
    number("BATT_BARS", "005"),
    number("BATT_CHARGE_PERCENT", "090"),
    number("BATT_MINS", "00594"),
    number("BATT_HEALTH_PERCENT", "098"),
    number("BATT_CYCLE_COUNT", "00069"),
    Field("BATT_TYPE", "LION", "UNKN"),
)

SECOND_CARRIER = (
    Field("FREQUENCY2", "0470125"),
    Field("GROUP_CHANNEL2", "--,--", width=5),
    Field("INTERFERENCE_STATUS2", "NONE"),
)

DEFAULTS = FamilyDefaults(
    name="axient",
    label="AD4",
    first_khz=470125,
    hardware=(
        Hardware("AD4Q", 4, "AD4Q-A"),
        Hardware("AD4D", 2, "AD4D-A"),
        Hardware(
            "ANX4",
            8,
            licensed=True,
            missing=frozenset({"QUADVERSITY_MODE"}),
            more=(Field("ANTENNA_CONFIGURATION", "AUTOMATIC"),),
        ),
    ),
    transmitters=("ADX2", "AD2", "ADX1", "AD1"),
    sample=meters.AXIENT,
    slowest_meter_ms=65_535,
    device=(
        Field("MODEL", "", width=32),
        Field("RF_BAND", "G57", width=8),
        Field("DEVICE_ID", "", width=31),
        Field("FW_VER", "1.4.11.0", width=24),
        Field("ENCRYPTION_MODE", "OFF"),
        Field("QUADVERSITY_MODE", "OFF"),
        Field("TRANSMISSION_MODE", "STANDARD"),
    ),
    channel=(
        Field("CHAN_NAME", "", width=31),
        Field("AUDIO_GAIN", "018"),
        Field("AUDIO_MUTE", "OFF"),
        Field("FREQUENCY", "0470125"),
        Field("GROUP_CHANNEL", "--,--", width=5),
        Field("FD_MODE", "OFF"),
        Field("ENCRYPTION_STATUS", "OK"),
        Field("INTERFERENCE_STATUS", "NONE"),
        Field("UNREGISTERED_TX_STATUS", "OK"),
        Field("TX_MODEL", "AD2", "UNKNOWN"),
        Field("TX_DEVICE_ID", "", "", 31),
        number("TX_OFFSET", "012"),
        number("TX_INPUT_PAD", "012"),
        number("TX_POWER_LEVEL", "010"),
        Field("TX_MUTE_MODE_STATUS", "ON", "UNKNOWN"),
        Field("TX_TALK_SWITCH", "OFF", "UNKNOWN"),
        Field("TX_POLARITY", "POSITIVE", "UNKNOWN"),
        Field("TX_LOCK", "NONE", "UNKNOWN"),
        *(Field(f"TX_{field.name}", field.text, field.absent) for field in _BATTERY),
        number("TX_BATT_TEMP_C", "064"),
        number("TX_BATT_TEMP_F", "115"),
    ),
    slot=(
        Field("SLOT_STATUS", "LINKED.ACTIVE", "EMPTY"),
        Field("SLOT_TX_MODEL", "ADX2", "UNKNOWN"),
        Field("SLOT_TX_DEVICE_ID", "", "", 8),
        *(Field(f"SLOT_{field.name}", field.text, field.absent) for field in _BATTERY),
        number("SLOT_INPUT_PAD", "012"),
        number("SLOT_OFFSET", "012"),
        Field("SLOT_POLARITY", "POSITIVE", "UNKNOWN"),
        Field("SLOT_RF_OUTPUT", "RF_ON", "UNKNOWN"),
        number("SLOT_RF_POWER", "010"),
        Field("SLOT_RF_POWER_MODE", "NORMAL", "UNKNOWN"),
        number("SLOT_SHOWLINK_STATUS", "005"),
    ),
    slots=8,
    second_carrier=SECOND_CARRIER,
    traits=frozenset({"mutes"}),
    settings=AXIENT_TRIM,
)
