"""Does every 30 s what no reading triggers: marks link figures, stores "last seen", ends the status ``lost``.

The units are spread over the interval, so that a thousand do not come due in one moment.
"""

from __future__ import annotations

import asyncio
import logging
from math import ceil

from services import clock
from services.live import Changes, Inventory, Unit
from services.model import Facet
from services.units.availability import Availability

log = logging.getLogger(__name__)

INTERVAL_S = 30.0
"""Contract, section 1: ``link`` every 30 s."""

SLICES = 30


class PeriodicChores:
    """Looks after every unit once an interval."""

    def __init__(self, inventory: Inventory, changes: Changes, availability: Availability) -> None:
        self._inventory = inventory
        self._changes = changes
        self._availability = availability
        self._failing: set[str] = set()
        """Units that could not be looked after, by id: the log has each of them once."""

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            units = list(self._inventory.units.values())
            share = ceil(len(units) / SLICES) or 1
            for number in range(SLICES):
                for unit in units[number * share : (number + 1) * share]:
                    self._look_after(unit)
                await asyncio.sleep(INTERVAL_S / SLICES)
                self._availability.release_lost()

    def _look_after(self, unit: Unit) -> None:
        if unit.address not in self._inventory.units:
            return  # removed since the round began
        self._changes.mark(unit.address, Facet.LINK)
        try:
            if unit.online:
                self._availability.keep_last_seen(unit)
            self._availability.rejudge(unit, clock.now_text())
        except Exception:  # one unit's trouble must not keep the others from being looked after
            if unit.address.id not in self._failing:
                self._failing.add(unit.address.id)
                log.exception("a unit cannot be judged; please report this", extra={"unit": unit.address.id})
