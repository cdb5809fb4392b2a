"""What is known now: the inventory, the marks of what changed, and the announcer of what happened."""

from __future__ import annotations

from services.live.announcer import News
from services.live.changes import Bus, Mark
from services.live.inventory import Candidate, Inventory, Unidentified, Unit, UnitPart, Version

__all__ = [
    "Bus",
    "Candidate",
    "Inventory",
    "Mark",
    "News",
    "Unidentified",
    "Unit",
    "UnitPart",
    "Version",
]
