"""The counter that orders all changes of this process, and the marks that go with each of them."""

from __future__ import annotations

from services.live.changes import Changes
from services.live.inventory import Inventory
from services.live.unit import Unit, UnitPart, Version
from services.model import Address, Campus, Facet


class Revisions:
    """Gives changed snapshots their revision, and marks them for whoever publishes."""

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
        """Mark facets whose messages are others now."""
        for facet in facets:
            self._changes.mark(address, facet)

    def state(self, whose: Unit | UnitPart, now: str) -> None:
        """The state of a unit or part is another one."""
        self.advance(whose.version, now)
        self._changes.mark(whose.address, Facet.STATE)

    def info(self, whose: Unit | UnitPart, now: str) -> None:
        """The info of a unit or part is another one."""
        self.advance(whose.info_version, now)
        self._changes.mark(whose.address, Facet.INFO)

    def slots(self, part: UnitPart, now: str) -> None:
        """The slots of a part are others."""
        self.advance(part.slots_version, now)
        self._changes.mark(part.address, Facet.SLOTS)

    def summary(self, tenant: Campus) -> None:
        """A row in the summary of a campus is another one."""
        self._changes.mark(self._inventory.bridge_address(tenant), Facet.SUMMARY)

    def members(self, tenant: Campus) -> None:
        """Units or parts of a campus came or went."""
        self._changes.mark(self._inventory.bridge_address(tenant), Facet.INVENTORY)
        self.summary(tenant)
