"""What was seen and not added: kept for people to decide on, within a bound, told only when it changed."""

from __future__ import annotations

import logging
from dataclasses import replace

from services import clock
from services.live import Candidate, Inventory
from services.model import Campus

log = logging.getLogger(__name__)

CANDIDATES_MOST = 400
"""For each campus: 200 to 300 bytes each, so that the list stays under the contract's 128 KB."""

TEXT_MOST = 64
"""Characters kept of a name or model: they come from the network unasked."""


class Candidates:
    """The candidates of all campuses."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def put(
        self,
        tenant: Campus,
        host: str,
        *,
        manufacturer: str,
        why: str,
        model: str | None = None,
        name: str | None = None,
        mac: str | None = None,
    ) -> None:
        """List a candidate, or say that it was seen again. When the list is full the one unseen for longest goes."""
        candidate = Candidate(
            tenant, host, manufacturer, _short(model), _short(name), mac, why, seen_at=clock.now_text()
        )
        known = self._inventory.candidates.get((tenant, host))
        if known is None:
            self._make_room(tenant)
            log.info("candidate seen", extra={"host": host, "model": candidate.model, "why": why})
        self._inventory.candidates[tenant, host] = candidate
        if known is None or replace(known, seen_at="") != replace(candidate, seen_at=""):
            self._inventory.mark_candidates(tenant)

    def drop(self, tenant: Campus, host: str) -> None:
        """Take a candidate out: it was added, or is gone."""
        if self._inventory.candidates.pop((tenant, host), None) is not None:
            self._inventory.mark_candidates(tenant)

    def _make_room(self, tenant: Campus) -> None:
        ours = [candidate for candidate in self._inventory.candidates.values() if candidate.tenant == tenant]
        if len(ours) >= CANDIDATES_MOST:
            oldest = min(ours, key=lambda candidate: candidate.seen_at)
            del self._inventory.candidates[tenant, oldest.host]


def _short(text: str | None) -> str | None:
    return text[:TEXT_MOST] if text else None
