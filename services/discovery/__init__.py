"""Who is out there: scans of ranges and hosts, overheard adverts, candidates, and reading known units again."""

from __future__ import annotations

from services.discovery.adverts import Adverts
from services.discovery.candidates import Candidate, Candidates
from services.discovery.heard import HeardHosts
from services.discovery.scan import MENDABLE, OURS, Found, Missed, Outcome
from services.discovery.schedule import Schedule
from services.discovery.search import ask_places, cannot_ask
from services.discovery.service import DiscoveryOrchestrationService

__all__ = [
    "MENDABLE",
    "OURS",
    "Adverts",
    "Candidate",
    "Candidates",
    "DiscoveryOrchestrationService",
    "Found",
    "HeardHosts",
    "Missed",
    "Outcome",
    "Schedule",
    "ask_places",
    "cannot_ask",
]
