"""No I/O, data. What a fresh unit of each family holds: wire names, values, and what they are without a transmitter.

Written as it stands on the wire, and apart from `tables`, so that the two check one another. Where no document says it,
this file chose, and says so:

- the order of a dump, and band, firmware and addresses, are illustrative;
- every field of a transmitter turns unknown when it goes (for ULX-D and QLX-D only TX_TYPE and BATT_BARS are known to);
- TX_MUTE_STATUS and TX_MUTE_BUTTON_STATUS stay UNKN for bodypacks and handhelds, and live for ULXD6 and ULXD8;
- which seven fields an unpaired SLX-D+ channel reports;
- SLX-D+ LINK_STATUS is padded to seven characters without braces; Axient SLOT_SHOWLINK_STATUS has three digits;
- QLX-D's MAC_ADDR is left out: only its name is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One property. ``width`` is that of a text in braces, 0 for a bare word or number."""

    name: str
    text: str
    absent: str | None = None
    """What stands there while no transmitter is on the air; ``None`` for what does not depend on one."""
    width: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that a family can be asked for."""

    label: str
    """What its device id begins with."""
    band: str
    first_khz: int
    device: tuple[Field, ...]
    channel: tuple[Field, ...]
    slot: tuple[Field, ...] = ()
    """Asked for with a slot number behind the name; ``absent`` stands in an empty slot."""
    slots: int = 0
    name_limit: int = 8
    """Longest channel name that can be set; longer ones are cut."""
    dump_all: bool = True
    """Whether GET 0 ALL is answered; SLX-D+ says REP ERR and starts to meter."""
    flash: tuple[str, ...] = ("device", "channel")
    unpaired: frozenset[str] = frozenset()
    """What a channel without a paired transmitter still reports."""
    several: frozenset[str] = frozenset()
    """Properties of units with more than one channel."""
    talk_models: frozenset[str] = frozenset()
    """Transmitter models that tell mute and button; empty where all do."""


def text(value: str, width: int) -> str:
    """A text as the device writes it: in braces, padded with spaces to its width."""
    return f"{{{value[:width]:<{width}}}}"


def _number(name: str, value: str) -> Field:
    return Field(name, value, "255" if len(value) <= 3 else "65535")  # noqa: PLR2004 - 8 and 16 bits


_NETWORK = Field("NET_SETTINGS SC", "AUTO 192.168.001.025 255.255.255.000 000.000.000.000 00:0E:DD:00:00:00")

_ULXD_TRANSMITTER = (
    Field("TX_TYPE", "ULXD2", "UNKN"),
    Field("TX_DEVICE_ID", "", "", 8),
    Field("TX_FW_VER", "2.4.20.0", "", 24),
    _number("TX_OFFSET", "012"),
    Field("TX_RF_PWR", "LOW", "UNKN"),
    Field("TX_MUTE_STATUS", "UNKN", "UNKN"),
    Field("TX_MUTE_BUTTON_STATUS", "UNKN", "UNKN"),
    Field("TX_MENU_LOCK", "OFF", "UNKN"),
    Field("TX_PWR_LOCK", "OFF", "UNKN"),
    Field("TX_POWER_SOURCE", "BATTERY", "UNKN"),
    _number("BATT_BARS", "005"),
    _number("BATT_CHARGE", "100"),
    _number("BATT_RUN_TIME", "00660"),
    _number("BATT_HEALTH", "098"),
    _number("BATT_CYCLE", "00042"),
    _number("BATT_TEMP_C", "064"),
    _number("BATT_TEMP_F", "115"),
    Field("BATT_TYPE", "LION", "UNKN"),
)

_ULXD = Panel(
    label="ULXD",
    band="G50",
    first_khz=470125,
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
        _NETWORK,
    ),
    channel=(
        Field("CHAN_NAME", "", width=8),
        Field("AUDIO_GAIN", "018"),
        Field("AUDIO_MUTE", "OFF"),
        Field("GROUP_CHAN", "--,--"),
        Field("FREQUENCY", "470125"),
        Field("RF_INT_DET", "NONE"),
        Field("ENCRYPTION_WARNING", "OFF"),
        *_ULXD_TRANSMITTER,
    ),
    flash=("device",),
    several=frozenset({"AUDIO_SUMMING_MODE", "FREQUENCY_DIVERSITY_MODE"}),
    talk_models=frozenset({"ULXD6", "ULXD8"}),
)

_NOT_ON_QLXD = {
    *("AUDIO_MUTE", "RF_INT_DET", "HIGH_DENSITY", "AUDIO_SUMMING_MODE", "FREQUENCY_DIVERSITY_MODE"),
}

_QLXD = Panel(
    label="QLXD",
    band="G50",
    first_khz=470125,
    device=tuple(field for field in _ULXD.device if field.name not in _NOT_ON_QLXD),
    channel=tuple(
        Field("TX_TYPE", "QLXD2", "UNKN") if field.name == "TX_TYPE" else field
        for field in _ULXD.channel
        if field.name not in _NOT_ON_QLXD
    ),
    flash=(),
    talk_models=_ULXD.talk_models,
)

_BATTERY = (
    _number("BATT_BARS", "005"),
    _number("BATT_CHARGE_PERCENT", "090"),
    _number("BATT_MINS", "00594"),
    _number("BATT_HEALTH_PERCENT", "098"),
    _number("BATT_CYCLE_COUNT", "00069"),
    Field("BATT_TYPE", "LION", "UNKN"),
)

_AXIENT = Panel(
    label="AD4",
    band="G57",
    first_khz=470125,
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
        _number("TX_OFFSET", "012"),
        _number("TX_INPUT_PAD", "012"),
        _number("TX_POWER_LEVEL", "010"),
        Field("TX_MUTE_MODE_STATUS", "ON", "UNKNOWN"),
        Field("TX_TALK_SWITCH", "OFF", "UNKNOWN"),
        Field("TX_POLARITY", "POSITIVE", "UNKNOWN"),
        Field("TX_LOCK", "NONE", "UNKNOWN"),
        *(Field(f"TX_{field.name}", field.text, field.absent) for field in _BATTERY),
        _number("TX_BATT_TEMP_C", "064"),
        _number("TX_BATT_TEMP_F", "115"),
    ),
    slot=(
        Field("SLOT_STATUS", "LINKED.ACTIVE", "EMPTY"),
        Field("SLOT_TX_MODEL", "ADX2", "UNKNOWN"),
        Field("SLOT_TX_DEVICE_ID", "", "", 8),
        *(Field(f"SLOT_{field.name}", field.text, field.absent) for field in _BATTERY),
        _number("SLOT_INPUT_PAD", "012"),
        _number("SLOT_OFFSET", "012"),
        Field("SLOT_POLARITY", "POSITIVE", "UNKNOWN"),
        Field("SLOT_RF_OUTPUT", "RF_ON", "UNKNOWN"),
        _number("SLOT_RF_POWER", "010"),
        Field("SLOT_RF_POWER_MODE", "NORMAL", "UNKNOWN"),
        _number("SLOT_SHOWLINK_STATUS", "005"),
    ),
    slots=8,
    name_limit=31,
)

FD_C_CHANNEL = (
    Field("FREQUENCY2", "0470125"),
    Field("GROUP_CHANNEL2", "--,--", width=5),
    Field("INTERFERENCE_STATUS2", "NONE"),
)
"""What an Axient channel has besides in frequency diversity with two carriers."""

_SLXD = Panel(
    label="SLXD",
    band="G55",
    first_khz=470125,
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
        _number("TX_BATT_BARS", "004"),
        _number("TX_BATT_MINS", "00420"),
    ),
)

_SLXD_PLUS = Panel(
    label="SLXP",
    band=_SLXD.band,
    first_khz=_SLXD.first_khz,
    device=(
        *(Field("FW_VER", "2.0.38.9", width=24) if field.name == "FW_VER" else field for field in _SLXD.device),
        Field("ENCRYPTION_MODE", "OFF"),
        Field("APP_CONNECTION_ENABLED", "ON"),
        Field("AUDIO_SUMMING_MODE", "OFF"),
        Field("NA_DEVICE_NAME", "", width=31),
        _NETWORK,
    ),
    channel=(
        *(Field("TX_MODEL", "SLXD2+", "UNKNOWN") if field.name == "TX_MODEL" else field for field in _SLXD.channel),
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
    dump_all=False,
    unpaired=frozenset(  # these six and METER_RATE
        {"AUDIO_GAIN", "AUDIO_OUT_LVL_SWITCH", "GROUP_CHANNEL", "FREQUENCY", "AUDIO_LEVEL_PEAK", "RSSI"}
    ),
)

PANELS: Mapping[str, Panel] = {
    "ulxd": _ULXD,
    "qlxd": _QLXD,
    "axient": _AXIENT,
    "slxd": _SLXD,
    "slxd_plus": _SLXD_PLUS,
}
