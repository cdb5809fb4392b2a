"""Something that happened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.model.keys import Address, EventType


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once."""

    event_id: str
    event_type: EventType
    time: str
    address: Address
    data: Mapping[str, object] = field(default_factory=dict)
