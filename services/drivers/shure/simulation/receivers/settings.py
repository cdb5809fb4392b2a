"""No I/O. How a simulated receiver writes what somebody sets by key: the text that then stands on the wire.

Written from docs/protocols.md#values, and not from the driver's tables, so that the two check one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

BYTE_DIGITS = 3
"""Numbers of 8 bits have three digits; those of 16 bits have five."""
TEMPERATURE_RAW = 40
"""Raw temperature = degrees + 40, in both scales."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property. ``width`` is that of a text in braces, 0 for a bare word or number."""

    name: str
    text: str
    absent: str | None = None
    """What stands there while no transmitter is on the air; ``None`` for what does not depend on one."""
    width: int = 0


def text(value: str, width: int) -> str:
    """A text as the unit writes it: in braces, padded with spaces to its width."""
    return f"{{{value[:width]:<{width}}}}"


def formatted(item: Field, value: str) -> str:
    """A value as it stands behind the name of a property."""
    return text(value, item.width) if item.width else value


Writer = Callable[[Field, object, str], str]
"""Property, new value (``None`` for unknown), the text that stands there now -> the text that stands there then."""


def _text(item: Field, value: object, _: str) -> str:
    return formatted(item, item.absent or "" if value is None else str(value))


def _number(offset: int = 0, low: int = 0, high: int | None = None) -> Writer:
    """Raw = value - ``offset``, within ``low`` and ``high``; unknown is 255 or 65535."""

    def write(item: Field, value: object, _: str) -> str:
        unknown = 255 if len(item.text) <= BYTE_DIGITS else 65535
        if not isinstance(value, int | float):
            return f"{unknown:0{len(item.text)}d}"
        raw = max(low, int(value) - offset)
        return f"{raw if high is None else min(high, raw):0{len(item.text)}d}"

    return write


def _words(words: Mapping[object, str]) -> Writer:
    def write(item: Field, value: object, _: str) -> str:
        return words.get(value, item.absent or "UNKN")

    return write


def _frequency(item: Field, value: object, _: str) -> str:
    khz = round(value * 1000) if isinstance(value, int | float) else 0
    return f"{khz:0{len(item.text)}d}"


def _pair(place: int) -> Writer:
    """Group and channel in it; a group that is chosen begins with its first channel, and no group has none."""

    def write(item: Field, value: object, now: str) -> str:
        halves = [part.strip() for part in now.strip("{} ").split(",")]
        numbers = [int(half) if half.isdigit() else 1 for half in halves]
        if not isinstance(value, int):
            return formatted(item, "--,--")
        numbers[place] = value
        return formatted(item, f"{numbers[0]},{numbers[1]}" if item.width else f"{numbers[0]:02d},{numbers[1]:02d}")

    return write


def _version(item: Field, value: object, now: str) -> str:
    return text(f"{value or ''}{'*' if now.strip('{} ').endswith('*') else ''}", item.width)


def _failed(item: Field, value: object, now: str) -> str:
    return text(f"{now.strip('{} ').rstrip('*')}{'*' if value else ''}", item.width)


def _network(_: Field, value: object, now: str) -> str:
    return f"{now.rpartition(' ')[0]} {str(value).upper()}"


_ON_OFF = _words({True: "ON", False: "OFF"})
_OK_ERROR = _words({False: "OK", True: "ERROR"})
_POLARITY = _words({"positive": "POSITIVE", "negative": "NEGATIVE"})
_INTERFERENCE = _words({"none": "NONE", "detected": "DETECTED"})
_LOCKS = _words({"none": "NONE", "menu": "MENU", "power": "POWER", "all": "ALL"})
_POWER_LEVEL = _words({"low": "LOW", "normal": "NORMAL", "high": "HIGH"})
_SUMMING = _words({word.lower(): word for word in ("OFF", "ON", "1+2", "3+4", "1+2/3+4", "1+2+3+4")})
_ENCRYPTION = _words({word.lower(): word for word in ("OFF", "ON", "AUTO", "MANUAL")})
_PAD = _words({0: "012", -12: "000"})
_BATTERY = _words({"lithium_ion": "LION", "alkaline": "ALKA", "nimh": "NIMH", "lithium_primary": "LITH"})
_WARNING = _words({True: "WARN", False: "UNKN"})
_RUNTIME_STATUS = _words({"communication_error": "65533", "calculating": "65534", "not_reported": "65535"})

