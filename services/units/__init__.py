"""What happens to a unit from the moment it is added to its removal.

`membership` adds, changes and removes units; `from_configuration` does so for those of the file, `sync_service` for
those that discovery or another program found, `restore` brings back those of the store. `session` is the connection to
one unit, `sessions` keeps one for each; `recognition` checks that the right unit answered. A reading becomes a state in
`reading_fold`, a unit online or offline in `availability`, meters become telemetry in `telemetry`. `chores` does what
only time brings about; `unit_queue` makes sure that one thing at a time is done to a unit.
"""

from __future__ import annotations

from services.units.availability import Availability
from services.units.chores import PeriodicChores
from services.units.from_configuration import ConfiguredUnit, ConfiguredUnits
from services.units.membership import LABEL_KEYS, Membership
from services.units.reading_fold import ReadingFold
from services.units.recognition import Recognition
from services.units.restore import restore
from services.units.session import AUTO, STATES, Polling
from services.units.sessions import Sessions
from services.units.sync_service import DeviceSnapshot, DeviceSyncService, find_unit
from services.units.telemetry import TelemetryCollector
from services.units.unit_queue import UnitQueues

__all__ = [
    "AUTO",
    "LABEL_KEYS",
    "STATES",
    "Availability",
    "ConfiguredUnit",
    "ConfiguredUnits",
    "DeviceSnapshot",
    "DeviceSyncService",
    "Membership",
    "PeriodicChores",
    "Polling",
    "ReadingFold",
    "Recognition",
    "Sessions",
    "TelemetryCollector",
    "UnitQueues",
    "find_unit",
    "restore",
]
