"""PURE, data. Every property of every family: its wire name, what it belongs to, its keys and how it is written.

The keys are those of `services.model.keys`. A few of `PRIVATE_KEYS` are halves of such a key and are put together, over
several messages, in `composing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.drivers.shure.codec import wire_types as kinds
from services.drivers.shure.codec.wire_types import UNKNOWN_8, UNKNOWN_16, Kind


class Scope(StrEnum):
    """What a property belongs to."""

    DEVICE = "device"
    CHANNEL = "channel"
    SLOT = "slot"
    ANTENNA = "antenna"


@dataclass(frozen=True, slots=True)
class Property:
    """One property. ``metered`` ones are told by SAMPLE and their REP is no state; not all are ``askable`` by GET."""

    name: str
    scope: Scope
    keys: tuple[str, ...]
    kind: Kind
    metered: bool = False
    askable: bool = True


PRIVATE_KEYS = frozenset({"menu_locked", "power_locked", "quadversity"})

ON_OFF: Mapping[str, object] = {"ON": True, "OFF": False}
PERCENT = kinds.number(3, 0, 100, unknown=UNKNOWN_8)
BARS = kinds.number(3, 0, 5, unknown=UNKNOWN_8)
CYCLES = kinds.number(5, 0, 65533, unknown=UNKNOWN_16)
TEMPERATURE = kinds.number(3, 0, 253, offset=-40, unknown=UNKNOWN_8)
GAIN = kinds.number(3, 0, 60, offset=-18)
MILLIWATTS = kinds.number(3, 0, 253, unknown=UNKNOWN_8)
PAD = kinds.choice({"012": 0, "12": 0, "000": -12, "0": -12, "255": None}, unknown="255")
LOCKS: Mapping[str, object] = {"NONE": "none", "OFF": "none", "MENU": "menu", "POWER": "power", "ALL": "all"}
ENCRYPTION: Mapping[str, object] = {"OFF": "off", "ON": "on", "AUTO": "auto", "MANUAL": "manual"}
INTERFERENCE: Mapping[str, object] = {"NONE": "none", "DETECTED": "detected", "CRITICAL": "detected"}
RF_INTERFERENCE: Mapping[str, object] = {"NONE": "none", "CRITICAL": "detected", "DETECTED": "detected"}
OK_ERROR: Mapping[str, object] = {"OK": False, "ERROR": True}
POWER_LEVELS: Mapping[str, object] = {"LOW": "low", "NORMAL": "normal", "HIGH": "high"}
POLARITY: Mapping[str, object] = {"POSITIVE": "positive", "NEGATIVE": "negative"}
SUMMING: Mapping[str, object] = {word: word.lower() for word in ("OFF", "ON", "1+2", "3+4", "1+2/3+4", "1+2+3+4")}
SLOT_STATUS: Mapping[str, object] = {
    "EMPTY": "empty",
    "STANDARD": "standard",
    "LINKED.INACTIVE": "linked_inactive",
    "LINKED.ACTIVE": "linked_active",
}
LINK_STATUS: Mapping[str, object] = {"online": "online", "offline": "offline"}
"""Lower case was seen on a real device."""


def _device(name: str, keys: str, kind: Kind, *, askable: bool = True) -> Property:
    return Property(name, Scope.DEVICE, tuple(keys.split()), kind, askable=askable)


def _channel(name: str, keys: str, kind: Kind, *, askable: bool = True) -> Property:
    return Property(name, Scope.CHANNEL, tuple(keys.split()), kind, askable=askable)


def _slot(name: str, keys: str, kind: Kind, *, askable: bool = True) -> Property:
    return Property(name, Scope.SLOT, tuple(keys.split()), kind, askable=askable)


def _ignored(scope: Scope, *names: str) -> list[Property]:
    """What a device may say and we do not tell."""
    return [Property(name, scope, (), kinds.IGNORED, askable=False) for name in names]


def _metered(*names: str, scope: Scope = Scope.CHANNEL) -> list[Property]:
    return [Property(name, scope, (), kinds.IGNORED, metered=True) for name in names]


MAC = _device("NET_SETTINGS SC", "mac", kinds.mac())

_COMMON_DEVICE = [
    _device("MODEL", "model", kinds.text(32)),
    _device("FW_VER", "firmware firmware_update_failed", kinds.firmware(24)),
    *_ignored(
        Scope.DEVICE, "FLASH", "METER_RATE", "ERR", "NA_DEVICE_NAME", "APP_CONNECTION_ENABLED", "NET_SETTINGS D1"
    ),
    *_ignored(Scope.DEVICE, "NET_SETTINGS D2", "NET_SETTINGS NA", "ENCRYPTION_REGENERATE_KEY"),
]
_COMMON_CHANNEL = [
    _channel("AUDIO_GAIN", "gain_db", GAIN),
    *_ignored(Scope.CHANNEL, "FLASH", "METER_RATE", "ERR"),
]

# ULX-D and QLX-D (1.6.1, 1.6.2)
_ULXD_TRANSMITTER = [
    _channel("TX_TYPE", "transmitter_model", kinds.word(unknown="UNKN")),
    _channel("TX_MODEL", "transmitter_model", kinds.word(unknown="UNKN"), askable=False),
    _channel("TX_DEVICE_ID", "transmitter_id", kinds.word(8)),
    Property("TX_FW_VER", Scope.CHANNEL, ("transmitter_firmware",), kinds.firmware(24, 1)),
    _channel("TX_OFFSET", "tx_offset_raw", kinds.number(3, 0, 253, unknown=UNKNOWN_8)),
    _channel("TX_RF_PWR", "tx_power_level", kinds.choice(POWER_LEVELS)),
    _channel("TX_MUTE_STATUS", "transmitter_muted", kinds.choice(ON_OFF)),
    _channel("TX_MUTE_BUTTON_STATUS", "talk_switch", kinds.choice({"PRESSED": "pressed", "RELEASED": "released"})),
    _channel("TX_MENU_LOCK", "menu_locked", kinds.choice(ON_OFF)),
    _channel("TX_PWR_LOCK", "power_locked", kinds.choice(ON_OFF)),
    _channel("TX_POWER_SOURCE", "power_source", kinds.choice({"BATTERY": "battery", "EXTERNAL": "external"})),
    _channel("BATT_BARS", "battery_bars", BARS),
    _channel("BATT_CHARGE", "battery_percent", PERCENT),
    _channel("BATT_RUN_TIME", "battery_runtime_minutes battery_runtime_status", kinds.runtime(2)),
    _channel("BATT_HEALTH", "battery_health_percent", PERCENT),
    _channel("BATT_CYCLE", "battery_cycles", CYCLES),
    _channel("BATT_TEMP_C", "battery_temperature_c", TEMPERATURE),
    _channel("BATT_TYPE", "battery_type battery_warning", kinds.battery_type(2)),
    *_ignored(Scope.CHANNEL, "BATT_TEMP_F"),
]
_ULXD_CHANNEL = [
    *_COMMON_CHANNEL,
    _channel("CHAN_NAME", "name", kinds.text(8)),
    _channel("GROUP_CHAN", "group group_channel", kinds.group()),
    _channel("GROUP_CHANNEL", "group group_channel", kinds.group(), askable=False),
    _channel("FREQUENCY", "frequency_mhz", kinds.megahertz(6)),
    _channel("ENCRYPTION_WARNING", "encryption_fault", kinds.choice(ON_OFF)),
    Property("RF_ANTENNA", Scope.CHANNEL, ("antenna_count",), kinds.ANTENNAS, metered=True),
    *_metered("RX_RF_LVL", "AUDIO_LVL"),
]
_DEVICE_ID = _device("DEVICE_ID", "device_id name", kinds.text(8, 2))
_ULXD_DEVICE = [
    *_COMMON_DEVICE,
    _DEVICE_ID,
    _device("RF_BAND", "band", kinds.text(8), askable=False),
    _device("ENCRYPTION", "encryption_mode", kinds.choice(ENCRYPTION)),
    MAC,
    *_ignored(Scope.DEVICE, "SCAN_LOCK", "SYNC_LOCK"),
]
_ULXD = [
    *_ULXD_DEVICE,
    _device("HIGH_DENSITY", "transmission_mode", kinds.choice({"ON": "high_density", "OFF": "standard"})),
    _device("AUDIO_SUMMING_MODE", "audio_summing_mode", kinds.choice(SUMMING)),
    _device("FREQUENCY_DIVERSITY_MODE", "frequency_diversity_mode", kinds.choice(SUMMING)),
    *_ULXD_CHANNEL,
    _channel("AUDIO_MUTE", "receiver_muted", kinds.choice(ON_OFF)),
    _channel("RF_INT_DET", "interference", kinds.choice(RF_INTERFERENCE)),
    *_ULXD_TRANSMITTER,
]
_QLXD = [
    *_ULXD_DEVICE,
    _device("MAC_ADDR", "mac", kinds.mac()),
    *_ULXD_CHANNEL,
    *(
        # only here is the scale certain: raw is dB (1.8 row 1)
        replace(prop, keys=("tx_offset_db", "tx_offset_raw"), kind=kinds.trim(0, 253))
        if prop.name == "TX_OFFSET"
        else prop
        for prop in _ULXD_TRANSMITTER
    ),
    # said by some firmware, documented for ULX-D alone
    _channel("RF_INT_DET", "interference", kinds.choice(RF_INTERFERENCE), askable=False),
]

# Axient Digital (1.6.3)
_AXIENT = [
    *_COMMON_DEVICE,
    _device("DEVICE_ID", "device_id name", kinds.text(31, 2)),
    _device("RF_BAND", "band", kinds.text(8)),
    _device("ENCRYPTION_MODE", "encryption_mode", kinds.choice(ENCRYPTION)),
    _device("QUADVERSITY_MODE", "quadversity_mode", kinds.choice(ON_OFF)),
    _device(
        "TRANSMISSION_MODE",
        "transmission_mode",
        kinds.choice({"STANDARD": "standard", "HIGH_DENSITY": "high_density"}),
    ),
    MAC,
    *_COMMON_CHANNEL,
    _channel("CHAN_NAME", "name", kinds.text(31)),
    _channel("AUDIO_MUTE", "receiver_muted", kinds.choice(ON_OFF)),
    _channel("FREQUENCY", "frequency_mhz", kinds.megahertz(7)),
    _channel("FREQUENCY2", "frequency_2_mhz", kinds.megahertz(7)),
    _channel("GROUP_CHANNEL", "group group_channel", kinds.group(5)),
    _channel("GROUP_CHANNEL2", "group_2 group_channel_2", kinds.group(5)),
    _channel("FD_MODE", "fd_mode", kinds.choice({"OFF": "off", "FD-C": "fd_c", "FD-S": "fd_s"})),
    _channel(  # ANX4 has it a channel, in place of QUADVERSITY_MODE
        "ANTENNA_CONFIGURATION",
        "quadversity",
        kinds.choice({"QUADVERSITY": True, "AUTOMATIC": False, "AB": False, "CD": False}),
        askable=False,
    ),
    _channel("ENCRYPTION_STATUS", "encryption_fault", kinds.choice(OK_ERROR)),
    _channel("INTERFERENCE_STATUS", "interference", kinds.choice(INTERFERENCE)),
    _channel("INTERFERENCE_STATUS2", "interference_2", kinds.choice(INTERFERENCE)),
    _channel("UNREGISTERED_TX_STATUS", "unregistered_transmitter", kinds.choice(OK_ERROR)),
    _channel("TX_MODEL", "transmitter_model", kinds.word()),
    _channel("TX_TYPE", "transmitter_model", kinds.word(), askable=False),
    _channel("TX_DEVICE_ID", "transmitter_id", kinds.word(31)),
    _channel("TX_OFFSET", "tx_offset_db tx_offset_raw", kinds.trim(-12, 33)),
    _channel("TX_INPUT_PAD", "tx_input_pad_db", PAD),
    _channel("TX_POWER_LEVEL", "tx_power_mw", MILLIWATTS),
    # ON means that the microphone is on (5 row 9)
    _channel("TX_MUTE_MODE_STATUS", "transmitter_muted", kinds.choice({"ON": False, "MUTE": True}, "UNKNOWN")),
    _channel("TX_TALK_SWITCH", "talk_switch", kinds.choice({"ON": "pressed", "OFF": "released"}, "UNKNOWN")),
    _channel("TX_POLARITY", "tx_polarity", kinds.choice(POLARITY, "UNKNOWN")),
    _channel("TX_LOCK", "tx_lock", kinds.choice({**LOCKS, "LOCKED": "all"}, "UNKNOWN")),
    _channel("TX_BATT_BARS", "battery_bars", BARS),
    _channel("TX_BATT_CHARGE_PERCENT", "battery_percent", PERCENT),
    _channel("TX_BATT_MINS", "battery_runtime_minutes battery_runtime_status", kinds.runtime(2)),
    _channel("TX_BATT_HEALTH_PERCENT", "battery_health_percent", PERCENT),
    _channel("TX_BATT_CYCLE_COUNT", "battery_cycles", CYCLES),
    _channel("TX_BATT_TYPE", "battery_type battery_warning", kinds.battery_type(2)),
    _channel("TX_BATT_TEMP_C", "battery_temperature_c", TEMPERATURE),
    *_ignored(Scope.CHANNEL, "TX_BATT_TEMP_F"),
    *_metered("CHAN_QUALITY", "AUDIO_LEVEL_PEAK", "AUDIO_LEVEL_RMS", "AUDIO_LED_BITMAP", "ANTENNA_STATUS2"),
    Property("ANTENNA_STATUS", Scope.CHANNEL, ("antenna_count",), kinds.ANTENNAS, metered=True),
    *_metered("RSSI", "RSSI2", "RSSI_LED_BITMAP", "RSSI_LED_BITMAP2", scope=Scope.ANTENNA),
    _slot("SLOT_STATUS", "status", kinds.choice(SLOT_STATUS, "EMPTY")),
    _slot("SLOT_TX_MODEL", "transmitter_model", kinds.word()),
    _slot("SLOT_TX_DEVICE_ID", "transmitter_id", kinds.word(8)),
    _slot("SLOT_BATT_BARS", "battery_bars", BARS),
    _slot("SLOT_BATT_CHARGE_PERCENT", "battery_percent", PERCENT),
    _slot("SLOT_BATT_MINS", "battery_runtime_minutes", kinds.runtime(1)),
    _slot("SLOT_BATT_HEALTH_PERCENT", "battery_health_percent", PERCENT),
    _slot("SLOT_BATT_CYCLE_COUNT", "battery_cycles", CYCLES),
    _slot("SLOT_BATT_TYPE", "battery_type", kinds.battery_type(1)),
    _slot("SLOT_INPUT_PAD", "tx_input_pad_db", PAD),
    _slot("SLOT_OFFSET", "tx_offset_db", kinds.number(3, 0, 33, offset=-12, unknown=UNKNOWN_8)),
    _slot("SLOT_POLARITY", "tx_polarity", kinds.choice(POLARITY, "UNKNOWN")),
    _slot("SLOT_RF_OUTPUT", "transmitter_rf_muted", kinds.choice({"RF_ON": False, "RF_MUTE": True}, "UNKNOWN")),
    _slot("SLOT_RF_POWER", "tx_power_mw", MILLIWATTS),
    _slot("SLOT_RF_POWER_MODE", "tx_power_level", kinds.choice(POWER_LEVELS, "UNKNOWN")),
    _slot("SLOT_SHOWLINK_STATUS", "showlink_quality", kinds.number(3, 0, 5, unknown=UNKNOWN_8)),
]

# SLX-D and SLX-D+ (1.6.4)
_SLXD = [
    *_COMMON_DEVICE,
    _DEVICE_ID,
    _device("RF_BAND", "band", kinds.text(8)),
    _device("LOCK_STATUS", "lock", kinds.choice(LOCKS)),
    *_COMMON_CHANNEL,
    _channel("CHAN_NAME", "name", kinds.text(31)),
    _channel("AUDIO_OUT_LVL_SWITCH", "audio_output_level", kinds.choice({"MIC": "mic", "LINE": "line"})),
    _channel("GROUP_CHANNEL", "group group_channel", kinds.group(5)),
    _channel("GROUP_CHAN", "group group_channel", kinds.group(5), askable=False),
    _channel("FREQUENCY", "frequency_mhz", kinds.megahertz(7)),
    _channel("TX_MODEL", "transmitter_model", kinds.word()),
    _channel("TX_TYPE", "transmitter_model", kinds.word(), askable=False),
    _channel("TX_BATT_BARS", "battery_bars", BARS),
    _channel("TX_BATT_MINS", "battery_runtime_minutes battery_runtime_status", kinds.runtime(2)),
    *_metered("AUDIO_LEVEL_PEAK", "AUDIO_LEVEL_RMS"),
    *_metered("RSSI", scope=Scope.ANTENNA),
]
_SLXD_PLUS = [
    *_SLXD,
    _device("ENCRYPTION_MODE", "encryption_mode", kinds.choice(ENCRYPTION)),
    _device("AUDIO_SUMMING_MODE", "audio_summing_mode", kinds.choice(SUMMING)),
    MAC,
    _channel("ENCRYPTION_STATUS", "encryption_fault", kinds.choice(OK_ERROR)),
    _channel("INTERFERENCE_STATUS", "interference", kinds.choice(INTERFERENCE)),
    Property("ANTENNA_STATUS", Scope.CHANNEL, ("antenna_count",), kinds.ANTENNAS, metered=True),
    *_ignored(Scope.CHANNEL, "NA_CHAN_NAME", "LINK_TX_REBOOT"),
    _slot("LINK_STATUS", "status", kinds.choice(LINK_STATUS, "offline")),
    _slot("SLOT_TX_MODEL", "transmitter_model", kinds.word(10)),
    _slot("LINK_TX_BATT_MINS", "battery_runtime_minutes", kinds.runtime(1)),
]


def _by_name(properties: Iterable[Property]) -> dict[tuple[str, bool], Property]:
    """By wire name and whether it comes with an index; a family that says a name twice is a mistake here."""
    table: dict[tuple[str, bool], Property] = {}
    for prop in properties:
        place = (prop.name, prop.scope is not Scope.DEVICE)
        if place in table:
            raise ValueError(f"{prop.name} stands twice in a table")
        table[place] = prop
    return table


PROPERTIES: Mapping[str, Mapping[tuple[str, bool], Property]] = {
    "ulxd": _by_name(_ULXD),
    "qlxd": _by_name(_QLXD),
    "slxd": _by_name(_SLXD),
    "slxd_plus": _by_name(_SLXD_PLUS),
    "axient": _by_name(_AXIENT),
}
"""Family -> (wire name, indexed) -> property."""

SUB_INDEXED: frozenset[str] = frozenset(
    name
    for table in PROPERTIES.values()
    for (name, _), prop in table.items()
    if prop.scope in {Scope.SLOT, Scope.ANTENNA}
)
"""Names that a second index (slot or antenna) may follow."""
