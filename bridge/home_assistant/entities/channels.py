"""Entities of a wireless microphone's channel. PURE."""

from __future__ import annotations

from functools import partial
from typing import Final, get_args

from bridge.home_assistant.entities.entity import (
    LEVELS_EXPIRE_S,
    Entity,
    Trigger,
    figure,
    icon,
    measured,
    of_class,
)
from services.model import KEYS, NEEDS_ATTENTION, Facet, Kind, Status

STATUS: Final[tuple[str, ...]] = get_args(Status)

_MUTES: Final = ("receiver_muted", "transmitter_muted", "transmitter_rf_muted")

EVENTS: Final = (
    "transmitter_on",
    "transmitter_lost",
    "transmitter_muted",
    "transmitter_unmuted",
    "talk_switch_pressed",
    "talk_switch_released",
    "battery_replace",
    "battery_critical",
    "battery_recovered",
    "interference_started",
    "interference_ended",
    "audio_overload",
    "alert_raised",
    "alert_cleared",
    "settings_changed",
)

_off = partial(Entity, on=False)
_detail = partial(Entity, on=False, diagnostic=True)


def _words(key: str, name: str, *, on: bool = False, mdi: str = "", diagnostic: bool = True) -> Entity:
    options = next(row.choices for row in KEYS.of(Kind.CHANNEL) if row.name == key)
    return Entity(key, name, form="words", options=options, on=on, diagnostic=diagnostic, more=icon(mdi) if mdi else {})


def level(key: str, name: str, unit: str, *, figure_of: str = "mean", device_class: str = "") -> Entity:
    """A meter's figure over 30 s, from ``levels``; nobody records a value a second."""
    return Entity(
        f"{key}_{figure_of}",
        name,
        reads=f"value_json.data.{key}_{figure_of} | default(none)",
        facet=Facet.LEVELS,
        form="number",
        on=False,
        diagnostic=True,
        needs=(key,),
        more={**measured(unit, device_class, 1), "expire_after": LEVELS_EXPIRE_S},
    )


CHANNEL_ENTITIES: Final[tuple[Entity, ...]] = (
    Entity("status", "Status", form="words", options=STATUS, always=True, more=icon("microphone")),
    Entity(
        "problem",
        "Problem",
        "binary_sensor",
        reads=f"value_json.data.status in {list(NEEDS_ATTENTION)}",
        always=True,
        more=of_class("problem"),
    ),
    Entity("name", "Name", more=icon("label-outline")),
    Entity("battery_percent", "Battery", form="number", more=measured("%", "battery", 0)),
    Entity("battery_bars", "Battery bars", form="number", instead_of="battery_percent", more=measured("", "", 0)),
    Entity("battery_runtime_minutes", "Run time", form="number", more=measured("min", "duration", 0)),
    Entity(
        "transmitter_present",
        "Transmitter",
        "binary_sensor",
        more=of_class("connectivity"),
    ),
    Entity(
        "muted",
        "Muted",
        "binary_sensor",
        reads="none if {0} is none and {1} is none and {2} is none else true in [{0}, {1}, {2}]".format(
            *(f"value_json.data.{key}" for key in _MUTES)
        ),
        needs=_MUTES,
        more=icon("microphone-off"),
    ),
    Entity(
        "interference",
        "Interference",
        "binary_sensor",
        reads="none if value_json.data.interference is none else value_json.data.interference != 'none'",
        more=of_class("problem"),
    ),
    Entity("encryption_fault", "Encryption fault", "binary_sensor", more=of_class("problem")),
    Entity("frequency_mhz", "Frequency", form="number", diagnostic=True, more=figure("MHz", "frequency", 3)),
    Entity("event", "Event", "event", facet=Facet.EVENT, options=EVENTS, always=True),
    _off("receiver_muted", "Muted at receiver", "binary_sensor", more=icon("microphone-off")),
    _off("transmitter_muted", "Muted at transmitter", "binary_sensor", more=icon("microphone-off")),
    _off("transmitter_rf_muted", "RF muted at transmitter", "binary_sensor", more=icon("antenna")),
    _off("assignment", "Who", always=True, more=icon("account-voice")),
    _off("transmitter_model", "Transmitter model"),
    _off("transmitter_id", "Transmitter label"),
    _off("transmitter_last_seen", "Transmitter last seen", form="time"),
    _words("audio_path", "Audio path", diagnostic=False),
    _words("talk_switch", "Talk switch", diagnostic=False),
    _detail("gain_db", "Gain", form="number", more=figure("dB", "", 0)),
    _detail("group", "Group", form="number"),
    _detail("group_channel", "Channel in group", form="number"),
    _detail("frequency_2_mhz", "Second frequency", form="number", more=figure("MHz", "frequency", 3)),
    _words("fd_mode", "Frequency diversity"),
    _words("audio_output_level", "Output level"),
    _detail("transmitter_firmware", "Transmitter firmware"),
    _detail("tx_power_mw", "Transmitter power", form="number", more=figure("mW")),
    _words("tx_power_level", "Transmitter power level"),
    _detail("tx_offset_db", "Transmitter trim", form="number", more=figure("dB")),
    _detail("tx_input_pad_db", "Transmitter pad", form="number", more=figure("dB")),
    _words("tx_lock", "Transmitter lock"),
    _detail("unregistered_transmitter", "Unregistered transmitter", "binary_sensor", more=of_class("problem")),
    _detail("transmitter_docked", "Transmitter in its charger", "binary_sensor"),
    _words("battery_status", "Battery status"),
    _words("battery_type", "Battery type"),
    _detail("battery_health_percent", "Battery health", form="number", more=measured("%", "", 0)),
    _detail("battery_cycles", "Battery cycles", form="number"),
    _detail("battery_temperature_c", "Battery temperature", form="number", more=measured("°C", "temperature", 0)),
    _words("power_source", "Power source"),
    _detail("last_battery_percent", "Last battery", form="number", more=measured("%", "battery", 0)),
    _detail("last_battery_runtime_minutes", "Last run time", form="number", more=measured("min", "duration", 0)),
    level("rf_dbm", "RF level", "dBm", device_class="signal_strength"),
    level("rf_min_dbm", "RF minimum", "dBm", figure_of="min", device_class="signal_strength"),
    level("rf_percent", "RF level (percent)", "%"),
    level("rf_dbuv", "RF level (dBuV)", "dBuV"),
    level("audio_peak_dbfs", "Audio peak", "dBFS", figure_of="max"),
    level("audio_rms_dbfs", "Audio level", "dBFS"),
    level("audio_peak_percent", "Audio peak (percent)", "%", figure_of="max"),
    level("quality", "Quality", "", figure_of="min"),
    level("quality_percent", "Quality (percent)", "%", figure_of="min"),
)
"""Those that are on by default first."""

CHANNEL_TRIGGERS: Final = (
    Trigger("transmitter_on", "microphone"),
    Trigger("transmitter_lost", "microphone"),
    Trigger("battery_critical", "microphone"),
)
