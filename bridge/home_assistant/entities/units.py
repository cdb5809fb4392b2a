"""Entities of the units themselves, of the bridge, and of a campus as a whole. PURE."""

from __future__ import annotations

from functools import partial
from typing import Final

from bridge.home_assistant.entities.entity import Entity, icon, of_class
from services.model import KEYS, Facet, Kind

_detail = partial(Entity, on=False, diagnostic=True)


def _words(kind: Kind, key: str, name: str) -> Entity:
    options = next(row.choices for row in KEYS.of(kind) if row.name == key)
    return _detail(key, name, form="words", options=options)


_EVERY_UNIT: Final = (
    Entity(
        "connectivity",
        "Connection",
        "binary_sensor",
        reads="value_json.state != 'offline'",
        facet=Facet.AVAILABILITY,
        diagnostic=True,
        always=True,
        own=True,
        more=of_class("connectivity"),
    ),
    _detail(
        "availability_reason",
        "Reason",
        reads="value_json.reason",
        facet=Facet.AVAILABILITY,
        always=True,
        own=True,
    ),
    _detail("last_seen", "Last seen", facet=Facet.LINK, form="time", always=True, own=True),
    _detail(
        "last_error",
        "Last error",
        reads="value_json.data.last_error[:250] if value_json.data.last_error else none",
        facet=Facet.LINK,
        always=True,
        own=True,
    ),
    _detail("name", "Name", more=icon("label-outline")),
    Entity(
        "event",
        "Event",
        "event",
        facet=Facet.EVENT,
        options=("online", "offline", "settings_changed", "identity_conflict", "alert_raised", "alert_cleared"),
        on=False,
        always=True,
        own=True,
    ),
)

RECEIVER_ENTITIES: Final[tuple[Entity, ...]] = (
    *_EVERY_UNIT,
    Entity(
        "firmware_update_failed",
        "Firmware update failed",
        "binary_sensor",
        diagnostic=True,
        on=False,
        more=of_class("problem"),
    ),
    _words(Kind.RECEIVER, "encryption_mode", "Encryption"),
    _words(Kind.RECEIVER, "lock", "Lock"),
    _words(Kind.RECEIVER, "transmission_mode", "Transmission mode"),
    _detail("audio_summing_mode", "Audio summing"),
    _detail("frequency_diversity_mode", "Frequency diversity"),
    _detail("quadversity_mode", "Quadversity", "binary_sensor"),
)

IEM_ENTITIES: Final[tuple[Entity, ...]] = (
    *_EVERY_UNIT,
    _words(Kind.IEM, "lock", "Lock"),
    _words(Kind.IEM, "encryption_mode", "Encryption"),
)

CHARGER_ENTITIES: Final[tuple[Entity, ...]] = (
    *_EVERY_UNIT,
    _detail("storage_mode", "Storage mode", "binary_sensor"),
    _words(Kind.CHARGER, "lock", "Lock"),
    Entity(
        "firmware_update_failed",
        "Firmware update failed",
        "binary_sensor",
        diagnostic=True,
        on=False,
        more=of_class("problem"),
    ),
)

INTERCOM_ENTITIES: Final[tuple[Entity, ...]] = _EVERY_UNIT

BRIDGE_ENTITIES: Final[tuple[Entity, ...]] = (
    Entity(
        "connectivity",
        "Connection",
        "binary_sensor",
        reads="value_json.state != 'offline'",
        diagnostic=True,
        always=True,
        lasting=True,
        more=of_class("connectivity"),
    ),
    Entity(
        "problem",
        "Problem",
        "binary_sensor",
        reads="value_json.state == 'degraded'",
        diagnostic=True,
        always=True,
        own=True,
        more=of_class("problem"),
    ),
    _detail("reason", "Reason", reads="value_json.reason", always=True, own=True),
)
"""Of the process; its ``state`` is no envelope with ``data``."""

CAMPUS_ENTITIES: Final[tuple[Entity, ...]] = (
    Entity(
        "attention",
        "Microphones that need attention",
        form="number",
        facet=Facet.OVERVIEW,
        always=True,
        own=True,
        details="{'microphones': value_json.data.needing}",
        more={**icon("microphone-question"), "state_class": "measurement"},
    ),
    Entity(
        "next_battery",
        "Next battery",
        reads="value_json.data.next_battery.label if value_json.data.next_battery else none",
        facet=Facet.OVERVIEW,
        always=True,
        own=True,
        details="value_json.data.next_battery or {}",
        more=icon("battery-alert-variant-outline"),
    ),
)
"""Of a campus as a whole."""
