"""Something that happened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.model.address import Address
from services.model.words import EventType


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once."""

    event_id: str
    event_type: EventType
    time: str
    address: Address
    data: Mapping[str, object] = field(default_factory=dict)
