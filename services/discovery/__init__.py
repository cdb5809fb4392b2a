"""Who is out there: scans of ranges and hosts, overheard adverts, candidates, and reading known units again."""

from __future__ import annotations

from services.discovery.adverts import Adverts
from services.discovery.candidates import Candidate, Candidates
from services.discovery.scan import Found, Missed, Outcome, scan_all
from services.discovery.schedule import Schedule
from services.discovery.service import DiscoveryOrchestrationService

__all__ = [
    "Adverts",
    "Candidate",
    "Candidates",
    "DiscoveryOrchestrationService",
    "Found",
    "Missed",
    "Outcome",
    "Schedule",
    "scan_all",
]