Settings = Mapping[str, Mapping[str, Writer]]
"""Wire name -> key of `services.model.keys` -> how its value is written there."""

_BATTERY_KEYS: Settings = {
    "BATT_BARS": {"battery_bars": _number()},
    "BATT_CHARGE": {"battery_percent": _number()},
    "BATT_CHARGE_PERCENT": {"battery_percent": _number()},
    "BATT_RUN_TIME": {"battery_runtime_minutes": _number(), "battery_runtime_status": _RUNTIME_STATUS},
    "BATT_MINS": {"battery_runtime_minutes": _number(), "battery_runtime_status": _RUNTIME_STATUS},
    "BATT_HEALTH": {"battery_health_percent": _number()},
    "BATT_HEALTH_PERCENT": {"battery_health_percent": _number()},
    "BATT_CYCLE": {"battery_cycles": _number()},
    "BATT_CYCLE_COUNT": {"battery_cycles": _number()},
    "BATT_TEMP_C": {"battery_temperature_c": _number(offset=-TEMPERATURE_RAW)},
    "BATT_TYPE": {"battery_type": _BATTERY, "battery_warning": _WARNING},
}

SETTINGS: Settings = {
    "MODEL": {"model": _text},
    "DEVICE_ID": {"device_id": _text, "name": _text},
    "FW_VER": {"firmware": _version, "firmware_update_failed": _failed},
    "RF_BAND": {"band": _text},
    "NET_SETTINGS SC": {"mac": _network},
    "ENCRYPTION": {"encryption_mode": _ENCRYPTION},
    "ENCRYPTION_MODE": {"encryption_mode": _ENCRYPTION},
    "HIGH_DENSITY": {"transmission_mode": _words({"high_density": "ON", "standard": "OFF"})},
    "TRANSMISSION_MODE": {"transmission_mode": _words({"high_density": "HIGH_DENSITY", "standard": "STANDARD"})},
    "AUDIO_SUMMING_MODE": {"audio_summing_mode": _SUMMING},
    "FREQUENCY_DIVERSITY_MODE": {"frequency_diversity_mode": _SUMMING},
    "QUADVERSITY_MODE": {"quadversity_mode": _ON_OFF},
    "ANTENNA_CONFIGURATION": {"quadversity": _words({True: "QUADVERSITY", False: "AUTOMATIC"})},
    "LOCK_STATUS": {"lock": _LOCKS},
    "CHAN_NAME": {"name": _text},
    "AUDIO_GAIN": {"gain_db": _number(offset=-18, high=60)},
    "AUDIO_MUTE": {"receiver_muted": _ON_OFF},
    "AUDIO_OUT_LVL_SWITCH": {"audio_output_level": _words({"mic": "MIC", "line": "LINE"})},
    "GROUP_CHAN": {"group": _pair(0), "group_channel": _pair(1)},
    "GROUP_CHANNEL": {"group": _pair(0), "group_channel": _pair(1)},
    "GROUP_CHANNEL2": {"group_2": _pair(0), "group_channel_2": _pair(1)},
    "FREQUENCY": {"frequency_mhz": _frequency},
    "FREQUENCY2": {"frequency_2_mhz": _frequency},
    "FD_MODE": {"fd_mode": _words({"off": "OFF", "fd_c": "FD-C", "fd_s": "FD-S"})},
    "RF_INT_DET": {"interference": _words({"none": "NONE", "detected": "CRITICAL"})},
    "INTERFERENCE_STATUS": {"interference": _INTERFERENCE},
    "INTERFERENCE_STATUS2": {"interference_2": _INTERFERENCE},
    "ENCRYPTION_WARNING": {"encryption_fault": _ON_OFF},
    "ENCRYPTION_STATUS": {"encryption_fault": _OK_ERROR},
    "UNREGISTERED_TX_STATUS": {"unregistered_transmitter": _OK_ERROR},
    "TX_TYPE": {"transmitter_model": _text},
    "TX_MODEL": {"transmitter_model": _text},
    "TX_DEVICE_ID": {"transmitter_id": _text},
    "TX_FW_VER": {"transmitter_firmware": _text},
    "TX_RF_PWR": {"tx_power_level": _POWER_LEVEL},
    "TX_MUTE_STATUS": {"transmitter_muted": _ON_OFF},
    "TX_MUTE_BUTTON_STATUS": {"talk_switch": _words({"pressed": "PRESSED", "released": "RELEASED"})},
    "TX_MUTE_MODE_STATUS": {"transmitter_muted": _words({False: "ON", True: "MUTE"})},
    "TX_TALK_SWITCH": {"talk_switch": _words({"pressed": "ON", "released": "OFF"})},
    "TX_MENU_LOCK": {"tx_lock": _words({"all": "ON", "menu": "ON", "power": "OFF", "none": "OFF"})},
    "TX_PWR_LOCK": {"tx_lock": _words({"all": "ON", "power": "ON", "menu": "OFF", "none": "OFF"})},
    "TX_LOCK": {"tx_lock": _LOCKS},
    "TX_POWER_SOURCE": {"power_source": _words({"battery": "BATTERY", "external": "EXTERNAL"})},
    "TX_POLARITY": {"tx_polarity": _POLARITY},
    "TX_INPUT_PAD": {"tx_input_pad_db": _PAD},
    "TX_POWER_LEVEL": {"tx_power_mw": _number()},
    **_BATTERY_KEYS,
    **{f"TX_{name}": keys for name, keys in _BATTERY_KEYS.items()},
    "SLOT_STATUS": {
        "status": _words(
            {
                "empty": "EMPTY",
                "standard": "STANDARD",
                "linked_inactive": "LINKED.INACTIVE",
                "linked_active": "LINKED.ACTIVE",
            }
        )
    },
    "SLOT_TX_MODEL": {"transmitter_model": _text},
    "SLOT_TX_DEVICE_ID": {"transmitter_id": _text},
    "SLOT_INPUT_PAD": {"tx_input_pad_db": _PAD},
    "SLOT_OFFSET": {"tx_offset_db": _number(offset=-12, high=33)},
    "SLOT_POLARITY": {"tx_polarity": _POLARITY},
    "SLOT_RF_OUTPUT": {"transmitter_rf_muted": _words({False: "RF_ON", True: "RF_MUTE"})},
    "SLOT_RF_POWER": {"tx_power_mw": _number()},
    "SLOT_RF_POWER_MODE": {"tx_power_level": _POWER_LEVEL},
    "SLOT_SHOWLINK_STATUS": {"showlink_quality": _number(high=5)},
    **{f"SLOT_{name}": keys for name, keys in _BATTERY_KEYS.items()},
    "LINK_STATUS": {"status": _words({"online": "online ", "offline": "offline"})},
    "LINK_TX_BATT_MINS": {"battery_runtime_minutes": _number()},
}
"""What means the same in every family."""

RAW_TRIM: Settings = {"TX_OFFSET": {"tx_offset_raw": _number()}}
"""ULX-D, whose scale is disputed."""
PLAIN_TRIM: Settings = {"TX_OFFSET": {"tx_offset_db": _number(), "tx_offset_raw": _number()}}
"""QLX-D."""
AXIENT_TRIM: Settings = {"TX_OFFSET": {"tx_offset_db": _number(offset=-12, high=33), "tx_offset_raw": _number()}}
