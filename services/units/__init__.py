"""A unit's life: membership, session, readings, availability, telemetry."""

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
