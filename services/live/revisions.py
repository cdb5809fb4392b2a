"""The counter that orders all changes of this process, and the marks that go with each of them."""

from __future__ import annotations

from services.live.changes import Changes
from services.live.inventory import Inventory
from services.live.unit import Unit, UnitPart, Version
from services.model import Address, Campus, Facet


class Revisions:
    """Gives changed snapshots their revision, and marks them for those who publish."""

    def __init__(self, inventory: Inventory, changes: Changes) -> None:
        self._inventory = inventory
        self._changes = changes
        self._newest = 0

    def advance(self, version: Version, now: str) -> None:
        """Give a snapshot the next revision; ``now`` (RFC 3339) is when it changed."""
        self._newest += 1
        version.revision = self._newest
        version.changed_at = now

    def mark(self, address: Address, *facets: Facet) -> None:
        """Mark facets whose messages changed."""
        for facet in facets:
            self._changes.mark(address, facet)

    def state(self, whose: Unit | UnitPart, now: str) -> None:
        """Count a change of the state of a unit or part, and mark it."""
        self.advance(whose.version, now)
        self._changes.mark(whose.address, Facet.STATE)

    def info(self, whose: Unit | UnitPart, now: str) -> None:
        """Count a change of the info of a unit or part, and mark it."""
        self.advance(whose.info_version, now)
        self._changes.mark(whose.address, Facet.INFO)

    def slots(self, part: UnitPart, now: str) -> None:
        """Count a change of the slots of a part, and mark it."""
        self.advance(part.slots_version, now)
        self._changes.mark(part.address, Facet.SLOTS)

    def summary(self, tenant: Campus) -> None:
        """Mark the summary of a campus: a row of it changed."""
        self._changes.mark(self._inventory.bridge_address(tenant), Facet.SUMMARY)

    def members(self, tenant: Campus) -> None:
        """Mark inventory and summary of a campus: units or parts were added or removed."""
        self._changes.mark(self._inventory.bridge_address(tenant), Facet.INVENTORY)
        self.summary(tenant)
