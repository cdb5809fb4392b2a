"""Units that were seen and not added: listed for people to decide on, bounded, published only when the list changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from services import clock
from services.live import Changes, Inventory
from services.model import Campus, Facet

log = logging.getLogger(__name__)

CANDIDATES_MOST = 400
"""For each campus: 200 to 300 bytes each, so that the list stays under the contract's 128 KB."""

TEXT_MOST = 64
"""Characters kept of a name or model: they come from the network unasked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that discovery saw and did not add; ``seen_at`` is RFC 3339."""

    tenant: Campus
    host: str
    manufacturer: str
    model: str | None
    name: str | None
    mac: str | None
    why: str
    seen_at: str
    unit: str = ""
    """The unit behind a gateway at the host; empty where the unit answers itself."""


class Candidates:
    """The candidates of all campuses."""

    def __init__(self, inventory: Inventory, changes: Changes) -> None:
        self._inventory = inventory
        self._changes = changes
        self._listed: dict[tuple[Campus, str, str], Candidate] = {}

    def get(self, tenant: Campus, host: str, unit: str = "") -> Candidate | None:
        """The candidate at a host; ``unit`` is the unit behind a gateway there."""
        return self._listed.get((tenant, host, unit))

    def of(self, tenant: Campus) -> Iterator[Candidate]:
        """The candidates of a campus, in the order in which they were first seen."""
        return (candidate for candidate in self._listed.values() if candidate.tenant == tenant)

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
        unit: str = "",
    ) -> None:
        """List a candidate, or note that it was seen again. When the list is full the one unseen for longest goes."""
        candidate = Candidate(tenant, host, manufacturer, _short(model), _short(name), mac, why, clock.now_text(), unit)
        known = self._listed.get((tenant, host, unit))
        if known is None:
            self._make_room(tenant)
            log.info("candidate seen", extra={"host": host, "model": candidate.model, "why": why})
        self._listed[tenant, host, unit] = candidate
        if known is None or replace(known, seen_at="") != replace(candidate, seen_at=""):
            self._mark(tenant)

    def drop(self, tenant: Campus, host: str, unit: str = "") -> None:
        """Take a candidate out: it was added, or is gone."""
        if self._listed.pop((tenant, host, unit), None) is not None:
            self._mark(tenant)

    def _mark(self, tenant: Campus) -> None:
        self._changes.mark(self._inventory.bridge_address(tenant), Facet.CANDIDATES)

    def _make_room(self, tenant: Campus) -> None:
        ours = list(self.of(tenant))
        if len(ours) >= CANDIDATES_MOST:
            oldest = min(ours, key=lambda candidate: candidate.seen_at)
            del self._listed[tenant, oldest.host, oldest.unit]


STRANGERS_MOST = 4000
STRANGER_S = 24 * 3600.0
"""How long a stranger is not asked again by a search of networks: what is a mixer now is one tomorrow."""


class Strangers:
    """What answered to a search and is no microphone: mixers, consoles, other gear that speaks on the same port."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def note(self, host: str, what: str, now: float) -> None:
        """Remember what answered at a host, by its own words; the oldest goes where there are too many."""
        if self._known.pop(host, None) is None:
            log.info("something that is no microphone answered; it is asked seldom", extra={"host": host, "what": what})
        if len(self._known) >= STRANGERS_MOST:
            del self._known[next(iter(self._known))]
        self._known[host] = what, now + STRANGER_S

    def forget(self, host: str) -> None:
        """A unit answered at a host."""
        self._known.pop(host, None)

    def at(self, host: str, now: float) -> str | None:
        """What is known to be at a host; ``None`` where nothing is, or it is time to ask again."""
        what, until = self._known.get(host, ("", 0.0))
        return what if now < until else None


def _short(text: str | None) -> str | None:
    return text[:TEXT_MOST] if text else None
