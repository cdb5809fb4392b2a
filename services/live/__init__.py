"""What is known now: the inventory, the marks of what changed, the announcer of what happened,
and the writer of states.
"""

from __future__ import annotations

from services.live.announcer import News
from services.live.changes import Bus, Mark
from services.live.inventory import Candidate, Inventory, Unidentified, Unit, UnitPart, Version
from services.live.state_writer import StateWriter

__all__ = [
    "Bus",
    "Candidate",
    "Inventory",
    "Mark",
    "News",
    "StateWriter",
    "Unidentified",
    "Unit",
    "UnitPart",
    "Version",
]
