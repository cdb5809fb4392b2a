"""What Home Assistant is told of each unit, part and campus: tables, and messages made of them. PURE.

`entity` is one row; `channels`, `other_parts` and `units` are the table by kind; `controls` makes entities of what a
part can be set to; `devices` says which device a unit or part is; `messages` makes discovery of all of it, in one
message a device or one an entity.
"""

from __future__ import annotations

from bridge.home_assistant.entities.controls import controls
from bridge.home_assistant.entities.devices import (
    Device,
    Names,
    Places,
    bridge_device,
    campus_device,
    part_device,
    unit_device,
)
from bridge.home_assistant.entities.entity import Entity, Trigger
from bridge.home_assistant.entities.messages import Style, messages_of
from bridge.home_assistant.entities.table import ENTITIES, TRIGGERS, entities_of
from bridge.home_assistant.entities.units import BRIDGE_ENTITIES, CAMPUS_ENTITIES

__all__ = [
    "BRIDGE_ENTITIES",
    "CAMPUS_ENTITIES",
    "ENTITIES",
    "TRIGGERS",
    "Device",
    "Entity",
    "Names",
    "Places",
    "Style",
    "Trigger",
    "bridge_device",
    "campus_device",
    "controls",
    "entities_of",
    "messages_of",
    "part_device",
    "unit_device",
]
