"""The table: kind of unit or part -> its entities and device triggers. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bridge.home_assistant.entities.channels import CHANNEL_ENTITIES, CHANNEL_TRIGGERS
from bridge.home_assistant.entities.entity import Entity, Trigger
from bridge.home_assistant.entities.other_parts import (
    BAY_ENTITIES,
    BAY_TRIGGERS,
    BELTPACK_ENTITIES,
    BELTPACK_TRIGGERS,
    IEM_CHANNEL_ENTITIES,
)
from bridge.home_assistant.entities.units import CHARGER_ENTITIES, IEM_ENTITIES, INTERCOM_ENTITIES, RECEIVER_ENTITIES
from services.model import Kind

ENTITIES: Final[Mapping[Kind, tuple[Entity, ...]]] = {
    Kind.RECEIVER: RECEIVER_ENTITIES,
    Kind.CHANNEL: CHANNEL_ENTITIES,
    Kind.IEM: IEM_ENTITIES,
    Kind.IEM_CHANNEL: IEM_CHANNEL_ENTITIES,
    Kind.CHARGER: CHARGER_ENTITIES,
    Kind.BAY: BAY_ENTITIES,
    Kind.INTERCOM: INTERCOM_ENTITIES,
    Kind.BELTPACK: BELTPACK_ENTITIES,
}
"""Everything that a unit or part of a kind can have."""

TRIGGERS: Final[Mapping[Kind, tuple[Trigger, ...]]] = {
    Kind.CHANNEL: CHANNEL_TRIGGERS,
    Kind.BAY: BAY_TRIGGERS,
    Kind.BELTPACK: BELTPACK_TRIGGERS,
}


def entities_of(kind: Kind, keys: frozenset[str]) -> list[Entity]:
    """Those that a unit or part of a kind with these keys has."""
    return [entity for entity in ENTITIES[kind] if entity.fits(keys)]
