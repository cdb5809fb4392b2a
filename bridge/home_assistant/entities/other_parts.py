"""Entities of an IEM channel, of a charger's bay and of an intercom's beltpack. PURE."""

from __future__ import annotations

from functools import partial
from typing import Final, get_args

from bridge.home_assistant.entities.channels import level
from bridge.home_assistant.entities.entity import Entity, Trigger, figure, icon, measured, of_class
from services.model import KEYS, BayStatus, BeltpackStatus, Facet, IemChannelStatus, Kind

_detail = partial(Entity, on=False, diagnostic=True)


def _choices(kind: Kind, key: str) -> tuple[str, ...]:
    return next(row.choices for row in KEYS.of(kind) if row.name == key)


IEM_CHANNEL_ENTITIES: Final[tuple[Entity, ...]] = (
    Entity(
        "status",
        "Status",
        form="words",
        options=get_args(IemChannelStatus),
        always=True,
        more=icon("headphones"),
    ),
    Entity(
        "problem",
        "Problem",
        "binary_sensor",
        reads="value_json.data.status in ['fault']",
        always=True,
        more=of_class("problem"),
    ),
    Entity("name", "Name", more=icon("label-outline")),
    Entity("rf_muted", "RF muted", "binary_sensor", more=icon("antenna")),
    Entity("frequency_mhz", "Frequency", form="number", diagnostic=True, more=figure("MHz", "frequency", 3)),
    Entity(
        "event",
        "Event",
        "event",
        facet=Facet.EVENT,
        options=("audio_overload", "alert_raised", "alert_cleared", "settings_changed"),
        on=False,
        always=True,
    ),
    _detail("rf_power_mw", "RF power", form="number", more=figure("mW")),
    _detail("audio_mode", "Audio mode", form="words", options=_choices(Kind.IEM_CHANNEL, "audio_mode")),
    _detail("input_level_db", "Input level", form="number", more=figure("dB")),
    _detail("sensitivity_db", "Sensitivity", form="number", more=figure("dB")),
    _detail("limiter", "Limiter", "binary_sensor"),
    _detail("group", "Group", form="number"),
    _detail("group_channel", "Channel in group", form="number"),
    level("audio_left_dbfs", "Audio left", "dBFS", figure_of="max"),
    level("audio_right_dbfs", "Audio right", "dBFS", figure_of="max"),
)

BAY_ENTITIES: Final[tuple[Entity, ...]] = (
    Entity(
        "status",
        "Status",
        form="words",
        options=get_args(BayStatus),
        always=True,
        more=icon("battery-charging-outline"),
    ),
    Entity("occupied", "Occupied", "binary_sensor", more=of_class("occupancy")),
    Entity("battery_percent", "Battery", form="number", more=measured("%", "battery", 0)),
    Entity("battery_bars", "Battery bars", form="number", instead_of="battery_percent", more=measured("", "", 0)),
    Entity("time_to_full_minutes", "Time to full", form="number", more=measured("min", "duration", 0)),
    Entity(
        "problem",
        "Problem",
        "binary_sensor",
        reads="value_json.data.status in ['fault']",
        always=True,
        more=of_class("problem"),
    ),
    Entity(
        "event",
        "Event",
        "event",
        facet=Facet.EVENT,
        options=(
            "device_inserted",
            "device_removed",
            "charge_complete",
            "bay_fault",
            "alert_raised",
            "alert_cleared",
            "settings_changed",
        ),
        always=True,
    ),
    _detail("charge_state", "Charge state", form="words", options=_choices(Kind.BAY, "charge_state")),
    _detail("fault", "Fault", form="words", options=_choices(Kind.BAY, "fault")),
    _detail("device_type", "Docked device", form="words", options=_choices(Kind.BAY, "device_type")),
    _detail("device_model", "Docked model"),
    _detail("device_id", "Docked label"),
    _detail("battery_health_percent", "Battery health", form="number", more=measured("%", "", 0)),
    _detail("battery_cycles", "Battery cycles", form="number"),
    _detail("battery_temperature_c", "Battery temperature", form="number", more=measured("°C", "temperature", 0)),
    _detail("battery_type", "Battery type", form="words", options=_choices(Kind.BAY, "battery_type")),
    _detail("capacity_mah", "Capacity", form="number", more=figure("mAh")),
)

BAY_TRIGGERS: Final = (Trigger("device_removed", "microphone"),)

BELTPACK_ENTITIES: Final[tuple[Entity, ...]] = (
    Entity(
        "status",
        "Status",
        form="words",
        options=get_args(BeltpackStatus),
        always=True,
        more=icon("radio-handheld"),
    ),
    Entity(
        "problem",
        "Problem",
        "binary_sensor",
        reads="value_json.data.status in ['lost', 'critical', 'replace']",
        always=True,
        more=of_class("problem"),
    ),
    Entity("name", "Name", more=icon("label-outline")),
    Entity("battery_percent", "Battery", form="number", more=measured("%", "battery", 0)),
    Entity("connected", "Connected", "binary_sensor", more=of_class("connectivity")),
    Entity("antenna", "Antenna", more=icon("access-point")),
    Entity(
        "event",
        "Event",
        "event",
        facet=Facet.EVENT,
        options=(
            "beltpack_connected",
            "beltpack_lost",
            "battery_replace",
            "battery_critical",
            "battery_recovered",
            "alert_raised",
            "alert_cleared",
            "settings_changed",
        ),
        always=True,
    ),
    _detail("power_source", "Power source", form="words", options=_choices(Kind.BELTPACK, "power_source")),
    _detail("last_battery_percent", "Last battery", form="number", more=measured("%", "battery", 0)),
    _detail("last_seen", "Last seen", form="time"),
)

BELTPACK_TRIGGERS: Final = (Trigger("beltpack_lost", "beltpack"), Trigger("battery_critical", "beltpack"))
