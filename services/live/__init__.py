"""What is known now, in memory.

`unit` is a unit with its parts, `inventory` finds them. `state_writer` is the only place that changes them: it gives a
change its revision (`revisions`), marks it for those who publish (`changes`), has it stored and announced (`announcer`:
audit and events). `detail` collects all that is known of one unit. `ignored` are units that were removed by hand,
`unidentified` configured hosts that never answered. `keep_all` stores everything anew where the database is a new one.
"""

from __future__ import annotations

from services.live.announcer import Announcer
from services.live.changes import Changes, Mark
from services.live.detail import describe
from services.live.ignored import IgnoredUnits
from services.live.inventory import Inventory
from services.live.keep_all import keep_all
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
    "keep_all",
]
