"""What only time does: link figures go out, "last seen" is kept, a transmitter lost for long becomes idle.

Spread over the interval, so that a thousand receivers do not come due in one moment.
"""

from __future__ import annotations

import asyncio
from math import ceil

from services import clock
from services.live import Inventory, Unit
from services.model import Facet
from services.units.availability import Availability

INTERVAL_S = 30.0
"""Contract, section 1: ``link`` every 30 s."""

SLICES = 30


class Upkeep:
    """Looks after every receiver once an interval."""

    def __init__(self, inventory: Inventory, availability: Availability) -> None:
        self._inventory = inventory
        self._availability = availability

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            units = list(self._inventory.units.values())
            share = ceil(len(units) / SLICES) or 1
            for number in range(SLICES):
                for unit in units[number * share : (number + 1) * share]:
                    self._look_after(unit)
                await asyncio.sleep(INTERVAL_S / SLICES)
                self._availability.let_go()

    def _look_after(self, unit: Unit) -> None:
        if unit.address not in self._inventory.units:
            return
        if unit.online:
            self._availability.heard(unit)
        self._availability.pass_time(unit, clock.now_text())
        self._inventory.bus.mark(unit.address, Facet.LINK)
