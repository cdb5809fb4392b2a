"""What is known now: units and their parts (`inventory`, `unit`), the one writer of their states (`state_writer`), what
changed of them (`changes`), what happened once (`announcer`), and the lists of what is no unit here.
"""

from __future__ import annotations

from services.live.announcer import Announcer
from services.live.changes import Changes, Mark
from services.live.detail import describe
from services.live.ignored import IgnoredUnits
from services.live.inventory import Inventory
from services.live.state_writer import StateWriter
from services.live.unidentified import Unidentified, UnidentifiedHosts
from services.live.unit import LinkState, Meters, SessionState, Unit, UnitAvailability, UnitPart, Version

__all__ = [
    "Announcer",
    "Changes",
    "IgnoredUnits",
    "Inventory",
    "LinkState",
    "Mark",
    "Meters",
    "SessionState",
    "StateWriter",
    "Unidentified",
    "UnidentifiedHosts",
    "Unit",
    "UnitAvailability",
    "UnitPart",
    "Version",
    "describe",
]
