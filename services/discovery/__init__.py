"""Finds units, and reads known ones again. Needs no broker.

`service` is the way in for commands and the schedule. One discovery: `places` parses what people wrote, `targets` makes
questions of it, `search` runs it, `scan` asks the addresses, `outcomes` decides what becomes of each answer: a unit, a
candidate (`candidates`) or an error. `adverts` receives what units announce of themselves and keeps it in
`announced_hosts`, `schedule` decides when ranges are searched without a command, `refresh` reads units again.
"""

from __future__ import annotations

from services.discovery.adverts import Adverts
from services.discovery.announced_hosts import AnnouncedHosts
from services.discovery.candidates import Candidate, Candidates
from services.discovery.scan import MENDABLE, OURS, Found, Missed, ScanOutcome
from services.discovery.schedule import Schedule
from services.discovery.search import ask_places, cannot_ask
from services.discovery.service import DiscoveryOrchestrationService

__all__ = [
    "MENDABLE",
    "OURS",
    "Adverts",
    "AnnouncedHosts",
    "Candidate",
    "Candidates",
    "DiscoveryOrchestrationService",
    "Found",
    "Missed",
    "ScanOutcome",
    "Schedule",
    "ask_places",
    "cannot_ask",
]
