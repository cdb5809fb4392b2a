"""Keys of a channel: an audio path of a wireless microphone receiver. PURE."""

from __future__ import annotations

from functools import partial
from typing import Literal

from services.model.keys.key import Key, Metric
from services.model.keys.objects import (
    Alert,
    AudioPath,
    BatteryStatus,
    BatteryType,
    Interference,
    Lock,
    Polarity,
    PowerLevel,
    SlotStatus,
)
from services.model.kinds import Facet, Kind
from services.model.words import Status

_CHANNEL = frozenset({Kind.CHANNEL})
_state = partial(Key, kinds=_CHANNEL)
_setting = partial(Key, kinds=_CHANNEL, role="setting", audited=True)
_sent = partial(Key, kinds=_CHANNEL, gone_with="transmitter_present")
_slot = partial(Key, kinds=_CHANNEL, facet=Facet.SLOTS)
_evidence = partial(Key, kinds=_CHANNEL, role="evidence")

CHANNEL_KEYS: tuple[Key, ...] = (
    _setting("name", str, "Channel name on the unit, without its padding."),
    _setting(
        "frequency_mhz",
        float,
        "Carrier, MHz, exact to the kHz.",
        unit="MHz",
        metric=Metric("channel_frequency_hertz", "Carrier frequency.", factor=1e6),
    ),
    _setting("frequency_2_mhz", float, "Second carrier in frequency diversity, MHz.", unit="MHz"),
    _setting("group", int, "Frequency group; null when the frequency is off the grid."),
    _setting("group_channel", int, "Channel in the group; null likewise."),
    _state("group_2", int, "Group of the second carrier.", role="setting"),
    _state("group_channel_2", int, "Channel in the group of the second carrier.", role="setting"),
    _setting("fd_mode", Literal["off", "fd_c", "fd_s"], "Frequency diversity of the channel."),
    _setting("gain_db", float, "Receiver output gain, dB.", unit="dB"),
    _state("audio_output_level", Literal["mic", "line"], "Output switch, read only.", role="setting"),
    _setting(
        "receiver_muted",
        bool,
        "Muted at the receiver.",
        metric=Metric("channel_receiver_muted", "1 while muted at the receiver."),
    ),
    _sent(
        "transmitter_muted",
        bool,
        "Muted at the transmitter.",
        audited=True,
        metric=Metric("channel_transmitter_muted", "1 while muted at the transmitter."),
    ),
    _state("transmitter_rf_muted", bool, "The transmitter's carrier is switched off, so it is not received."),
    _sent("talk_switch", Literal["pressed", "released"], "Talk or mute button."),
    _state("audio_path", AudioPath, "Whether the voice gets through.", role="derived", empty="unknown"),
    _state(
        "transmitter_present",
        bool,
        "A transmitter is on the air.",
        role="derived",
        derived_from=("transmitter_model",),
        metric=Metric("channel_transmitter_present", "1 while a transmitter is on the air."),
    ),
    _state("transmitter_docked", bool, "The transmitter lies in a charger: it was put away, and is not lost."),
    _sent("transmitter_model", str, "Model of the transmitter, for example ULXD2."),
    _sent("transmitter_id", str, "Label of the transmitter."),
    _state(
        "transmitter_last_seen",
        str,
        "Null while a transmitter is there; then when it was last received, RFC 3339.",
        role="derived",
        derived_from=("transmitter_present", "transmitter_model"),
    ),
    _sent("transmitter_firmware", str, "Firmware version of the transmitter."),
    _sent("tx_power_mw", int, "RF power, mW, only where the unit gives milliwatts.", unit="mW"),
    _sent("tx_power_level", PowerLevel, "RF power setting."),
    _sent("tx_offset_db", int, "Transmitter trim, dB, only where the scale is certain.", unit="dB"),
    _sent("tx_offset_raw", int, "Transmitter trim as the unit writes it."),
    _sent("tx_input_pad_db", int, "Input pad, dB: 0 or -12.", unit="dB"),
    _sent("tx_polarity", Polarity, "Audio polarity."),
    _sent("tx_lock", Lock, "Transmitter lock."),
    _state("unregistered_transmitter", bool, "A transmitter that is not registered is on the channel."),
    _sent(
        "battery_percent",
        int,
        "Charge, %; null where the battery does not report it.",
        unit="%",
        minimum=0,
        maximum=100,
        metric=Metric("channel_battery_ratio", "Transmitter battery charge, 0 to 1.", factor=0.01),
    ),
    _sent(
        "battery_bars",
        int,
        "Bars, 0 to 5.",
        minimum=0,
        maximum=5,
        metric=Metric("channel_battery_bars", "Transmitter battery bars, 0 to 5."),
    ),
    _sent(
        "battery_runtime_minutes",
        int,
        "Predicted run time, minutes.",
        unit="min",
        minimum=0,
        metric=Metric("channel_battery_runtime_seconds", "Predicted run time of the transmitter battery.", factor=60),
    ),
    _sent(
        "battery_status",
        BatteryStatus,
        "How far the battery's figures go.",
        role="derived",
        derived_from=("battery_runtime_minutes", "battery_runtime_status", "battery_warning"),
    ),
    _sent("battery_type", BatteryType, "Chemistry."),
    _sent(
        "battery_health_percent",
        int,
        "Share of the original capacity, %.",
        unit="%",
        minimum=0,
        maximum=100,
        metric=Metric("channel_battery_health_ratio", "Share of the battery's original capacity, 0 to 1.", factor=0.01),
    ),
    _sent("battery_cycles", int, "Charge cycles.", minimum=0),
    _sent("battery_temperature_c", int, "Degrees Celsius.", unit="degC"),
    _sent("power_source", Literal["battery", "external"], "What feeds the transmitter."),
    _state(
        "last_battery_percent",
        int,
        "Last known charge, kept when the transmitter goes.",
        unit="%",
        minimum=0,
        maximum=100,
        role="derived",
        derived_from=("battery_percent",),
    ),
    _state(
        "last_battery_bars",
        int,
        "Last known bars, kept likewise.",
        minimum=0,
        maximum=5,
        role="derived",
        derived_from=("battery_bars",),
    ),
    _state(
        "last_battery_runtime_minutes",
        int,
        "Last known run time, kept likewise.",
        unit="min",
        role="derived",
        derived_from=("battery_runtime_minutes",),
    ),
    _state(
        "encryption_fault",
        bool,
        "Transmitter and receiver do not share a key.",
        audited=True,
        metric=Metric("channel_encryption_fault", "1 while the keys do not match."),
    ),
    _state(
        "interference",
        Interference,
        "RF interference.",
        metric=Metric("channel_interference", "1 while RF interference is detected.", one="detected"),
    ),
    _state("interference_2", Interference, "Likewise, second carrier."),
    _state("assignment", str, "Who wears it.", role="kept"),
    _state("status", Status, "One word for a wall; see the precedence.", role="derived", empty="unknown"),
    _state("status_reasons", list[str], "What led to the status, most severe first.", role="derived"),
    _state("alerts", list[Alert], "Open alerts of the channel.", role="kept"),
)
"""``channel.state``. What `_sent` makes comes from a transmitter on the air alone, and is null without one."""

