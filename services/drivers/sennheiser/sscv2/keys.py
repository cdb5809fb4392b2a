"""Rows of the keys that units of SSCv2 have beside those of the core: they are published under ``more``.

A receiver that is read by the older protocol before an update has the same keys afterwards.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from services.drivers.sennheiser.keys import MORE as COMMON
from services.model import Key, Kind

_CHANNEL = frozenset({Kind.CHANNEL})
_UNITS = frozenset({Kind.RECEIVER, Kind.CHARGER})
_ALL = frozenset({Kind.CHANNEL, Kind.BAY}) | _UNITS
_SHARED = frozenset({"low_rf_signal", "tuning_ranges_mhz", "tuning_step_khz"})

_MOBILE_STATES = "connected", "disconnected", "syncing", "sleeping", "updating"

_unit = partial(Key, kinds=frozenset({Kind.RECEIVER}))
_mobile = partial(Key, kinds=_CHANNEL)
_sent = partial(Key, kinds=_CHANNEL, gone_with="transmitter_present")

MORE: tuple[Key, ...] = (
    *(row for row in COMMON if row.name in _SHARED),
    Key("warnings", list[str], "What the unit warns of, in its own words.", kinds=_ALL),
    Key("rf_overload", bool, "The receiver warns that the RF level is too high.", kinds=_CHANNEL),
    Key("output_level_db", int, "Level of the audio output.", "dB", kinds=_CHANNEL, role="setting"),
    _sent("transmitter_warnings", list[str], "What the transmitter warns of, in the unit's words."),
    _sent("battery_source", Literal["rechargeable", "primary", "none"], "What feeds the transmitter."),
    _sent("capsule", str, "Microphone head of a handheld transmitter."),
    _sent("low_cut", str, "Low-cut filter of the transmitter, as the unit writes it."),
    _sent("cable_emulation", str, "Cable emulation of a bodypack, as the unit writes it."),
    _sent("transmitter_led", bool, "The transmitter's light is on while it works."),
    _sent("transmitter_autolock", bool, "The transmitter locks its keys by itself."),
    _sent("mute_switch", str, "What the mute switch of the transmitter does, as the unit writes it."),
    Key(
        "preset_source",
        Literal["factory", "user", "none"],
        "Whose bank `group` is.",
        kinds=_CHANNEL,
    ),
    Key("location", str, "Where the unit stands, as people wrote it into the unit.", kinds=_UNITS, role="setting"),
    _unit("position", str, "Its place there, as people wrote it into the unit.", role="setting"),
    _unit(
        "device_state",
        Literal["normal", "identifying", "firmware_update", "busy"],
        "What the unit is doing; busy while it starts or switches its mode.",
    ),
    _unit("hardware_revision", str, "Revision of its hardware."),
    _unit("dante_firmware", str, "Firmware of its Dante module."),
    _unit("firmware_update", Literal["idle", "updating"], "Whether its firmware is being updated."),
    _unit("firmware_update_percent", int, "How far that is.", "%", 0, 100),
    _unit("preset_spacing_khz", int, "Spacing of its factory presets.", "kHz", 0, role="setting"),
    _unit("ssc_v1_enabled", bool, "It answers the older protocol, without a password, too.", role="setting"),
    _unit("psu_1", Literal["connected", "unconnected"], "Its first power supply."),
    _unit("psu_2", Literal["connected", "unconnected"], "Its second power supply."),
    _unit("temperature_status", Literal["normal", "warning", "critical"], "How warm it is."),
    _unit("fan_faults", list[str], "Fans that do not turn as they should."),
    _mobile("mobile_state", Literal[_MOBILE_STATES], "What the mobile device is doing."),
    _mobile("mic_link_active", bool, "It has a microphone link that is in use."),
    _mobile("mic_link_quality", int, "Quality of its microphone link, the unit's own scale."),
    _mobile("iem_link_active", bool, "It has an in-ear link that is in use."),
    _mobile("iem_link_quality", int, "Quality of its in-ear link, the unit's own scale."),
    _mobile("rssi", float, "How strongly it is received, as the unit writes it."),
    _mobile("interference_severity", Literal["none", "low", "medium", "high"], "How much its link is interfered with."),
    _mobile("rf_active", bool, "The RF channel of its links is on the air."),
    _unit("certificate_sha256", str, "Fingerprint of the certificate that it answers with."),
)
"""`services.drivers.port.Driver.more`."""

MORE_NAMES: frozenset[str] = frozenset(row.name for row in MORE)
