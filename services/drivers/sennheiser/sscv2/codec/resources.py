"""The resources of an EW-DX receiver, as tables: path, property, key, and how the value is read.

Channels and transmitters count from 0 on the wire, ``{}`` stands for that number; the transmitter of a channel has the
channel's. Source: docs/protocols/sennheiser-sscv2.md#resources-of-an-ew-dx
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from services.drivers.sennheiser.sscv2.codec.values import (
    KHZ_A_MHZ,
    KHZ_MOST,
    Field,
    below,
    flag,
    has,
    megahertz,
    number,
    text,
    texts,
    whole,
    word,
)

TRANSMITTERS: Final = "/api/transmitters"
TRANSMITTER: Final = "/api/transmitters/{}"
BATTERY: Final = "/api/transmitters/{}/battery"
TRANSMITTER_WARNINGS: Final = "/api/transmitters/{}/warnings"
CHANNEL: Final = "/api/channel/{}"
WARNINGS: Final = "/api/channel/{}/warnings"
RF_CHANNEL: Final = "/api/rf/channels/{}"
RF: Final = "/api/rf"

PERCENT: Final = whole(0, 100)
GAIN_LOW, GAIN_HIGH, GAIN_STEP = -3, 42, 3
OUTPUT_LOW, OUTPUT_HIGH, OUTPUT_STEP = -24, 18, 6
MINUTES_MOST: Final = 6000
"""A hundred hours; more is no run time but a mark for none."""
TRIM_LOW, TRIM_HIGH = -12, 6


def _ranges(value: object) -> list[tuple[float, float, float]]:
    """Start, end and step of every range, in kHz. The document spells the step in two ways."""
    if not isinstance(value, list):
        raise ValueError("no list of ranges")  # noqa: TRY004 - one kind of error for all that cannot be read
    found = []
    for each in value:
        if not isinstance(each, dict):
            raise ValueError("no range")  # noqa: TRY004 - likewise
        step = each.get("stepSize", each.get("stepsize"))
        edges = [number(edge, 1, KHZ_MOST) for edge in (each.get("start"), each.get("end"), step)]
        start, end, size = (edge or 0.0 for edge in edges)
        if not 0 < start < end or size <= 0:
            raise ValueError("no range")
        found.append((start, end, size))
    return sorted(found)


def _blocks(value: object) -> str | None:
    if value is None:
        return None
    return " ".join(f"{start / KHZ_A_MHZ:g}-{end / KHZ_A_MHZ:g}" for start, end, _ in _ranges(value)) or None


def _step(value: object) -> int | None:
    found = set() if value is None else {int(step) for _, _, step in _ranges(value)}
    return found.pop() if len(found) == 1 else None


UNIT_RESOURCES: Mapping[str, Sequence[Field]] = {
    "/api/device/identity": (Field("hardwareRevision", "hardware_revision", text),),
    "/api/device/site": (
        Field("deviceName", "name", text),
        Field("location", "location", text),
        Field("position", "position", text),
    ),
    "/api/device/state": (
        Field(
            "state",
            "device_state",
            word(
                {
                    "Normal": "normal",
                    "Identifying": "identifying",
                    "FirmwareUpdate": "firmware_update",
                    "Busy": "busy",
                }
            ),
        ),
        Field("warnings", "warnings", texts),
    ),
    "/api/firmware/update/state": (
        Field("deviceVersion", "firmware", text),
        Field("danteVersion", "dante_firmware", text),
        Field("state", "firmware_update", word({"Idle": "idle", "Updating": "updating"})),
        Field("progress", "firmware_update_percent", PERCENT),
    ),
    RF: (Field("code", "band", text),),
    "/api/rf/transmission": (
        Field("mode", "transmission_mode", word({"Standard": "standard", "LinkDensity": "high_density"})),
        Field("presetSpacing", "preset_spacing_khz", whole(0, KHZ_MOST)),
    ),
    "/api/rf/encryption": (
        Field("enabled", "encryption_mode", lambda value: {True: "on", False: "off", None: None}[flag(value)]),
    ),
    "/api/ssc/legacyMode": (Field("enabled", "ssc_v1_enabled", flag),),
}
"""Of the unit itself."""

TUNING: Sequence[Field] = (Field("ranges", "tuning_ranges_mhz", _blocks), Field("ranges", "tuning_step_khz", _step))
"""What `RF` says of every channel."""

_PRESET_KINDS = word({"Factory": "factory", "User": "user", "None": "none"})

CHANNEL_RESOURCES: Mapping[str, Sequence[Field]] = {
    CHANNEL: (
        Field("name", "name", text),
        Field("mute", "receiver_muted", flag),
        Field("gain", "gain_db", whole(-100, 100)),
        Field("outputLevel", "output_level_db", whole(-100, 100)),
    ),
    WARNINGS: (
        Field("", "encryption_fault", has("Aes256Error")),
        Field("", "low_rf_signal", has("LowSignal")),
        Field("", "warnings", texts),
        Field("", "rf_overload", has("RfPeak")),
    ),
    RF_CHANNEL: (
        Field("frequency", "frequency_mhz", megahertz),
        Field("presets", "preset_source", below("type", _PRESET_KINDS)),
        Field("presets", "group", below("bank", whole(0, 1000))),
        Field("presets", "group_channel", below("channel", whole(0, 1000))),
    ),
}
"""Of a channel."""

TRANSMITTER_RESOURCES: Mapping[str, Sequence[Field]] = {
    TRANSMITTER: (
        Field("type", "transmitter_model", text),
        Field("name", "transmitter_id", text),
        Field("version", "transmitter_firmware", text),
        Field("mute", "transmitter_muted", flag),
        Field("trim", "tx_offset_db", whole(TRIM_LOW, TRIM_HIGH)),
        Field("capsule", "capsule", text),
        Field("lowcut", "low_cut", text),
        Field("cableEmulation", "cable_emulation", text),
        Field("led", "transmitter_led", flag),
        Field("lock", "transmitter_autolock", flag),
        Field("muteConfig", "mute_switch", text),
        Field("muteConfigTableStand", "mute_switch", text),
    ),
    BATTERY: (
        Field(
            "type",
            "battery_source",
            word({"Battery": "rechargeable", "PrimaryCell": "primary", "NoBattery": "none"}),
        ),
        Field("gauge", "battery_percent", PERCENT),
        Field("lifetime", "battery_runtime_minutes", whole(0, MINUTES_MOST)),
    ),
    TRANSMITTER_WARNINGS: (
        Field("", "battery_warning", has("LowBattery")),
        Field("", "transmitter_warnings", texts),
    ),
}
"""Of the transmitter that is linked to a channel; 422 or null without one."""

PRESENT: Final = "transmitter_present"
RUNTIME_STATUS: Final = "battery_runtime_status"

TRANSMITTER_KEYS: frozenset[str] = frozenset(
    field.key for fields in TRANSMITTER_RESOURCES.values() for field in fields
) | {RUNTIME_STATUS}
"""What goes with the transmitter."""

WORDS: Mapping[str, frozenset[str]] = {
    WARNINGS: frozenset({"Aes256Error", "LowSignal", "NoLink", "RfPeak", "AfPeak"}),
    TRANSMITTER_WARNINGS: frozenset({"LowBattery", "AfPeak"}),
}
"""Warnings that are known; others are named in the log."""

METERS: Sequence[str] = (
    "/api/channel/{}/signalStrengthIndicator",
    "/api/channel/{}/signalQualityIndicator",
    "/api/channel/{}/diversityIndicator",
    "/api/channel/{}/level",
)
"""Resources that change all the time; their places are those of `services.drivers.sennheiser.sscv2.codec.meters`."""