CHANNEL_EVIDENCE: tuple[Key, ...] = (
    _evidence(
        "battery_runtime_status",
        Literal["ok", "calculating", "communication_error", "not_reported"],
        "How far the predicted run time goes.",
    ),
    _evidence("battery_warning", bool, "The unit itself warns of the transmitter's battery."),
    _evidence("carrier_received", bool, "Whether the meters show a carrier; the bridge itself adds it."),
)
"""What ``battery_status`` and ``transmitter_present`` are made of beside other keys."""

CHANNEL_SLOT_KEYS: tuple[Key, ...] = (
    _slot("number", int, "From 1.", minimum=1, required=True),
    _slot("status", SlotStatus, "Whether a transmitter is registered, linked and on the air."),
    _slot("transmitter_model", str),
    _slot("transmitter_id", str),
    _slot("battery_percent", int, unit="%", minimum=0, maximum=100),
    _slot("battery_bars", int, minimum=0, maximum=5),
    _slot("battery_runtime_minutes", int, unit="min"),
    _slot("battery_health_percent", int, unit="%", minimum=0, maximum=100),
    _slot("battery_cycles", int),
    _slot("battery_type", BatteryType),
    _slot("tx_input_pad_db", int, unit="dB"),
    _slot("tx_offset_db", int, unit="dB"),
    _slot("tx_polarity", Polarity),
    _slot("transmitter_rf_muted", bool),
    _slot("tx_power_mw", int, unit="mW"),
    _slot("tx_power_level", PowerLevel),
    _slot("showlink_quality", int, "ShowLink signal, 1 to 5.", minimum=0, maximum=5),
)
"""One registered transmitter place of a channel, in ``channel.slots``."""
