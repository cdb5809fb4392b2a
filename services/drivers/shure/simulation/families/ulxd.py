"""No I/O, data. A fresh ULX-D receiver: wire names, values, and what they are without a transmitter.

Where no document says it, this file chose: the order of a dump, firmware and addresses are illustrative; every field of
a transmitter turns unknown when it goes (only TX_TYPE and BATT_BARS are known to); TX_MUTE_STATUS and
TX_MUTE_BUTTON_STATUS stay UNKN for bodypacks and handhelds, and live for ULXD6 and ULXD8.
"""

from __future__ import annotations

from services.drivers.shure.simulation.receivers import meters
from services.drivers.shure.simulation.receivers.defaults import NETWORK, FamilyDefaults, Hardware, number
from services.drivers.shure.simulation.receivers.settings import RAW_TRIM, Field

TRANSMITTER = (
    Field("TX_TYPE", "ULXD2", "UNKN"),
    Field("TX_DEVICE_ID", "", "", 8),
    Field("TX_FW_VER", "2.4.20.0", "", 24),
    number("TX_OFFSET", "012"),
    Field("TX_RF_PWR", "LOW", "UNKN"),
    Field("TX_MUTE_STATUS", "UNKN", "UNKN"),
    Field("TX_MUTE_BUTTON_STATUS", "UNKN", "UNKN"),
    Field("TX_MENU_LOCK", "OFF", "UNKN"),
    Field("TX_PWR_LOCK", "OFF", "UNKN"),
    Field("TX_POWER_SOURCE", "BATTERY", "UNKN"),
    number("BATT_BARS", "005"),
    number("BATT_CHARGE", "100"),
    number("BATT_RUN_TIME", "00660"),
    number("BATT_HEALTH", "098"),
    number("BATT_CYCLE", "00042"),
    number("BATT_TEMP_C", "064"),
    number("BATT_TEMP_F", "115"),
    Field("BATT_TYPE", "LION", "UNKN"),
)

DEFAULTS = FamilyDefaults(
    name="ulxd",
    label="ULXD",
    first_khz=470125,
    hardware=(Hardware("ULXD4Q", 4), Hardware("ULXD4D", 2), Hardware("ULXD4", 1)),
    transmitters=("ULXD2", "ULXD1", "ULXD8", "ULXD2"),
    sample=meters.ULXD,
    slowest_meter_ms=99_999,
    device=(
        Field("MODEL", "", width=32),
        Field("DEVICE_ID", "", width=8),
        Field("FW_VER", "2.7.6.0", width=24),
        Field("ENCRYPTION", "OFF"),
        Field("HIGH_DENSITY", "OFF"),
        Field("AUDIO_SUMMING_MODE", "OFF"),
        Field("FREQUENCY_DIVERSITY_MODE", "OFF"),
        Field("SCAN_LOCK", "OFF"),
        Field("SYNC_LOCK", "OFF"),
        NETWORK,
    ),
    channel=(
        Field("CHAN_NAME", "", width=8),
        Field("AUDIO_GAIN", "018"),
        Field("AUDIO_MUTE", "OFF"),
        Field("GROUP_CHAN", "--,--"),
        Field("FREQUENCY", "470125"),
        Field("RF_INT_DET", "NONE"),
        Field("ENCRYPTION_WARNING", "OFF"),
        *TRANSMITTER,
    ),
    flash=("device", "channel"),
    several=frozenset({"AUDIO_SUMMING_MODE", "FREQUENCY_DIVERSITY_MODE"}),
    talk_models=frozenset({"ULXD6", "ULXD8"}),
    one_antenna_at_a_time=True,
    traits=frozenset({"mutes"}),
    settings=RAW_TRIM,
)
